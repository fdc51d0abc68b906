"""The rules for judging one attempt of one page."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.errors import Flaw, Forbidden, Invalid, escaped
from chalicelib.domain.modules import INITIALS_LIMIT, EvidenceRequest, Page
from chalicelib.domain.people import Authorisation

FEEDBACK_LIMIT = 20_000  # characters
HEAD_ROOM = 124  # bytes of UTF-8 that the attempt's head has for the texts of a judgement


class Method(StrEnum):
    """How a judgement reached us."""

    LINK = "link"
    LINK_WITH_CODE = "link-with-code"
    TOKEN = "token"  # noqa: S105 (the name of a method, not a secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """What an assessor finds of the evidence for one item.

    Valid: it shows what it is said to show. Authentic: it is the candidate's own. Sufficient:
    there is enough of it. Reliable: another assessor would find the same.
    """

    valid: bool
    authentic: bool
    current: bool
    sufficient: bool
    reliable: bool

    @property
    def lacking(self) -> tuple[str, ...]:
        """What the evidence is not."""
        return tuple(name for name, held in self.document().items() if not held)

    def document(self) -> dict[str, bool]:
        """Return the appraisal as JSON values."""
        return asdict(self)


QUALITIES = tuple(each.name for each in fields(Appraisal))
Appraisals = Mapping[str, Appraisal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an assessor says of an attempt; of its evidence by item, where the module asks."""

    competent: bool
    initials: str
    feedback: str = ""
    occurred_on: date | None = None
    evidence: Appraisals = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A decision made, with the authorisation that it rested on frozen into it.

    `request` and `fingerprint` tell a repeat of the same request from another one. `feedback` and
    `address` are None where they are so long that they lie in an item of their own. `occurred_on`
    is the day of judging, where it was recorded later.
    """

    competent: bool
    initials: str
    feedback: str | None
    judged_by: str
    judged_at: datetime
    method: Method
    address: str | None
    authorisation_id: str
    qualification: str
    countersigner_id: str
    request: str
    fingerprint: str
    occurred_on: date | None = None


def check_decision(decision: Decision) -> None:
    """Raise Invalid unless initials are given, and feedback where the page is returned."""
    if flaws := list(_flaws(decision)):
        raise Invalid("invalid-judgement", "Nothing was judged; mend what is listed.", flaws)


def asking(page: Page) -> tuple[EvidenceRequest, ...]:
    """Return the items of a page whose evidence the assessor has to appraise."""
    return tuple(item for item in page.items if isinstance(item, EvidenceRequest) and item.vacsr)


def appraisal_flaws(page: Page, decision: Decision) -> Iterator[Flaw]:
    """Say what is missing of the appraisals that a page asks for, or stands against competence."""
    asked = [item.id for item in asking(page)]
    for item_id in asked:
        appraisal = decision.evidence.get(item_id)
        if appraisal is None:
            detail = f"Say whether the evidence is {', '.join(QUALITIES[:-1])} and {QUALITIES[-1]}."
            yield Flaw(f"/evidence/{item_id}", "not-appraised", detail)
        elif decision.competent and appraisal.lacking:
            detail = (
                f"You do not find it {' or '.join(appraisal.lacking)}: competent pages rest on "
                "evidence that is all five."
            )
            yield Flaw(f"/evidence/{item_id}", "evidence-lacking", detail)
    for item_id in decision.evidence.keys() - set(asked):
        detail = "The page asks for no appraisal of such an item; leave it out."
        yield Flaw(f"/evidence/{escaped(item_id)}", "unknown-item", detail)


def fitting(*texts: str) -> tuple[str | None, ...]:
    """Keep the texts that the attempt's head has room for, the first ones first; else None."""
    room, kept = HEAD_ROOM, list[str | None]()
    for text in texts:
        size = len(text.encode())
        kept.append(text if size <= room else None)
        room -= size if size <= room else 0
    return tuple(kept)


def require_authority(
    authorisation: Authorisation | None, module_id: str, now: datetime
) -> Authorisation:
    """Return the authorisation if it lets its holder judge this module now."""
    if authorisation is None or not authorisation.covers(module_id, now):
        detail = "You hold no authorisation for this module today; ask the centre's administrator."
        raise Forbidden("not-authorised", detail)
    return authorisation


def require_somebody_else(assessor_id: str, candidate_id: str) -> None:
    """Raise Forbidden where somebody would judge their own work."""
    if assessor_id == candidate_id:
        raise Forbidden("own-work", "Nobody judges their own work; another assessor has to.")


def _flaws(decision: Decision) -> Iterator[Flaw]:
    if not decision.initials.strip() or len(decision.initials) > INITIALS_LIMIT:
        detail = f"Put your initials, 1 to {INITIALS_LIMIT} characters."
        yield Flaw("/initials", "initials-required", detail)
    if not decision.competent and not decision.feedback.strip():
        detail = "Say what is still missing; a page is not returned without feedback."
        yield Flaw("/feedback", "feedback-required", detail)
    if len(decision.feedback) > FEEDBACK_LIMIT:
        yield Flaw("/feedback", "too-long", f"At most {FEEDBACK_LIMIT} characters.")
