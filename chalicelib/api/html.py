"""People's pages: plain HTML that works without JavaScript, under a strict policy."""

import base64
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.api.http import Answer

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def page(template: str, status: int = 200, **values: object) -> Answer:
    """Render a template as an answer that is cached nowhere and gives its address to nobody."""
    body = _environment().get_template(template).render(style=_style(), **values)
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _policy(),
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
        "X-Frame-Options": "DENY",
    }
    return Answer(status, body, headers)


@functools.cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 (pages only)

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@functools.cache
def _style() -> str:
    return (TEMPLATES / "page.css").read_text(encoding="utf-8")


@functools.cache
def _policy() -> str:
    """Allow our one style sheet by its hash, forms to ourselves, and nothing else (CSP Level 3)."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
