"""The pages behind a signed link: an assessor reads what was signed and judges it.

GET and HEAD change nothing and never use a link up, however often and by whatever they are sent.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.api.exhibits import exhibits_of
from chalicelib.api.html import page, refused, unopened
from chalicelib.api.http import HTML, Answer, Call, Operation
from chalicelib.api.items import guidance_of, rows_of, score_of
from chalicelib.api.rules import LINK_HOLDER
from chalicelib.domain.centres import LinkPolicy
from chalicelib.domain.certificates import initials
from chalicelib.domain.errors import DomainError, Flaw, Forbidden, Invalid
from chalicelib.domain.judgements import (
    QUALITIES,
    Appraisal,
    Decision,
    appraisal_flaws,
    asking,
    check_decision,
)
from chalicelib.domain.links import LinkState
from chalicelib.domain.modules import Page
from chalicelib.domain.text import clean
from chalicelib.domain.times import local, parse
from chalicelib.runtime import Runtime
from chalicelib.usecases import exhibits, links
from chalicelib.usecases.links import Opened
from chalicelib.usecases.requests import fingerprint

REVIEW = "/v1/review/{token}"
MEDIA = (HTML,)
FLAG_FIELDS = ("number", "reason")
FIELDS = ("competent", "feedback", "initials", "code")  # in the order of the form
# What evidence is found to be, by item: the field of an item says that it was asked for.
EVIDENCE = re.compile(rf"evidence/[a-z0-9-]{{1,100}}(/({'|'.join(QUALITIES)}))?")
MEANINGS = {
    "valid": "it shows what it is said to show",
    "authentic": "it is the candidate's own",
    "current": "it is recent enough",
    "sufficient": "there is enough of it",
    "reliable": "another assessor would find the same",
}


@Operation(
    "openReview",
    "GET",
    REVIEW,
    summary="What the candidate signed, beside key and guidance, with the form to judge it.",
    rule=LINK_HOLDER,
    media=MEDIA,
    problems=("not-found", "links-off", "link-expired", "link-used", "link-void"),
)
def open_review(call: Call) -> Answer:
    """Show the attempt of the link, or kindly say why it does not open any more."""
    try:
        opened = links.open_link(call.runtime, call["token"])
        if opened.state is not LinkState.LIVE:
            return _closed(call, opened)
        return _review(call, opened)
    except DomainError as error:
        return unopened(error)


@Operation(
    "judgeByLink",
    "POST",
    REVIEW,
    summary="Judge the attempt of the link.",
    rule=LINK_HOLDER,
    media=MEDIA,
    status=303,
    problems=(
        "not-found",
        "role-not-allowed",
        "not-authorised",
        "authorisation-changed",
        "own-work",
        "invalid-judgement",
        "attempt-not-waiting",
        "departure-not-reviewed",
        "links-off",
        "link-expired",
        "link-void",
    ),
)
def judge_by_link(call: Call) -> Answer:
    """Record the judgement of the form; the same form again leads to the same record."""
    form: Mapping[str, str] = {}
    try:
        asked = links.page_of(call.runtime, call["token"])  # before a stranger's form is looked at
        form = call.form()
        decision = _decision(form, asked)
        body = fingerprint(repr(decision).encode())
        code = form.get("code", "")
        links.judge_by_link(call.runtime, call["token"], decision, body, code)
    except Invalid as error:
        return _again(call, form, error)
    except DomainError as error:
        return _refused(call, form, error)
    return _lead_to(call, "/judgement")


@Operation(
    "openEvidence",
    "GET",
    REVIEW + "/attachments/{attachment_id}",
    summary="Download a file that the attempt of the link has signed for, while it can be judged.",
    rule=LINK_HOLDER,
    media=MEDIA,
    status=303,
    problems=("not-found", "links-off", "link-expired", "link-used", "link-void"),
)
def open_evidence(call: Call) -> Answer:
    """Lead to the very version that was signed for, or to the redaction in its place."""
    return _lead_away(call, exhibits.original_link)


@Operation(
    "showThumbnail",
    "GET",
    REVIEW + "/attachments/{attachment_id}/thumbnail",
    summary="A picture that the attempt of the link has signed for, small and without its place.",
    rule=LINK_HOLDER,
    media=MEDIA,
    status=303,
    problems=("not-found", "links-off", "link-expired", "link-used", "link-void"),
)
def show_thumbnail(call: Call) -> Answer:
    """Lead to the thumbnail of a picture, or of the redaction in its place."""
    return _lead_away(call, exhibits.thumbnail_link)


@Operation(
    "flagEvidence",
    "POST",
    REVIEW + "/flags",
    summary="Withhold a file that the attempt of the link has signed for: it identifies somebody.",
    rule=LINK_HOLDER,
    media=MEDIA,
    status=303,
    problems=(
        "not-found",
        "invalid-attachment",
        "links-off",
        "link-expired",
        "link-used",
        "link-void",
    ),
)
def flag_evidence(call: Call) -> Answer:
    """Withhold it at once, for an administrator to decide, and lead back to the page."""
    form: Mapping[str, str] = {}
    try:
        links.require_link(call.runtime, call["token"])
        form = call.form()
        opened = links.open_link(call.runtime, call["token"])
        if opened.state is not LinkState.LIVE:
            return _closed(call, opened)
        reason = _reason(form)
        exhibits.flag(call.runtime, opened, form.get("number", "").strip(), reason)
    except DomainError as error:
        return unopened(error, form)
    return _lead_to(call, "")


@Operation(
    "showJudgement",
    "GET",
    REVIEW + "/judgement",
    summary="The judgement recorded for the attempt of the link, without evidence.",
    rule=LINK_HOLDER,
    media=MEDIA,
    also=(303,),
    problems=("not-found", "links-off", "link-expired", "link-used", "link-void"),
)
def show_judgement(call: Call) -> Answer:
    """Show what was recorded, or lead to the form that records; evidence is not shown again."""
    try:
        opened = links.open_link(call.runtime, call["token"])
    except DomainError as error:
        return unopened(error)
    if opened.state is LinkState.LIVE:
        return _lead_to(call, "")
    judgement = opened.signed.attempt.judgement
    if judgement is None or judgement.judged_by != opened.link.assessor_id or not opened.theirs:
        return _closed(call, opened)
    return page(
        "judgement.html",
        centre=opened.centre,
        candidate=initials(opened.candidate.name),
        judgement=judgement,
        set_aside=opened.signed.attempt.set_aside,
        feedback=opened.signed.feedback,
        judged_at=local(judgement.judged_at, opened.centre.time_zone),
        module=opened.module,
        page=opened.page,
    )


@Operation(
    "sendReviewCode",
    "POST",
    REVIEW + "/codes",
    summary="Have the code that the centre asks for besides the link mailed to the assessor.",
    rule=LINK_HOLDER,
    media=MEDIA,
    status=202,
    problems=("not-found", "links-off", "link-expired", "link-used", "link-void"),
)
def send_review_code(call: Call) -> Answer:
    """Ask for the mail, and show the form again with what was typed in it."""
    form: Mapping[str, str] = {}
    try:
        links.require_link(call.runtime, call["token"])
        form = call.form()
        opened = links.send_code(call.runtime, call["token"])
        if opened.state is not LinkState.LIVE:
            return _closed(call, opened, form)
        return replace(_review(call, opened, form), status=202)
    except DomainError as error:
        return unopened(error, form)


@Operation(
    "sendFreshLink",
    "POST",
    REVIEW + "/links",
    summary="Have a fresh link to the page's current attempt mailed to its assessor.",
    rule=LINK_HOLDER,
    media=MEDIA,
    status=202,
    problems=("not-found",),
)
def send_fresh_link(call: Call) -> Answer:
    """Ask for the mail; the answer is the same whether or not anything waits."""
    try:
        links.send_fresh_link(call.runtime, call["token"])
    except DomainError as error:
        return unopened(error)
    return page("sent.html", 202)


def _decision(form: Mapping[str, str], asked: Page) -> Decision:
    """Read the form, or raise Invalid with everything that is wrong with it at once."""
    flaws = [
        Flaw(f"/{name}", "unknown-field", f"The form has no field {name}; leave it out.")
        for name in sorted(form.keys() - set(FIELDS))
        if not EVIDENCE.fullmatch(name)
    ]
    if form.get("competent") not in {"Y", "N"}:
        flaws.append(Flaw("/competent", "required", "Choose Yes or No."))
    texts = {"initials": "", "feedback": ""}
    unreadable = set()
    for name in texts:
        try:
            texts[name] = clean(form.get(name, "")).strip()
        except ValueError as error:
            unreadable.add(f"/{name}")
            flaws.append(Flaw(f"/{name}", "invalid-text", f"The text {error}."))
    decision = Decision(
        competent=form.get("competent") != "N",
        initials=texts["initials"],
        feedback=texts["feedback"],
        evidence={item_id: _appraisal(form, item_id) for item_id in _appraised(form)},
    )
    try:
        check_decision(decision)
    except Invalid as error:
        flaws.extend(flaw for flaw in error.flaws if flaw.pointer not in unreadable)
    flaws.extend(appraisal_flaws(asked, decision))
    if flaws:
        raise Invalid("invalid-judgement", "Nothing was judged; mend what is listed.", flaws)
    return decision


def _appraised(form: Mapping[str, str]) -> list[str]:
    """Name the items of whose evidence the form says something, each once."""
    return sorted({name.split("/")[1] for name in form if EVIDENCE.fullmatch(name)})


def _appraisal(form: Mapping[str, str], item_id: str) -> Appraisal:
    """Read the five boxes of an item: one that is not ticked says no."""
    return Appraisal(**{name: f"evidence/{item_id}/{name}" in form for name in QUALITIES})


def _reason(form: Mapping[str, str]) -> str:
    flaws = [
        Flaw(f"/{name}", "unknown-field", f"The form has no field {name}; leave it out.")
        for name in sorted(form.keys() - set(FLAG_FIELDS))
    ]
    if flaws:
        raise Invalid("invalid-attachment", "Nothing was withheld; mend the form.", flaws)
    try:
        return clean(form.get("reason", "")).strip()
    except ValueError as error:
        flaw = Flaw("/reason", "invalid-text", f"The text {error}.")
        raise Invalid("invalid-attachment", flaw.detail, [flaw]) from None


def _review(
    call: Call, opened: Opened, form: Mapping[str, str] | None = None, flaws: tuple[Flaw, ...] = ()
) -> Answer:
    review = links.review(call.runtime, opened)
    module, page_ = opened.module, opened.page
    document = opened.signed.document
    found = exhibits.load(call.runtime, document)
    shown = exhibits_of(page_, document, found, opened.centre.time_zone)
    rows = rows_of(page_, review.answers, review.marks, shown)
    attempt, reviewed = opened.signed.attempt, opened.signed.departure_review
    files = [file for row in rows if row.exhibit for file in row.exhibit.files]
    asked = [item.id for item in asking(page_)]
    pictured = any(file.thumbnail for file in files)
    signed_at = parse(document["signed_at"])
    return page(
        "review.html",
        422 if flaws else 200,
        pictures=call.runtime.evidence.origin if pictured else "",
        centre=opened.centre,
        candidate=opened.candidate,
        module=module,
        page=page_,
        number=module.pages.index(page_) + 1,
        guidance_of_page=guidance_of(module, page_),
        attempt=attempt,
        reviewed=reviewed,
        reviewed_at=local(reviewed.at, opened.centre.time_zone) if reviewed else "",
        asking=asked,
        meanings=MEANINGS,
        files=_below(call, "attachments"),
        flags=_below(call, "flags"),
        visible=any(file.seen for file in files),
        signature=document["signature"],
        signed_at=local(signed_at, opened.centre.time_zone),
        expires_at=local(opened.link.expires_at, opened.centre.time_zone),
        rows=rows,
        statements={item.id: item.text for item in module.items},
        score=score_of(rows),
        wrong=[row for row in rows if row.mark and row.mark.right is False],
        contradicted=[row for row in rows if row.mark and row.mark.contradicts],
        departing=[row for row in rows if row.exhibit and row.exhibit.departures],
        not_understood=[row for row in rows if row.kind == "statement" and not row.settled],
        before=opened.before,
        feedback_before=review.feedback_before,
        coded=opened.coded,
        asked=call.operation.id == "sendReviewCode",
        form=form or {},
        fields=(*FIELDS, *(f"evidence/{item_id}" for item_id in asked)),
        flaws=_by_field(flaws),
        judge=call.address(f"/v1/review/{call['token']}"),
        codes=call.address(f"/v1/review/{call['token']}/codes"),
    )


def _by_field(flaws: tuple[Flaw, ...]) -> dict[str, str]:
    """Say what is wrong with each field, in the order of the form."""
    evidence = [flaw.pointer[1:] for flaw in flaws if flaw.pointer.startswith("/evidence/")]
    found: dict[str, list[str]] = {name: [] for name in (*evidence, *FIELDS)}
    for flaw in flaws:
        found.setdefault(flaw.pointer.removeprefix("/"), []).append(flaw.detail)
    return {name: " ".join(details) for name, details in found.items() if details}


def _again(call: Call, form: Mapping[str, str], error: Invalid) -> Answer:
    """Show the form again with what was typed and what is missing, if the link still opens."""
    try:
        opened = links.open_link(call.runtime, call["token"])
        if opened.state is not LinkState.LIVE:
            return _closed(call, opened, form)
        return _review(call, opened, form, error.flaws)
    except DomainError as closed:
        return unopened(closed, form)


def _refused(call: Call, form: Mapping[str, str], error: DomainError) -> Answer:
    """Say why nothing was recorded, and give back what was typed."""
    try:
        opened = links.open_link(call.runtime, call["token"])
    except DomainError as closed:
        return unopened(closed, form)
    if opened.state is LinkState.LIVE or isinstance(error, Forbidden):
        return refused(error, form)
    used = error.code == "attempt-not-waiting" and opened.state is LinkState.USED
    return _closed(call, opened, form, status=409 if used else 410)


def _below(call: Call, what: str) -> str:
    """Return a short reference to what lies below the link: the page has one for each file."""
    up = "../" * (call.operation.path.count("/") - REVIEW.count("/"))
    return f"{up}{call['token']}/{what}"


def _lead_away(call: Call, link: Callable[[Runtime, Mapping[str, Any], str], str]) -> Answer:
    """Lead to a file, by a link of its own that works for minutes."""
    try:
        opened = links.open_link(call.runtime, call["token"])
        if opened.state is not LinkState.LIVE:
            return _closed(call, opened)
        where = link(call.runtime, opened.signed.document, call["attachment_id"])
    except DomainError as error:
        return unopened(error)
    return Answer(303, "", {"Location": where, "Referrer-Policy": "no-referrer"})


def _lead_to(call: Call, below: str) -> Answer:
    where = call.address(f"/v1/review/{call['token']}{below}")
    return Answer(303, "", {"Location": where, "Referrer-Policy": "no-referrer"})


def _closed(
    call: Call, opened: Opened, form: Mapping[str, str] | None = None, status: int = 410
) -> Answer:
    current = opened.current
    linked = opened.entitled and opened.centre.links is not LinkPolicy.OFF
    mine = linked and current.waiting and current.assessor_id == opened.link.assessor_id
    judgement = opened.signed.attempt.judgement
    judged_here = (
        judgement is not None and judgement.judged_by == opened.link.assessor_id and opened.theirs
    )
    return page(
        "closed.html",
        status,
        centre=opened.centre,
        module=opened.module,
        page=opened.page,
        state=opened.state,
        waiting=mine,
        newer=current.number > opened.link.attempt,
        sent=form is not None,
        form=form or {},
        links=call.address(f"/v1/review/{call['token']}/links"),
        judgement=call.address(f"/v1/review/{call['token']}/judgement") if judged_here else "",
    )
