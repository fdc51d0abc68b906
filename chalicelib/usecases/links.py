"""Signed links: mailing them, opening them, judging by them."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import (
    Actor,
    may_judge,
    require_reader,
    require_role,
    sees_key,
)
from chalicelib.domain.answers import Answers
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.centres import Centre, LinkPolicy
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Conflict, Gone, not_found
from chalicelib.domain.judgements import Decision, Judgement, check_decision
from chalicelib.domain.links import (
    PATIENCE,
    LinkState,
    ReviewLink,
    link_for,
    link_state,
    made_for,
    renewed_expiry,
)
from chalicelib.domain.marking import Mark
from chalicelib.domain.modules import Module, Page, without_key
from chalicelib.domain.people import Membership, Role
from chalicelib.domain.times import local, stamp
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Key, Update, absent, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import attempts, centres, codes, enrolments, judgements, marking, people
from chalicelib.usecases.attempts import SignedAttempt
from chalicelib.usecases.judgements import Judging
from chalicelib.usecases.requests import Request

REVIEW_PATH = "/v1/review/"
NO_KEY = "you are a candidate at this centre as well, and candidates see no keys"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link leads to, whether or not it still opens it.

    `entitled` tells whether the assessor may judge this module now, `theirs` whether the link went
    to the address that they have now; `current` is the latest
    attempt of the page, to which a void link shows the way; `before` the last one judged before.
    """

    link: ReviewLink
    state: LinkState
    entitled: bool
    theirs: bool
    centre: Centre
    candidate: Membership
    enrolment: Enrolment
    module: Module
    page: Page
    signed: SignedAttempt
    current: Attempt
    before: Attempt | None

    @property
    def coded(self) -> bool:
        """Whether judging takes a mailed code besides the link."""
        return self.centre.links is LinkPolicy.WITH_CODE


@dataclass(frozen=True, slots=True)
class Review:
    """What the assessor sees beside the signed answers, for information."""

    answers: Answers
    marks: tuple[Mark, ...]
    feedback_before: str


def require_link(runtime: Runtime, token: str) -> ReviewLink:
    """Return what an authentic token says. Raises NotFound for all that is not ours."""
    link = runtime.signer.read(token)
    if link is None:
        raise not_found()
    return link


def open_link(runtime: Runtime, token: str) -> Opened:
    """Tell what a token leads to. Changes nothing. Raises NotFound for all that is not ours."""
    link = require_link(runtime, token)
    # What a warm function knew of the assessor will not do: their address may have changed since.
    people.forget_member(runtime, link.centre_id, link.assessor_id)
    actor = people.act(runtime, link.assessor_id, link.centre_id)
    enrolment = enrolments.find(runtime, link.centre_id, link.enrolment_id)
    signed = attempts.read(runtime, link.centre_id, link.enrolment_id, link.page_id, link.attempt)
    if enrolment is None or signed is None:
        raise not_found()
    module = enrolments.pinned_module(runtime, enrolment.centre_id, enrolment)
    if not sees_key(actor, module.id, module.version):
        module = without_key(module, NO_KEY)
    page = module.page(link.page_id)
    candidate = people.load_member(runtime, actor.centre_id, enrolment.candidate_id)
    if page is None or candidate is None:
        raise not_found()
    *_, current = heads = enrolments.attempts(runtime, enrolment, page.id)
    judged = [each for each in heads if each.judgement and each.number < link.attempt]
    state = link_state(link, signed.attempt, current, actor.membership.address, runtime.now())
    entitled = may_judge(actor, module.id, runtime.now())
    if state is LinkState.LIVE and not entitled:
        state = LinkState.VOID
    centre = centres.load_centre(runtime, link.centre_id)
    if centre.links is LinkPolicy.OFF and state in {LinkState.LIVE, LinkState.EXPIRED}:
        state = LinkState.OFF
    return Opened(
        link,
        state,
        entitled,
        made_for(link, actor.membership.address),
        centre,
        candidate.membership,
        enrolment,
        module,
        page,
        signed,
        current,
        judged[-1] if judged else None,
    )


def review(runtime: Runtime, opened: Opened) -> Review:
    """Read the signed answers and mark them, with the module's other pages for contradictions."""
    shown = (opened.enrolment, opened.module, opened.page, opened.signed.document)
    answers, marks = marking.marked(runtime, *shown)
    return Review(answers, marks, _feedback_before(runtime, opened))


def page_of(runtime: Runtime, token: str) -> Page:
    """Return the page that a link is for; a warm function knows it. Raises NotFound."""
    link = require_link(runtime, token)
    return judgements.pinned_page(runtime, link.centre_id, link.enrolment_id, link.page_id)


def judge_by_link(
    runtime: Runtime, token: str, decision: Decision, body: str, code: str = ""
) -> Judgement:
    """Judge the attempt that a link was made for, with a mailed code where the centre asks for one.

    `body` is the fingerprint of the form sent: the same form again gets the same judgement. Raises
    Gone for a link that is authentic and does not open any more, and Invalid for a wrong code.
    """
    link = require_link(runtime, token)
    actor = people.act(runtime, link.assessor_id, link.centre_id)
    if link.expires_at <= runtime.now():
        raise Gone(LinkState.EXPIRED, "This link has expired; ask for a fresh one.")
    if not made_for(link, actor.membership.address):
        raise Gone(LinkState.VOID, "This link went to another address; ask for a fresh one.")
    policy = centres.load_centre(runtime, link.centre_id).links
    if policy is LinkPolicy.OFF:
        raise Gone(LinkState.OFF, "At this centre assessors sign in to judge.")
    if policy is LinkPolicy.WITH_CODE:
        check_decision(decision)  # before a code is looked at, so that all faults are told at once
        codes.require_code(runtime, link, code)
    judging = Judging(
        enrolment_id=link.enrolment_id,
        page_id=link.page_id,
        number=link.attempt,
        content_hash=link.content_hash,
        generation=link.generation,
        coded=policy is LinkPolicy.WITH_CODE,
    )
    request = Request(actor.id, REVIEW_PATH, f"{link.content_hash}{body}", body)
    try:
        return judgements.judge(runtime, actor, judging, decision, request)
    except Conflict as refusal:
        if refusal.code == "attempt-changed":
            detail = "This link is no longer the one for this page; ask for a fresh one."
            raise Gone(LinkState.VOID, detail) from None
        raise


def send_code(runtime: Runtime, token: str) -> Opened:
    """Have the code for a link mailed to its assessor, and return what the link leads to.

    It goes to the verified address, whoever asks; nothing is sent where no code is needed.
    """
    opened = open_link(runtime, token)
    if opened.state is LinkState.LIVE and opened.coded:
        link = opened.link
        key = keys.head(link.centre_id, link.enrolment_id, link.page_id, link.attempt)
        codes.ask_for_code(runtime, key, opened.signed.attempt)
    return opened


def send_link(runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str, number: int) -> None:
    """Have the link of a waiting attempt mailed again, by an administrator or its assessor."""
    require_role(actor, Role.ADMINISTRATOR, Role.ASSESSOR)
    require_reader(actor, enrolments.find(runtime, actor.centre_id, enrolment_id))
    key = keys.head(actor.centre_id, enrolment_id, page_id, number)
    item = runtime.table.get(key)
    if item is None:
        raise not_found()
    attempt = items.to_attempt(item)
    if not attempt.waiting:
        detail = "This attempt waits for nobody any more; read the page to see how it stands."
        raise Conflict("attempt-not-waiting", detail)
    _ask_for_mail(runtime, key, attempt)


def send_fresh_link(runtime: Runtime, token: str) -> None:
    """Have a fresh link mailed to the assessor of an authentic one, for the page's current attempt.

    It goes to the assessor's verified address, whoever asks. Raises NotFound for a token that is
    not ours; does nothing where nothing waits for this assessor.
    """
    opened = open_link(runtime, token)
    if opened.centre.links is LinkPolicy.OFF:
        return
    if opened.current.waiting and opened.current.assessor_id == opened.link.assessor_id:
        link = opened.link
        key = keys.head(link.centre_id, link.enrolment_id, link.page_id, opened.current.number)
        _ask_for_mail(runtime, key, opened.current)


def mail_link(
    runtime: Runtime, centre_id: str, enrolment_id: str, page_id: str, number: int
) -> bool:
    """Mail the link of an attempt that waits and has not been mailed. Can be done again at will.

    Returns whether a mail went out. A crash between mail and mark sends the mail once more, with
    the same link.
    """
    key = keys.head(centre_id, enrolment_id, page_id, number)
    item = runtime.table.get(key)
    attempt = items.to_attempt(item) if item else None
    if attempt is None or not needs_mail(runtime, centre_id, attempt):
        return False
    assessor = judgements.awaited_assessor(runtime, centre_id, enrolment_id, attempt)
    if assessor is None:
        return False
    if _too_soon(runtime, keys.head(centre_id, enrolment_id, page_id, number - 1)):
        return False
    attempt = _with_fresh_link(runtime, key, attempt)
    link = link_for(centre_id, enrolment_id, attempt, assessor.address)
    subject, text = _letter(runtime, link, assessor)
    sender = centres.load_centre(runtime, centre_id).mail_sender
    runtime.mail.send(assessor.address, subject, text, sender)
    _mark_mailed(runtime, key, attempt)
    return True


def needs_mail(runtime: Runtime, centre_id: str, attempt: Attempt) -> bool:
    """Whether an attempt waits, and no mail has gone to the address verified for its assessor.

    Links that went to an address before it are dead.
    """
    if not attempt.waiting or attempt.mailed_at is None:
        return attempt.waiting
    assessor = people.load_member(runtime, centre_id, attempt.assessor_id)
    verified_at = assessor.membership.address_verified_at if assessor else None
    return verified_at is not None and attempt.mailed_at < verified_at


def _with_fresh_link(runtime: Runtime, key: Key, attempt: Attempt) -> Attempt:
    """Give a link that has waited too long for a verified address another expiry.

    It is written before the mail, so that one sent again has the same link.
    """
    now = runtime.now()
    expires_at = renewed_expiry(attempt, now)
    if expires_at == attempt.link_expires_at:
        return attempt
    unchanged = equals("generation", attempt.generation)
    change = Update(key, (unchanged,), set={"link_expires_at": stamp(expires_at)})
    return items.to_attempt(runtime.table.write(change))


def _too_soon(runtime: Runtime, before: Key) -> bool:
    """Whether the attempt before was mailed and withdrawn just now: the sweeper mails this one.

    Signing and withdrawing in turns would else fill the assessor's mailbox.
    """
    item = runtime.table.get(before)
    attempt = items.to_attempt(item) if item else None
    if attempt is None or attempt.withdrawn_at is None:
        return False
    at = attempt.mailed_at or attempt.withdrawn_at
    return runtime.now() - at < PATIENCE


def _mark_mailed(runtime: Runtime, key: Key, attempt: Attempt) -> None:
    change = Update(
        key,
        (
            equals("generation", attempt.generation),
            equals("link_expires_at", stamp(attempt.link_expires_at)),
        ),
        set={"mailed_at": stamp(runtime.now())},
    )
    try:
        runtime.table.write(change)
    except ConditionFailedError:
        # Another link is the current one by now, and has a mail of its own coming.
        return


def _ask_for_mail(runtime: Runtime, key: Key, attempt: Attempt) -> None:
    now = runtime.now()
    if attempt.mailed_at is None or now - attempt.mailed_at < PATIENCE:
        return  # one is on its way, or has just been sent
    change = Update(
        key,
        (
            absent("judged_at"),
            absent("withdrawn_at"),
            equals("mailed_at", stamp(attempt.mailed_at)),
        ),
        set={"link_expires_at": stamp(renewed_expiry(attempt, now))},
        remove=("mailed_at",),
    )
    try:
        runtime.table.write(change)
    except ConditionFailedError:
        return  # judged, withdrawn or asked for in this moment: nobody needs another mail


def _feedback_before(runtime: Runtime, opened: Opened) -> str:
    """Read the feedback that the candidate was given on the attempt before."""
    before, link = opened.before, opened.link
    if before is None or before.judgement is None:
        return ""
    if before.judgement.feedback is not None:
        return before.judgement.feedback
    key = keys.feedback(link.centre_id, link.enrolment_id, link.page_id, before.number)
    return items.unpack_feedback(runtime.table.get(key))


def _letter(runtime: Runtime, link: ReviewLink, assessor: Membership) -> tuple[str, str]:
    enrolment = enrolments.load(runtime, link.centre_id, link.enrolment_id)
    module = enrolments.pinned_module(runtime, enrolment.centre_id, enrolment)
    page = module.page(link.page_id)
    centre = centres.load_centre(runtime, link.centre_id)
    candidate = people.load_member(runtime, link.centre_id, enrolment.candidate_id)
    if page is None or candidate is None:
        raise not_found()
    name, until = candidate.membership.name, _until(link.expires_at, centre)
    subject = f"{centre.name}: a page waits for your judgement"
    how = (
        "Sign in to read it and judge it."
        if centre.links is LinkPolicy.OFF
        else "Read it and judge it here:\n\n"
        f"{runtime.settings.public_url}{REVIEW_PATH}{runtime.signer.token(link)}\n\n"
        f"The link is yours alone and works until {until}. Please do not pass it on."
    )
    text = (
        f"Dear {assessor.name},\n\n"
        f"{name} has signed \u201c{page.title}\u201d in \u201c{module.title}\u201d.\n"
        f"{how}\n\n"
        f"{centre.name}\n"
    )
    return subject, text


def _until(expires_at: datetime, centre: Centre) -> str:
    return local(expires_at, centre.time_zone)
