"""A module as one page of HTML, as the candidate sees it."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chalicelib.domain.modules import Module
from chalicelib.domain.views import module_view

_TEMPLATES = Path(__file__).parent / "templates"


def preview(module: Module) -> str:
    """Return the page; it is made of the candidate's view alone, so no key can be in it."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["paragraphs"] = lambda text: text.split("\n\n") if text else []
    view = module_view(module, with_key=False)
    elements = [
        element | {"pages": [_page(page) for page in element["pages"]]}
        for element in view["elements"]
    ]
    template = environment.get_template("preview.html.j2")
    return template.render(module=view | {"elements": elements})


def _page(page: dict[str, Any]) -> dict[str, Any]:
    """Put the items of a page's view under their groups, as they are printed."""
    items = {item["id"]: item for item in page["items"]}
    groups = [
        group | {"items": [items.pop(identifier) for identifier in group["items"]]}
        for group in page["groups"]
    ]
    return page | {"items": list(items.values()), "groups": groups}
