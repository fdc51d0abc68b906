"""What looks for malware in a file while it is read."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from chalicelib.domain.errors import Unavailable

CONNECT_SECONDS = 3
SECONDS = 60  # that clamd may take for its answer, or for taking a chunk
CLAMD_PORT = 3310
ANSWER_LIMIT = 4096  # bytes
CHUNK_LIMIT = 1024 * 1024  # bytes that are sent at a time


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a scanner says: `reason` is the code of why the file is refused, empty if clean.

    `signature` is the scanner's own name of what it found.
    """

    reason: str = ""
    signature: str = ""


class Session(Protocol):
    """One file on its way through a scanner."""

    def feed(self, chunk: bytes) -> None:
        """Hand over the next bytes. Raises Unavailable."""

    def finish(self) -> Verdict:
        """Say what was found. Raises Unavailable: not knowing is not being clean."""


class Scanner(Protocol):
    """Finds malware. `name` says on the record what found a file clean."""

    @property
    def name(self) -> str:
        """Its name, as it is put on record."""

    def session(self) -> AbstractContextManager[Session]:
        """Begin a file. Raises Unavailable."""


class Off:
    """Looks for nothing, and is called so on record."""

    name = "off"

    @contextmanager
    def session(self) -> Iterator["Off"]:
        """Begin a file."""
        yield self

    def feed(self, chunk: bytes) -> None:
        """Take no notice."""

    def finish(self) -> Verdict:
        """Find nothing."""
        return Verdict()


class GuardDuty(Off):
    """Scans by itself, in the bucket: its verdict is a tag, which Quarantine.verdict() reads."""

    name = "guardduty"


class Clamd:
    """A clamd that listens on TCP."""

    name = "clamd"

    def __init__(self, host: str, port: int = CLAMD_PORT, seconds: float = SECONDS) -> None:
        self._address = (host, port)
        self._seconds = seconds

    @contextmanager
    def session(self) -> Iterator["ClamdSession"]:
        """Connect, for one file."""
        try:
            connection = socket.create_connection(self._address, CONNECT_SECONDS)
        except OSError as error:
            raise _unavailable() from error
        with connection:
            connection.settimeout(self._seconds)
            session = ClamdSession(connection)
            session.begin()
            yield session


class ClamdSession:
    """A stream of chunks to clamd: each after its length, the last of length zero."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._over = False

    def begin(self) -> None:
        """Say that a stream follows."""
        self._send(b"zINSTREAM\0")

    def feed(self, chunk: bytes) -> None:
        """Send bytes. Once clamd has hung up, what it said before counts, in finish()."""
        for start in range(0, len(chunk), CHUNK_LIMIT):
            piece = chunk[start : start + CHUNK_LIMIT]
            self._send(struct.pack("!I", len(piece)) + piece)

    def finish(self) -> Verdict:
        """End the stream and read the answer."""
        self._send(struct.pack("!I", 0))
        answer = self._answer()
        if answer == "stream: OK" and not self._over:
            return Verdict()
        if answer.endswith(" FOUND"):
            return Verdict("malware", answer.removeprefix("stream: ").removesuffix(" FOUND"))
        if "size limit exceeded" in answer:
            return Verdict("too-large-to-scan")
        raise _unavailable()

    def _send(self, data: bytes) -> None:
        if self._over:
            return
        try:
            self._connection.sendall(data)
        except TimeoutError as error:
            raise _unavailable() from error
        except OSError:
            self._over = True  # it says why before it hangs up: too large, most likely

    def _answer(self) -> str:
        received = b""
        with contextlib.suppress(OSError):  # whatever came until then is judged
            while b"\0" not in received and len(received) < ANSWER_LIMIT:
                piece = self._connection.recv(ANSWER_LIMIT)
                if not piece:
                    break
                received += piece
        # An answer ends with a zero byte; half an answer is none.
        whole, end, _ = received.partition(b"\0")
        return whole.decode("utf-8", "replace") if end else ""


def scanner_of(setting: str) -> Scanner:
    """Build the scanner that a setting names: `off`, `guardduty`, `clamd://host:port`.

    Raises ValueError.
    """
    if setting == "off":
        return Off()
    if setting == "guardduty":
        return GuardDuty()
    parts = urlsplit(setting)
    bare = not (parts.path or parts.query or parts.fragment or parts.username)
    if parts.scheme == "clamd" and parts.hostname and bare:
        return Clamd(parts.hostname, parts.port or CLAMD_PORT)
    message = f"{setting!r} names no scanner: off, guardduty, or clamd://host:port"
    raise ValueError(message)


def _unavailable() -> Unavailable:
    return Unavailable("busy", "The scanner cannot be reached; the file is looked at again later.")
