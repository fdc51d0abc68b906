"""Receivers are called at the address that was looked at, with all due mistrust."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.domain.errors import Invalid
from chalicelib.storage.receivers import NO_ANSWER, Receivers

PUBLIC = "93.184.216.34"
URL = "https://hooks.example/in?a=1"
BODY = b"{}"
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@cache
def certificate(host: str) -> tuple[bytes, bytes]:
    """Make a certificate that a host has signed for itself, and its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM), private


def read(opened: socket.socket) -> bytes:
    """Read a request, whose body is always the same."""
    found = b""
    while not found.endswith(BODY):
        found += opened.recv(65_536) or BODY
    return found


class Server:
    """Somebody's server: takes connections, notes what is sent, and answers as it is told."""

    def __init__(self, directory: Path, host: str, answers: list[bytes], pause: float) -> None:
        public, private = certificate(host)
        (directory / "both.pem").write_bytes(public + private)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(directory / "both.pem")
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.answers, self.pause = answers, pause
        self.names: list[str | None] = []
        self.requests: list[bytes] = []
        self.asked: list[tuple[str, int]] = []
        self.listening = socket.create_server(("127.0.0.1", 0))

    def connect(self, address: str, port: int) -> socket.socket:
        """Stand for the network: whatever address is asked for, this server is there."""
        self.asked.append((address, port))
        return socket.create_connection(self.listening.getsockname()[:2])

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                taken, _ = self.listening.accept()
                with suppress(OSError), self.context.wrap_socket(taken, server_side=True) as opened:
                    self.requests.append(read(opened))
                    for part in self.answers:
                        opened.sendall(part)
                        time.sleep(self.pause)


@contextmanager
def serving(
    directory: Path, *answers: bytes, host: str = "hooks.example", pause: float = 0
) -> Iterator[Server]:
    server = Server(directory, host, list(answers), pause)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.listening.shutdown(socket.SHUT_RDWR)
    server.listening.close()
    thread.join()


def receivers(server: Server, *addresses: str, seconds: float = 5) -> Receivers:
    context = ssl.create_default_context(cadata=certificate("hooks.example")[0].decode())
    return Receivers(
        resolve=lambda _host, _port: addresses or (PUBLIC,),
        connect=server.connect,
        context=context,
        seconds=seconds,
    )


def test_it_goes_to_the_checked_address_in_the_name_of_the_host(tmp_path: Path) -> None:
    with serving(tmp_path, OK) as server:
        assert receivers(server).post(URL, BODY, {"webhook-id": "1"}) == 204
    assert server.asked == [(PUBLIC, 443)]
    assert server.names == ["hooks.example"]
    (sent,) = server.requests
    head, _, body = sent.partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"POST /in?a=1 HTTP/1.1"
    lines = head.lower().splitlines()
    assert b"host: hooks.example" in lines
    assert b"webhook-id: 1" in lines
    assert body == BODY


def test_a_certificate_of_another_host_is_no_answer(tmp_path: Path) -> None:
    with serving(tmp_path, OK, host="other.example") as server:
        assert receivers(server).post(URL, BODY, {}) == NO_ANSWER
    assert server.requests == []


def test_a_name_that_turns_private_after_it_was_looked_at_is_not_called(tmp_path: Path) -> None:
    answers = [(PUBLIC,), ("127.0.0.1",)]
    with serving(tmp_path, OK) as server:
        rebound = Receivers(resolve=lambda _host, _port: answers.pop(0), connect=server.connect)
        rebound.require(URL)
        assert rebound.post(URL, BODY, {}) == NO_ANSWER
    assert server.asked == []


@pytest.mark.parametrize(
    "addresses",
    [("127.0.0.1",), (PUBLIC, "10.0.0.1"), ("::ffff:10.0.0.1",), ("169.254.169.254",), ()],
)
def test_one_address_that_is_not_public_is_enough(addresses: tuple[str, ...]) -> None:
    found = Receivers(resolve=lambda _host, _port: addresses)
    with pytest.raises(Invalid) as refusal:
        found.require(URL)
    assert [flaw.code for flaw in refusal.value.flaws] == ["not-public"]
    assert found.post(URL, BODY, {}) == NO_ANSWER


def test_a_name_that_is_nowhere_is_refused() -> None:
    def fail(_host: str, _port: int) -> tuple[str, ...]:
        raise socket.gaierror

    with pytest.raises(Invalid):
        Receivers(resolve=fail).require(URL)


def test_a_redirect_is_an_answer_and_is_not_followed(tmp_path: Path) -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: https://hooks.example/other\r\n\r\n"
    with serving(tmp_path, moved) as server:
        assert receivers(server).post(URL, BODY, {}) == 307
    assert len(server.requests) == 1


def test_a_long_answer_is_not_read(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    with serving(tmp_path, head, *[b"a" * 1_000] * 10_000, pause=0.001) as server:
        started = time.monotonic()
        assert receivers(server).post(URL, BODY, {}) == 200
        assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nx: ", b"x"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_an_answer_that_is_stretched_is_broken_off(
    tmp_path: Path, first: bytes, more: bytes
) -> None:
    with serving(tmp_path, first, *[more] * 8, pause=0.2) as server:
        started = time.monotonic()
        assert receivers(server, seconds=0.3).post(URL, BODY, {}) == NO_ANSWER
        assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("answer", [b"", b"no HTTP\r\n\r\n", b"HTTP/1.1 999999 x\r\n\r\n"])
def test_no_answer_worth_the_name(tmp_path: Path, answer: bytes) -> None:
    with serving(tmp_path, answer) as server:
        assert receivers(server).post(URL, BODY, {}) == NO_ANSWER


def test_the_next_address_is_tried_where_one_does_not_answer(tmp_path: Path) -> None:
    with serving(tmp_path, OK) as server:
        tried = []

        def connect(address: str, port: int) -> socket.socket:
            tried.append(address)
            if address == PUBLIC:
                raise ConnectionRefusedError
            return server.connect(address, port)

        context = ssl.create_default_context(cadata=certificate("hooks.example")[0].decode())
        found = Receivers(
            resolve=lambda _host, _port: (PUBLIC, "8.8.8.8"), connect=connect, context=context
        )
        assert found.post(URL, BODY, {}) == 204
    assert tried == [PUBLIC, "8.8.8.8"]


def test_a_trusted_host_may_be_private_and_do_without_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            opened, _ = listening.accept()
            with opened:
                read(opened)
                opened.sendall(OK)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{port}/"
        assert Receivers(("127.0.0.1",)).post(url, BODY, {}) == 204
        assert Receivers().post(url, BODY, {}) == NO_ANSWER
        thread.join()
