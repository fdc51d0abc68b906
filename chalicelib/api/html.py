"""People's pages: plain HTML that works without JavaScript, under a strict policy."""

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.api.http import HTML, Answer, Call
from chalicelib.api.problems import RETRY_AFTER, status_of
from chalicelib.domain.errors import DomainError, Unavailable
from chalicelib.domain.times import printed
from chalicelib.formats import markup

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
SHEET = "page.css"
NOTHING: Mapping[str, str] = {}


def page(
    template: str,
    status: int = 200,
    sheets: tuple[str, ...] = (SHEET,),
    pictures: str = "",
    **values: object,
) -> Answer:
    """Render a template as an answer that is cached nowhere and gives its address to nobody.

    `pictures` is the origin that pictures come from, by way of ours; empty where there are none.
    """
    body = render(template, style=_style(sheets), **values)
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _policy(sheets, pictures),
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
        "X-Frame-Options": "DENY",
    }
    return Answer(status, body, headers)


def unopened(error: DomainError, form: Mapping[str, str] = NOTHING) -> Answer:
    """Say that a link opens nothing: always the same of one that is unknown."""
    return page("unknown.html", 404) if error.code == "not-found" else refused(error, form)


def refused(error: DomainError, form: Mapping[str, str]) -> Answer:
    """Say to a person, who reads no JSON, what is in the way, and give back what was typed."""
    answered = page("refused.html", status_of(error), detail=error.detail, form=form)
    if isinstance(error, Unavailable):
        return replace(answered, headers={**answered.headers, "Retry-After": str(RETRY_AFTER)})
    return answered


def render(template: str, **values: object) -> str:
    """Render a template."""
    return _environment().get_template(template).render(**values)


def wants_html(call: Call) -> bool:
    """Read Accept as browsers send it: HTML where it is named, JSON otherwise."""
    return HTML in call.headers.get("accept", "")


@functools.cache
def _environment() -> "Environment":
    made = markup.environment(TEMPLATES)
    made.filters["printed"] = printed
    return made


@functools.cache
def _style(sheets: tuple[str, ...]) -> str:
    return markup.style_of(TEMPLATES / sheet for sheet in sheets)


@functools.cache
def _policy(sheets: tuple[str, ...], pictures: str) -> str:
    """Allow our style sheets by hash, forms to ourselves, and pictures (CSP Level 3)."""
    images = f"img-src 'self' {pictures}; " if pictures else ""
    return (
        f"default-src 'none'; {images}style-src {markup.source_of(_style(sheets))}; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
