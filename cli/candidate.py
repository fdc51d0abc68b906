"""The candidate's app (`examples/candidate`), served to a browser on this machine.

Any static server will do, if it sends these headers and a `config.json` of its own.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from cli.cloud import LOOPBACK, ROOT, CloudError

BUILT = ROOT / "examples" / "candidate" / "dist"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".map": "application/json",
}

Config = Mapping[str, Any]


class Site(ThreadingHTTPServer):
    """Serves the files of the app, and its configuration."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except OSError as error:
            message = f"port {port}, for the candidate's app, is in use; try another: PORT={port}"
            raise CloudError(message) from error
        self.files = _files()
        self.config: Config = {}

    @property
    def address(self) -> str:
        """Where the app is, as the issuer is told it."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    def answer(self, path: str) -> tuple[HTTPStatus, dict[str, str], bytes]:
        """Answer a request for a path."""
        name = path.partition("?")[0].removeprefix("/") or "index.html"
        if name == "config.json":
            content, kind = json.dumps(self.config).encode(), "application/json"
        elif name in self.files:
            content, kind = self.files[name]
        else:
            return HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain"}, b"Not found\n"
        return HTTPStatus.OK, {"Content-Type": kind, **headers(self.config)}, content


def headers(config: Config) -> dict[str, str]:
    """Give the headers of every file: scripts and styles of its own, requests to whom it needs."""
    asked = {_origin(config[name]) for name in ("api", "token_endpoint") if name in config}
    forms = {_origin(config["local"]["form"])} if "local" in config else set()
    sent = {_origin(config["files"]["quarantine"])} if "files" in config else set()
    shown = {_origin(config["files"]["evidence"])} if "files" in config else set()
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": " ".join(["data:", *sorted(shown)]),
        "worker-src": "'self'",
        "connect-src": " ".join(["'self'", *sorted(asked | sent)]),
        "form-action": " ".join(["'self'", *sorted(forms)]),
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }


@contextmanager
def serving(port: int = 0) -> Iterator[Site]:
    """Serve the app at a port, or at any free one, until the end of the block."""
    with Site(port) as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        status, found, content = self.server.answer(self.path)
        self.send_response(status)
        for name, value in found.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    do_HEAD = do_GET  # noqa: N815 (as above)

    def log_message(self, *_: object) -> None:
        """Say nothing: the addresses of the app hold nothing but itself."""


def _files() -> dict[str, tuple[bytes, str]]:
    """Read the built app: each file by its name, with its type."""
    if not (BUILT / "index.html").exists():
        message = "the candidate's app is not built; run `make candidate`"
        raise CloudError(message)
    return {
        file.name: (file.read_bytes(), TYPES[file.suffix])
        for file in BUILT.iterdir()
        if file.suffix in TYPES
    }


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
