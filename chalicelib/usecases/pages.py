"""A page as its candidate works on it: reading it, and saving its draft."""

from collections.abc import Container
from dataclasses import dataclass, field, replace

from chalicelib.domain.access import Actor, require_candidate, require_reader
from chalicelib.domain.answers import (
    Answers,
    Draft,
    documents,
    draft_flaws,
    named,
    unknown_flaws,
)
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.enrolments import Enrolment, PageState, page_state, require_open
from chalicelib.domain.errors import Conflict, Invalid, Stale, not_found
from chalicelib.domain.judgements import Appraisals
from chalicelib.domain.modules import Page
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Condition, Item, Update, absent, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import attachments, enrolments


@dataclass(frozen=True, slots=True)
class PageInWork:
    """A page of an enrolment: what it asks, its draft, and the latest attempt, if any.

    `long_feedback` is what the latest judgement's head had no room for, `evidence` what it says of
    evidence.
    """

    enrolment: Enrolment
    page: Page
    draft: Draft
    attempt: Attempt | None
    long_feedback: str = ""
    evidence: Appraisals = field(default_factory=dict)

    @property
    def state(self) -> PageState:
        """Where the page stands."""
        return page_state(self.attempt)

    @property
    def etag(self) -> str:
        """The strong validator (RFC 9110, section 8.8.3) of all that can change of the page."""
        return f'"{self.draft.version}-{self.state}"'


def get_page(runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str) -> PageInWork:
    """Return a page to anybody who may read the enrolment. Only its candidate gets the draft."""
    in_work = load(runtime, actor, enrolment_id, page_id)
    if actor.id == in_work.enrolment.candidate_id:
        return in_work
    return replace(in_work, draft=replace(in_work.draft, answers={}))


def save_draft(
    runtime: Runtime,
    actor: Actor,
    enrolment_id: str,
    page_id: str,
    answers: Answers,
    if_match: Container[str],
) -> PageInWork:
    """Save a page's answers, complete or not.

    Raises Invalid for answers that no draft of this page can hold, Conflict where the page is
    signed or competent, and Stale, with the current draft, where it was changed in between. An
    identical repeat of a save succeeds, whatever happened to its first answer.
    """
    in_work = load(runtime, actor, enrolment_id, page_id)
    require_candidate(actor, in_work.enrolment)
    require_open(in_work.enrolment)
    if flaws := draft_flaws(in_work.page, answers):
        raise Invalid("invalid-answers", "Nothing was saved; mend what is listed.", flaws)
    require_unlocked(in_work)
    if in_work.etag not in if_match:
        return _same_or_stale(in_work, answers)
    _require_known(runtime, in_work, answers)
    version = in_work.draft.version + 1
    change = Update(
        keys.draft(actor.centre_id, enrolment_id, page_id),
        (unchanged(in_work.draft),),
        set={"version": version, "answers": items.pack_answers(answers)},
    )
    try:
        runtime.table.write(change)
    except ConditionFailedError as failure:
        current = replace(in_work, draft=to_draft(failure.current[change.key]))
        if current.draft.lock != in_work.draft.lock:
            current = load(runtime, actor, enrolment_id, page_id)
            require_unlocked(current)
        return _same_or_stale(current, answers)
    return replace(in_work, draft=Draft(version, in_work.draft.lock, answers))


def load(runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str) -> PageInWork:
    """Read a page, its draft and its latest attempt, if the actor may read the enrolment."""
    in_work = read(runtime, actor.centre_id, enrolment_id, page_id)
    require_reader(actor, in_work.enrolment)
    return in_work


def read(runtime: Runtime, centre_id: str, enrolment_id: str, page_id: str) -> PageInWork:
    """Read a page, its draft and its latest attempt. The caller checks who may see them."""
    meta, drafted = runtime.table.get_many(
        keys.enrolment(centre_id, enrolment_id), keys.draft(centre_id, enrolment_id, page_id)
    )
    if meta is None:
        raise not_found()
    enrolment = items.to_enrolment(meta)
    page = enrolments.pinned_module(runtime, centre_id, enrolment).page(page_id)
    if page is None:
        raise not_found()
    draft = to_draft(drafted)
    if not draft.lock:
        return PageInWork(enrolment, page, draft, None)
    of = (centre_id, enrolment_id, page_id, draft.lock)
    head, feedback = runtime.table.get_many(keys.head(*of), keys.feedback(*of))
    attempt = items.to_attempt(head) if head else None
    text, evidence = items.unpack_feedback(feedback), items.to_appraisals(feedback)
    return PageInWork(enrolment, page, draft, attempt, text, evidence)


def require_unlocked(in_work: PageInWork) -> None:
    """Raise Conflict where the page waits for its judgement or is competent."""
    facts = {"current": {"etag": in_work.etag}}
    if in_work.state is PageState.SIGNED:
        detail = "The page is signed and waits for its judgement; it cannot be changed until then."
        raise Conflict("page-signed", detail, (), **facts)
    if in_work.state is PageState.COMPETENT:
        detail = "The page has been judged competent; it does not change any more."
        raise Conflict("page-competent", detail, (), **facts)


def require_current(in_work: PageInWork, if_match: Container[str]) -> None:
    """Raise Stale, with the current draft, where the actor worked from another one."""
    if in_work.etag not in if_match:
        raise stale(in_work)


def stale(in_work: PageInWork) -> Stale:
    """Build the answer that brings the current version with it, so that nothing is lost."""
    detail = "The page was changed in between. Compare with the current answers, then send again."
    current = {"etag": in_work.etag, "answers": documents(in_work.draft.answers)}
    return Stale("stale-page", detail, (), current=current)


def to_draft(item: Item | None) -> Draft:
    """Read a draft; a page never touched has an empty one, and may be signed so."""
    if item is None:
        return Draft()
    answers = items.unpack_answers(item["answers"]) if "answers" in item else {}
    return Draft(int(item["version"]), int(item.get("lock", 0)), answers)


def unchanged(draft: Draft) -> Condition:
    """Require that the page has been neither saved nor signed since its draft was read."""
    return equals("version", draft.version) if draft.version else absent("version")


def _require_known(runtime: Runtime, in_work: PageInWork, answers: Answers) -> None:
    """Raise Invalid where attachments are newly named that are none of the candidate's."""
    fresh = named(answers) - named(in_work.draft.answers)
    if not fresh:
        return
    enrolment = in_work.enrolment
    found = attachments.load_many(runtime, enrolment.centre_id, sorted(fresh))
    if flaws := unknown_flaws(answers, fresh, found, enrolment.candidate_id):
        raise Invalid("invalid-answers", "Nothing was saved; mend what is listed.", flaws)


def _same_or_stale(current: PageInWork, answers: Answers) -> PageInWork:
    if documents(current.draft.answers) == documents(answers):
        return current
    raise stale(current)
