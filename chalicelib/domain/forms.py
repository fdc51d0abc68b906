"""Structured evidence: forms as data, records filled in by them, and the rules they depart from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = str | int | bool | tuple[str, ...]
Values = Mapping[str, Value]

LINE_LIMIT = 500  # characters of a line
TEXT_LIMIT = 20_000  # characters of a text
NUMBER_LIMIT = 1_000_000_000
FIELDS_LIMIT = 60  # of a form
RULES_LIMIT = 40  # of a form
REASON_LIMIT = 2_000  # characters of why a record departs from a rule


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


class Relation(StrEnum):
    """How a rule looks at a field."""

    IS = "is"  # the value is one of `operands`; for choices: one of them is among those chosen
    GIVEN = "given"
    AT_LEAST = "at least"  # a number, or how many are chosen
    AT_MOST = "at most"
    WITHIN = "within"  # a date, at most so many months after another field's: (months, field)


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
