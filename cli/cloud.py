"""The local cloud: ministack in an environment of its own, on the loopback interface alone.

A cloud is a directory and keeps everything there; `state` and `files` outlive a clean stop. Where
ministack differs from AWS, docs/local-cloud.md says how, and this folder mends it.
"""

import contextlib
import fcntl
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

import botocore.session
import urllib3
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".cloud" / "local"
MINISTACK = ROOT / ".cloud" / "venv" / "bin" / "ministack"
REGION = "eu-west-2"
LOOPBACK = "127.0.0.1"
# Key and secret of ministack's root account; they open nothing anywhere else.
FAKE_KEY = "test"
START_SECONDS = 30
STOP_SECONDS = 20

# It takes no proxy from the environment, and fails rather than try again.
http = urllib3.PoolManager(retries=False)


class CloudError(Exception):
    """The local cloud cannot do what was asked; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was sent."""

    to: str
    subject: str
    text: str
    html: str
    sent_at: float


@dataclass(frozen=True, slots=True)
class Cloud:
    """A local cloud that is running."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def endpoint(self) -> str:
        """The one address of all its services."""
        return f"http://{LOOPBACK}:{self.port}"

    def client(self, service: str) -> Any:  # noqa: ANN401 (botocore makes them at run time)
        """Make a client that can reach this cloud and nothing else."""
        return local_client(service, self.endpoint)

    def read_mail(self, to: str | None = None) -> list[Mail]:
        """Read the mail that was sent, oldest first: all of it, or what went to one address."""
        kept = self.home / "mail.json"
        earlier = json.loads(kept.read_text()) if kept.exists() else []
        letters = [*(Mail(**letter) for letter in earlier), *self._new_mail()]
        return [letter for letter in letters if to in (None, letter.to)]

    def keep_mail(self) -> None:
        """Write the mail down: ministack forgets it when it stops."""
        letters = [asdict(letter) for letter in self.read_mail()]
        (self.home / "mail.json").write_text(json.dumps(letters, indent=1))

    def wait(self) -> NoReturn:
        """Wait for as long as the cloud runs; it should not end by itself."""
        self.process.wait()
        message = f"the local cloud stopped by itself; its last words:\n{_last_words(self.home)}"
        raise CloudError(message)

    def _new_mail(self) -> Iterator[Mail]:
        answer = http.request("GET", f"{self.endpoint}/_ministack/ses/messages").json()
        for letters in answer["messages"].values():
            for letter in letters:
                content = letter["Subject"], letter["BodyText"], letter["BodyHtml"]
                for to in letter["To"]:
                    yield Mail(to, *content, sent_at=letter["Timestamp"])


def local_client(service: str, endpoint: str) -> Any:  # noqa: ANN401 (as above)
    """Make a client with fake keys, whatever profile, keys or endpoint the user has set."""
    if not endpoint.startswith(f"http://{LOOPBACK}:"):
        message = f"refusing {endpoint}: nothing here may reach a real AWS account"
        raise CloudError(message)
    nobody: Any = {
        "profile": (None, [], None, None),
        "config_file": (None, [], os.devnull, None),
        "credentials_file": (None, [], os.devnull, None),
    }
    # Proxies are given, though none, because botocore would else ask the environment.
    config = Config(region_name=REGION, proxies={}, retries={"total_max_attempts": 2})
    session = botocore.session.Session(session_vars=nobody)
    session.set_credentials(FAKE_KEY, FAKE_KEY)
    return session.create_client(service, endpoint_url=endpoint, config=config)


@contextlib.contextmanager
def running(home: Path = HOME, port: int = 0, *, keep: bool = True) -> Iterator[Cloud]:
    """Run the cloud of a directory, at a given port or at any free one, and stop it in the end.

    Its state is written when it stops, unless nobody is going to need it.
    """
    # A shell that starts us in the background has us ignore Ctrl-C: then nobody could stop us.
    with (
        _owned(home) as lock,
        _on_signals(lambda *_: sys.exit(143), signal.SIGTERM),
        _on_signals(signal.default_int_handler, signal.SIGINT),
    ):
        port = _checked(port)
        cloud = Cloud(home, port, _launch(home, port, lock, keep=keep))
        try:
            _sign(lock, cloud.process.pid)
            _await_health(cloud)
            _refuse_visitors(cloud)
            yield cloud
        finally:
            _stop(cloud, keep=keep)


def reset(home: Path = HOME) -> None:
    """Forget everything that the cloud of a directory keeps."""
    with _owned(home):
        shutil.rmtree(home)


def listening(process: int) -> list[str] | None:
    """List where a process, its children included, listens; None where that cannot be told."""
    if not Path("/proc/net/tcp").exists():
        return None
    sockets = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            session = int(status.read_text().rpartition(")")[2].split()[3])
            if session == process:
                sockets |= {str(handle.readlink()) for handle in (status.parent / "fd").iterdir()}
    return [
        f"{_address(line[1].partition(':')[0])}:{int(line[1].partition(':')[2], 16)}"
        for table in ("tcp", "tcp6")
        for line in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if line[3] == "0A" and f"socket:[{line[9]}]" in sockets
    ]


def _address(hexadecimal: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Read an address as the kernel writes it: four bytes at a time, each word backwards."""
    raw = bytes.fromhex(hexadecimal)
    words = [raw[start : start + 4][::-1] for start in range(0, len(raw), 4)]
    return ipaddress.ip_address(b"".join(words))


def _refuse_visitors(cloud: Cloud) -> None:
    """Stop at once if other machines could reach the cloud."""
    places = listening(cloud.process.pid)
    if places is None:
        print("Listening sockets are not checked: this system does not list them.")
        return
    for place in places:
        if not ipaddress.ip_address(place.rpartition(":")[0]).is_loopback:
            message = f"the local cloud listens at {place}, where other machines can reach it"
            raise CloudError(message)


def _launch(home: Path, port: int, lock: IO[str], *, keep: bool) -> subprocess.Popen[bytes]:
    """Start ministack with a wiped environment, so that nothing of the user's shines through."""
    if not MINISTACK.exists():
        message = "the local cloud is not installed; run `make setup`"
        raise CloudError(message)
    temporary = home / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    environment = {
        "PATH": os.defpath,
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "AUTH": "true",  # IAM is enforced
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",  # it would listen at 0.0.0.0:8883
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home / "state"),
        "S3_PERSIST": "1" if keep else "0",  # files are in memory in any case
        "S3_DATA_DIR": str(home / "files"),
        "MINISTACK_REGION": REGION,
    }
    with (home / "cloud.log").open("wb") as log:
        return subprocess.Popen(
            [MINISTACK],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us; we stop it when it has no more to do
            pass_fds=[lock.fileno()],
        )


def _await_health(cloud: Cloud) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and cloud.process.poll() is None:
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            answer = http.request("GET", f"{cloud.endpoint}/_ministack/health", timeout=1)
            if answer.status == 200:  # noqa: PLR2004 (OK)
                return
        time.sleep(0.05)
    message = f"the local cloud did not start; its last words:\n{_last_words(cloud.home)}"
    raise CloudError(message)


def _stop(cloud: Cloud, *, keep: bool) -> None:
    """Stop cleanly, which is when ministack writes its state; an impatient Ctrl-C has to wait."""
    with _on_signals(signal.SIG_IGN, signal.SIGINT, signal.SIGTERM):
        if keep:
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                cloud.keep_mail()
            cloud.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                cloud.process.wait(STOP_SECONDS)
        _kill(cloud.process.pid)  # its workers, if any are left, or all of it
        cloud.process.wait()
        shutil.rmtree(cloud.home / "tmp", ignore_errors=True)  # unpacked code, half a gigabyte


def _kill(group: int, number: int = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


@contextlib.contextmanager
def _on_signals(handler: Any, *numbers: int) -> Iterator[None]:  # noqa: ANN401 (as the library)
    """Handle signals for a while, where Python lets us: in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextlib.contextmanager
def _owned(home: Path) -> Iterator[IO[str]]:
    """Own a directory for a while: the lock lives exactly as long as we or our cloud do."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("a+") as lock:
        if not _locked(lock):
            _end_orphan(home, lock)
        _sign(lock)
        yield lock


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(lock: IO[str], cloud: int = 0) -> None:
    """Write down who owns the directory, and which process is the cloud."""
    lock.truncate(0)
    lock.write(f"{os.getpid()} {cloud}")
    lock.flush()


def _end_orphan(home: Path, lock: IO[str]) -> None:
    """Stop a cloud whose owner was killed; refuse if the owner is alive."""
    lock.seek(0)
    owner, cloud = map(int, lock.read().split())
    if not cloud or Path(f"/proc/{owner}").exists():
        message = f"the local cloud of {home.name} is in use by process {owner}; stop that first"
        raise CloudError(message)
    print("Stopping a local cloud that was left behind.")
    for number in (signal.SIGTERM, signal.SIGKILL):
        _kill(cloud, number)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if _locked(lock):
                return
            time.sleep(0.1)
    message = f"process {cloud} cannot be stopped"
    raise CloudError(message)


def _checked(port: int) -> int:
    """Take a port, or any free one for 0."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
        except OSError as error:
            message = f"port {port} is in use by something else; try another: PORT={port + 1}"
            raise CloudError(message) from error
        free: int = trial.getsockname()[1]
        return free


def _last_words(home: Path) -> str:
    return "\n".join((home / "cloud.log").read_text(errors="replace").splitlines()[-15:])
