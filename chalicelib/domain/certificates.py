"""When an enrolment is complete, and the frozen record that a certificate is."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import Any

from chalicelib.domain.attempts import Attempt
from chalicelib.domain.centres import Centre
from chalicelib.domain.enrolments import Enrolment, latest
from chalicelib.domain.modules import Module, VerificationPolicy
from chalicelib.domain.times import stamp
from chalicelib.domain.verifications import Outcome
from chalicelib.domain.views import module_digest

FORMAT = 1  # of the frozen record
SCOPE = (
    "This certifies completion of a centre's own training module. It is not a regulated "
    "qualification."
)


class CertificateState(StrEnum):
    """Where a certificate stands; shown in words wherever the certificate is."""

    VALID = "valid"
    SUSPENDED = "suspended"
    SUPERSEDED = "superseded"


STATE_WORDS = {
    CertificateState.VALID: "This certificate is valid.",
    CertificateState.SUSPENDED: "This certificate is suspended: do not rely on it.",
    CertificateState.SUPERSEDED: "This certificate is superseded: a newer one is in its place.",
}
UNDER_REVIEW = "It is under review: the centre looks into a judgement that it rests on."


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate: its natural key (enrolment and issue), its public id, and what it froze.

    `record` never changes after issue; only the state and its reason do. `superseded_by` is the
    public id of the next issue, if there is one.
    """

    id: str
    centre_id: str
    enrolment_id: str
    issue: int
    state: CertificateState
    reason: str
    record: dict[str, Any]
    superseded_by: str = ""


def outstanding(module: Module, attempts: Iterable[Attempt]) -> tuple[str, ...]:
    """List the pages whose current attempt is not standing; none means ready for finalisation."""
    current = latest(attempts)
    return tuple(
        page.id for page in module.pages if page.id not in current or not current[page.id].standing
    )


def unverified(module: Module, attempts: Iterable[Attempt]) -> tuple[str, ...]:
    """List the pages that an internal verifier has to uphold before the enrolment is finalised.

    An objection to a page's current judgement holds under every policy: a module may do without
    verification, but what a verifier has found wrong is not certified over their head. A sample is
    of any page: while there is none, all that nobody has looked at are listed.
    """
    current = latest(attempts)
    found = {page.id: current[page.id].verified for page in module.pages if page.id in current}
    outcomes = {page_id: verified and verified.outcome for page_id, verified in found.items()}
    every = module.verification is VerificationPolicy.EVERY_PAGE
    sample = module.verification is VerificationPolicy.SAMPLE
    looked_for = every or (sample and Outcome.UPHELD not in outcomes.values())
    return tuple(
        page_id
        for page_id, outcome in outcomes.items()
        if outcome is Outcome.ACTION_REQUIRED or (outcome is None and looked_for)
    )


def frozen_record(
    *,
    certificate_id: str,
    address: str,
    issue: int,
    centre: Centre,
    candidate_name: str,
    enrolment: Enrolment,
    module: Module,
    attempts: Iterable[Attempt],
    issued_at: datetime,
) -> dict[str, Any]:
    """Freeze all that is certified, as JSON values, so that nothing is looked up again later.

    `address` is where anybody can see whether the certificate still stands.
    """
    current = latest(attempts)
    pages = [_page_record(page.id, page.title, current[page.id]) for page in module.pages]
    return {
        "format": FORMAT,
        "certificate_id": certificate_id,
        "address": address,
        "issue": issue,
        "issued_at": stamp(issued_at),
        "scope": SCOPE,
        "centre": {"id": centre.id, "name": centre.shown_name, "time_zone": centre.time_zone},
        "holder": {"person_id": enrolment.candidate_id, "name": candidate_name},
        "enrolment_id": enrolment.id,
        "module": {
            "id": module.id,
            "version": module.version,
            "number": module.number,
            "title": module.title,
            "certificate_title": module.certificate_title or module.title,
            "programme": module.programme,
            "standards": [standard.urn for standard in module.standards],
            "digest": module_digest(module),
        },
        "verification": {
            "policy": module.verification,
            "pages_verified": sum(bool(page["verified_by"]) for page in pages),
        },
        "pages": pages,
    }


def initials(name: str) -> str:
    """Give the first letter of each part of a name, with the marks that belong to it.

    That is what the public sees: the holder has not chosen to show more.
    """
    return " ".join(f"{_first_letter(part)}." for part in name.split())


def _first_letter(part: str) -> str:
    marks = takewhile(unicodedata.combining, part[1:])
    return part[0] + "".join(marks)


def public_record(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record as anybody may see it printed: the holder by initials."""
    return record | {"holder": {"name": initials(record["holder"]["name"])}}


def _page_record(page_id: str, title: str, attempt: Attempt) -> dict[str, Any]:
    judgement = attempt.judgement
    if judgement is None:
        message = "only judged pages are certified"
        raise ValueError(message)
    countersignature, verified = attempt.countersignature, attempt.verified
    return {
        "id": page_id,
        "title": title,
        "attempt": attempt.number,
        "content_hash": attempt.content_hash,
        "signed_at": stamp(attempt.signed_at),
        "judged_at": stamp(judgement.judged_at),
        "judged_by": judgement.judged_by,
        "initials": judgement.initials,
        "method": judgement.method,
        "authorisation_id": judgement.authorisation_id,
        "qualification": judgement.qualification,
        "countersigned_by": countersignature.by if countersignature else "",
        "verified_by": verified.by if verified else "",
        "verified_at": stamp(verified.at) if verified else "",
        "verification_id": verified.id if verified else "",
    }
