"""Testimony of witnesses without an account: asking for it, mailing the link, signing by it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.domain import evidence
from chalicelib.domain.access import Actor, require_contributor
from chalicelib.domain.answers import Answer
from chalicelib.domain.attempts import Signature
from chalicelib.domain.centres import Centre
from chalicelib.domain.contributions import (
    WITNESS,
    Author,
    Contribution,
    require_another,
    require_author,
    require_unanswered,
    signature_flaws,
)
from chalicelib.domain.enrolments import (
    Enrolment,
    EnrolmentState,
    PageState,
    page_state,
    require_active,
)
from chalicelib.domain.errors import Conflict, Flaw, Gone, Invalid, not_found
from chalicelib.domain.links import PATIENCE
from chalicelib.domain.modules import EvidenceRequest, Module
from chalicelib.domain.people import Membership, name_flaws
from chalicelib.domain.testimony import (
    LIFETIME,
    Witness,
    WitnessLink,
    WitnessState,
    require_another_invitation,
    witness_flaws,
    witness_link,
    witness_state,
)
from chalicelib.domain.times import local, stamp
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.changes import Update, equals
from chalicelib.storage.contributions import from_witness, to_contribution
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import centres, contributions, enrolments, pages, people
from chalicelib.usecases.contributions import Contributing, Part
from chalicelib.usecases.pages import PageInWork
from chalicelib.usecases.requests import Request, answered, remember

TESTIMONY_PATH = "/v1/testimony/"
TRIES = 3  # of a write, when something that was read has changed before it


@dataclass(frozen=True, slots=True)
class Account:
    """What a witness gives: what they say, who they are, and what they put beneath it."""

    answer: Answer
    status: str
    signature: Signature


@dataclass(frozen=True, slots=True)
class OpenedTestimony:
    """What a link leads to, whether or not it still opens it."""

    link: WitnessLink
    state: WitnessState
    centre: Centre
    candidate: Membership
    module: Module
    work: Contributing

    @property
    def contribution(self) -> Contribution:
        """The contribution that the witness was asked for."""
        return self.work.contribution

    @property
    def item(self) -> EvidenceRequest:
        """What the witness is asked for: a form, as they send no files."""
        return self.work.item


def invite(
    runtime: Runtime,
    actor: Actor,
    enrolment_id: str,
    page_id: str,
    item_id: str,
    witness: Witness,
    request: Request,
) -> Contributing:
    """Ask somebody for testimony; links that were mailed for it before open nothing any more.

    Raises Invalid where nobody can be asked so, and Conflict where the page is signed, or the
    testimony is.
    """
    for _ in range(TRIES):
        in_work = pages.load(runtime, actor, enrolment_id, page_id)
        require_contributor(actor, in_work.enrolment)
        work = contributions.read(runtime, in_work, item_id)
        require_author(work.item, WITNESS)
        if answered(runtime, request):
            return work
        require_active(in_work.enrolment)
        pages.require_unlocked(in_work)
        attempt = in_work.attempt
        require_unanswered(work.contribution, attempt.signed_at if attempt else None)
        require_another_invitation(work.contribution.invitation)
        _check(runtime, actor, in_work, witness)
        now = runtime.now()
        change = Update(
            keys.contribution(actor.centre_id, enrolment_id, page_id, item_id),
            (contributions.unchanged(work.contribution),),
            set={
                **from_witness(witness),
                "invited_by": actor.id,
                "invited_at": stamp(now),
                "link_expires_at": stamp(now + LIFETIME),
            },
            add={"generation": 1},
        )
        try:
            runtime.table.write(change, remember(request, {"item_id": item_id}, now))
        except ConditionFailedError:
            continue  # the same request has been here, or the witness has just signed
        return contributions.read(runtime, in_work, item_id)
    raise _changed()


def require_link(runtime: Runtime, token: str) -> WitnessLink:
    """Return what an authentic token says. Raises NotFound for all that is not ours."""
    link = runtime.signer.read_testimony(token)
    if link is None:
        raise not_found()
    return link


def open_testimony(runtime: Runtime, token: str) -> OpenedTestimony:
    """Tell what a token leads to. Changes nothing. Raises NotFound for all that is not ours."""
    link = require_link(runtime, token)
    in_work = pages.read(runtime, link.centre_id, link.enrolment_id, link.page_id)
    work = contributions.read(runtime, in_work, link.item_id)
    candidate = people.load_member(runtime, link.centre_id, in_work.enrolment.candidate_id)
    if candidate is None:
        raise not_found()
    contribution, signed = work.contribution, work.contribution.signed
    generation = signed.generation if signed else 0
    state = witness_state(link, contribution.invitation, generation, runtime.now())
    if state is WitnessState.LIVE and not _is_open(in_work.enrolment, in_work.state):
        state = WitnessState.VOID
    return OpenedTestimony(
        link,
        state,
        centres.load_centre(runtime, link.centre_id),
        candidate.membership,
        enrolments.pinned_module(runtime, link.centre_id, in_work.enrolment),
        work,
    )


def sign_by_link(runtime: Runtime, token: str, testimony: Account, body: str) -> None:
    """Sign a testimony, once; `body` is the fingerprint of the form, by which a repeat is known.

    Raises Gone where the link does not open any more, Conflict where another form was signed by it,
    and Invalid with all that is wrong with this one.
    """
    for _ in range(TRIES):
        opened = open_testimony(runtime, token)
        if opened.state is WitnessState.USED:
            _require_repeat(opened, body)
            return
        if opened.state is WitnessState.EXPIRED:
            raise Gone("link-expired", "This link has expired; ask whoever sent it for a new one.")
        if opened.state is WitnessState.VOID:
            raise Gone("link-void", "This link is not needed any more, or another one is.")
        require_another(opened.contribution)
        if flaws := _flaws(opened, testimony):
            detail = "Nothing was signed; mend what is listed."
            raise Invalid("contribution-incomplete", detail, flaws)
        try:
            _write(runtime, opened, testimony, body)
        except ConditionFailedError:
            # Read anew: either the same form was quicker, or a refusal says what has changed.
            continue
        return
    raise _changed()


def receipt(runtime: Runtime, token: str) -> tuple[OpenedTestimony, Part | None]:
    """Return what was signed by a link, while the link lasts; None for all others."""
    opened = open_testimony(runtime, token)
    if opened.state is not WitnessState.USED or opened.link.expires_at <= runtime.now():
        return opened, None
    link, number = opened.link, opened.contribution.number
    of = (link.centre_id, link.enrolment_id, link.page_id, link.item_id)
    return opened, contributions.read_part(runtime, *of, number)


def mail_invitation(
    runtime: Runtime, centre_id: str, enrolment_id: str, page_id: str, item_id: str
) -> bool:
    """Mail the link of an invitation that has not been mailed. Can be done again at will.

    Returns whether a mail went out. A crash between mail and mark sends the mail once more, with
    the same link. Who is asked again within a while is mailed by the sweeper.
    """
    key = keys.contribution(centre_id, enrolment_id, page_id, item_id)
    item = runtime.table.get(key)
    contribution = to_contribution(item) if item else None
    invitation = contribution.invitation if contribution else None
    if contribution is None or invitation is None or not needs_mail(contribution):
        return False
    now = runtime.now()
    too_soon = invitation.mailed_at is not None and now - invitation.mailed_at < PATIENCE
    enrolment = enrolments.load(runtime, centre_id, enrolment_id)
    heads = enrolments.attempts(runtime, enrolment, page_id)
    state = page_state(heads[-1] if heads else None)
    if too_soon or invitation.expires_at <= now or not _is_open(enrolment, state):
        return False
    link = witness_link(centre_id, enrolment_id, page_id, item_id, invitation)
    subject, text = _letter(runtime, enrolment, link, invitation.witness)
    sender = centres.load_centre(runtime, centre_id).mail_sender
    runtime.mail.send(invitation.witness.address, subject, text, sender)
    mailed = {"mailed": invitation.generation, "mailed_at": stamp(now)}
    runtime.table.write(Update(key, set=mailed))
    return True


def mail_due(runtime: Runtime, centre_id: str, enrolment_id: str) -> int:
    """Send the mails that are due to the witnesses of an enrolment, and return how many."""
    pk = keys.enrolment(centre_id, enrolment_id).pk
    due = filter(needs_mail, map(to_contribution, runtime.table.query(pk, "CONTRIBUTION#")))
    return sum(
        mail_invitation(runtime, centre_id, enrolment_id, each.page_id, each.item_id)
        for each in due
    )


def needs_mail(contribution: Contribution) -> bool:
    """Whether the witness asked last has not been mailed, nor has signed."""
    invitation, signed = contribution.invitation, contribution.signed
    if invitation is None or invitation.mailed == invitation.generation:
        return False
    return signed is None or signed.generation != invitation.generation


def _check(runtime: Runtime, actor: Actor, in_work: PageInWork, witness: Witness) -> None:
    enrolment = in_work.enrolment
    ids = (enrolment.candidate_id, enrolment.assessor_of(in_work.page.id), actor.id)
    found = (people.read_member(runtime, enrolment.centre_id, each) for each in dict.fromkeys(ids))
    involved = [each.membership.address for each in found if each]
    if flaws := list(witness_flaws(witness, filter(None, involved))):
        raise Invalid("invalid-witness", "Nobody was asked; mend what is listed.", flaws)


def _is_open(enrolment: Enrolment, state: PageState) -> bool:
    """Whether parts of a page in this state can be signed now."""
    locked = state in {PageState.SIGNED, PageState.COMPETENT}
    return enrolment.state is EnrolmentState.ACTIVE and not locked


def _flaws(opened: OpenedTestimony, testimony: Account) -> Sequence[Flaw]:
    answer, signature = testimony.answer, testimony.signature
    kept = tuple(evidence.draft_flaws(opened.item, (), answer.record, ""))
    lacking = () if kept else evidence.signing_flaws(opened.item, (), answer.record, "")
    return (
        *kept,
        *lacking,
        *name_flaws("/status", testimony.status, "what lets you judge the work"),
        *signature_flaws(signature.declaration, signature.name),
    )


def _require_repeat(opened: OpenedTestimony, body: str) -> None:
    signed = opened.contribution.signed
    if signed is None or signed.fingerprint != body:
        detail = "You have signed already, and what was signed stays as it is."
        raise Conflict("testimony-signed", detail)


def _write(runtime: Runtime, opened: OpenedTestimony, testimony: Account, body: str) -> None:
    invitation = opened.contribution.invitation
    if invitation is None:
        raise not_found()
    author = Author(
        name=invitation.witness.name,
        status=testimony.status,
        relationship=invitation.witness.relationship,
    )
    answered_now = replace(opened.contribution, answer=testimony.answer)
    work = replace(opened.work, contribution=answered_now)
    signed, _, changes = contributions.prepare(runtime, work, author, testimony.signature)
    signed = replace(signed, generation=invitation.generation, fingerprint=body)
    generation = equals("generation", opened.link.generation)
    runtime.table.write(contributions.update(work, signed, generation), *changes)


def _letter(
    runtime: Runtime, enrolment: Enrolment, link: WitnessLink, witness: Witness
) -> tuple[str, str]:
    module = enrolments.pinned_module(runtime, enrolment.centre_id, enrolment)
    page = module.page(link.page_id)
    centre = centres.load_centre(runtime, enrolment.centre_id)
    candidate = people.load_member(runtime, enrolment.centre_id, enrolment.candidate_id)
    if page is None or candidate is None:
        raise not_found()
    name, until = candidate.membership.name, local(link.expires_at, centre.time_zone)
    where = f"{runtime.settings.public_url}{TESTIMONY_PATH}{runtime.signer.testimony_token(link)}"
    text = (
        f"Dear {witness.name},\n\n"
        f"{name} is working on \u201c{page.title}\u201d in \u201c{module.title}\u201d at "
        f"{centre.name}, and you are asked to say what you have seen of their work.\n"
        f"Read what is asked, and write and sign it here:\n\n"
        f"{where}\n\n"
        f"The link is yours alone and works until {until}. Please do not pass it on. "
        f"If you do not know {name}, do nothing, or tell the centre.\n\n"
        f"{centre.name}\n"
    )
    return f"{centre.name}: your testimony is asked for", text


def _changed() -> Conflict:
    detail = "It was changed in this moment; send it again."
    return Conflict("contribution-changed", detail)
