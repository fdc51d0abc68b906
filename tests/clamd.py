"""A stand-in for clamd that speaks its INSTREAM over TCP and knows one signature, EICAR's."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread

# The test file of the antivirus industry (eicar.org), in two pieces: no scanner is to mind this.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass
class Clamd:
    """What it does: with `silent` it never answers, after `drop_after` bytes it hangs up."""

    port: int = 0
    limit: int = 100 * 1024 * 1024
    silent: bool = False
    drop_after: int | None = None
    answer: bytes | None = None
    scanned: list[int] = field(default_factory=list)

    @property
    def setting(self) -> str:
        return f"clamd://127.0.0.1:{self.port}"


@contextmanager
def scanning(port: int = 0) -> Iterator[Clamd]:
    """Listen at a port of the loopback interface for a while; at a free one unless it is named."""
    clamd = Clamd()
    over = Event()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            if _read(self.request, 10) != b"zINSTREAM\0":
                self.request.sendall(b"UNKNOWN COMMAND\0")
                return
            whole = b""
            while length := struct.unpack("!I", _read(self.request, 4))[0]:
                if len(whole) + length > clamd.limit:
                    self.request.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                    return
                whole += _read(self.request, length)
                if clamd.drop_after is not None and len(whole) > clamd.drop_after:
                    return
            clamd.scanned.append(len(whole))
            if clamd.silent:
                over.wait()
                return
            found = b"stream: Eicar-Test-Signature FOUND\0"
            answer = found if EICAR in whole else b"stream: OK\0"
            self.request.sendall(answer if clamd.answer is None else clamd.answer)

    class Server(ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of clients that hang up."""

    with Server(("127.0.0.1", port), Handler) as server:
        clamd.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield clamd
        finally:
            over.set()
            server.shutdown()
            thread.join()


def _read(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        piece = connection.recv(length - len(received))
        if not piece:
            raise ConnectionError
        received += piece
    return received
