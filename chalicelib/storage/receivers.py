"""The receivers of webhooks: addresses that others have given us, called with all due mistrust.

Everything that a name resolves to has to be public, and the connection goes to the very address
that was looked at: a name that means something else a moment later does not matter.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from chalicelib.domain.errors import Invalid
from chalicelib.domain.webhooks import Target, is_public, refused, require_target

SECONDS = 10  # for the whole delivery, whatever the receiver does to stretch it
CONNECT_SECONDS = 3
ADDRESSES = 3  # of a name that are tried
NO_ANSWER = 0

Resolve = Callable[[str, int], tuple[str, ...]]
Connect = Callable[[str, int], socket.socket]


def resolve(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a host, the preferred one first. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def connect(address: str, port: int) -> socket.socket:
    """Open a connection to an address. Raises OSError."""
    return socket.create_connection((address, port), CONNECT_SECONDS)


class Receivers:
    """Calls receivers. `trusted` names hosts that may be private and do without TLS."""

    def __init__(
        self,
        trusted: tuple[str, ...] = (),
        resolve: Resolve = resolve,
        connect: Connect = connect,
        context: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._trusted = trusted
        self._resolve = resolve
        self._connect = connect
        self._context = context
        self._seconds = seconds

    def require(self, url: str) -> None:
        """Raise Invalid unless the address could be called now."""
        self._addresses(require_target(url, self._trusted))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a delivery and return the status of the answer, or NO_ANSWER.

        Follows no redirect, and reads nothing of the answer but its head.
        """
        try:
            target = require_target(url, self._trusted)
            addresses = self._addresses(target)
            with self._connection(target, addresses) as connection:
                named = {"Host": target.authority, **headers}
                connection.request("POST", target.path, body, named)
                with contextlib.closing(connection.getresponse()) as answered:
                    return answered.status
        except (Invalid, OSError, ValueError, http.client.HTTPException):
            return NO_ANSWER

    def _addresses(self, target: Target) -> tuple[str, ...]:
        try:
            found = self._resolve(target.host, target.port)
        except (OSError, UnicodeError):
            found = ()
        if target.host in self._trusted and found:
            return found
        if not found or not all(map(is_public, found)):
            raise refused("not-public", "The host must have public addresses, and no others.")
        return found

    @contextmanager
    def _connection(
        self, target: Target, addresses: tuple[str, ...]
    ) -> Iterator[http.client.HTTPConnection]:
        """Connect to an address that was looked at, and break off when the time is up."""
        with self._open(addresses, target.port) as opened:
            opened.settimeout(self._seconds)
            wrapped: socket.socket = opened
            if target.secure:
                context = self._context or ssl.create_default_context()
                wrapped = context.wrap_socket(
                    opened, server_hostname=target.host, do_handshake_on_connect=False
                )
            late = threading.Event()
            timer = threading.Timer(self._seconds, _break_off, [wrapped, late])
            timer.start()
            try:
                if isinstance(wrapped, ssl.SSLSocket):
                    wrapped.do_handshake()
                connection = http.client.HTTPConnection(target.host, target.port)
                connection.sock = wrapped
                yield connection
                if late.is_set():
                    raise TimeoutError
            finally:
                timer.cancel()
                wrapped.close()

    def _open(self, addresses: tuple[str, ...], port: int) -> socket.socket:
        failure = OSError("no address")
        for address in addresses[:ADDRESSES]:
            try:
                return self._connect(address, port)
            except OSError as error:
                failure = error
        raise failure


def _break_off(opened: socket.socket, late: threading.Event) -> None:
    """Shut the connection down below TLS, which wakes whoever waits on it."""
    late.set()
    with contextlib.suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
