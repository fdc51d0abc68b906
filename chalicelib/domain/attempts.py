"""What a candidate signs: the attempt, its signed document, and the declaration accepted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chalicelib.domain.answers import Answers, documents
from chalicelib.domain.errors import Conflict, Flaw, Invalid
from chalicelib.domain.judgements import Judgement
from chalicelib.domain.people import NAME_LIMIT
from chalicelib.domain.times import stamp
from chalicelib.domain.verifications import Countersignature, SettingAside, Verified

FORMAT = 1  # of the signed document
ATTEMPTS_LIMIT = 100  # of a page
CURRENT_DECLARATION = "1"
DECLARATIONS: Mapping[str, str] = {
    "1": (
        "These answers are my own work, and they are true. "
        "Nobody who uses our services can be identified from them."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The head of one signed attempt of a page; what was signed lies beside it, unchanged for ever.

    `generation` and `link_expires_at` are all that is kept of its signed link; of the code that the
    link may need, when it was asked for and mailed. `request` and `fingerprint` tell a repeat of
    the signing request from another one. `occurred_on` is the day of signing, where it was recorded
    later. `departures` counts the rules that its evidence departs from: unless an internal verifier
    has reviewed them, the page is not judged competent.
    """

    page_id: str
    number: int
    content_hash: str
    signed_at: datetime
    candidate_id: str
    assessor_id: str
    generation: int
    link_expires_at: datetime
    request: str
    fingerprint: str
    mailed_at: datetime | None = None
    code_asked_at: datetime | None = None
    code_mailed_at: datetime | None = None
    judgement: Judgement | None = None
    countersignature: Countersignature | None = None
    verified: Verified | None = None
    set_aside: SettingAside | None = None
    withdrawn_at: datetime | None = None
    occurred_on: date | None = None
    departures: int = 0
    departures_reviewed_at: datetime | None = None

    @property
    def review_awaited(self) -> bool:
        """Whether an internal verifier has to review departures before it can be competent."""
        return self.departures > 0 and self.departures_reviewed_at is None

    @property
    def changed_at(self) -> datetime:
        """When the attempt came into its present state."""
        if self.withdrawn_at:
            return self.withdrawn_at
        if self.set_aside:
            return self.set_aside.at
        return self.judgement.judged_at if self.judgement else self.signed_at

    @property
    def waiting(self) -> bool:
        """Whether it can still be judged."""
        return self.judgement is None and self.withdrawn_at is None

    @property
    def countersigner_awaited(self) -> str:
        """The id of the person who must stand for the judgement before it counts, or empty."""
        if self.judgement is None or self.countersignature:
            return ""
        return self.judgement.countersigner_id

    @property
    def standing(self) -> bool:
        """Whether its page counts as competent: judged so, countersigned if need be, in force."""
        judgement = self.judgement
        if judgement is None or not judgement.competent or self.set_aside:
            return False
        return not self.countersigner_awaited


@dataclass(frozen=True, slots=True)
class Signature:
    """What somebody puts beneath what they sign, and when, where that was earlier."""

    declaration: str
    name: str
    occurred_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Everything that the signed document carries besides the answers.

    `attachments` and `contributions` say what each of them is, as JSON values.
    """

    salt: str
    centre_id: str
    candidate_id: str
    enrolment_id: str
    page_id: str
    attempt: int
    module_id: str
    module_version: int
    page_digest: str
    declaration: str
    signature: str
    signed_at: datetime
    occurred_on: date | None = None
    attachments: Sequence[Mapping[str, Any]] = ()
    contributions: Sequence[Mapping[str, Any]] = ()


def signed_document(signing: Signing, answers: Answers) -> dict[str, Any]:
    """Return the document whose canonical form (RFC 8785) is hashed into the content hash."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "salt": signing.salt,
        "centre_id": signing.centre_id,
        "candidate_id": signing.candidate_id,
        "enrolment_id": signing.enrolment_id,
        "page_id": signing.page_id,
        "attempt": signing.attempt,
        "module_id": signing.module_id,
        "module_version": signing.module_version,
        "page_digest": signing.page_digest,
        "answers": documents(answers),
        "attachments": list(signing.attachments),
        "declaration": signing.declaration,
        "signature": signing.signature,
        "signed_at": stamp(signing.signed_at),
    }
    if signing.occurred_on:
        document["occurred_on"] = signing.occurred_on.isoformat()
    if signing.contributions:
        document["contributions"] = list(signing.contributions)
    return document


def require_another(made: int) -> None:
    """Raise Conflict where a page has been signed too often to be signed once more."""
    if made >= ATTEMPTS_LIMIT:
        detail = f"This page has been signed {ATTEMPTS_LIMIT} times; speak with your centre."
        raise Conflict("too-many-attempts", detail)


def check_signature(declaration: str, signature: str) -> None:
    """Raise Invalid unless the current declaration was accepted and a name signed beneath it."""
    flaws = []
    if declaration != CURRENT_DECLARATION:
        detail = f"Show declaration {CURRENT_DECLARATION}, and send its version when accepted."
        flaws.append(Flaw("/declaration", "declaration-not-current", detail))
    if not signature.strip() or len(signature) > NAME_LIMIT:
        detail = f"Sign with your name, of 1 to {NAME_LIMIT} characters."
        flaws.append(Flaw("/signature", "signature-required", detail))
    if flaws:
        raise Invalid("not-signed", "The page was not signed; the draft is kept.", flaws)
