"""The audit trail of an enrolment: what was done, one entry after the other, in a chain of hashes.

What an entry looks like is written in `formats/verifier/VERIFY.md`, section 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

FORMAT = 1  # of an entry


class Kind(StrEnum):
    """What kind of thing was done. New kinds may come."""

    ENROLMENT_CREATED = "enrolment.created"
    ENROLMENT_CHANGED = "enrolment.changed"
    CONTRIBUTION_SIGNED = "contribution.signed"
    ATTEMPT_SIGNED = "attempt.signed"
    ATTEMPT_WITHDRAWN = "attempt.withdrawn"
    ATTEMPT_JUDGED = "attempt.judged"
    JUDGEMENT_COUNTERSIGNED = "judgement.countersigned"
    JUDGEMENT_VERIFIED = "judgement.verified"
    JUDGEMENT_SET_ASIDE = "judgement.set-aside"
    DEPARTURES_REVIEWED = "departures.reviewed"
    CERTIFICATE_ISSUED = "certificate.issued"
    CERTIFICATE_SUSPENDED = "certificate.suspended"
    CERTIFICATE_SUPERSEDED = "certificate.superseded"
    ATTACHMENT_FLAGGED = "attachment.flagged"
    ATTACHMENT_SEEN = "attachment.seen"
    ATTACHMENT_RELEASED = "attachment.released"
    ATTACHMENT_WITHHELD = "attachment.withheld"
    PORTFOLIO_EXPORTED = "portfolio.exported"
    PORTFOLIO_DOWNLOADED = "portfolio.downloaded"
    PORTFOLIO_VIEWED = "portfolio.viewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that was done in an enrolment, by a name of its own: the natural key of its entry.

    `by` is a person's id, or empty; `method` is `token`, `link`, `link-with-code` or `system`;
    `on` the digest of what it was done to, or empty. `facts` are ids, numbers and states. `texts`
    are never written down in the trail: it commits to them.
    """

    event: str
    kind: Kind
    at: datetime
    by: str = ""
    method: str = "system"
    on: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
