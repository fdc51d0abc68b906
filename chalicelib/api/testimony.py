"""The pages behind a signed link to a witness: they read what is asked, write, and sign.

GET and HEAD change nothing and never use a link up. A witness sees what they are asked, and nothing
of the candidate's work.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chalicelib.api.html import SHEET, page, refused, unopened
from chalicelib.api.http import HTML, Answer, Call, Operation
from chalicelib.api.rules import LINK_HOLDER
from chalicelib.domain import evidence
from chalicelib.domain.answers import Answer as ItemAnswer
from chalicelib.domain.answers import from_documents
from chalicelib.domain.attempts import Signature
from chalicelib.domain.contributions import CURRENT_DECLARATION, DECLARATIONS
from chalicelib.domain.errors import DomainError, Flaw, Invalid
from chalicelib.domain.forms import Field as FormField
from chalicelib.domain.forms import FieldKind, Form, Record, Value
from chalicelib.domain.testimony import WitnessState
from chalicelib.domain.text import clean
from chalicelib.domain.times import local, parse
from chalicelib.formats.exhibits import lines_of
from chalicelib.usecases import testimony
from chalicelib.usecases.requests import fingerprint
from chalicelib.usecases.testimony import Account, OpenedTestimony

TESTIMONY = "/v1/testimony/{token}"
MEDIA = (HTML,)
SHEETS = (SHEET, "testimony.css")
OWN = ("signature", "status", "declaration")  # what the page asks beside the form
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,10}")
YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Input:
    """One field of the form as the page shows it, with what was typed and what is wrong."""

    field: FormField
    name: str
    typed: str
    ticked: frozenset[str]
    error: str

    @property
    def bounds(self) -> str:
        """Say how much may be given, in words."""
        what = {
            FieldKind.TEXT: " words",
            FieldKind.CHOICES: " of these",
            FieldKind.NUMBER: "",
        }.get(self.field.kind)
        least, most = self.field.least, self.field.most
        if what is None or (least is None and most is None):
            return ""
        if most is None:
            return f"At least {least}{what}."
        return f"At most {most}{what}." if least is None else f"{least} to {most}{what}."


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule of the form that the record departs from: it asks for a reason."""

    rule: str
    name: str
    typed: str
    error: str


@Operation(
    "openTestimony",
    "GET",
    TESTIMONY,
    summary="What a witness is asked, with the form to write and sign it.",
    rule=LINK_HOLDER,
    media=MEDIA,
    problems=("not-found", "link-expired", "link-used", "link-void"),
)
def open_testimony(call: Call) -> Answer:
    """Show what is asked, or kindly say why the link does not open any more."""
    try:
        opened = testimony.open_testimony(call.runtime, call["token"])
    except DomainError as error:
        return unopened(error)
    return _form(opened) if opened.state is WitnessState.LIVE else _closed(call, opened)


@Operation(
    "signTestimony",
    "POST",
    TESTIMONY,
    summary="Sign the testimony of the form.",
    rule=LINK_HOLDER,
    media=MEDIA,
    status=303,
    problems=(
        "not-found",
        "contribution-incomplete",
        "contribution-changed",
        "too-many-parts",
        "testimony-signed",
        "link-expired",
        "link-void",
    ),
)
def sign_testimony(call: Call) -> Answer:
    """Record what the form says; the same form again leads to the same receipt."""
    form: Mapping[str, str] = {}
    try:
        opened = testimony.open_testimony(call.runtime, call["token"])
        names = _names(opened)
        form = call.form(len(names))
        given, faults = _given(opened, form, names)
        body = fingerprint(repr(sorted(form.items())).encode())
        if faults and opened.state is WitnessState.LIVE:
            return _form(opened, form, faults)
        testimony.sign_by_link(call.runtime, call["token"], given, body)
    except Invalid as error:
        return _form(opened, form, error.flaws)
    except DomainError as error:
        return _refused(call, form, error)
    where = call.address(f"/v1/testimony/{call['token']}/receipt")
    return Answer(303, "", {"Location": where, "Referrer-Policy": "no-referrer"})


@Operation(
    "showTestimony",
    "GET",
    TESTIMONY + "/receipt",
    summary="What a witness has signed, in their own words, while the link lasts.",
    rule=LINK_HOLDER,
    media=MEDIA,
    also=(303,),
    problems=("not-found", "link-expired", "link-used", "link-void"),
)
def show_testimony(call: Call) -> Answer:
    """Show what was signed, or lead to the form where nothing is yet."""
    try:
        opened, part = testimony.receipt(call.runtime, call["token"])
    except DomainError as error:
        return unopened(error)
    if opened.state is WitnessState.LIVE:
        where = call.address(f"/v1/testimony/{call['token']}")
        return Answer(303, "", {"Location": where, "Referrer-Policy": "no-referrer"})
    if part is None:
        return _closed(call, opened)
    document = part.document
    given = {"values": document["values"], "reasons": document["reasons"]}
    record = from_documents({"": given})[""].record
    departed = evidence.departures(opened.item, record)
    return page(
        "testimony_receipt.html",
        sheets=SHEETS,
        centre=opened.centre,
        candidate=opened.candidate,
        module=opened.module,
        page=opened.work.in_work.page,
        document=document,
        lines=list(lines_of(opened.item.blank, record)),
        departures=[(rule.text, record.reasons.get(rule.id, "")) for rule in departed],
        signed_at=local(parse(document["signed_at"]), opened.centre.time_zone),
        content_hash=part.content_hash,
        declaration=DECLARATIONS[document["declaration"]],
    )


def _blank(opened: OpenedTestimony) -> Form:
    return opened.item.blank or Form(id="", title="")


def _names(opened: OpenedTestimony) -> dict[str, str]:
    """Name every field that the page can have, with the place in the record that it fills."""
    blank = _blank(opened)
    names = {name: f"/{name}" for name in OWN}
    for field in blank.fields:
        if field.kind is FieldKind.CHOICES:
            place = f"/values/{field.id}"
            names |= {f"values.{field.id}.{option.id}": place for option in field.options}
        else:
            names[f"values.{field.id}"] = f"/values/{field.id}"
    return names | {f"reasons.{rule.id}": f"/reasons/{rule.id}" for rule in blank.rules}


def _given(
    opened: OpenedTestimony, form: Mapping[str, str], names: Mapping[str, str]
) -> tuple[Account, tuple[Flaw, ...]]:
    """Read the form: what it says, and what of it cannot be read at all."""
    flaws = [
        Flaw("", "unknown-field", f"The form has no field {name}; leave it out.")
        for name in sorted(form.keys() - names.keys())
    ]
    texts = {}
    for name in form.keys() & names.keys():
        try:
            texts[name] = clean(form[name]).strip()
        except ValueError as error:
            flaws.append(Flaw(names[name], "invalid-text", f"The text {error}."))
    values = {
        field.id: value
        for field in _blank(opened).fields
        if (value := _value(field, texts)) is not None
    }
    departed = evidence.departures(opened.item, Record(values))
    reasons = {rule.id: texts.get(f"reasons.{rule.id}", "") for rule in departed}
    given = Account(
        ItemAnswer(values=values, reasons={each: why for each, why in reasons.items() if why}),
        texts.get("status", ""),
        Signature(texts.get("declaration", ""), texts.get("signature", "")),
    )
    return given, tuple(flaws)


def _value(field: FormField, texts: Mapping[str, str]) -> Value | None:
    """Read a field as its kind has it; what is of another kind stays text, and is refused so."""
    if field.kind is FieldKind.CHOICES:
        ticked = (each.id for each in field.options if f"values.{field.id}.{each.id}" in texts)
        return tuple(ticked) or None
    text = texts.get(f"values.{field.id}", "")
    if not text:
        return None
    if field.kind is FieldKind.NUMBER and WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return YES_NO.get(text, text) if field.kind is FieldKind.YES_NO else text


def _form(
    opened: OpenedTestimony,
    form: Mapping[str, str] | None = None,
    flaws: tuple[Flaw, ...] = (),
) -> Answer:
    """Show the form, with what was typed and what is wrong with it."""
    invitation = opened.contribution.invitation
    assert invitation  # noqa: S101 (a link that opens was made of one)
    errors = _by_field(flaws)
    asked = form if form is not None else {"status": invitation.witness.status}
    inputs = list(_inputs(opened, asked, errors))
    reasons = list(_reasons(opened, asked, errors)) if form is not None else []
    order = [*(each.name for each in inputs), *(each.name for each in reasons), *OWN, ""]
    return page(
        "testimony.html",
        422 if flaws else 200,
        SHEETS,
        centre=opened.centre,
        candidate=opened.candidate,
        module=opened.module,
        page=opened.work.in_work.page,
        item=opened.item,
        blank=_blank(opened),
        witness=invitation.witness,
        inputs=inputs,
        reasons=reasons,
        typed=asked,
        errors={name: errors[name] for name in order if name in errors},
        labels={each.name: each.field.label for each in inputs},
        declaration=CURRENT_DECLARATION,
        declared=DECLARATIONS[CURRENT_DECLARATION],
        expires_at=local(opened.link.expires_at, opened.centre.time_zone),
    )


def _inputs(
    opened: OpenedTestimony, form: Mapping[str, str], errors: Mapping[str, str]
) -> Iterator[Input]:
    for field in _blank(opened).fields:
        name = f"values.{field.id}"
        ticked = frozenset(each.id for each in field.options if f"{name}.{each.id}" in form)
        yield Input(field, name, form.get(name, ""), ticked, errors.get(name, ""))


def _reasons(
    opened: OpenedTestimony, form: Mapping[str, str], errors: Mapping[str, str]
) -> Iterator[Reason]:
    given, _ = _given(opened, form, _names(opened))
    record = given.answer.record
    due = evidence.due_reasons(opened.item, record)
    for rule in evidence.departures(opened.item, record):
        name = f"reasons.{rule.id}"
        if rule not in due and rule.id not in record.reasons:
            continue
        yield Reason(rule.text, name, form.get(name, ""), errors.get(name, ""))


def _by_field(flaws: tuple[Flaw, ...]) -> dict[str, str]:
    """Say what is wrong with each field; with all of them, under no name."""
    found: dict[str, list[str]] = {}
    for flaw in flaws:
        name = ".".join(flaw.pointer.split("/")[1:3])
        found.setdefault(name, []).append(flaw.detail)
    return {name: " ".join(details) for name, details in found.items()}


def _refused(call: Call, form: Mapping[str, str], error: DomainError) -> Answer:
    """Say why nothing was recorded, and give back what was typed."""
    try:
        opened = testimony.open_testimony(call.runtime, call["token"])
    except DomainError as closed:
        return unopened(closed, form)
    if opened.state is WitnessState.LIVE:
        return refused(error, form)
    used = error.code == "testimony-signed" and opened.state is WitnessState.USED
    return _closed(call, opened, form, status=409 if used else 410)


def _closed(
    call: Call,
    opened: OpenedTestimony,
    form: Mapping[str, str] | None = None,
    status: int = 410,
) -> Answer:
    lasting = opened.link.expires_at > call.runtime.now()
    signed_here = opened.state is WitnessState.USED and lasting
    return page(
        "testimony_closed.html",
        status,
        SHEETS,
        centre=opened.centre,
        candidate=opened.candidate,
        state=opened.state,
        typed=_typed(opened, form) if form else [],
        sent=form is not None,
        receipt=call.address(f"/v1/testimony/{call['token']}/receipt") if signed_here else "",
    )


def _typed(opened: OpenedTestimony, form: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give back what was written, in the order of the form."""
    given, _ = _given(opened, form, _names(opened))
    return [
        (field.label, str(given.answer.record.values[field.id]))
        for field in _blank(opened).fields
        if field.kind in {FieldKind.LINE, FieldKind.TEXT} and field.id in given.answer.record.values
    ]
