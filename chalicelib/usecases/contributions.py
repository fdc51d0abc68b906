"""What assessors and witnesses provide for a page: listing, reading, saving, signing."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain import evidence
from chalicelib.domain.access import Actor, assesses, require_assessor, require_viewer, sees
from chalicelib.domain.answers import Answer, documents, fields_of
from chalicelib.domain.attachments import Attachment
from chalicelib.domain.attempts import Signature
from chalicelib.domain.contributions import (
    ASSESSOR,
    Author,
    Contribution,
    PartSigning,
    Signed,
    SignedPart,
    contributed_items,
    part_document,
    require_another,
    require_author,
    signature_flaws,
)
from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.enrolments import EnrolmentState, require_active, require_open
from chalicelib.domain.errors import Flaw, Forbidden, Invalid, Stale, not_found
from chalicelib.domain.judgements import require_authority
from chalicelib.domain.modules import EvidenceRequest, Page
from chalicelib.domain.people import Authorisation, Role
from chalicelib.domain.views import page_digest
from chalicelib.domain.visits import Look
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Check, Condition, Update, absent, create, equals
from chalicelib.storage.contributions import from_answer, from_signed, to_contribution
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import attachments, enrolments, looks, pages, people, waiting
from chalicelib.usecases.pages import PageInWork
from chalicelib.usecases.requests import Request, answered, remember

TRIES = 3  # of signing, when something that was read has changed before the write


@dataclass(frozen=True, slots=True)
class Part:
    """What was signed, with its hash."""

    document: Mapping[str, Any]
    content_hash: str


@dataclass(frozen=True, slots=True)
class Contributing:
    """A contribution with the page that it is for, and what of it was signed last."""

    in_work: PageInWork
    item: EvidenceRequest
    contribution: Contribution
    part: Part | None = None

    @property
    def etag(self) -> str:
        """The strong validator of all that signing must not miss."""
        return f'"{self.contribution.version}-{self.in_work.state}"'


def list_contributions(
    runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str
) -> list[Contributing]:
    """Return how far each contribution to a page is, in the order of its items."""
    in_work = pages.load(runtime, actor, enrolment_id, page_id)
    found = _written(runtime, actor.centre_id, enrolment_id, page_id)
    known = {each.item_id: each for each in found}
    return [
        Contributing(in_work, item, known.get(item.id, _untouched(page_id, item.id)))
        for item in contributed_items(in_work.page)
    ]


def get_contribution(
    runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str, item_id: str
) -> Contributing:
    """Return a contribution with what was signed of it last; only those who write it get the draft.

    Every assessor of the enrolment does: one may finish what another has begun.
    """
    work = _load(runtime, actor, enrolment_id, page_id, item_id)
    if work.contribution.signed:
        of = (actor.centre_id, enrolment_id, page_id, item_id)
        work = replace(work, part=read_part(runtime, *of, work.contribution.number))
    if assesses(actor, work.in_work.enrolment):
        return work
    return replace(work, contribution=replace(work.contribution, answer=Answer()))


def get_part(
    runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str, item_id: str, number: int
) -> Part:
    """Return what was signed, to anybody who may see the enrolment.

    Whoever has to countersign a judgement of it may read it as well.
    """
    if not waiting.countersigns(runtime, actor, enrolment_id):
        require_viewer(actor, enrolments.find(runtime, actor.centre_id, enrolment_id))
    part = read_part(runtime, actor.centre_id, enrolment_id, page_id, item_id, number)
    if part is None:
        raise not_found()
    look = Look(page_id=page_id, item_id=item_id, number=number, on=part.content_hash)
    looks.note(runtime, actor, enrolment_id, look)
    return part


def read_part(
    runtime: Runtime, centre_id: str, enrolment_id: str, page_id: str, item_id: str, number: int
) -> Part | None:
    """Return what was signed, or None. The caller checks who may see it."""
    item = runtime.table.get(keys.part(centre_id, enrolment_id, page_id, item_id, number))
    return Part(items.unpack_document(item["document"]), item["content_hash"]) if item else None


def signed_parts(
    runtime: Runtime, centre_id: str, enrolment_id: str, page: Page
) -> tuple[SignedPart, ...]:
    """Return what others have signed for a page, in the order of its items."""
    wanted = contributed_items(page)
    of = (centre_id, enrolment_id, page.id)
    found = runtime.table.get_many(*(keys.contribution(*of, item.id) for item in wanted))
    contributions = (to_contribution(item) for item in found if item)
    return tuple(each.signed.part for each in contributions if each.signed)


def authors(runtime: Runtime, centre_id: str, enrolment_id: str, page_id: str) -> frozenset[str]:
    """Return the ids of those who signed the parts of a page that stand."""
    found = _written(runtime, centre_id, enrolment_id, page_id)
    return frozenset(each.signed.author.person_id for each in found if each.signed)


def save_contribution(
    runtime: Runtime,
    actor: Actor,
    enrolment_id: str,
    page_id: str,
    item_id: str,
    answer: Answer,
    if_match: Container[str],
) -> Contributing:
    """Save what an assessor has written so far, complete or not.

    Raises Invalid, Conflict and Stale as saving a page does; an identical repeat succeeds.
    """
    work = _load(runtime, actor, enrolment_id, page_id, item_id)
    _require_assessor(runtime, actor, work)
    require_open(work.in_work.enrolment)
    flaws = _draft_flaws(work.item, answer) or _unknown_flaws(runtime, actor, work, answer)
    if flaws:
        raise Invalid("invalid-contribution", "Nothing was saved; mend what is listed.", flaws)
    pages.require_unlocked(work.in_work)
    if work.etag not in if_match:
        return _same_or_stale(work, answer)
    change = Update(
        keys.contribution(actor.centre_id, enrolment_id, page_id, item_id),
        (unchanged(work.contribution),),
        set={"version": work.contribution.version + 1, **from_answer(item_id, answer)},
    )
    try:
        saved = runtime.table.write(change)
    except ConditionFailedError as failure:
        current = failure.current[change.key]
        stands = to_contribution(current) if current else _untouched(page_id, item_id)
        return _same_or_stale(replace(work, contribution=stands), answer)
    return replace(work, contribution=to_contribution(saved))


def sign_contribution(
    runtime: Runtime,
    actor: Actor,
    enrolment_id: str,
    page_id: str,
    item_id: str,
    signature: Signature,
    if_match: Container[str],
    request: Request,
) -> Part:
    """Sign what an assessor has written: the next part, which never changes.

    Raises Invalid where it is incomplete or the declaration is not accepted, Conflict where the
    page is signed, and Stale where the draft is no longer the one shown. The draft survives.
    """
    held = keys.authorisation(actor.id, actor.centre_id, Role.ASSESSOR)
    for _ in range(TRIES):
        work = _load(runtime, actor, enrolment_id, page_id, item_id)
        authorisation = _require_assessor(runtime, actor, work)
        if made := answered(runtime, request):
            return get_part(runtime, actor, enrolment_id, page_id, item_id, int(made["number"]))
        require_active(work.in_work.enrolment)
        pages.require_unlocked(work.in_work)
        if work.etag not in if_match:
            raise _stale(work)
        require_another(work.contribution)
        if flaws := tuple(signature_flaws(signature.declaration, signature.name)):
            raise Invalid("not-signed", "Nothing was signed; the draft is kept.", flaws)
        people.check_occurred_on(runtime, actor.centre_id, signature.occurred_on)
        files = _files(runtime, actor, work)
        author = Author(
            person_id=actor.id, name=actor.membership.name, status=authorisation.qualification
        )
        signed, part, changes = prepare(runtime, work, author, signature, files)
        try:
            runtime.table.write(
                update(work, signed),
                *changes,
                Check(held, (equals("id", authorisation.id),)),
                remember(request, {"number": signed.part.number}, signed.at),
            )
        except ConditionFailedError as failure:
            if held in failure.current:
                people.forget_member(runtime, actor.centre_id, actor.id)
                detail = "Your authorisation has changed just now; sign again."
                raise Forbidden("authorisation-changed", detail) from None
            # Read anew: either the same answer is due, or a refusal that says what has changed.
            continue
        return part
    raise _stale(work)


def prepare(
    runtime: Runtime,
    work: Contributing,
    author: Author,
    signature: Signature,
    files: Sequence[Attachment] = (),
) -> tuple[Signed, Part, list[Change]]:
    """Make the next part of a contribution, and what is written beside the contribution itself.

    It holds only while the page waits to be signed, as it was read, in an active enrolment.
    """
    in_work, contribution = work.in_work, work.contribution
    enrolment, invitation = in_work.enrolment, contribution.invitation
    of = (enrolment.centre_id, enrolment.id, contribution.page_id)
    signing = PartSigning(
        salt=runtime.new_secret(),
        centre_id=enrolment.centre_id,
        candidate_id=enrolment.candidate_id,
        enrolment_id=enrolment.id,
        page_id=contribution.page_id,
        item_id=work.item.id,
        number=contribution.number + 1,
        module_id=enrolment.module_id,
        module_version=enrolment.module_version,
        page_digest=page_digest(in_work.page),
        author=author,
        declaration=signature.declaration,
        signature=signature.name,
        signed_at=runtime.now(),
        invited_by=invitation.by if invitation else "",
        occurred_on=signature.occurred_on,
    )
    document = part_document(signing, contribution.answer, files)
    content = canonical(document)
    part = SignedPart(
        item_id=work.item.id,
        number=signing.number,
        content_hash=digest(content),
        attachments=tuple(each.id for each in files),
        departures=len(evidence.departures(work.item, contribution.answer.record)),
    )
    body = {"document": items.pack_signed(content), "content_hash": part.content_hash}
    if invitation:
        body["address"] = invitation.witness.address  # on record, and no part of what others read
    lock = in_work.draft.lock
    changes: list[Change] = [
        create(keys.part(*of, work.item.id, part.number), body),
        Check(keys.draft(*of), (equals("lock", lock) if lock else absent("lock"),)),
        Check(
            keys.enrolment(enrolment.centre_id, enrolment.id),
            (
                equals("state", str(EnrolmentState.ACTIVE)),
                equals("revision", enrolment.revision),
            ),
        ),
        *(attachments.binding(file, enrolment.id) for file in files),
    ]
    signed = Signed(part=part, at=signing.signed_at, author=author)
    return signed, Part(document, part.content_hash), changes


def update(work: Contributing, signed: Signed, *conditions: Condition) -> Update:
    """Build the change by which a part becomes the one signed last."""
    enrolment, contribution = work.in_work.enrolment, work.contribution
    return Update(
        keys.contribution(
            enrolment.centre_id, enrolment.id, contribution.page_id, contribution.item_id
        ),
        (unchanged(contribution), *conditions),
        set={"version": contribution.version + 1, **from_signed(signed)},
    )


def read(runtime: Runtime, in_work: PageInWork, item_id: str) -> Contributing:
    """Read a contribution to a page. The caller checks who may see it."""
    item = next((each for each in contributed_items(in_work.page) if each.id == item_id), None)
    if item is None:
        raise not_found()
    enrolment = in_work.enrolment
    of = (enrolment.centre_id, enrolment.id, in_work.page.id, item_id)
    found = runtime.table.get(keys.contribution(*of))
    contribution = to_contribution(found) if found else _untouched(in_work.page.id, item_id)
    return Contributing(in_work, item, contribution)


def unchanged(contribution: Contribution) -> Condition:
    """Require that nothing has been saved or signed since it was read."""
    return equals("version", contribution.version) if contribution.version else absent("version")


def _load(
    runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str, item_id: str
) -> Contributing:
    return read(runtime, pages.load(runtime, actor, enrolment_id, page_id), item_id)


def _written(
    runtime: Runtime, centre_id: str, enrolment_id: str, page_id: str
) -> Iterator[Contribution]:
    pk = keys.enrolment(centre_id, enrolment_id).pk
    return map(to_contribution, runtime.table.query(pk, f"CONTRIBUTION#{page_id}#"))


def _untouched(page_id: str, item_id: str) -> Contribution:
    return Contribution(page_id=page_id, item_id=item_id)


def _require_assessor(runtime: Runtime, actor: Actor, work: Contributing) -> Authorisation:
    """Return what lets an assessor of the enrolment provide this now."""
    enrolment = work.in_work.enrolment
    require_assessor(actor, enrolment)
    require_author(work.item, ASSESSOR)
    held = actor.authorisation(Role.ASSESSOR)
    return require_authority(held, enrolment.module_id, runtime.now())


def _draft_flaws(item: EvidenceRequest, answer: Answer) -> tuple[Flaw, ...]:
    fields = fields_of(item)
    detail = f"This item is answered with {' and '.join(fields)}."
    others = (name for name in answer.document() if name not in fields)
    return (
        *(Flaw(f"/{name}", "wrong-kind", detail) for name in others),
        *evidence.draft_flaws(item, answer.attachments or (), answer.record, ""),
    )


def _unknown_flaws(
    runtime: Runtime, actor: Actor, work: Contributing, answer: Answer
) -> tuple[Flaw, ...]:
    """Say which files are newly named that the assessor could not sign for."""
    named, before = answer.attachments or (), work.contribution.answer.attachments or ()
    fresh = [each for each in named if each not in before]
    if not fresh:
        return ()
    known = {
        file.id
        for file in _seen(runtime, actor, work, fresh)
        if file.candidate_id == work.in_work.enrolment.candidate_id
    }
    return tuple(
        evidence.unknown(f"/attachments/{index}")
        for index, each in enumerate(named)
        if each in fresh and each not in known
    )


def _seen(
    runtime: Runtime, actor: Actor, work: Contributing, named: Sequence[str]
) -> list[Attachment]:
    """Return those of the files that the assessor has sent, or may see."""
    enrolment = work.in_work.enrolment
    found = attachments.load_many(runtime, actor.centre_id, named).values()
    return [
        file
        for file in found
        if sees(actor, file, [enrolment] if enrolment.id in file.bound else [])
    ]


def _files(runtime: Runtime, actor: Actor, work: Contributing) -> Sequence[Attachment]:
    """Return the files that a draft names. Raises Invalid for all that keeps it from being signed.

    An assessor signs for files that they have sent, or may see.
    """
    answer, enrolment = work.contribution.answer, work.in_work.enrolment
    named = answer.attachments or ()
    files = {file.id: file for file in _seen(runtime, actor, work, named)}
    flaws = [*evidence.signing_flaws(work.item, named, answer.record, "")]
    for index, each in enumerate(named):
        place = f"/attachments/{index}"
        if flaw := evidence.binding_flaw(files.get(each), enrolment.candidate_id, place):
            flaws.append(flaw)
    if flaws:
        detail = "This is not complete yet; the draft is kept."
        raise Invalid("contribution-incomplete", detail, flaws)
    return sorted(files.values(), key=lambda file: file.number)


def _same_or_stale(current: Contributing, answer: Answer) -> Contributing:
    if current.contribution.answer.document() == answer.document():
        return current
    raise _stale(current)


def _stale(current: Contributing) -> Stale:
    detail = "It was changed in between. Compare with what stands now, then send again."
    item_id = current.item.id
    answers = documents({item_id: current.contribution.answer})
    return Stale(
        "stale-contribution", detail, (), current={"etag": current.etag, "answers": answers}
    )
