"""The largest frame that is taken fits into one item, whatever it is of."""

import random
from typing import Any

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.sampling import UNITS_LIMIT, Unit
from chalicelib.storage.sampling import from_frame, to_frame

ITEM_LIMIT = 400 * 1024
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # of an id
CHANCE = random.Random(7)  # noqa: S311 (no secret)


def new_id() -> str:
    """Make an id that has as little in common with others as one has."""
    return "01K" + "".join(CHANCE.choices(DIGITS, k=23))


def frame(count: int) -> tuple[Unit, ...]:
    """Make a frame of enrolments that have a judgement each, by a hundred assessors."""
    people = [new_id() for _ in range(100)]
    units = []
    for number in range(count):
        assessor_id, module_id = people[number % 100], f"module-{number % 20}"
        stratum = f"risk:medium/assessor:{assessor_id}/module:{module_id}/method:link-with-code"
        unit_id = f"{new_id()}/page-{number % 90}/1"
        units.append(Unit(unit_id, stratum, assessor_id, module_id, drawn=number % 7 == 0))
    return tuple(sorted(units, key=lambda unit: unit.id))


def test_ten_thousand_judgements_fit_and_are_read_back() -> None:
    whole = frame(UNITS_LIMIT)
    item: dict[str, Any] = from_frame(whole)
    assert len(item["frame"]) < ITEM_LIMIT * 0.9
    assert to_frame(item) == whole
    assert to_frame(None) == ()


def test_more_than_fits_is_refused_in_words() -> None:
    with pytest.raises(Invalid) as refused:
        from_frame(frame(3 * UNITS_LIMIT))
    assert refused.value.code == "frame-too-large"
