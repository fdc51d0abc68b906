"""Pages: what they ask, and their drafts."""

from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.attempts import AttemptOut, attempt_fields
from chalicelib.api.enrolments import ENROLMENT
from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.texts import Text
from chalicelib.domain.access import sees_key
from chalicelib.domain.answers import Answer as ItemAnswer
from chalicelib.domain.answers import documents
from chalicelib.domain.attempts import CURRENT_DECLARATION, DECLARATIONS
from chalicelib.domain.enrolments import PageState
from chalicelib.domain.modules import ITEMS_LIMIT
from chalicelib.domain.views import page_view
from chalicelib.usecases import pages
from chalicelib.usecases.pages import PageInWork

PAGE = ENROLMENT + "/pages/{page_id}"
OPTIONS_LIMIT = 26


ItemId = Annotated[Text, Field(max_length=100)]


class AnswerIn(RequestModel):
    """The answer to one item: only the fields of its kind, each of which may be left open."""

    understood: bool | None = None
    initials: Text | None = None
    chosen: Annotated[list[Text], Field(max_length=OPTIONS_LIMIT)] | None = None
    text: Text | None = None


class DraftIn(RequestModel):
    """All answers of a page, by item id. What is left out is unanswered."""

    answers: Annotated[dict[ItemId, AnswerIn], Field(max_length=ITEMS_LIMIT)]


class Declaration(AnswerModel):
    """What the candidate declares by signing."""

    version: str
    text: str


class PageOut(AnswerModel):
    """A page: what it asks, the draft (the candidate's alone), and the latest attempt, if any."""

    page: dict[str, Any]
    state: PageState
    answers: dict[str, Any]
    declaration: Declaration
    latest_attempt: AttemptOut | None


@Operation(
    "getPage",
    "GET",
    PAGE,
    summary="A page with its draft; its ETag is needed to save and to sign.",
    who="its candidate, its assessor, administrators, internal verifiers",
    answer=PageOut,
)
def get_page(call: Call) -> Answer:
    """Answer with a page."""
    actor = call.actor()
    in_work = pages.get_page(call.runtime, actor, call["enrolment_id"], call["page_id"])
    return _answer(in_work, with_key=sees_key(actor))


@Operation(
    "saveDraft",
    "PUT",
    PAGE,
    summary="Save the answers of a page, complete or not.",
    who="the candidate",
    body=DraftIn,
    answer=PageOut,
    if_match=True,
    problems=(
        "role-not-allowed",
        "not-the-candidate",
        "page-signed",
        "page-competent",
        "enrolment-withdrawn",
        "enrolment-transferred",
        "enrolment-complete",
        "stale-page",
        "invalid-answers",
    ),
)
def save_draft(call: Call) -> Answer:
    """Save the draft of the body over the one that If-Match names."""
    actor = call.actor()
    body = call.body(DraftIn)
    in_work = pages.save_draft(
        call.runtime,
        actor,
        call["enrolment_id"],
        call["page_id"],
        {item_id: _answer_value(given) for item_id, given in body.answers.items()},
        call.if_match(),
    )
    return _answer(in_work, with_key=False)


def _answer_value(given: AnswerIn) -> ItemAnswer:
    chosen = None if given.chosen is None else tuple(given.chosen)
    return ItemAnswer(given.understood, given.initials, chosen, given.text)


def _answer(in_work: PageInWork, *, with_key: bool) -> Answer:
    attempt = in_work.attempt
    feedback = in_work.long_feedback or None
    out = PageOut(
        page=page_view(in_work.page, with_key=with_key),
        state=in_work.state,
        answers=documents(in_work.draft.answers),
        declaration=Declaration(
            version=CURRENT_DECLARATION, text=DECLARATIONS[CURRENT_DECLARATION]
        ),
        latest_attempt=AttemptOut(**attempt_fields(attempt, feedback)) if attempt else None,
    )
    return answer(out, etag=in_work.etag)
