"""The pages behind the link of a visit: an external verifier reads what was decided, and on what.

GET and HEAD never use a link up. All that they change is that looks are put on record.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.exhibits import exhibits_of
from chalicelib.api.html import SHEET, page, unopened
from chalicelib.api.http import HTML, Answer, Call, Operation, QueryModel
from chalicelib.api.items import guidance_of, rows_of, score_of
from chalicelib.api.rules import LINK_HOLDER
from chalicelib.api.texts import Identifier
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.certificates import STATE_WORDS, CertificateState
from chalicelib.domain.enrolments import PageState, page_state
from chalicelib.domain.errors import DomainError
from chalicelib.domain.judgements import QUALITIES, Method
from chalicelib.domain.times import last_day, local, local_date, parse
from chalicelib.domain.verifications import Outcome
from chalicelib.domain.visits import VisitState
from chalicelib.runtime import Runtime
from chalicelib.usecases import visiting
from chalicelib.usecases.attempts import SignedAttempt
from chalicelib.usecases.visiting import OpenedVisit, ShownPage

VISITING = "/v1/visits/{token}"
PORTFOLIO = VISITING + "/{enrolment_id}"
PAGE = PORTFOLIO + "/{page_id}"
ATTEMPT = PAGE + "/attempts/{number}"
FILE = ATTEMPT + "/attachments/{attachment_id}"
MEDIA = (HTML,)
SHEETS = (SHEET, "visit.css")
CLOSED = ("not-found", "link-expired", "visit-ended", "link-void")
STATES = {
    PageState.OPEN: "Open",
    PageState.SIGNED: "Waits for judgement",
    PageState.RETURNED: "Not yet competent",
    PageState.COMPETENT: "Competent",
}
METHODS = {
    Method.TOKEN: "signed in",
    Method.LINK: "by a link mailed to them",
    Method.LINK_WITH_CODE: "by a link and a code mailed to them",
}
OUTCOMES = {Outcome.UPHELD: "Upheld", Outcome.ACTION_REQUIRED: "Action required"}

FileLink = Callable[[Runtime, OpenedVisit, str, str, int, str], str]


class VisitQuery(QueryModel):
    """Where the list goes on."""

    after: Annotated[
        Identifier | None, Field(description="The last enrolment of the page before.")
    ] = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an attempt stands, in words, and the class that gives it its colour."""

    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What somebody found of the judgement, or did with it: who, when, and by what authority."""

    title: str
    kind: str
    who: str
    text: str = ""


@Operation(
    "openVisit",
    "GET",
    VISITING,
    summary="What a visit shows: enrolments, and how far each is.",
    rule=LINK_HOLDER,
    query=VisitQuery,
    media=MEDIA,
    problems=(*CLOSED, "invalid-query"),
)
def open_visit(call: Call) -> Answer:
    """List the enrolments of the visit, or kindly say why the link does not open any more."""
    return _opened(call, _list)


@Operation(
    "visitEnrolment",
    "GET",
    PORTFOLIO,
    summary="An enrolment that a visit shows: its pages, how each stands, and its certificate.",
    rule=LINK_HOLDER,
    media=MEDIA,
    problems=CLOSED,
)
def visit_enrolment(call: Call) -> Answer:
    """Show how the enrolment stands."""
    return _opened(call, _portfolio)


@Operation(
    "visitPage",
    "GET",
    PAGE,
    summary="Decision, evidence, feedback, who and by what authority: a page, as signed last.",
    rule=LINK_HOLDER,
    media=MEDIA,
    problems=CLOSED,
)
def visit_page(call: Call) -> Answer:
    """Show a page with its latest attempt."""
    return _opened(call, _page)


@Operation(
    "visitAttempt",
    "GET",
    ATTEMPT,
    summary="The same of an earlier attempt of the page.",
    rule=LINK_HOLDER,
    media=MEDIA,
    problems=CLOSED,
)
def visit_attempt(call: Call) -> Answer:
    """Show a page with one of its attempts."""
    return _opened(call, _page)


@Operation(
    "visitEvidence",
    "GET",
    FILE,
    summary="Download a file that the attempt has signed for.",
    rule=LINK_HOLDER,
    media=MEDIA,
    status=303,
    problems=CLOSED,
)
def visit_evidence(call: Call) -> Answer:
    """Lead to the very version that was signed for, or to the redaction in its place."""
    return _opened(call, lambda call, opened: _lead_away(call, opened, visiting.original_link))


@Operation(
    "visitThumbnail",
    "GET",
    FILE + "/thumbnail",
    summary="A picture that the attempt has signed for, small and without its place.",
    rule=LINK_HOLDER,
    media=MEDIA,
    status=303,
    problems=CLOSED,
)
def visit_thumbnail(call: Call) -> Answer:
    """Lead to the thumbnail of a picture, or of the redaction in its place."""
    return _opened(call, lambda call, opened: _lead_away(call, opened, visiting.thumbnail_link))


def _opened(call: Call, show: Callable[[Call, OpenedVisit], Answer]) -> Answer:
    """Show what a live link leads to; of all others, say in words why they do not open."""
    try:
        opened = visiting.open_visit(call.runtime, call["token"])
        if opened.state is not VisitState.LIVE:
            return page("visit_closed.html", 410, centre=opened.centre, state=opened.state)
        return show(call, opened)
    except DomainError as error:
        return unopened(error)


def _list(call: Call, opened: OpenedVisit) -> Answer:
    after = call.query(VisitQuery).after or ""
    found, end = visiting.list_portfolios(call.runtime, opened, after)
    visit, zone = opened.visit, opened.centre.time_zone
    here = call["token"]
    return page(
        "visit.html",
        sheets=SHEETS,
        centre=opened.centre,
        visit=visit,
        until=last_day(visit.ends_at, zone),
        total=len(visit.enrolment_ids),
        rows=[(listed, counts[PageState.COMPETENT]) for listed, counts in found],
        here=here,
        more=f"{here}?after={end}" if end else "",
        again=here if after else "",
    )


def _portfolio(call: Call, opened: OpenedVisit) -> Answer:
    found = visiting.read_portfolio(call.runtime, opened, call["enrolment_id"])
    zone, certificate = opened.centre.time_zone, found.certificate
    titles = {each.id: each.title for each in found.module.pages}
    return page(
        "visit_enrolment.html",
        sheets=SHEETS,
        centre=opened.centre,
        found=found,
        module=found.module,
        state=found.enrolment.state.replace("-", " "),
        competent=sum(each.state is PageState.COMPETENT for each in found.pages),
        rows=[
            (
                each,
                titles[each.page_id],
                _standing(each.state, each.waits_on),
                local_date(each.since, zone),
            )
            for each in found.pages
        ],
        below=call["enrolment_id"],
        up=f"../{call['token']}",
        certificate=certificate,
        certified_at=local(parse(certificate.record["issued_at"]), zone) if certificate else "",
        valid=certificate is not None and certificate.state is CertificateState.VALID,
        certificate_words=STATE_WORDS[certificate.state] if certificate else "",
        public=call.address(f"/v1/certificates/{certificate.id}") if certificate else "",
    )


def _page(call: Call, opened: OpenedVisit) -> Answer:
    of = (call["enrolment_id"], call["page_id"])
    number = call.number("number") if "number" in call.parameters else 0
    shown = visiting.read_page(call.runtime, opened, *of, number)
    zone, module, page_ = opened.centre.time_zone, shown.module, shown.page
    place = module.pages.index(page_)
    up = "../../" if number else ""  # from an attempt to its page
    beside = (*module.pages[max(0, place - 1) : place], *module.pages[place + 1 : place + 2])
    values: dict[str, Any] = {
        "sheets": SHEETS,
        "centre": opened.centre,
        "shown": shown,
        "module": module,
        "page": page_,
        "number": place + 1,
        "overview": f"{up}../{shown.enrolment.id}",
        "beside": [(f"{up}{each.id}", module.pages.index(each) + 1, each) for each in beside],
        "attempts": f"{up}{page_.id}/attempts",
        "statements": {item.id: item.text for item in module.items},
        "guidance_of_page": guidance_of(module, page_),
    }
    if shown.signed is None:
        return page("visit_page.html", signed=None, standing=_standing(PageState.OPEN), **values)
    found = exhibits_of(page_, shown.signed.document, shown.exhibits, zone)
    rows = rows_of(page_, shown.answers, shown.marks, found)
    files = [file for row in rows if row.exhibit for file in row.exhibit.files]
    pictured = any(file.thumbnail for file in files)
    attempt = shown.signed.attempt
    return page(
        "visit_page.html",
        pictures=call.runtime.evidence.origin if pictured else "",
        **values,
        signed=shown.signed,
        standing=_standing_of(attempt),
        judged=_judged(shown, shown.signed, zone),
        appraisals=_appraisals(shown, shown.signed),
        findings=list(_findings(shown, shown.signed, zone)),
        signed_at=local(attempt.signed_at, zone),
        rows=rows,
        score=score_of(rows),
        files=f"{up}{page_.id}/attempts/{attempt.number}/attachments",
        history=[
            (each, _standing_of(each), local_date(each.changed_at, zone)) for each in shown.history
        ],
    )


def _judged(shown: ShownPage, signed: SignedAttempt, zone: str) -> Mapping[str, str]:
    """Say who judged an attempt, when, how, and by what authority."""
    judgement = signed.attempt.judgement
    if judgement is None:
        return {"Assessor": shown.names[signed.attempt.assessor_id]}
    told = {
        "Judged by": f"{shown.names[judgement.judged_by]}, who signed {judgement.initials}",
        "Judged": f"{local(judgement.judged_at, zone)}, {METHODS[judgement.method]}",
        "Day of judging": f"{judgement.occurred_on or ''}",
        "Qualification": judgement.qualification,
        "Authorisation": judgement.authorisation_id,
    }
    return {name: words for name, words in told.items() if words}


def _appraisals(shown: ShownPage, signed: SignedAttempt) -> list[tuple[int, list[str], list[str]]]:
    """Say by item number what the assessor found its evidence to be, and not to be."""
    numbers = {item.id: number for number, item in enumerate(shown.page.items, start=1)}
    return [
        (
            numbers[item_id],
            [each for each in QUALITIES if each not in appraisal.lacking],
            list(appraisal.lacking),
        )
        for item_id, appraisal in signed.evidence.items()
    ]


def _findings(shown: ShownPage, signed: SignedAttempt, zone: str) -> Iterator[Finding]:
    """Yield all that followed the judgement of an attempt, or went before it."""
    attempt, names = signed.attempt, shown.names
    if reviewed := signed.departure_review:
        who = f"{names[reviewed.by]}, {local(reviewed.at, zone)}"
        yield Finding("Departures from rules reviewed", "right", who, reviewed.note)
    elif attempt.departures:
        yield Finding("Departures from rules not reviewed", "warn", "Nobody yet")
    if made := attempt.countersignature:
        who = f"{names[made.by]}, {local(made.at, zone)}"
        yield Finding("Countersigned", "right", who)
    elif page_state(attempt) is PageState.COMPETENT and attempt.countersigner_awaited:
        countersigner = names[attempt.countersigner_awaited]
        yield Finding("Not countersigned yet", "warn", countersigner)
    for each in shown.verifications:
        kind = "right" if each.outcome is Outcome.UPHELD else "wrong"
        who = f"{names[each.verified_by]}, {each.qualification}, {local(each.verified_at, zone)}"
        yield Finding(f"Verified: {OUTCOMES[each.outcome].lower()}", kind, who, each.note)
    if aside := attempt.set_aside:
        who = f"{names[aside.by]}, {local(aside.at, zone)}"
        yield Finding("Set aside", "wrong", who, signed.reason.text if signed.reason else "")


def _standing_of(attempt: Attempt) -> Standing:
    """Say what became of an attempt."""
    if attempt.withdrawn_at:
        return Standing("Withdrawn by the candidate", "")
    if attempt.set_aside:
        return Standing("Set aside", "wrong")
    return _standing(page_state(attempt), attempt.countersigner_awaited)


def _standing(state: PageState, countersigner_awaited: str = "") -> Standing:
    if state is PageState.COMPETENT and countersigner_awaited:
        return Standing("Waits for its countersignature", "warn")
    kinds = {PageState.COMPETENT: "right", PageState.RETURNED: "wrong"}
    return Standing(STATES[state], kinds.get(state, ""))


def _lead_away(call: Call, opened: OpenedVisit, link: FileLink) -> Answer:
    """Lead to a file, by a link of its own that works for minutes."""
    of = (call["enrolment_id"], call["page_id"], call.number("number"), call["attachment_id"])
    where = link(call.runtime, opened, *of)
    return Answer(303, "", {"Location": where, "Referrer-Policy": "no-referrer"})
