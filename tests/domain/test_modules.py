"""What keeps a module that asks for evidence from being published."""

import pytest

from chalicelib.domain.forms import Field, FieldKind, Form
from chalicelib.domain.modules import (
    CONTRIBUTIONS_LIMIT,
    Element,
    EvidenceRequest,
    Module,
    Page,
    publication_flaws,
)

FORM = Form(id="seen", title="Seen", fields=(Field(id="who", label="Who", kind=FieldKind.LINE),))
FREE = Form(
    id="free",
    title="Free",
    fields=(Field(id="who", label="Who", kind=FieldKind.LINE, required=False),),
)


def flaws(*items: EvidenceRequest) -> list[tuple[str, str]]:
    page = Page("p", "Page", ungrouped=items)
    module = Module(id="m", title="Module", elements=(Element("e", "Element", pages=(page,)),))
    return [(flaw.pointer, flaw.code) for flaw in publication_flaws(module)]


@pytest.mark.parametrize(
    ("least_files", "blank", "empty"),
    [(0, None, True), (0, FREE, True), (1, None, False), (1, FREE, False), (0, FORM, False)],
)
def test_what_is_appraised_cannot_stay_empty(
    *, least_files: int, blank: Form | None, empty: bool
) -> None:
    item = EvidenceRequest(id="i", text="Show it.", least_files=least_files, blank=blank)
    assert flaws(item) == []
    asked = EvidenceRequest(
        id="i", text="Show it.", least_files=least_files, blank=blank, vacsr=True
    )
    assert flaws(asked) == ([("/items/i", "nothing-to-appraise")] if empty else [])


def test_others_contribute_to_as_many_items_as_one_write_checks() -> None:
    items = [
        EvidenceRequest(id=f"i{number}", text="Have it seen.", by="witness")
        for number in range(CONTRIBUTIONS_LIMIT + 1)
    ]
    assert flaws(*items[1:]) == []
    assert flaws(*items) == [("/pages/p", "too-many-contributions")]
