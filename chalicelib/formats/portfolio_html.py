"""What an export opens with: its cover, and each portfolio, as HTML that needs no network."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.domain.times import local, parse
from chalicelib.formats import markup
from chalicelib.formats.exhibits import size_of
from chalicelib.formats.portfolio_reading import COVERAGE_STATES, PAGE_STATES, read
from chalicelib.formats.portfolio_steps import Facts

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
SHEETS = (TEMPLATES / "portfolio.css",)
SELECTED = {
    "candidate_id": "Of the candidate",
    "assessor_id": "Of the assessor",
    "module_id": "Of the module",
    "state": "In the state",
    "since": "Open on or after",
    "until": "Begun by",
}


def render(document: Mapping[str, Any]) -> bytes:
    """Set a portfolio document as the page that its folder opens with."""
    reading = read(document)
    states = {"pages": PAGE_STATES, "coverage": COVERAGE_STATES}
    return _render("portfolio.html", reading=reading, states=states)


def render_cover(export: Mapping[str, Any]) -> bytes:
    """Set the page that the whole export opens with; `export` is what `export.json` holds."""
    exported = local(parse(export["created_at"]), "UTC")
    about = (
        ("Asked for by", export["requested_by"]["name"]),
        ("For", export["purpose"] or "no purpose was named"),
        *_chosen(export["selection"]),
        ("Exported", exported),
        ("Export id", export["export_id"]),
    )
    return _render("cover.html", export=export, about=about, exported=exported)


def _chosen(selection: Mapping[str, Any]) -> Facts:
    """Say how the enrolments were chosen."""
    if "enrolment_ids" in selection:
        return (("Chosen", "one by one"),)
    return tuple((label, selection[name]) for name, label in SELECTED.items() if name in selection)


def _render(template: str, **values: object) -> bytes:
    # Some browsers call no file their own; from disk, pictures are let in by their scheme.
    policy = (
        f"default-src 'none'; img-src 'self' file:; style-src {markup.source_of(_style())}; "
        "base-uri 'none'; form-action 'none'"
    )
    made = _environment().get_template(template)
    return made.render(style=_style(), policy=policy, **values).encode()


@functools.cache
def _environment() -> "Environment":
    made = markup.environment(TEMPLATES)
    made.filters["size"] = size_of
    return made


@functools.cache
def _style() -> str:
    return markup.style_of(SHEETS)
