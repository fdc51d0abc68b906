"""What somebody other than the candidate provides for an item, signed before the page is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.answers import Answer
from chalicelib.domain.attachments import Attachment
from chalicelib.domain.errors import Conflict, Flaw
from chalicelib.domain.evidence import CANDIDATE
from chalicelib.domain.modules import EvidenceRequest, Page
from chalicelib.domain.people import NAME_LIMIT
from chalicelib.domain.testimony import Invitation
from chalicelib.domain.times import stamp

FORMAT = 1  # of the signed document
PARTS_LIMIT = 100  # signed of one item
ASSESSOR, WITNESS = "assessor", "witness"  # who provides an item instead of the candidate
CURRENT_DECLARATION = "1"
DECLARATIONS: Mapping[str, str] = {
    "1": (
        "What I describe here I did myself or saw with my own eyes, and it is true. "
        "Nobody who uses services can be identified from it."
    ),
}


@dataclass(frozen=True, slots=True)
class SignedPart:
    """A contribution as its author signed it last; the candidate's signature covers its hash.

    `departures` counts the rules that its record departs from.
    """

    item_id: str
    number: int
    content_hash: str
    attachments: tuple[str, ...]
    departures: int

    def document(self) -> dict[str, Any]:
        """Return what the page's signed document says of it, as JSON values."""
        return {
            "item_id": self.item_id,
            "number": self.number,
            "content_hash": self.content_hash,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who signs a part: an assessor by `person_id`, with their qualification as `status`.

    A witness has no id; `relationship` is theirs to the candidate.
    """

    name: str
    status: str
    person_id: str = ""
    relationship: str = ""

    def document(self) -> dict[str, str]:
        """Return the author as JSON values, without what they do not have."""
        said = {
            "person_id": self.person_id,
            "name": self.name,
            "status": self.status,
            "relationship": self.relationship,
        }
        return {name: text for name, text in said.items() if text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """That a part was signed, when and by whom.

    `generation` is that of a witness's link; `fingerprint` tells a repeat of their form from
    another one.
    """

    part: SignedPart
    at: datetime
    author: Author
    generation: int = 0
    fingerprint: str = ""


class ContributionState(StrEnum):
    """How far a contribution is."""

    MISSING = "missing"
    INVITED = "invited"
    DRAFTED = "drafted"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What an assessor or a witness provides for an item of a page, as it stands.

    `version` counts what was saved and signed.
    """

    page_id: str
    item_id: str
    version: int = 0
    answer: Answer = field(default_factory=Answer)
    invitation: Invitation | None = None
    signed: Signed | None = None

    @property
    def number(self) -> int:
        """The number of the part signed last; 0 where there is none."""
        return self.signed.part.number if self.signed else 0

    @property
    def state(self) -> ContributionState:
        """How far it is: what was signed stands until more is."""
        if self.signed:
            return ContributionState.SIGNED
        if self.version:
            return ContributionState.DRAFTED
        return ContributionState.INVITED if self.invitation else ContributionState.MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSigning:
    """Everything that the signed document of a part carries besides what was answered."""

    salt: str
    centre_id: str
    candidate_id: str
    enrolment_id: str
    page_id: str
    item_id: str
    number: int
    module_id: str
    module_version: int
    page_digest: str
    author: Author
    declaration: str
    signature: str
    signed_at: datetime
    invited_by: str = ""
    occurred_on: date | None = None


def part_document(
    signing: PartSigning, answer: Answer, attachments: Sequence[Attachment]
) -> dict[str, Any]:
    """Return the document whose canonical form (RFC 8785) is hashed into the content hash."""
    answered = answer.document()
    document = {
        "format": FORMAT,
        "salt": signing.salt,
        "centre_id": signing.centre_id,
        "candidate_id": signing.candidate_id,
        "enrolment_id": signing.enrolment_id,
        "page_id": signing.page_id,
        "item_id": signing.item_id,
        "number": signing.number,
        "module_id": signing.module_id,
        "module_version": signing.module_version,
        "page_digest": signing.page_digest,
        "values": answered.get("values", {}),
        "reasons": answered.get("reasons", {}),
        "attachments": [each.document() for each in attachments],
        "author": signing.author.document(),
        "declaration": signing.declaration,
        "signature": signing.signature,
        "signed_at": stamp(signing.signed_at),
    }
    if signing.invited_by:
        document["invited_by"] = signing.invited_by
    if signing.occurred_on:
        document["occurred_on"] = signing.occurred_on.isoformat()
    return document


def contributed_items(page: Page) -> tuple[EvidenceRequest, ...]:
    """Return the items of a page that somebody other than the candidate provides."""
    return tuple(
        item for item in page.items if isinstance(item, EvidenceRequest) and item.by != CANDIDATE
    )


def require_author(item: EvidenceRequest, by: str) -> None:
    """Raise Conflict where an item is for somebody else to provide."""
    if item.by != by:
        detail = (
            "A witness provides this: ask one to, with an invitation."
            if item.by == WITNESS
            else "An assessor provides this: sign in as one."
        )
        raise Conflict("another-author", detail)


def require_another(contribution: Contribution) -> None:
    """Raise Conflict where a part has been signed too often to be signed once more."""
    if contribution.number >= PARTS_LIMIT:
        detail = f"This part has been signed {PARTS_LIMIT} times; speak with your centre."
        raise Conflict("too-many-parts", detail)


def require_unanswered(contribution: Contribution, page_signed_at: datetime | None) -> None:
    """Raise Conflict where a testimony is signed that the candidate has yet to sign for.

    Once the page was signed with it and has come back, it can be asked for anew.
    """
    signed = contribution.signed
    if signed and not (page_signed_at and page_signed_at >= signed.at):
        detail = "The witness has signed already; nobody is asked for another account of it."
        raise Conflict("testimony-signed", detail)


def signature_flaws(declaration: str, signature: str) -> Iterator[Flaw]:
    """Say what is missing beneath a part: the current declaration accepted, and a name."""
    if declaration != CURRENT_DECLARATION:
        detail = "Read the declaration, and accept it if it is true."
        yield Flaw("/declaration", "declaration-not-current", detail)
    if not signature.strip() or len(signature) > NAME_LIMIT:
        detail = f"Sign with your name, of 1 to {NAME_LIMIT} characters."
        yield Flaw("/signature", "signature-required", detail)
