"""Structured evidence: forms as data, records filled in by them, and the rules they depart from."""

import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, date
from enum import StrEnum

from chalicelib.domain.errors import Flaw, escaped

Value = str | int | bool | tuple[str, ...]
Values = Mapping[str, Value]

LINE_LIMIT = 500  # characters of a line
TEXT_LIMIT = 20_000  # characters of a text
NUMBER_LIMIT = 1_000_000_000
FIELDS_LIMIT = 60  # of a form
RULES_LIMIT = 40  # of a form
REASON_LIMIT = 2_000  # characters of why a record departs from a rule
YES, NO = "yes", "no"  # how a rule names the values of a yes-or-no field

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class FieldKind(StrEnum):
    """What a field of a form takes. Values: text, ISO date, whole number, yes or no, option ids."""

    LINE = "line"
    TEXT = "text"
    DATE = "date"
    NUMBER = "number"
    YES_NO = "yes-no"
    CHOICE = "choice"
    CHOICES = "choices"


@dataclass(frozen=True, slots=True)
class FormOption:
    """One option of a field, with an id of its form."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `least` and `most` bound a number, the words of a text, or how many are chosen."""

    id: str
    label: str
    kind: FieldKind
    hint: str = ""
    required: bool = True
    least: int | None = None
    most: int | None = None
    options: tuple[FormOption, ...] = ()

    @property
    def max_characters(self) -> int | None:
        """How long what is written here may be; None where nothing is written."""
        return {FieldKind.LINE: LINE_LIMIT, FieldKind.TEXT: TEXT_LIMIT}.get(self.kind)


class Relation(StrEnum):
    """How a rule looks at a field."""

    IS = "is"  # the value is one of `operands`; for choices: one of them is among those chosen
    GIVEN = "given"
    AT_LEAST = "at least"  # a number, or how many are chosen
    AT_MOST = "at most"
    WITHIN = "within"  # a date, not later than so many months after another's: (months, field)


@dataclass(frozen=True, slots=True)
class Test:
    """One look at one field. A field that is not filled in passes no test."""

    field: str
    relation: Relation
    operands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Where every test of `when` passes, every test of `needs` has to pass; `text` says it."""

    id: str
    text: str
    when: tuple[Test, ...]
    needs: tuple[Test, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form: who fills it in by default (`by`), its fields, and the rules that a record follows.

    A record that departs from a rule is kept: with the rule, and a reason that has to be given.
    """

    id: str
    title: str
    by: str = "candidate"
    instructions: str = ""
    fields: tuple[Field, ...] = ()
    rules: tuple[Rule, ...] = ()

    def field(self, field_id: str) -> Field | None:
        """Find a field by its id."""
        return next((each for each in self.fields if each.id == field_id), None)


@dataclass(frozen=True, slots=True)
class Record:
    """A form as somebody filled it in; `reasons` say, by rule, why the record departs from it."""

    values: Values = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


def draft_flaws(form: Form, record: Record, pointer: str) -> tuple[Flaw, ...]:
    """Say what cannot even be kept as a draft; text without a word counts as not filled in."""
    return (
        *_unknown(form, record, pointer),
        *(
            flaw
            for each in form.fields
            if each.id in record.values
            for flaw in _kept(each, record.values[each.id], f"{pointer}/values/{each.id}")
        ),
        *(
            Flaw(f"{pointer}/reasons/{rule.id}", "too-long", f"At most {REASON_LIMIT} characters.")
            for rule in form.rules
            if len(record.reasons.get(rule.id, "")) > REASON_LIMIT
        ),
    )


def signing_flaws(form: Form, record: Record, pointer: str) -> tuple[Flaw, ...]:
    """Say what a record that can be kept still lacks before it can be signed."""
    flaws = [
        flaw
        for each in form.fields
        for flaw in _lacking(each, record.values.get(each.id), f"{pointer}/values/{each.id}")
    ]
    for rule in due_reasons(form, record):
        if not record.reasons.get(rule.id, "").strip():
            detail = f"The record departs from this rule; say why: {rule.text}"
            flaws.append(Flaw(f"{pointer}/reasons/{rule.id}", "reason-required", detail))
    return tuple(flaws)


def departures(form: Form, record: Record) -> tuple[Rule, ...]:
    """List the rules of the form that the record departs from, in their order."""
    values = record.values
    return tuple(
        rule
        for rule in form.rules
        if all(_passes(test, values) for test in rule.when)
        and not all(_passes(test, values) for test in rule.needs)
    )


def due_reasons(form: Form, record: Record) -> tuple[Rule, ...]:
    """List the departures that have to be explained as the record stands.

    Where a rule looks at a field that is still to be filled in, the record may yet keep to it.
    """
    missing = {
        each.id
        for each in form.fields
        if each.required and not _given(record.values.get(each.id, ""))
    }
    return tuple(rule for rule in departures(form, record) if missing.isdisjoint(_looked_at(rule)))


def _looked_at(rule: Rule) -> Iterator[str]:
    for test in (*rule.when, *rule.needs):
        yield test.field
        if test.relation is Relation.WITHIN:
            yield test.operands[1]


def _unknown(form: Form, record: Record, pointer: str) -> Iterator[Flaw]:
    for name in record.values:
        if form.field(name) is None:
            detail = "This form has no such field; leave it out."
            yield Flaw(f"{pointer}/values/{escaped(name)}", "unknown-field", detail)
    known = {rule.id for rule in form.rules}
    for name in record.reasons:
        if name not in known:
            detail = "This form has no such rule; leave it out."
            yield Flaw(f"{pointer}/reasons/{escaped(name)}", "unknown-rule", detail)


def _kept(each: Field, value: Value, pointer: str) -> Iterator[Flaw]:
    """Say why a value cannot be that of a field, whatever else is still to come."""
    match each.kind, value:
        case FieldKind.LINE | FieldKind.TEXT, str():
            yield from _written(each, value, pointer)
        case FieldKind.DATE, str():
            if value.strip() and _date(value) is None:
                detail = "Give a date of the calendar, such as 2026-03-02."
                yield Flaw(pointer, "date-parsing", detail)
        case FieldKind.NUMBER, int() if not isinstance(value, bool):
            if abs(value) > NUMBER_LIMIT:
                detail = f"Give a number between {-NUMBER_LIMIT} and {NUMBER_LIMIT}."
                yield Flaw(pointer, "out-of-bounds", detail)
        case FieldKind.YES_NO, bool():
            pass
        case FieldKind.CHOICE, str():
            yield from _chosen(each, (value,) if value else (), pointer)
        case FieldKind.CHOICES, tuple():
            yield from _chosen(each, value, pointer)
        case _:
            yield Flaw(pointer, "wrong-kind", f"This field takes {_TAKES[each.kind]}.")


def _written(each: Field, value: str, pointer: str) -> Iterator[Flaw]:
    limit = each.max_characters
    if limit is not None and len(value) > limit:
        yield Flaw(pointer, "too-long", f"At most {limit} characters.")
    if each.kind is FieldKind.LINE and "\n" in value:
        yield Flaw(pointer, "one-line", "Write it on one line.")


def _chosen(each: Field, chosen: tuple[str, ...], pointer: str) -> Iterator[Flaw]:
    known = [option.id for option in each.options]
    if not set(known).issuperset(chosen):
        yield Flaw(pointer, "unknown-option", f"Choose among {', '.join(known)}.")
    if len(set(chosen)) != len(chosen):
        yield Flaw(pointer, "chosen-twice", "Name each option once.")


_TAKES: Mapping[FieldKind, str] = {
    FieldKind.LINE: "a line of text",
    FieldKind.TEXT: "text",
    FieldKind.DATE: "a date as text, such as 2026-03-02",
    FieldKind.NUMBER: "a whole number",
    FieldKind.YES_NO: "true or false",
    FieldKind.CHOICE: "the id of one option",
    FieldKind.CHOICES: "a list of ids of options",
}


def _lacking(each: Field, value: Value | None, pointer: str) -> Iterator[Flaw]:
    """Say what a field lacks: its value, or that the value keeps within its bounds."""
    if value is None or not _given(value):
        if each.required:
            yield Flaw(pointer, "unanswered", "Fill this in.")
        return
    match value:
        case str() if each.kind is FieldKind.TEXT:
            count, few, many, what = len(value.split()), "too-few-words", "too-many-words", "words"
        case tuple():
            count, few, many, what = len(value), "wrong-count", "wrong-count", "options"
        case int() if each.kind is FieldKind.NUMBER:
            count, few, many, what = value, "out-of-bounds", "out-of-bounds", ""
        case _:
            return
    so_far = f"{count} {what} so far" if what else f"{count} was given"
    if each.least is not None and count < each.least:
        yield Flaw(pointer, few, f"At least {each.least}; {so_far}.")
    elif each.most is not None and count > each.most:
        yield Flaw(pointer, many, f"At most {each.most}; {so_far}.")


def _given(value: Value) -> bool:
    """Tell whether a value says anything: neither blank text nor an empty list does."""
    match value:
        case str():
            return bool(value.strip())
        case tuple():
            return bool(value)
    return True


def _passes(test: Test, values: Values) -> bool:
    value = values.get(test.field)
    if value is None or not _given(value):
        return False
    match test.relation:
        case Relation.IS:
            return not _names(value).isdisjoint(test.operands)
        case Relation.GIVEN:
            return True
        case Relation.AT_LEAST:
            return _count(value) >= int(test.operands[0])
        case Relation.AT_MOST:
            return _count(value) <= int(test.operands[0])
        case Relation.WITHIN:
            months, other = test.operands
            return _within(value, int(months), values.get(other))


def _names(value: Value) -> frozenset[str]:
    """Return what a rule may call a value by."""
    match value:
        case bool():
            return frozenset({YES if value else NO})
        case str():
            return frozenset({value})
        case tuple():
            return frozenset(value)
    return frozenset()


def _count(value: Value) -> int:
    return value if isinstance(value, int) else len(value)


def _within(value: Value, months: int, since: Value | None) -> bool:
    """Tell whether a date is not later than so many months after another; before it is within."""
    day, start = _date(value), _date(since)
    return day is not None and start is not None and day <= _months_after(start, months)


def _date(value: Value | None) -> date | None:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _months_after(day: date, months: int) -> date:
    """Return the same day of a later month, or the last of that month where it has none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
