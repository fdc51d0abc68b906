"""Forms for hypothesis to build, and records that fill them in."""

from string import ascii_lowercase

from hypothesis import strategies as st

from chalicelib.domain.forms import (
    Field,
    FieldKind,
    Form,
    FormOption,
    Record,
    Relation,
    Rule,
    Value,
)
from chalicelib.domain.forms import Test as Look
from tests.formats.word_strategies import line, maybe, prose

AUTHORS = ("candidate", "assessor", "witness")
_days = st.dates().map(str)


@st.composite
def _fields(draw: st.DrawFn, identifier: str) -> Field:
    kind = draw(st.sampled_from(FieldKind))
    size = draw(st.integers(2, 4)) if kind in (FieldKind.CHOICE, FieldKind.CHOICES) else 0
    lowest, highest = {
        FieldKind.TEXT: (1, 10_000),
        FieldKind.CHOICES: (1, size),
        FieldKind.NUMBER: (-1_000_000_000, 1_000_000_000),
    }.get(kind, (0, 0))
    least = most = None
    if lowest < highest:
        least, most = sorted(draw(st.tuples(*[st.integers(lowest, highest)] * 2)))
    bounded = draw(st.tuples(st.booleans(), st.booleans()))
    return Field(
        id=identifier,
        label=draw(line),
        kind=kind,
        hint=draw(maybe),
        required=draw(st.booleans()),
        least=least if bounded[0] else None,
        most=most if bounded[1] else None,
        options=tuple(FormOption(letter, draw(prose)) for letter in ascii_lowercase[:size]),
    )


@st.composite
def _tests(draw: st.DrawFn, fields: tuple[Field, ...]) -> Look:
    field = draw(st.sampled_from(fields))
    counts = st.integers(-9, 99).map(lambda count: (str(count),))
    dates = [each.id for each in fields if each.kind is FieldKind.DATE]
    match field.kind:
        case FieldKind.CHOICE | FieldKind.CHOICES if draw(st.booleans()):
            known = st.sampled_from([option.id for option in field.options])
            return Look(field.id, Relation.IS, tuple(draw(st.lists(known, min_size=1, max_size=3))))
        case FieldKind.YES_NO:
            return Look(field.id, Relation.IS, (draw(st.sampled_from(["yes", "no"])),))
        case FieldKind.NUMBER | FieldKind.CHOICES:
            relation = draw(st.sampled_from([Relation.AT_LEAST, Relation.AT_MOST]))
            return Look(field.id, relation, draw(counts))
        case FieldKind.DATE:
            months = str(draw(st.integers(0, 9_999)))
            return Look(field.id, Relation.WITHIN, (months, draw(st.sampled_from(dates))))
    return Look(field.id, Relation.GIVEN)


@st.composite
def forms(draw: st.DrawFn, identifier: str = "form") -> Form:
    """Draw a form that is valid in every respect."""
    # Words of the conditions may be ids as well.
    names = ["and", "or", "is", "given", "at", "within", "of", "months"]
    names = draw(st.permutations(names))[: draw(st.integers(1, 4))]
    fields = tuple(draw(_fields(name)) for name in names)
    tests = st.lists(_tests(fields), max_size=2).map(tuple)
    needs = st.lists(_tests(fields), min_size=1, max_size=2).map(tuple)
    rules = [
        Rule(f"r{number}", draw(prose), draw(tests), draw(needs))
        for number in range(draw(st.integers(0, 2)))
    ]
    return Form(
        id=identifier,
        title=draw(line),
        by=draw(st.sampled_from(AUTHORS)),
        instructions=draw(maybe),
        fields=fields,
        rules=tuple(rules),
    )


@st.composite
def records(draw: st.DrawFn, form: Form) -> Record:
    """Draw a record of the form that can be kept, however much of it is missing."""
    values = {field.id: draw(_value(field)) for field in form.fields if draw(st.integers(0, 3)) > 0}
    return Record(values, {rule.id: "why" for rule in form.rules if draw(st.booleans())})


def _value(field: Field) -> st.SearchStrategy[Value]:
    known = [option.id for option in field.options]
    values: dict[FieldKind, st.SearchStrategy[Value]] = {
        FieldKind.LINE: st.sampled_from(["", "  ", "some words"]),
        FieldKind.TEXT: st.sampled_from(["", "\n", "a\n\nb", "three words here"]),
        FieldKind.DATE: st.one_of(st.just(""), _days),
        FieldKind.NUMBER: st.integers(-200, 200),
        FieldKind.YES_NO: st.booleans(),
        FieldKind.CHOICE: st.sampled_from(["", *known]),
        FieldKind.CHOICES: st.lists(st.sampled_from(known or [""]), unique=True).map(tuple),
    }
    return values[field.kind]
