"""The application on a port of this machine, below a stage's path as behind API Gateway."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chalice.app import Chalice
from chalice.local import LambdaEventConverter, RouteMatcher

STAGE = "/api"


class Cut(Enum):
    """Where the network is cut: nowhere, on a request's way here, or on its answer's way back."""

    NOWHERE = auto()
    BEFORE = auto()
    AFTER = auto()


class Gateway(ThreadingHTTPServer):
    """Turns requests into Lambda proxy events for an application, one after another."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.application: Chalice | None = None
        self.one_at_a_time = threading.Lock()  # as a Lambda function works
        self.cut = Cut.NOWHERE
        self.lost: list[
            tuple[Cut, str]
        ] = []  # the methods of requests that nobody got an answer to

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        application = self.application
        assert application
        below = path.removeprefix(STAGE)
        try:
            assert below != path
            matcher = RouteMatcher(list(application.routes))
            event = LambdaEventConverter(matcher).create_lambda_event(method, below, headers)
        except (AssertionError, ValueError):
            return 403, {}, b'{"message":"Missing Authentication Token"}'
        event["requestContext"]["path"] = path.partition("?")[0]
        event["body"] = body.decode()
        event["isBase64Encoded"] = False
        with self.one_at_a_time:
            answered: dict[str, Any] = application(event, None)
        return answered["statusCode"], answered["headers"], answered["body"].encode()


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # Browsers ask first whether they may ask; what is cut is what they ask then.
        cut = Cut.NOWHERE if self.command == "OPTIONS" else self.server.cut
        if cut is not Cut.NOWHERE:
            self.server.lost.append((cut, self.command))
        if cut is Cut.BEFORE:
            return
        status, headers, content = self.server.answer(
            self.command, self.path, dict(self.headers), body
        )
        if cut is Cut.AFTER:
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = _answer  # noqa: N815 (the names that http.server calls)

    def log_message(self, *_: object) -> None:
        """Say nothing: the application has a log of its own."""


@contextmanager
def serving() -> Iterator[Gateway]:
    """Serve on a port of its own until the end of the block."""
    gateway = Gateway()
    thread = threading.Thread(target=gateway.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield gateway
    finally:
        gateway.shutdown()
        thread.join()
        gateway.server_close()
