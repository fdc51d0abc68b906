"""What an export opens with: its cover, and each portfolio, as HTML that needs no network."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib.domain.times import local, parse
from chalicelib.formats import markup
from chalicelib.formats.exhibits import size_of
from chalicelib.formats.portfolio_reading import COVERAGE_STATES, PAGE_STATES, read

TEMPLATES = Path(__file__).parent / "templates"
SHEETS = (TEMPLATES / "portfolio.css",)


def render(document: Mapping[str, Any]) -> bytes:
    """Set a portfolio document as the page that its folder opens with."""
    reading = read(document)
    states = {"pages": PAGE_STATES, "coverage": COVERAGE_STATES}
    return _render("portfolio.html", reading=reading, states=states)


def render_cover(export: Mapping[str, Any]) -> bytes:
    """Set the page that the whole export opens with; `export` is what `export.json` holds."""
    return _render("cover.html", export=export)


def _render(template: str, **values: object) -> bytes:
    # Some browsers call no file their own; from disk, pictures are let in by their scheme.
    policy = (
        f"default-src 'none'; img-src 'self' file:; style-src {markup.source_of(_style())}; "
        "base-uri 'none'; form-action 'none'"
    )
    made = markup.environment(TEMPLATES)
    made.filters |= {"size": size_of, "moment": lambda at: local(parse(at), "UTC")}
    return made.get_template(template).render(style=_style(), policy=policy, **values).encode()


@functools.cache
def _style() -> str:
    return markup.style_of(SHEETS)
