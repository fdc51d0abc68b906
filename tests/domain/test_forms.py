"""Records of forms: what is kept, what signing needs, and which rules a record departs from."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.forms import (
    LINE_LIMIT,
    NUMBER_LIMIT,
    REASON_LIMIT,
    TEXT_LIMIT,
    Field,
    FieldKind,
    Form,
    FormOption,
    Record,
    Relation,
    Rule,
    Value,
    departures,
    draft_flaws,
    due_reasons,
    signing_flaws,
)
from chalicelib.domain.forms import Test as Look
from tests.formats.form_strategies import forms, records

OPTIONS = (FormOption("a", "x"), FormOption("b", "y"), FormOption("c", "z"))
FIELDS = (
    Field(id="line", label="L", kind=FieldKind.LINE, required=False),
    Field(id="text", label="T", kind=FieldKind.TEXT, least=2, most=3, required=False),
    Field(id="date", label="D", kind=FieldKind.DATE),
    Field(id="since", label="S", kind=FieldKind.DATE, required=False),
    Field(id="number", label="N", kind=FieldKind.NUMBER, least=-1, most=9, required=False),
    Field(id="yes", label="Y", kind=FieldKind.YES_NO, required=False),
    Field(id="choice", label="C", kind=FieldKind.CHOICE, options=OPTIONS, required=False),
    Field(
        id="choices", label="C", kind=FieldKind.CHOICES, options=OPTIONS, least=2, required=False
    ),
)
RULE = Rule(
    "rule", "Ask first.", (Look("choice", Relation.IS, ("b",)),), (Look("line", Relation.GIVEN),)
)
FORM = Form(id="form", title="F", fields=FIELDS, rules=(RULE,))
DATED: Mapping[str, Value] = {"date": "2026-03-02"}


def kept(values: Mapping[str, Value]) -> list[tuple[str, str]]:
    return [(flaw.pointer, flaw.code) for flaw in draft_flaws(FORM, Record(values), "/answers/i")]


def signed(values: Mapping[str, Value], **reasons: str) -> list[tuple[str, str]]:
    record = Record({**DATED, **values}, reasons)
    assert draft_flaws(FORM, record, "") == ()
    return [(flaw.pointer, flaw.code) for flaw in signing_flaws(FORM, record, "")]


def passes(test: Look, values: Mapping[str, Value]) -> bool:
    return not departures(replace(FORM, rules=(Rule("r", "", (), (test,)),)), Record(values))


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("line", "x" * (LINE_LIMIT + 1), "too-long"),
        ("line", "a\nb", "one-line"),
        ("line", 1, "wrong-kind"),
        ("text", "x" * (TEXT_LIMIT + 1), "too-long"),
        ("text", ("a",), "wrong-kind"),
        ("date", "2026-02-30", "date-parsing"),
        ("date", "20260302", "date-parsing"),
        ("date", "2026-03-02T09:00", "date-parsing"),
        ("date", "2026-W10-1", "date-parsing"),
        ("date", 20260302, "wrong-kind"),
        ("number", True, "wrong-kind"),
        ("number", "1", "wrong-kind"),
        ("number", NUMBER_LIMIT + 1, "out-of-bounds"),
        ("number", -NUMBER_LIMIT - 1, "out-of-bounds"),
        ("yes", 1, "wrong-kind"),
        ("yes", "yes", "wrong-kind"),
        ("choice", "d", "unknown-option"),
        ("choice", ("a",), "wrong-kind"),
        ("choices", ("a", "d"), "unknown-option"),
        ("choices", ("a", "a"), "chosen-twice"),
        ("choices", "a", "wrong-kind"),
        ("other", "x", "unknown-field"),
    ],
)
def test_what_is_no_value_of_its_field_is_not_even_kept(
    field: str, value: Value, code: str
) -> None:
    assert kept({field: value}) == [(f"/answers/i/values/{field}", code)]


def test_names_of_unknown_fields_and_rules_are_escaped_in_pointers() -> None:
    record = Record({"a/b": "x"}, {"c~d": "why"})
    assert [(flaw.pointer, flaw.code) for flaw in draft_flaws(FORM, record, "")] == [
        ("/values/a~1b", "unknown-field"),
        ("/reasons/c~0d", "unknown-rule"),
    ]


def test_a_reason_has_a_length() -> None:
    for length, flaws in ((REASON_LIMIT, []), (REASON_LIMIT + 1, [("/reasons/rule", "too-long")])):
        record = Record({}, {"rule": "x" * length})
        assert [(flaw.pointer, flaw.code) for flaw in draft_flaws(FORM, record, "")] == flaws


def test_a_draft_may_be_incomplete() -> None:
    assert (
        kept({"line": "", "text": "", "date": "", "choice": "", "choices": (), "number": -9}) == []
    )


@pytest.mark.parametrize(
    ("values", "flaw"),
    [
        ({"date": " "}, ("/values/date", "unanswered")),
        ({"text": "one"}, ("/values/text", "too-few-words")),
        ({"text": "one two three four"}, ("/values/text", "too-many-words")),
        ({"number": -2}, ("/values/number", "out-of-bounds")),
        ({"number": 10}, ("/values/number", "out-of-bounds")),
        ({"choices": ("a",)}, ("/values/choices", "wrong-count")),
        ({"choice": "b"}, ("/reasons/rule", "reason-required")),
    ],
)
def test_what_signing_still_needs(values: Mapping[str, Value], flaw: tuple[str, str]) -> None:
    assert signed(values) == [flaw]


def test_what_is_complete_can_be_signed() -> None:
    assert signed({}) == []
    assert signed({"text": "one two", "number": 9, "choices": ("c", "a"), "yes": False}) == []
    assert signed({"choice": "b"}, rule="There was no time.") == []
    assert signed({"choice": "b"}, rule=" \n") == [("/reasons/rule", "reason-required")]
    assert signed({"choice": "b", "line": "asked"}) == []


def test_no_reason_is_asked_for_while_the_record_may_yet_keep_to_the_rule() -> None:
    field = Field(id="day", label="D", kind=FieldKind.DATE)
    rule = Rule("soon", "Soon.", (), (Look("date", Relation.WITHIN, ("1", "day")),))
    form = replace(FORM, fields=(*FIELDS, field), rules=(rule,))
    asked = [flaw.pointer for flaw in signing_flaws(form, Record(DATED), "")]
    assert asked == ["/values/day"]
    late = Record({**DATED, "day": "2026-01-02"})
    assert [flaw.pointer for flaw in signing_flaws(form, late, "")] == ["/reasons/soon"]
    assert departures(form, Record(DATED)) == (rule,), "it is not kept either"


def test_the_reason_that_is_asked_for_names_the_rule() -> None:
    (flaw,) = signing_flaws(FORM, Record({**DATED, "choice": "b"}), "")
    assert RULE.text in flaw.detail


@pytest.mark.parametrize("relation", Relation)
def test_a_field_that_is_not_filled_in_passes_no_test(relation: Relation) -> None:
    operands = {Relation.IS: ("a",), Relation.WITHIN: ("1", "since")}.get(relation, ("0",))
    for field in FIELDS:
        assert not passes(Look(field.id, relation, operands), {})
        assert not passes(Look("line", relation, operands), {"line": " "})
        assert not passes(Look("choices", relation, operands), {"choices": ()})


@pytest.mark.parametrize(
    ("test", "values", "passed"),
    [
        (Look("choice", Relation.IS, ("a", "b")), {"choice": "b"}, True),
        (Look("choice", Relation.IS, ("a", "b")), {"choice": "c"}, False),
        (Look("choices", Relation.IS, ("a",)), {"choices": ("c", "a")}, True),
        (Look("choices", Relation.IS, ("b",)), {"choices": ("c", "a")}, False),
        (Look("yes", Relation.IS, ("no",)), {"yes": False}, True),
        (Look("yes", Relation.IS, ("yes",)), {"yes": False}, False),
        (Look("yes", Relation.GIVEN), {"yes": False}, True),
        (Look("number", Relation.GIVEN), {"number": 0}, True),
        (Look("number", Relation.AT_LEAST, ("3",)), {"number": 3}, True),
        (Look("number", Relation.AT_LEAST, ("3",)), {"number": 2}, False),
        (Look("number", Relation.AT_MOST, ("-1",)), {"number": -1}, True),
        (Look("number", Relation.AT_MOST, ("-1",)), {"number": 0}, False),
        (Look("choices", Relation.AT_LEAST, ("2",)), {"choices": ("a", "c")}, True),
        (Look("choices", Relation.AT_MOST, ("1",)), {"choices": ("a", "c")}, False),
    ],
)
def test_how_rules_look_at_a_field(test: Look, values: Mapping[str, Value], passed: bool) -> None:  # noqa: FBT001 - a column of the table
    assert passes(test, values) is passed


@pytest.mark.parametrize(
    ("since", "months", "last", "beyond"),
    [
        ("2026-01-31", 1, "2026-02-28", "2026-03-01"),
        ("2024-01-31", 1, "2024-02-29", "2024-03-01"),
        ("2023-12-15", 36, "2026-12-15", "2026-12-16"),
        ("2024-02-29", 12, "2025-02-28", "2025-03-01"),
        ("2026-05-05", 0, "2026-05-05", "2026-05-06"),
        ("2025-12-31", 2, "2026-02-28", "2026-03-01"),
    ],
)
def test_months_are_those_of_the_calendar(since: str, months: int, last: str, beyond: str) -> None:
    test = Look("date", Relation.WITHIN, (str(months), "since"))
    assert passes(test, {"date": last, "since": since})
    assert not passes(test, {"date": beyond, "since": since})
    assert passes(test, {"date": "2001-01-01", "since": since}), "before it is within"
    assert not passes(test, {"date": last}), "there is nothing to count from"


def test_the_calendar_ends() -> None:
    test = Look("date", Relation.WITHIN, ("9999", "since"))
    assert passes(test, {"date": "9999-12-31", "since": "9999-01-01"})


# Properties


@given(st.data())
def test_a_record_that_can_be_kept_is_judged_the_same_each_time(data: st.DataObject) -> None:
    form = data.draw(forms())
    record = data.draw(records(form))
    assert draft_flaws(form, record, "") == ()
    departed = departures(form, record)
    assert departed == departures(form, Record(dict(sorted(record.values.items()))))
    assert set(due_reasons(form, record)) <= set(departed)
    flaws = signing_flaws(form, record, "")
    lacking = [flaw.pointer for flaw in flaws if flaw.code == "reason-required"]
    wanted = [rule for rule in departed if rule.id not in record.reasons]
    if "unanswered" in {flaw.code for flaw in flaws}:
        wanted = [rule for rule in wanted if rule in due_reasons(form, record)]
    assert lacking == [f"/reasons/{rule.id}" for rule in wanted]


@given(st.data())
def test_without_rules_no_record_needs_a_reason(data: st.DataObject) -> None:
    form = replace(data.draw(forms()), rules=())
    record = data.draw(records(form))
    assert departures(form, record) == ()
    assert not [f for f in signing_flaws(form, record, "") if f.pointer.startswith("/reasons")]


@given(st.data())
def test_a_field_that_no_rule_looks_at_changes_no_departure(data: st.DataObject) -> None:
    form = data.draw(forms())
    tests = [test for rule in form.rules for test in (*rule.when, *rule.needs)]
    looked_at = {name for test in tests for name in (test.field, *test.operands)}
    record, other = data.draw(records(form)), data.draw(records(form))
    changed = {name: other.values[name] for name in other.values if name not in looked_at}
    assert departures(form, Record({**record.values, **changed})) == departures(form, record)


@given(st.data())
def test_a_rule_with_nothing_filled_in_fires_only_if_it_always_applies(data: st.DataObject) -> None:
    form = data.draw(forms())
    assert departures(form, Record()) == tuple(rule for rule in form.rules if not rule.when)
