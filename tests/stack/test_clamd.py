"""The scanner against a real clamd.

Its database is one signature, EICAR's, written here: nothing is downloaded, no service runs.
First run against clamd 1.4.6 of Debian 12.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from chalicelib.storage.scanners import Clamd, Verdict
from tests.clamd import EICAR

LIMIT = 3 * 1024 * 1024
CONFIGURATION = """\
Foreground yes
TCPSocket {port}
TCPAddr 127.0.0.1
DatabaseDirectory {database}
TemporaryDirectory {temporary}
StreamMaxLength {limit}
ConcurrentDatabaseReload no
MaxThreads 2
"""


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    """Start clamd, and wait until it listens."""
    home = tmp_path_factory.mktemp("clamd")
    program = shutil.which("clamd", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    assert program, "clamd is missing: apt-get install clamav-daemon"
    (home / "database").mkdir()
    # Name, any type of file, at any offset, and the bytes in hexadecimal digits.
    (home / "database/own.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (home / "clamd.conf").write_text(
        CONFIGURATION.format(port=port, database=home / "database", temporary=home, limit=LIMIT)
    )
    command = [program, f"--config-file={home / 'clamd.conf'}"]
    with (
        Path(home / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,  # noqa: S603 (found above)
    ):
        try:
            _wait(process, port, home / "log")
            yield Clamd("127.0.0.1", port)
        finally:
            process.terminate()


def scan(scanner: Clamd, chunks: Iterable[bytes]) -> Verdict:
    with scanner.session() as session:
        for chunk in chunks:
            session.feed(chunk)
        return session.finish()


def test_clean_found_and_too_large(scanner: Clamd) -> None:
    assert scan(scanner, [b"a", b"", bytes(1024 * 1024), b"b"]) == Verdict()
    found = scan(scanner, [b"before ", EICAR[:20], EICAR[20:], b" after"])
    assert found.reason == "malware"
    assert found.signature.startswith("Eicar-Test-Signature")
    assert scan(scanner, [bytes(LIMIT + 1)]).reason == "too-large-to-scan"
    # It says so and hangs up while more is on its way.
    assert scan(scanner, [bytes(LIMIT)] * 8).reason == "too-large-to-scan"
    assert scan(scanner, [b"clean"]) == Verdict()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(log.read_text())
