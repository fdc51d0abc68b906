"""Finalisation: when every page stands, the enrolment is sealed and its certificate issued."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.access import Actor, require_viewer
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.certificates import (
    Certificate,
    CertificateState,
    frozen_record,
    outstanding,
    public_record,
    unverified,
)
from chalicelib.domain.enrolments import SEALABLE, Enrolment, EnrolmentState
from chalicelib.domain.errors import Unavailable, not_found
from chalicelib.domain.modules import Module
from chalicelib.domain.times import stamp
from chalicelib.domain.visits import Look
from chalicelib.formats.certificates import render_pdf
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Condition, Update, absent, create, equals
from chalicelib.storage.files import LINK_SECONDS
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import centres, enrolments, looks, people, trail, waiting

TRIES = 3
PDF = "application/pdf"


def note_judged(
    runtime: Runtime, centre_id: str, enrolment_id: str, attempt: Attempt
) -> Certificate | None:
    """Finalise an enrolment once all its pages were judged competent; see who countersigns.

    That every page once was is only a hint, which the audit trail brings: whether the enrolment is
    complete is decided by reading everything again.
    """
    waiting.note_countersigning(runtime, centre_id, enrolment_id, attempt)
    if not (attempt.standing and trail.covered(runtime, centre_id, enrolment_id)):
        return None
    return finalise(runtime, centre_id, enrolment_id)


def finalise(runtime: Runtime, centre_id: str, enrolment_id: str) -> Certificate | None:
    """Issue the certificate of an enrolment if it is complete and has none. Can be done again.

    1. Read the enrolment, then all its attempts, consistently.
    2. Go on only if every page of the pinned version has a standing competent judgement on its
       current attempt.
    3. Where an internal verifier has still to look, or has objected, say so in the enrolment's
       state, and leave it at that.
    4. Freeze what is certified.
    5. Seal the enrolment and create the certificate under its natural key in one transaction, on
       condition that nothing that could take competence away has happened since step 1. After a
       judgement was set aside that an issue rested on, the next one supersedes it there.
    """
    for _ in range(TRIES):
        enrolment = enrolments.find(runtime, centre_id, enrolment_id)
        if enrolment is None:
            return None
        if enrolment.sealed:
            return issued(runtime, enrolment)
        module = enrolments.pinned_module(runtime, centre_id, enrolment)
        attempts = enrolments.attempts(runtime, enrolment)
        if enrolment.state not in SEALABLE or outstanding(module, attempts):
            return None
        waits = bool(unverified(module, attempts))
        if waits and enrolment.state is EnrolmentState.AWAITING_VERIFICATION:
            return None
        certificate = None if waits else _certify(runtime, enrolment, module, attempts)
        try:
            if certificate is None:
                runtime.table.write(_awaiting_verification(enrolment, runtime.now()))
            else:
                runtime.table.write(*_sealing(runtime, enrolment, certificate))
        except ConditionFailedError:
            continue  # somebody was quicker, or a judgement was set aside: read it all again
        return certificate
    raise Unavailable("busy", "The enrolment keeps changing; it is finalised with the next try.")


def get_certificate(runtime: Runtime, actor: Actor, enrolment_id: str) -> Certificate:
    """Return the certificate of an enrolment to anybody who may see the enrolment."""
    found = enrolments.find(runtime, actor.centre_id, enrolment_id)
    enrolment = require_viewer(actor, found)
    certificate = issued(runtime, enrolment)
    if certificate is None:
        raise not_found()
    looks.note(runtime, actor, enrolment_id, Look())
    return certificate


def find_certificate(runtime: Runtime, certificate_id: str) -> Certificate:
    """Return a certificate by its public id, to anybody. Raises NotFound."""
    pointer = runtime.table.get(keys.public_certificate(certificate_id))
    if pointer is None:
        raise not_found()
    item = runtime.table.get(
        keys.certificate(pointer["centre_id"], pointer["enrolment_id"], int(pointer["issue"]))
    )
    if item is None:
        raise not_found()
    return items.to_certificate(item)


def pdf_link(runtime: Runtime, certificate: Certificate) -> tuple[str, datetime]:
    """Return a link to the certificate as PDF, and when the link expires.

    The file is rendered when it is first asked for; the record is frozen, so it stays the same.
    """
    return _rendered(runtime, certificate.id, certificate.record)


def public_pdf_link(runtime: Runtime, certificate: Certificate) -> tuple[str, datetime]:
    """Return a link to the PDF that anybody may see, and when the link expires."""
    return _rendered(runtime, f"{certificate.id}-public", public_record(certificate.record))


def _rendered(runtime: Runtime, name: str, record: dict[str, Any]) -> tuple[str, datetime]:
    path = f"certificates/{name}.pdf"
    if not runtime.files.has(path):
        runtime.files.keep(path, render_pdf(record), PDF)
    expires_at = runtime.now() + timedelta(seconds=LINK_SECONDS)
    return runtime.files.link(path, "certificate.pdf"), expires_at


def _certify(
    runtime: Runtime, enrolment: Enrolment, module: Module, attempts: tuple[Attempt, ...]
) -> Certificate:
    centre = centres.load_centre(runtime, enrolment.centre_id)
    candidate = people.load_member(runtime, enrolment.centre_id, enrolment.candidate_id)
    if candidate is None:
        raise not_found()
    certificate_id = runtime.new_secret()[:32]
    record = frozen_record(
        certificate_id=certificate_id,
        address=f"{runtime.settings.public_url}/v1/certificates/{certificate_id}",
        issue=enrolment.issue + 1,
        centre=centre,
        candidate_name=candidate.membership.name,
        enrolment=enrolment,
        module=module,
        attempts=attempts,
        issued_at=runtime.now(),
    )
    return Certificate(
        id=certificate_id,
        centre_id=enrolment.centre_id,
        enrolment_id=enrolment.id,
        issue=enrolment.issue + 1,
        state=CertificateState.VALID,
        reason="",
        record=record,
    )


def _awaiting_verification(enrolment: Enrolment, now: datetime) -> Update:
    return Update(
        keys.enrolment(enrolment.centre_id, enrolment.id),
        _as_read(enrolment),
        set={
            "state": str(EnrolmentState.AWAITING_VERIFICATION),
            "state_changed_at": stamp(now),
        },
    )


def _as_read(enrolment: Enrolment) -> tuple[Condition, ...]:
    return equals("state", str(enrolment.state)), equals("revision", enrolment.revision)


def _sealing(runtime: Runtime, enrolment: Enrolment, certificate: Certificate) -> list[Change]:
    centre_id, enrolment_id = enrolment.centre_id, enrolment.id
    issued_at = certificate.record["issued_at"]
    seal = {
        "state": str(EnrolmentState.COMPLETE),
        "issue": certificate.issue,
        "completed_at": issued_at,
        "state_changed_at": issued_at,
    }
    where = {"centre_id": centre_id, "enrolment_id": enrolment_id, "issue": certificate.issue}
    before = keys.certificate(centre_id, enrolment_id, enrolment.issue)
    changes: list[Change] = [
        Update(
            keys.enrolment(centre_id, enrolment_id),
            (
                *_as_read(enrolment),
                equals("issue", enrolment.issue) if enrolment.issue else absent("issue"),
            ),
            set=seal,
            remove=("open_shard", "open_key"),
        ),
        create(
            keys.certificate(centre_id, enrolment_id, certificate.issue),
            items.from_certificate(certificate) | {"issued_at": issued_at},
        ),
        create(keys.public_certificate(certificate.id), where),
        *enrolments.leaving(runtime, enrolment),
    ]
    if enrolment.issue:
        changes.append(
            Update(
                before,
                (equals("state", str(CertificateState.SUSPENDED)),),
                set={
                    "state": str(CertificateState.SUPERSEDED),
                    "reason": "",
                    "superseded_by": certificate.id,
                    "superseded_at": issued_at,
                },
            )
        )
    return changes


def issued(runtime: Runtime, enrolment: Enrolment) -> Certificate | None:
    """Return the latest certificate of an enrolment, if there is one."""
    if not enrolment.issue:
        return None
    key = keys.certificate(enrolment.centre_id, enrolment.id, enrolment.issue)
    item = runtime.table.get(key)
    return items.to_certificate(item) if item else None
