"""Behind the link of a visit: what an external verifier reads, each look put on record first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.domain.access import Actor, sees_key
from chalicelib.domain.answers import Answers
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.centres import Centre
from chalicelib.domain.certificates import Certificate
from chalicelib.domain.enrolments import Enrolment, PageProgress, PageState, progress
from chalicelib.domain.errors import not_found
from chalicelib.domain.judgements import Method
from chalicelib.domain.marking import Mark
from chalicelib.domain.modules import Module, Page, without_key
from chalicelib.domain.verifications import Verification
from chalicelib.domain.visits import Look, Visit, VisitState, visit_state
from chalicelib.runtime import Runtime
from chalicelib.usecases import (
    attachments,
    attempts,
    centres,
    certificates,
    enrolment_lists,
    enrolments,
    exhibits,
    looks,
    marking,
    people,
    verifications,
    visits,
)
from chalicelib.usecases.attempts import SignedAttempt
from chalicelib.usecases.enrolment_lists import ListedEnrolment, Sought
from chalicelib.usecases.exhibits import Exhibits

SHOWN = 25  # enrolments at once: the pages of each are counted by a call of its own
NO_KEY = "you are a candidate at this centre as well, and candidates see no keys"


@dataclass(frozen=True, slots=True)
class OpenedVisit:
    """What a link leads to, whether or not it still opens it."""

    state: VisitState
    centre: Centre
    visit: Visit


@dataclass(frozen=True, slots=True)
class Portfolio:
    """An enrolment as a visit shows it: how its pages stand, and its latest certificate."""

    enrolment: Enrolment
    candidate: str
    assessor: str
    module: Module
    pages: tuple[PageProgress, ...]
    certificate: Certificate | None


@dataclass(frozen=True, slots=True)
class ShownPage:
    """One page with one of its attempts, and all that was decided about it.

    `history` are all attempts, oldest first; without any, nothing else is there. `names` are those
    of everybody concerned, by id.
    """

    enrolment: Enrolment
    candidate: str
    module: Module
    page: Page
    history: tuple[Attempt, ...]
    signed: SignedAttempt | None
    answers: Answers
    marks: tuple[Mark, ...]
    exhibits: Exhibits
    verifications: tuple[Verification, ...]
    names: Mapping[str, str]


def open_visit(runtime: Runtime, token: str) -> OpenedVisit:
    """Tell what a token leads to. Changes nothing. Raises NotFound for all that is not ours."""
    link = runtime.signer.read_visit(token)
    if link is None:
        raise not_found()
    visit = visits.read(runtime, link.centre_id, link.person_id, link.visit_id)
    # Read anew: what a warm function knew of the verifier may have changed since.
    visitor = people.read_member(runtime, link.centre_id, link.person_id)
    state = visit_state(link, visit, visitor, runtime.now())
    return OpenedVisit(state, centres.load_centre(runtime, link.centre_id), visit)


def list_portfolios(
    runtime: Runtime, opened: OpenedVisit, after: str
) -> tuple[list[tuple[ListedEnrolment, Mapping[PageState, int]]], str]:
    """Return some of what a visit shows, with how many pages stand where, and where that ended."""
    actor = _visitor(runtime, opened)
    found, end = enrolment_lists.list_granted(runtime, actor, Sought(), SHOWN, after)
    return enrolment_lists.counted(runtime, found), end


def read_portfolio(runtime: Runtime, opened: OpenedVisit, enrolment_id: str) -> Portfolio:
    """Return an enrolment of a visit. Raises NotFound for all others."""
    enrolment = _granted(runtime, opened, enrolment_id)
    module = _module(runtime, opened, enrolment)
    _put_on_record(runtime, opened, enrolment_id, Look())
    names = _names(runtime, opened, (enrolment.candidate_id, enrolment.assessor_id))
    return Portfolio(
        enrolment,
        names[enrolment.candidate_id],
        names[enrolment.assessor_id],
        module,
        progress(module, enrolment, enrolments.attempts(runtime, enrolment)),
        certificates.issued(runtime, enrolment),
    )


def read_page(
    runtime: Runtime, opened: OpenedVisit, enrolment_id: str, page_id: str, number: int = 0
) -> ShownPage:
    """Return a page of an enrolment of a visit with one of its attempts, else the latest one.

    Raises NotFound where there is no such page or attempt, or the visit does not show it.
    """
    enrolment = _granted(runtime, opened, enrolment_id)
    module = _module(runtime, opened, enrolment)
    page = module.page(page_id)
    if page is None:
        raise not_found()
    history = enrolments.attempts(runtime, enrolment, page_id)
    if not history and not number:
        _put_on_record(runtime, opened, enrolment_id, Look(page_id=page_id))
        return _unsigned(runtime, opened, enrolment, module, page)
    signed = _signed(runtime, opened, enrolment_id, page_id, number or history[-1].number)
    _put_on_record(runtime, opened, enrolment_id, _look_at(signed.attempt))
    answers, marks = marking.marked(runtime, enrolment, module, page, signed.document)
    found = verifications.of_page(runtime, enrolment.centre_id, enrolment_id, page_id)
    names = _names(runtime, opened, _concerned(enrolment, signed, history, found))
    return ShownPage(
        enrolment,
        names[enrolment.candidate_id],
        module,
        page,
        history,
        signed,
        answers,
        marks,
        exhibits.load(runtime, signed.document),
        tuple(each for each in found if each.attempt == signed.attempt.number),
        names,
    )


def original_link(
    runtime: Runtime,
    opened: OpenedVisit,
    enrolment_id: str,
    page_id: str,
    number: int,
    attachment_id: str,
) -> str:
    """Make a link that downloads an original. Raises NotFound where nothing may be seen of it."""
    signed = _signed(runtime, opened, enrolment_id, page_id, number)
    file = exhibits.file_of(runtime, signed.document, attachment_id)
    look = Look(page_id=page_id, number=number, attachment_id=file.id, on=file.sha256)
    _put_on_record(runtime, opened, enrolment_id, look)
    return attachments.links_to(runtime, file).url


def thumbnail_link(
    runtime: Runtime,
    opened: OpenedVisit,
    enrolment_id: str,
    page_id: str,
    number: int,
    attachment_id: str,
) -> str:
    """Make a link that shows a picture, small: part of the look at its page.

    Raises NotFound where nothing may be seen of it.
    """
    signed = _signed(runtime, opened, enrolment_id, page_id, number)
    link = exhibits.thumbnail_link(runtime, signed.document, attachment_id)
    _put_on_record(runtime, opened, enrolment_id, _look_at(signed.attempt))
    return link


def _granted(runtime: Runtime, opened: OpenedVisit, enrolment_id: str) -> Enrolment:
    if enrolment_id not in opened.visit.enrolment_ids:
        raise not_found()
    return enrolments.load(runtime, opened.centre.id, enrolment_id)


def _signed(
    runtime: Runtime, opened: OpenedVisit, enrolment_id: str, page_id: str, number: int
) -> SignedAttempt:
    if enrolment_id not in opened.visit.enrolment_ids:
        raise not_found()
    found = attempts.read(runtime, opened.centre.id, enrolment_id, page_id, number)
    if found is None:
        raise not_found()
    return found


def _module(runtime: Runtime, opened: OpenedVisit, enrolment: Enrolment) -> Module:
    """Return the pinned module, without its key where the visitor is also a candidate here."""
    module = enrolments.pinned_module(runtime, opened.centre.id, enrolment)
    if sees_key(_visitor(runtime, opened), module.id, module.version):
        return module
    return without_key(module, NO_KEY)


def _visitor(runtime: Runtime, opened: OpenedVisit) -> Actor:
    """Return the visitor, who sees by a link what this visit shows, and nothing else."""
    member = people.load_member(runtime, opened.centre.id, opened.visit.person_id)
    if member is None:
        raise not_found()
    return Actor(member, (opened.visit,))


def _put_on_record(runtime: Runtime, opened: OpenedVisit, enrolment_id: str, look: Look) -> None:
    looks.put_on_record(runtime, opened.visit, enrolment_id, Method.LINK, look)


def _look_at(attempt: Attempt) -> Look:
    return Look(page_id=attempt.page_id, number=attempt.number, on=attempt.content_hash)


def _unsigned(
    runtime: Runtime, opened: OpenedVisit, enrolment: Enrolment, module: Module, page: Page
) -> ShownPage:
    names = _names(runtime, opened, [enrolment.candidate_id])
    candidate = names[enrolment.candidate_id]
    shown = (enrolment, candidate, module, page)
    return ShownPage(*shown, (), None, {}, (), Exhibits({}, {}), (), names)


def _concerned(
    enrolment: Enrolment,
    signed: SignedAttempt,
    history: Iterable[Attempt],
    found: Iterable[Verification],
) -> Iterable[str]:
    """Yield the ids of all whose names a page shows."""
    yield from (enrolment.candidate_id, *(each.assessor_id for each in history))
    yield from (each.verified_by for each in found)
    for each in history:
        if each.judgement:
            yield from (each.judgement.judged_by, each.judgement.countersigner_id)
        if each.set_aside:
            yield each.set_aside.by
    if signed.departure_review:
        yield signed.departure_review.by


def _names(runtime: Runtime, opened: OpenedVisit, ids: Iterable[str]) -> dict[str, str]:
    members = {
        each: people.load_member(runtime, opened.centre.id, each)
        for each in dict.fromkeys(ids)
        if each
    }
    return {each: member.membership.name if member else each for each, member in members.items()}
