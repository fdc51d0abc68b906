"""Pages: what they ask, and their drafts."""

from typing import Annotated

from pydantic import Field

from chalicelib.api.answers import ItemAnswer, answer_out
from chalicelib.api.attempts import AttemptOut, attempt_fields
from chalicelib.api.enrolments import ENROLMENT
from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.modules import ModulePage
from chalicelib.api.rules import ITS_CANDIDATE, READERS
from chalicelib.api.texts import Text
from chalicelib.domain.access import sees_key
from chalicelib.domain.attempts import CURRENT_DECLARATION, DECLARATIONS
from chalicelib.domain.enrolments import PageState
from chalicelib.domain.modules import ITEMS_LIMIT
from chalicelib.domain.views import page_view
from chalicelib.usecases import pages
from chalicelib.usecases.pages import PageInWork

PAGE = ENROLMENT + "/pages/{page_id}"
ItemId = Annotated[Text, Field(max_length=100)]


class DraftIn(RequestModel):
    """All answers of a page, by item id. What is left out is unanswered: there is no merging."""

    answers: Annotated[dict[ItemId, ItemAnswer], Field(max_length=ITEMS_LIMIT)] = Field(
        description="The answers by item id."
    )


class Declaration(AnswerModel):
    """What is declared by signing: show the text, send the version."""

    version: str = Field(description="What to send as `declaration` when signing.")
    text: str = Field(description="What whoever signs has to read and accept.")


class PageOut(AnswerModel):
    """A page as somebody works on it: what it asks, its draft, and its latest attempt."""

    page: ModulePage = Field(description="What the page asks, with the rules of every item.")
    state: PageState
    answers: dict[str, ItemAnswer] = Field(
        description="The draft by item id; empty for everybody but the candidate."
    )
    declaration: Declaration
    latest_attempt: AttemptOut | None = Field(description="Null until the page is first signed.")


@Operation(
    "getPage",
    "GET",
    PAGE,
    summary="A page with its draft; its ETag is needed to save and to sign.",
    rule=READERS,
    answer=PageOut,
    headers=("ETag",),
)
def get_page(call: Call) -> Answer:
    """Answer with a page."""
    actor = call.actor()
    in_work = pages.get_page(call.runtime, actor, call["enrolment_id"], call["page_id"])
    enrolment = in_work.enrolment
    with_key = sees_key(actor, enrolment.module_id, enrolment.module_version)
    return _answer(in_work, with_key=with_key)


@Operation(
    "saveDraft",
    "PUT",
    PAGE,
    summary="Save the answers of a page, complete or not.",
    rule=ITS_CANDIDATE,
    body=DraftIn,
    answer=PageOut,
    headers=("ETag",),
    if_match=True,
    problems=(
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
        {item_id: given.value() for item_id, given in body.answers.items()},
        call.if_match(),
    )
    return _answer(in_work, with_key=False)


def _answer(in_work: PageInWork, *, with_key: bool) -> Answer:
    attempt = in_work.attempt
    said = (in_work.long_feedback or None, in_work.evidence)
    out = PageOut(
        page=ModulePage.model_validate(page_view(in_work.page, with_key=with_key)),
        state=in_work.state,
        answers={item_id: answer_out(found) for item_id, found in in_work.draft.answers.items()},
        declaration=Declaration(
            version=CURRENT_DECLARATION, text=DECLARATIONS[CURRENT_DECLARATION]
        ),
        latest_attempt=AttemptOut(**attempt_fields(attempt, *said)) if attempt else None,
    )
    return answer(out, version=in_work.etag)
