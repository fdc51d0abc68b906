"""Forms in module files, and the forms that ship: what never changes, and when their rules fire."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.forms import (
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
    signing_flaws,
)
from chalicelib.domain.forms import Test as Look
from chalicelib.domain.law import dated_law
from chalicelib.domain.modules import FILES_LIMIT, EvidenceRequest
from chalicelib.domain.views import form_view, page_digest
from chalicelib.formats.modules import (
    SHIPPED_FORM,
    TOO_MANY_FORMS,
    Code,
    UnreadableDocumentError,
    publication_remarks,
    read_module,
    write_ids,
    write_module,
)
from chalicelib.formats.shipped_forms import shipped_forms

FRONT = "---\nformat: 1\nid: m\ntitle: T\n---\n"
HEAD = FRONT + "# Form: F {#f}\n"
FIRST = HEAD.count("\n") + 1
PAGE = "# Element: E {#e}\n## Page: P {#p}\n"

EXAMPLE = """\
# Form: Handing over: a shift {#handover by: assessor}

Written within
the hour.

Leave out names.

- **Day**: {#day type: date}
- **Day before \\* that**: {#before type: date, optional: yes}
- **Shift**: Which one
  it was. {#shift type: choice}
- [ ] early
- [ ] late, which
  >
  is longer
- **Told**: {#told type: choices least: 1 most: 2}
- [ ] colleagues
- [ ] family
- **Beds**: {#beds type: number least: -1, most: 40}
- **Calm**: {#calm type: yes-no}
- **Notes**: (10-20 words) [P1] {type: date} as text\\} {#notes type: text most: 200}
- **Room**: {#room}

! A late one is calm. {#late when: shift is b, needs: calm is yes and notes given}
! No more than a month lies between,
  and few beds are used.
  {#month needs: day within 1 month of before and beds at most 12 and told at least 1}
"""


def form(source: str) -> Form:
    (read,) = read_module(FRONT + source).module.forms
    return read


def errors(source: str) -> list[tuple[int, str]]:
    with pytest.raises(UnreadableDocumentError) as refusal:
        read_module(source)
    return [(remark.line, str(remark.code)) for remark in refusal.value.remarks]


def evidence(attributes: str, forms: str = "") -> EvidenceRequest:
    (item,) = read_module(f"{FRONT}{forms}{PAGE}!! Show it {{#v {attributes}}}\n").module.items
    assert isinstance(item, EvidenceRequest)
    return item


def test_everything_about_a_form_is_read() -> None:
    choices = (FormOption("a", "colleagues"), FormOption("b", "family"))
    shifts = (FormOption("a", "early"), FormOption("b", "late, which\n\nis longer"))
    assert form(EXAMPLE) == Form(
        id="handover",
        title="Handing over: a shift",
        by="assessor",
        instructions="Written within the hour.\n\nLeave out names.",
        fields=(
            Field(id="day", label="Day", kind=FieldKind.DATE),
            Field(id="before", label="Day before * that", kind=FieldKind.DATE, required=False),
            Field(
                id="shift",
                label="Shift",
                kind=FieldKind.CHOICE,
                hint="Which one it was.",
                options=shifts,
            ),
            Field(
                id="told", label="Told", kind=FieldKind.CHOICES, least=1, most=2, options=choices
            ),
            Field(id="beds", label="Beds", kind=FieldKind.NUMBER, least=-1, most=40),
            Field(id="calm", label="Calm", kind=FieldKind.YES_NO),
            Field(
                id="notes",
                label="Notes",
                kind=FieldKind.TEXT,
                hint="(10-20 words) [P1] {type: date} as text}",
                most=200,
            ),
            Field(id="room", label="Room", kind=FieldKind.LINE),
        ),
        rules=(
            Rule(
                "late",
                "A late one is calm.",
                (Look("shift", Relation.IS, ("b",)),),
                (Look("calm", Relation.IS, ("yes",)), Look("notes", Relation.GIVEN)),
            ),
            Rule(
                "month",
                "No more than a month lies between, and few beds are used.",
                (),
                (
                    Look("day", Relation.WITHIN, ("1", "before")),
                    Look("beds", Relation.AT_MOST, ("12",)),
                    Look("told", Relation.AT_LEAST, ("1",)),
                ),
            ),
        ),
    )


def test_ids_of_forms_fields_and_rules_are_derived_and_can_be_written() -> None:
    source = (
        f"{FRONT}# Form: F\n- **A**:\n- **B**: {{type: date}}\n- **C**: {{#field4}}\n- **D**: d\n"
        f"! R\n  {{needs: field1 given}}\n# Form: G {{by: assessor}}\n- **A**: {{}}\n{PAGE}!! v"
    )
    found = read_module(source)
    written = write_ids(source, found.derived_ids)

    assert [each for _, each in found.derived_ids] == [
        *("form1", "field1", "field2", "field5", "rule1"),
        *("form2", "field1", "e1-v1"),
    ]
    assert read_module(written).module == found.module
    assert read_module(written).derived_ids == ()


# What evidence asks for


def test_without_a_form_evidence_is_files_of_the_candidate() -> None:
    item = evidence("")
    assert (item.blank, item.by, item.least_files, item.most_files, item.vacsr) == (
        *(None, "candidate", 1, FILES_LIMIT, False),
    )


def test_a_form_says_who_fills_it_in_unless_the_item_does() -> None:
    assert evidence("form: observation").by == "assessor"
    assert evidence("form: observation by: candidate").by == "candidate"
    assert evidence("form: handover", EXAMPLE).by == "assessor"
    assert evidence("form: handover", EXAMPLE).blank == form(EXAMPLE)
    assert evidence("form: reading-log").least_files == 0


def test_a_witness_sends_no_files() -> None:
    assert evidence("form: witness-testimony").most_files == 0
    assert evidence("form: witness-testimony files: 0").most_files == 0
    assert evidence("form: witness-testimony by: assessor").most_files == FILES_LIMIT


@pytest.mark.parametrize(
    ("written", "least", "most"),
    [("2", 2, 2), ("1-5", 1, 5), ("0-", 0, FILES_LIMIT), ("3 - 20", 3, FILES_LIMIT)],
)
def test_how_many_files(written: str, least: int, most: int) -> None:
    item = evidence(f"files: {written}, vacsr: yes")
    assert (item.least_files, item.most_files, item.vacsr) == (least, most, True)


def test_new_names_of_attributes_end_no_reason_in_other_items() -> None:
    reason = "see files: 3, vacsr: yes type: date needs: care when: asked"
    source = f"{FRONT}{PAGE}? c {{choose: 1, excluded: {reason}}}\n- [ ] a\n- [ ] b\n"
    source += f"> s {{accepted: {reason}}}\n"
    module = read_module(source).module
    assert [getattr(item, "excluded", "") or item.accepted for item in module.items] == [reason] * 2
    assert read_module(write_module(module)).module == module


def test_the_form_of_an_item_is_part_of_the_digest_of_its_page() -> None:
    digests = {
        page_digest(read_module(f"{FRONT}{forms}{PAGE}!! v {{form: handover}}").module.pages[0])
        for forms in (EXAMPLE, EXAMPLE.replace("most 12", "most 13"), EXAMPLE.replace("Leave", "L"))
    }
    assert len(digests) == 3


# What is refused: the code, the line (counted from the heading of the form), and the form.

OPTIONS = "\n- [ ] x\n- [ ] y"
DATES = "- **D**: {#d type: date}\n- **E**: {#e type: date}\n- **N**: {#n type: number}"
REFUSED = [
    (Code.FORM_SIZE, -1, ""),
    (Code.FORM_SIZE, -1, "- **L**:\n" * 61),
    (Code.FORM_SIZE, -1, f"{DATES}\n" + "! R {needs: d given}\n" * 41),
    (Code.EMPTY_TEXT, 0, "- ** **: x"),
    (Code.EMPTY_TEXT, 1, "- **L**: {#a}\n! {needs: a given}"),
    (Code.DUPLICATE_ID, 1, "- **L**: {#a}\n- **L**: {#a}"),
    (Code.DUPLICATE_ID, 1, "- **L**: {#a}\n! R {#a needs: a given}"),
    (Code.DUPLICATE_ID, 1, "- **L**:\n# Form: F {#f}\n- **L**:"),
    (Code.DUPLICATE_ID, 1, "- **L**:\n# Element: E {#f}"),
    (Code.INVALID_ID, 0, "- **L**: {#A}"),
    (Code.ATTRIBUTE_VALUE, 0, "- **L**: {type: colour}"),
    (Code.ATTRIBUTE_VALUE, 0, "- **L**: {optional: perhaps}"),
    (Code.ATTRIBUTE_VALUE, 0, "- **L**: {type: number least: few}"),
    (Code.ATTRIBUTE_VALUE, 0, "- **L**: {type: number most: 1000000001}"),
    (Code.ATTRIBUTE_VALUE, 0, "- **L**: {type: number least: 2 most: 1}"),
    (Code.ATTRIBUTE_VALUE, 0, "- **L**: {type: text least: 10001}"),
    (Code.ATTRIBUTE_VALUE, 0, "- **L**: {type: text most: 0}"),
    (Code.ATTRIBUTE_VALUE, 0, f"- **L**: {{type: choices least: 3}}{OPTIONS}"),
    (Code.ATTRIBUTE_MISPLACED, 0, "- **L**: {type: date least: 1}"),
    (Code.ATTRIBUTE_MISPLACED, 0, "- **L**: {type: date}\n  goes on"),
    (Code.UNKNOWN_ATTRIBUTE, 0, "- **L**: {form: x}"),
    (Code.UNKNOWN_ATTRIBUTE, 1, "- **L**: {#a}\n! R {excluded: x}"),
    (Code.OPTION_COUNT, 0, "- **L**: {type: choice}\n- [ ] only"),
    (Code.OPTION_MARK, 1, "- **L**: {type: choice}\n- [x] x\n- [ ] y"),
    (Code.MISPLACED, 1, f"- **L**: {{type: date}}{OPTIONS}"),
    (Code.MISPLACED, 2, "- **L**: {#a}\n! R {needs: a given}\n- [ ] x"),
    (Code.MISPLACED, 0, ": guidance\n- **L**:"),
    (Code.MISPLACED, 1, "- **L**:\n?? a question"),
    (Code.MISPLACED, 3, f"- **L**:\n{PAGE}# Form: G\n- **L**:"),
    (Code.UNMARKED_LINE, 2, "- **L**:\n\nloose"),
    (Code.CONDITION, 3, f"{DATES}\n! R"),
    (Code.CONDITION, 3, f"{DATES}\n! R {{needs:}}"),
    (Code.CONDITION, 3, f"{DATES}\n! R {{when: d given}}"),
    (Code.CONDITION, 3, f"{DATES}\n! R {{needs: d}}"),
    (Code.CONDITION, 3, f"{DATES}\n! R {{needs: d given and}}"),
    (Code.CONDITION, 3, f"{DATES}\n! R {{needs: and d given}}"),
    (Code.CONDITION, 3, f"{DATES}\n! R {{needs: d given or e given}}"),
    (Code.CONDITION, 3, f"{DATES}\n! R {{needs: n at most many}}"),
    (Code.CONDITION, 3, f"{DATES}\n! R {{needs: n within 3 months of d}}"),
    (Code.CONDITION, 3, f"{DATES}\n! R {{needs: d within 3 months of n}}"),
    (Code.CONDITION, 3, f"{DATES}\n! R {{needs: d at most 3}}"),
    (Code.CONDITION, 3, f"{DATES}\n! R {{needs: n is 3}}"),
    (Code.CONDITION, 3, f"- **C**: {{#c type: choice}}{OPTIONS}\n! R {{needs: c is a or c}}"),
    (Code.CONDITION, 1, "- **Y**: {#y type: yes-no}\n! R {needs: y is true}"),
    (Code.UNKNOWN_FIELD, 3, f"{DATES}\n! R {{needs: x given}}"),
    (Code.UNKNOWN_FIELD, 3, f"{DATES}\n! R {{needs: d within 3 months of x}}"),
    (Code.UNKNOWN_FORM, 3, f"- **L**:\n{PAGE}!! v {{form: g}}"),
    (Code.FORM_REQUIRED, 3, f"- **L**:\n{PAGE}!! v {{by: witness}}"),
    (Code.ATTRIBUTE_MISPLACED, 3, f"- **L**:\n{PAGE}!! v {{form: f by: witness files: 1-}}"),
    (Code.FORM_REQUIRED, 3, f"- **L**:\n{PAGE}!! v {{files: 0}}"),
    (Code.ATTRIBUTE_VALUE, 3, f"- **L**:\n{PAGE}!! v {{files: 5-2}}"),
    (Code.ATTRIBUTE_VALUE, 3, f"- **L**:\n{PAGE}!! v {{files: 0-21}}"),
    (Code.ATTRIBUTE_VALUE, 3, f"- **L**:\n{PAGE}!! v {{vacsr: please}}"),
]


@pytest.mark.parametrize(("code", "offset", "body"), REFUSED)
def test_a_fault_is_refused_at_its_line(code: Code, offset: int, body: str) -> None:
    assert (FIRST + offset, code) in errors(HEAD + body)


def test_a_form_that_ships_is_not_declared_anew() -> None:
    # It can be read, so that no form that ships later takes a published file away.
    own = "# Form: Mine {#observation}\n- **L**: {#l}\n"
    found = read_module(f"{FRONT}{own}{PAGE}!! v {{form: observation}}")
    assert [(remark.line, remark.code) for remark in publication_remarks(found)] == [
        (FRONT.count("\n") + 1, SHIPPED_FORM)
    ]
    (item,) = found.module.items
    assert isinstance(item, EvidenceRequest)
    assert item.blank == found.module.forms[0]


def test_a_module_does_not_grow_beyond_measure_by_copies_of_a_form() -> None:
    for requests, codes in ((100, []), (190, [TOO_MANY_FORMS])):
        body = "!! v {form: decision-record}\n" * requests
        remarks = publication_remarks(read_module(FRONT + PAGE + body))
        assert [remark.code for remark in remarks] == codes


# The forms that ship

# A form that has been in a release never changes: answers were given and signed in it.
DIGESTS = {
    "observation": "34db31ef5b88446ef000a0c75c802307",
    "professional-discussion": "f542009eecb32b97b33ae7801fd08af3",
    "witness-testimony": "7fa496888cb694f1f76472646b25a5af",
    "reflective-account": "3afe32471c674384975e140c4348f8ec",
    "work-product": "c1903eb333c4f125d07e05717e9012a6",
    "recognition-of-prior-learning": "266cab104d446bba50f24ea1d4d496b8",
    "meeting-record": "380c62eaecd7231021e10f3dfe72edb2",
    "decision-record": "ae8e04b1af03375df79d9b5ba91bca1f",
    "policy-acknowledgement": "74c6a49ab32a7ff4fb1045224bbdd378",
    "reading-log": "a7dd6431200747c41a398c8a70111a2b",
}


def test_the_forms_that_ship_never_change() -> None:
    views = {form.id: form_view(form) | {"by": form.by} for form in shipped_forms().values()}
    assert {name: digest(canonical(view))[:32] for name, view in views.items()} == DIGESTS


def test_the_forms_that_ship_name_no_law_that_is_out_of_force() -> None:
    source = Path("chalicelib/formats/forms.md").read_text(encoding="utf-8")
    assert list(dated_law(source)) == []


USUAL: Mapping[FieldKind, Value] = {
    FieldKind.LINE: "word",
    FieldKind.TEXT: " ".join(["word"] * 50),
    FieldKind.DATE: "2026-03-02",
    FieldKind.NUMBER: 45,
    FieldKind.YES_NO: True,
    FieldKind.CHOICE: "a",
    FieldKind.CHOICES: ("a",),
}
RECORDS: Mapping[str, Mapping[str, Value]] = {
    "professional-discussion": {"recorded": False},
    "witness-testimony": {
        "relationship": "d",
        "since": "2024-01-01",
        "seen": "2026-01-31",
        "written": "2026-04-30",
    },
    "recognition-of-prior-learning": {"how": "c"},
    "meeting-record": {"first": False},
    "decision-record": {"ground": "d", "risk": False},
    "policy-acknowledgement": {
        "in-force": "2024-02-29",
        "reviewed": "2024-02-29",
        "checked": "2026-02-28",
        "next-review": "2027-02-28",
        "read": "2027-02-28",
    },
}


def filled(name: str, changes: Mapping[str, Value]) -> Record:
    """Fill in a form that ships, with nothing out of the ordinary but what is said."""
    fields = shipped_forms()[name].fields
    given = {field.id: USUAL[field.kind] for field in fields if field.required}
    return Record({**given, **RECORDS.get(name, {}), **changes})


@pytest.mark.parametrize("name", DIGESTS)
def test_a_form_that_ships_can_be_filled_in_and_signed(name: str) -> None:
    record = filled(name, {})
    assert draft_flaws(shipped_forms()[name], record, "") == ()
    assert signing_flaws(shipped_forms()[name], record, "") == ()
    assert departures(shipped_forms()[name], record) == ()


# A form, one of its rules, what makes a record depart from it, and what more keeps to it.
OVER = {"ground": "a", "decision": "e"}
COMPLAINT = {"ground": "c", "decision": "d"}
ENDED = {"ground": "e", "decision": "e", "consulted": "2026-03-01"}
RULES: list[tuple[str, str, Mapping[str, Value], Mapping[str, Value]]] = [
    ("observation", "agreed", {"agreement": "d"}, {"agreement": "b"}),
    ("observation", "followed-up", {"outcome": "b"}, {"next": "again in May"}),
    ("professional-discussion", "indexed", {"recorded": True}, {"places": "K3 at 4"}),
    ("professional-discussion", "followed-up", {"outcome": "c"}, {"next": "read it"}),
    ("witness-testimony", "able", {"relationship": "a"}, {"competence": "a nurse"}),
    ("witness-testimony", "acquainted", {"since": "2026-02-01"}, {"since": "2026-01-31"}),
    ("witness-testimony", "fresh", {"written": "2026-05-01"}, {"written": "2026-04-30"}),
    ("witness-testimony", "unbiased", {"independent": False}, {"independent": True}),
    ("reflective-account", "private", {"anonymous": False}, {"anonymous": True}),
    ("work-product", "permitted", {"permission": False}, {"permission": True}),
    ("work-product", "private", {"anonymous": False}, {"anonymous": True}),
    (
        "recognition-of-prior-learning",
        "recent",
        {"gained": "2021-03-01"},
        {"gained": "2021-03-02"},
    ),
    ("recognition-of-prior-learning", "certified", {"how": "a"}, {"number": "7"}),
    (
        "meeting-record",
        "first-meeting",
        {"first": True, "boundaries": tuple("abcdef")},
        {"boundaries": tuple("abcdefg")},
    ),
    ("meeting-record", "shared", {"agreed": False}, {"agreed": True}),
    ("decision-record", "warned", {**OVER, "warnings": ("b",)}, {"warnings": ("a", "b")}),
    ("decision-record", "in-writing", {**OVER, "reasons": "b"}, {"reasons": "a"}),
    ("decision-record", "self-harm-consulted", {"ground": "b"}, {"consulted": "2026-03-01"}),
    ("decision-record", "self-harm-goes-on", {"ground": "b", "decision": "e"}, {"decision": "b"}),
    ("decision-record", "complaint", {**COMPLAINT, "persistent": False}, {"persistent": True}),
    ("decision-record", "complaint-warned", COMPLAINT, {"warnings": ("a",)}),
    ("decision-record", "at-once", {"risk": True}, {"decision": "e"}),
    (
        "decision-record",
        "at-once",
        {"risk": True, "decision": "e", "from": "2026-03-03"},
        {"from": "2026-03-02"},
    ),
    ("decision-record", "reasons-given", {"decision": "e", "reasons": "d"}, {"reasons": "c"}),
    (
        "decision-record",
        "twelve-sessions",
        {"ground": "e", "short-term": True, "sessions": 13},
        {"sessions": 12},
    ),
    (
        "decision-record",
        "after-short-term",
        {"ground": "e", "circumstances": ("a",)},
        {"decision": "f"},
    ),
    (
        "decision-record",
        "six-months",
        {**ENDED, "circumstances": ("b",), "months": 5},
        {"months": 6},
    ),
    (
        "decision-record",
        "three-missed",
        {
            **ENDED,
            "circumstances": ("e",),
            "missed": 2,
            "first-missed": "2025-11-30",
            "last-missed": "2026-02-28",
        },
        {"missed": 3},
    ),
    (
        "decision-record",
        "three-missed",
        {
            **ENDED,
            "circumstances": ("e",),
            "missed": 3,
            "first-missed": "2025-11-30",
            "last-missed": "2026-03-01",
        },
        {"last-missed": "2026-02-28"},
    ),
    ("decision-record", "case-by-case", {**ENDED, "consulted": ""}, {"consulted": "2026-03-01"}),
    ("policy-acknowledgement", "current", {"in-force": "2027-03-01"}, {"in-force": "2027-02-28"}),
    (
        "policy-acknowledgement",
        "full-review",
        {"reviewed": "2024-02-27"},
        {"reviewed": "2024-02-28"},
    ),
    (
        "policy-acknowledgement",
        "yearly-check",
        {"checked": "2026-02-27"},
        {"checked": "2026-02-28"},
    ),
    (
        "policy-acknowledgement",
        "next-due",
        {"next-review": "2027-03-01"},
        {"next-review": "2027-02-28"},
    ),
    ("policy-acknowledgement", "accepted", {"acknowledged": False}, {"acknowledged": True}),
]


@pytest.mark.parametrize(("name", "rule", "departing", "mended"), RULES)
def test_a_rule_that_ships_fires_where_it_should_and_only_there(
    name: str, rule: str, departing: Mapping[str, Value], mended: Mapping[str, Value]
) -> None:
    form = shipped_forms()[name]
    departed, kept = filled(name, departing), filled(name, {**departing, **mended})
    assert draft_flaws(form, departed, "") == draft_flaws(form, kept, "") == ()
    assert rule in [each.id for each in departures(form, departed)]
    assert rule not in [each.id for each in departures(form, kept)]


def test_every_rule_that_ships_has_an_example() -> None:
    shipped = {(form.id, rule.id) for form in shipped_forms().values() for rule in form.rules}
    assert {(name, rule) for name, rule, _, _ in RULES} == shipped


def test_every_rule_of_a_decision_names_its_clause() -> None:
    clauses = [rule.text[:4] for rule in shipped_forms()["decision-record"].rules]
    assert set(clauses) == {"4.1:", "4.2:", "4.3:", "4.4:", "4.5:"}
