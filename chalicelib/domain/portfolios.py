"""A portfolio as a whole: how far each criterion is covered by pages that were judged competent."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from chalicelib.domain.enrolments import PageState
from chalicelib.domain.modules import Module


class CoverageState(StrEnum):
    """How far a criterion is covered."""

    COMPETENT = "competent"
    IN_PROGRESS = "in-progress"
    OPEN = "open"


def coverage(module: Module, states: Mapping[str, PageState]) -> list[dict[str, Any]]:
    """Say, for every criterion, which items bear it and how far it is covered, as JSON values.

    `states` are those of the module's pages. A criterion is covered once every page with an item
    that bears it is competent, and open while none of them is signed.
    """
    borne: dict[str, list[tuple[str, str]]] = {}
    for page in module.pages:
        for item in page.items:
            for criterion in dict.fromkeys(item.criteria):
                borne.setdefault(criterion, []).append((page.id, item.id))
    return [
        {
            "criterion": criterion,
            "items": [{"page_id": page_id, "item_id": item_id} for page_id, item_id in places],
            "state": str(_covered({states[page_id] for page_id, _ in places})),
        }
        for criterion, places in sorted(borne.items(), key=lambda each: _natural(each[0]))
    ]


def _covered(states: Collection[PageState]) -> CoverageState:
    if states == {PageState.COMPETENT}:
        return CoverageState.COMPETENT
    return CoverageState.OPEN if states == {PageState.OPEN} else CoverageState.IN_PROGRESS


def _natural(criterion: str) -> tuple[str, list[str | int]]:
    """Order criteria as people count, P2 before P10; those of the first standard come first."""
    standard, _, name = criterion.rpartition(":")
    parts = re.split(r"([0-9]+)", name)  # every other part is a number
    return standard, [int(part) if odd % 2 else part for odd, part in enumerate(parts)]
