"""The conditions of a form's rules, such as `ground is a or b and sessions at most 12`."""

import re
from collections.abc import Mapping, Sequence

from chalicelib.domain.forms import NO, YES, Field, FieldKind, Relation, Test
from chalicelib.formats.module_faults import Code, Faults, excerpt
from chalicelib.formats.module_marks import ID

_ID = ID.pattern
_TEST = re.compile(
    rf"(?P<field>{_ID}) (?:"
    rf"is (?P<names>{_ID}(?: or {_ID})*)"
    r"|(?P<given>given)"
    r"|at (?P<bound>least|most) (?P<count>-?[0-9]{1,10})"
    rf"|within (?P<months>[0-9]{{1,4}}) months? of (?P<since>{_ID})"
    r")(?: and |\Z)"
)
_COUNTED = (FieldKind.NUMBER, FieldKind.CHOICES)


def read_condition(
    number: int, text: str, fields: Mapping[str, Field], faults: Faults
) -> tuple[Test, ...]:
    """Read a condition about these fields, by id, noting what does not fit."""
    text, at, tests = " ".join(text.split()), 0, []
    while match := _TEST.match(text, at):
        tests.append(_test(match))
        at = match.end()
    if at < len(text) or not tests:
        detail = (
            f"{excerpt(text[at:] or text)!r} cannot be read as a condition. Write `FIELD is X or "
            "Y`, `FIELD given`, `FIELD at least N`, `FIELD at most N` or `FIELD within N months "
            "of FIELD`, with `and` between."
        )
        faults.error(number, Code.CONDITION, detail)
        return ()
    for test in tests:
        _check(number, test, fields, faults)
    return tuple(tests)


def write_condition(tests: Sequence[Test]) -> str:
    """Write a condition so that it reads back as the same."""
    return " and ".join(map(_written, tests))


def _test(match: re.Match[str]) -> Test:
    field = match["field"]
    if match["names"]:
        return Test(field, Relation.IS, tuple(match["names"].split(" or ")))
    if match["given"]:
        return Test(field, Relation.GIVEN)
    if match["bound"]:
        relation = Relation.AT_LEAST if match["bound"] == "least" else Relation.AT_MOST
        return Test(field, relation, (str(int(match["count"])),))
    return Test(field, Relation.WITHIN, (str(int(match["months"])), match["since"]))


def _written(test: Test) -> str:
    match test.relation:
        case Relation.IS:
            return f"{test.field} is {' or '.join(test.operands)}"
        case Relation.GIVEN:
            return f"{test.field} given"
        case Relation.WITHIN:
            months, since = test.operands
            return f"{test.field} within {months} months of {since}"
        case _:
            return f"{test.field} {test.relation} {test.operands[0]}"


def _check(number: int, test: Test, fields: Mapping[str, Field], faults: Faults) -> None:
    named = [test.field, *test.operands[1:]] if test.relation is Relation.WITHIN else [test.field]
    for name in named:
        if name not in fields:
            detail = f"{excerpt(name)!r} is no field of this form; mend the id."
            faults.error(number, Code.UNKNOWN_FIELD, detail)
    if not all(name in fields for name in named):
        return
    if detail := _misfit(test, [fields[name] for name in named]):
        faults.error(number, Code.CONDITION, f"`{_written(test)}` does not fit: {detail}.")


def _misfit(test: Test, fields: Sequence[Field]) -> str:
    """Say why a test can't be made of such a field, or nothing."""
    kind = fields[0].kind
    match test.relation:
        case Relation.IS:
            names = (
                (YES, NO) if kind is FieldKind.YES_NO else tuple(o.id for o in fields[0].options)
            )
            if not names:
                return "`is` looks at a choice, choices or a yes-no field"
            if not set(names).issuperset(test.operands):
                return f"the field has only {', '.join(names)}"
        case Relation.AT_LEAST | Relation.AT_MOST if kind not in _COUNTED:
            return f"`{test.relation}` looks at a number or at choices"
        case Relation.WITHIN if any(field.kind is not FieldKind.DATE for field in fields):
            return "`within` looks at two dates"
    return ""
