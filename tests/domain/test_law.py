"""Dated law is named with its jurisdiction, and nothing that still stands is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.law import dated_law


def names(text: str) -> list[str]:
    return [law.name for law in dated_law(text)]


@pytest.mark.parametrize(
    ("text", "name", "jurisdiction"),
    [
        ("Under the Data Protection Act 1998 she may ask.", "Data Protection Act 1998", "United"),
        ("the DATA PROTECTION ACT (1998)", "Data Protection Act 1998", "United Kingdom"),
        ("his name was on the 'At Risk Register'", "At Risk Register", "England"),
        ("the at-risk\nregister", "At Risk Register", "England"),
        ("two Probation Orders", "Probation Order", "England and Wales"),
        ("a Juvenile Justice Act", "Juvenile Justice Act", "outside the United Kingdom"),
        ("the Race Relations Act 1976", "Race Relations Act 1976", "Great Britain"),
        ("a clear CRB check", "Criminal Records Bureau", "England and Wales"),
        ("inspected by CSCI", "Commission for Social Care Inspection", "England"),
    ],
)
def test_what_has_been_superseded_is_named(text: str, name: str, jurisdiction: str) -> None:
    (law,) = dated_law(text)
    assert law.name == name
    assert law.jurisdiction.startswith(jurisdiction)
    assert law.remark.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the Data Protection Act 2018 and the UK GDPR",
        "the Data Protection Act",
        "the Mental Health Act 1983 and the Children Act 1989",
        "a register of those at risk",
        "on probation, in order to settle in",
        "the course takes 40 days",
        "subject access within 140 days",
        "the csciences",
    ],
)
def test_what_still_stands_or_only_looks_alike_is_not_named(text: str) -> None:
    assert dated_law(text) == ()


def test_forty_days_are_dated_beside_the_right_of_access() -> None:
    text = "The Data Protection Act 1998 gives forty days; we answer sooner."
    assert names(text) == ["Data Protection Act 1998", "40 days to answer an access request"]
    assert "one month" in dated_law(text)[1].remark


def test_each_is_named_once() -> None:
    assert names("A Probation Order, and another probation order.") == ["Probation Order"]


@given(st.text())
def test_any_text_will_do(text: str) -> None:
    assert isinstance(dated_law(text), tuple)
