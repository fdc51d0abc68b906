"""Domain values as items, and back. Moments are RFC 3339 text, sets of roles sorted lists."""

import json
from datetime import date, datetime
from typing import Any

from chalicelib.domain.addresses import DueMail, MailKind
from chalicelib.domain.answers import Answers, documents, from_documents
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.centres import (
    Centre,
    LinkPolicy,
    RecordClass,
    Retention,
    RetentionRule,
    RetentionStart,
)
from chalicelib.domain.certificates import Certificate, CertificateState
from chalicelib.domain.departures import DepartureReview
from chalicelib.domain.enrolments import Enrolment, EnrolmentChange, EnrolmentState
from chalicelib.domain.errors import Flaw, Invalid
from chalicelib.domain.events import Kind
from chalicelib.domain.judgements import Appraisal, Appraisals, Judgement, Method
from chalicelib.domain.people import Authorisation, HistoryEntry, Identity, Membership, Role
from chalicelib.domain.times import parse, stamp
from chalicelib.domain.verifications import (
    Countersignature,
    Outcome,
    Reason,
    SettingAside,
    Verification,
    Verified,
)
from chalicelib.domain.webhooks import Webhook, WebhookState
from chalicelib.storage.changes import Item
from chalicelib.storage.keys import open_index, parse_attempt, parse_enrolment
from chalicelib.storage.packing import pack, unpack

# Bytes of a packed document: an item of DynamoDB takes 400 KiB, and has keys and a hash besides.
SIGNED_LIMIT = 396 * 1024


def from_centre(centre: Centre) -> Item:
    """Attributes of a centre."""
    return {
        "id": centre.id,
        "name": centre.name,
        "time_zone": centre.time_zone,
        "mail_sender": centre.mail_sender,
        "links": str(centre.links),
        "public_name": centre.public_name,
        "retention": [
            {
                "class": str(rule.record_class),
                "version": rule.version,
                "since": stamp(rule.since),
                "start": str(rule.retention.start),
                "months": rule.retention.months,
                "hold": rule.retention.hold,
            }
            for rule in centre.retention
        ],
        "version": centre.version,
    }


def to_centre(item: Item) -> Centre:
    """Read a centre."""
    return Centre(
        id=item["id"],
        name=item["name"],
        time_zone=item["time_zone"],
        mail_sender=item["mail_sender"],
        links=LinkPolicy(item["links"]),
        public_name=item["public_name"],
        retention=tuple(map(_to_rule, item["retention"])),
        version=int(item["version"]),
    )


def _to_rule(fields: Item) -> RetentionRule:
    months = fields["months"]
    return RetentionRule(
        record_class=RecordClass(fields["class"]),
        version=int(fields["version"]),
        since=parse(fields["since"]),
        retention=Retention(
            start=RetentionStart(fields["start"]),
            months=None if months is None else int(months),
            hold=fields["hold"],
        ),
    )


def from_membership(membership: Membership) -> Item:
    """Attributes of a membership."""
    return {
        "centre_id": membership.centre_id,
        "person_id": membership.person_id,
        "name": membership.name,
        "roles": sorted(membership.roles),
        "valid_from": stamp(membership.valid_from),
        "valid_until": _stamp(membership.valid_until),
        "address": membership.address,
        "address_verified_at": _stamp(membership.address_verified_at),
        "learner_number": membership.learner_number,
        "registration": membership.registration,
        "identities": [
            {"issuer": each.issuer, "subject": each.subject} for each in membership.identities
        ],
        "asked_at": _stamp(membership.asked_at),
        "version": membership.version,
        **due_mails(membership.centre_id, membership.person_id, membership.due),
    }


def due_mails(centre_id: str, person_id: str, due: tuple[DueMail, ...]) -> Item:
    """Attributes of a membership for the mails that are due: none, once they are all sent."""
    if not due:
        return {}
    mails = [{"kind": str(mail.kind), "address": mail.address} for mail in due]
    return {"due": mails, **open_index(centre_id, person_id)}


def to_membership(item: Item) -> Membership:
    """Read a membership."""
    return Membership(
        centre_id=item["centre_id"],
        person_id=item["person_id"],
        name=item["name"],
        roles=frozenset(Role(role) for role in item["roles"]),
        valid_from=parse(item["valid_from"]),
        valid_until=_moment(item, "valid_until"),
        address=item["address"],
        address_verified_at=_moment(item, "address_verified_at"),
        learner_number=item["learner_number"],
        registration=item["registration"],
        identities=tuple(Identity(**each) for each in item["identities"]),
        due=tuple(DueMail(MailKind(each["kind"]), each["address"]) for each in item.get("due", ())),
        asked_at=_moment(item, "asked_at"),
        version=int(item["version"]),
    )


def from_history(entry: HistoryEntry) -> Item:
    """Attributes of the record of a change."""
    return {"at": stamp(entry.at), "by": entry.by, "fields": list(entry.fields)}


def to_history(item: Item) -> HistoryEntry:
    """Read the record of a change."""
    return HistoryEntry(parse(item["at"]), item["by"], tuple(item["fields"]))


def from_authorisation(authorisation: Authorisation) -> Item:
    """Attributes of an authorisation."""
    return {
        "id": authorisation.id,
        "role": str(authorisation.role),
        "qualification": authorisation.qualification,
        "modules": list(authorisation.modules),
        "valid_from": stamp(authorisation.valid_from),
        "valid_until": _stamp(authorisation.valid_until),
        "countersigner_id": authorisation.countersigner_id,
    }


def to_authorisation(item: Item) -> Authorisation:
    """Read an authorisation."""
    return Authorisation(
        id=item["id"],
        role=Role(item["role"]),
        qualification=item["qualification"],
        modules=tuple(item["modules"]),
        valid_from=parse(item["valid_from"]),
        valid_until=_moment(item, "valid_until"),
        countersigner_id=item["countersigner_id"],
    )


def from_enrolment(enrolment: Enrolment) -> Item:
    """Attributes of an enrolment."""
    return {
        "candidate_id": enrolment.candidate_id,
        "assessor_id": enrolment.assessor_id,
        "module_id": enrolment.module_id,
        "module_version": enrolment.module_version,
        "state": str(enrolment.state),
        "created_at": stamp(enrolment.created_at),
        "created_by": enrolment.created_by,
        "due_on": enrolment.due_on,
        "occurred_on": _day(enrolment.occurred_on),
        "page_assessors": dict(enrolment.page_assessors),
        "renews": enrolment.renews,
        "revision": enrolment.revision,
        "signs": enrolment.signs,
    }


def to_enrolment(item: Item) -> Enrolment:
    """Read an enrolment."""
    centre_id, enrolment_id = parse_enrolment(item["pk"])
    return Enrolment(
        id=enrolment_id,
        centre_id=centre_id,
        candidate_id=item["candidate_id"],
        assessor_id=item["assessor_id"],
        module_id=item["module_id"],
        module_version=int(item["module_version"]),
        state=EnrolmentState(item["state"]),
        created_at=parse(item["created_at"]),
        created_by=item["created_by"],
        due_on=item["due_on"],
        occurred_on=_date(item),
        page_assessors=item["page_assessors"],
        renews=item["renews"],
        revision=int(item["revision"]),
        signs=int(item["signs"]),
        issue=int(item.get("issue", 0)),
        completed_at=_moment(item, "completed_at"),
        state_changed_at=_moment(item, "state_changed_at"),
    )


def from_change(change: EnrolmentChange) -> Item:
    """Attributes of what was changed of an enrolment."""
    return {
        "changed_at": stamp(change.changed_at),
        "changed_by": change.changed_by,
        "reason": change.reason,
        "before": dict(change.before),
        "after": dict(change.after),
        "occurred_on": _day(change.occurred_on),
    }


def to_change(item: Item) -> EnrolmentChange:
    """Read what was changed of an enrolment."""
    return EnrolmentChange(
        changed_at=parse(item["changed_at"]),
        changed_by=item["changed_by"],
        reason=item["reason"],
        before=item["before"],
        after=item["after"],
        occurred_on=_date(item),
    )


def pack_answers(answers: Answers) -> bytes:
    """Answers as a draft stores them."""
    return pack(json.dumps(documents(answers), ensure_ascii=False, separators=(",", ":")).encode())


def unpack_answers(packed: Any) -> Answers:  # noqa: ANN401 (boto3's Binary)
    """Read the answers of a draft."""
    return from_documents(json.loads(unpack(bytes(packed))))


def pack_signed(document: bytes) -> bytes:
    """Pack what is signed. Raises Invalid where it is more than an item has room for."""
    packed = pack(document)
    if len(packed) > SIGNED_LIMIT:
        detail = (
            "The answers, with the names, captions and alternative texts of files, are more than "
            "can be kept. Shorten some, or name fewer files."
        )
        raise Invalid("too-much-to-sign", detail, [Flaw("", "too-long", detail)])
    return packed


def unpack_document(packed: Any) -> dict[str, Any]:  # noqa: ANN401 (boto3's Binary)
    """Read a packed JSON document."""
    document: dict[str, Any] = json.loads(unpack(bytes(packed)))
    return document


def unpack_feedback(item: Item | None) -> str:
    """Read feedback that lies in an item of its own; empty where there is none."""
    return unpack(bytes(item["feedback"])).decode() if item else ""


def from_appraisals(evidence: Appraisals) -> Item:
    """Attributes of what an assessor found of the evidence, by item."""
    return {item_id: appraisal.document() for item_id, appraisal in evidence.items()}


def to_appraisals(item: Item | None) -> Appraisals:
    """Read what an assessor found of the evidence; nothing where the page asks for nothing."""
    found = item.get("evidence", {}) if item else {}
    return {item_id: Appraisal(**qualities) for item_id, qualities in found.items()}


def from_attempt(attempt: Attempt) -> Item:
    """Attributes of the head of an attempt just signed."""
    departures = {"departures": attempt.departures, "review_awaited": True}
    return {
        "content_hash": attempt.content_hash,
        "signed_at": stamp(attempt.signed_at),
        "candidate_id": attempt.candidate_id,
        "assessor_id": attempt.assessor_id,
        "generation": attempt.generation,
        "link_expires_at": stamp(attempt.link_expires_at),
        "request": attempt.request,
        "fingerprint": attempt.fingerprint,
        "occurred_on": _day(attempt.occurred_on),
        **(departures if attempt.departures else {}),
    }


def to_attempt(item: Item) -> Attempt:
    """Read the head of an attempt."""
    page_id, number = parse_attempt(item["sk"])
    return Attempt(
        page_id=page_id,
        number=number,
        content_hash=item["content_hash"],
        signed_at=parse(item["signed_at"]),
        candidate_id=item["candidate_id"],
        assessor_id=item["assessor_id"],
        generation=int(item["generation"]),
        link_expires_at=parse(item["link_expires_at"]),
        request=item["request"],
        fingerprint=item["fingerprint"],
        mailed_at=_moment(item, "mailed_at"),
        code_asked_at=_moment(item, "code_asked_at"),
        code_mailed_at=_moment(item, "code_mailed_at"),
        judgement=_to_judgement(item),
        countersignature=_to_countersignature(item),
        verified=_to_verified(item),
        set_aside=_to_setting_aside(item),
        withdrawn_at=_moment(item, "withdrawn_at"),
        occurred_on=_date(item),
        departures=int(item.get("departures", 0)),
        departures_reviewed_at=_moment(item, "departures_reviewed_at"),
    )


def from_judgement(judgement: Judgement) -> Item:
    """Attributes that a judgement adds to the head of its attempt.

    `judged_by` and `judged_at` stand beside the rest, so that conditions can name them.
    """
    attributes: Item = {
        "judged_at": stamp(judgement.judged_at),
        "judged_by": judgement.judged_by,
        "judgement": {
            "competent": judgement.competent,
            "initials": judgement.initials,
            "feedback": judgement.feedback,
            "method": str(judgement.method),
            "address": judgement.address,
            "authorisation_id": judgement.authorisation_id,
            "qualification": judgement.qualification,
            "countersigner_id": judgement.countersigner_id,
            "request": judgement.request,
            "fingerprint": judgement.fingerprint,
        },
    }
    if judgement.occurred_on:
        attributes["judged_on"] = _day(judgement.occurred_on)
    return attributes


def _to_judgement(item: Item) -> Judgement | None:
    if "judged_at" not in item:
        return None
    fields = item["judgement"]
    return Judgement(
        competent=fields["competent"],
        initials=fields["initials"],
        feedback=fields["feedback"],
        judged_by=item["judged_by"],
        judged_at=parse(item["judged_at"]),
        method=Method(fields["method"]),
        address=fields["address"],
        authorisation_id=fields["authorisation_id"],
        qualification=fields["qualification"],
        countersigner_id=fields["countersigner_id"],
        request=fields["request"],
        fingerprint=fields["fingerprint"],
        occurred_on=_date(item, "judged_on"),
    )


def from_countersignature(countersignature: Countersignature) -> Item:
    """Attributes that a countersignature adds to the head."""
    on = countersignature.occurred_on
    return {
        "countersigned_at": stamp(countersignature.at),
        "countersigned_by": countersignature.by,
    } | ({"countersigned_on": on} if on else {})


def _to_countersignature(item: Item) -> Countersignature | None:
    if "countersigned_at" not in item:
        return None
    at = parse(item["countersigned_at"])
    return Countersignature(item["countersigned_by"], at, item.get("countersigned_on", ""))


def from_verification(verification: Verification) -> Item:
    """Attributes of a verification on record."""
    return {
        "id": verification.id,
        "centre_id": verification.centre_id,
        "enrolment_id": verification.enrolment_id,
        "page_id": verification.page_id,
        "attempt": verification.attempt,
        "content_hash": verification.content_hash,
        "candidate_id": verification.candidate_id,
        "judged_by": verification.judged_by,
        "outcome": str(verification.outcome),
        "note": verification.note,
        "occurred_on": verification.occurred_on,
        "verified_by": verification.verified_by,
        "verified_at": stamp(verification.verified_at),
        "authorisation_id": verification.authorisation_id,
        "qualification": verification.qualification,
    }


def to_verification(item: Item) -> Verification:
    """Read a verification."""
    return Verification(
        id=item["id"],
        centre_id=item["centre_id"],
        enrolment_id=item["enrolment_id"],
        page_id=item["page_id"],
        attempt=int(item["attempt"]),
        content_hash=item["content_hash"],
        candidate_id=item["candidate_id"],
        judged_by=item["judged_by"],
        outcome=Outcome(item["outcome"]),
        note=item["note"],
        occurred_on=item["occurred_on"],
        verified_by=item["verified_by"],
        verified_at=parse(item["verified_at"]),
        authorisation_id=item["authorisation_id"],
        qualification=item["qualification"],
    )


def from_verified(verified: Verified) -> Item:
    """Attributes that the latest verification sets in the head."""
    return {
        "verification_id": verified.id,
        "verified_by": verified.by,
        "verified_at": stamp(verified.at),
        "outcome": str(verified.outcome),
    }


def _to_verified(item: Item) -> Verified | None:
    if "verified_at" not in item:
        return None
    at, outcome = parse(item["verified_at"]), Outcome(item["outcome"])
    return Verified(item["verification_id"], item["verified_by"], at, outcome)


def from_setting_aside(setting_aside: SettingAside) -> Item:
    """Attributes that setting aside adds to the head."""
    return {
        "set_aside_at": stamp(setting_aside.at),
        "set_aside_by": setting_aside.by,
    }


def _to_setting_aside(item: Item) -> SettingAside | None:
    if "set_aside_at" not in item:
        return None
    return SettingAside(item["set_aside_by"], parse(item["set_aside_at"]))


def from_reason(reason: Reason) -> Item:
    """Attributes of the reason why a judgement was set aside."""
    return {"reason": pack(reason.text.encode()), "occurred_on": reason.occurred_on}


def to_reason(item: Item) -> Reason:
    """Read why a judgement was set aside."""
    return Reason(unpack(bytes(item["reason"])).decode(), item["occurred_on"])


def from_departure_review(review: DepartureReview) -> Item:
    """Attributes of the review of an attempt's departures."""
    return {"by": review.by, "at": stamp(review.at), "note": pack(review.note.encode())}


def to_departure_review(item: Item) -> DepartureReview:
    """Read the review of an attempt's departures."""
    return DepartureReview(item["by"], parse(item["at"]), unpack(bytes(item["note"])).decode())


def from_certificate(certificate: Certificate) -> Item:
    """Attributes of a certificate; its record is packed as the canonical JSON that it is."""
    record = json.dumps(certificate.record, ensure_ascii=False, sort_keys=True)
    return {
        "id": certificate.id,
        "state": str(certificate.state),
        "reason": certificate.reason,
        "record": pack(record.encode()),
        "superseded_by": certificate.superseded_by or None,
    }


def to_certificate(item: Item) -> Certificate:
    """Read a certificate."""
    centre_id, enrolment_id = parse_enrolment(item["pk"])
    return Certificate(
        id=item["id"],
        centre_id=centre_id,
        enrolment_id=enrolment_id,
        issue=int(item["sk"].split("#")[1]),
        state=CertificateState(item["state"]),
        reason=item["reason"],
        record=unpack_document(item["record"]),
        superseded_by=item.get("superseded_by", ""),
    )


def from_webhook(webhook: Webhook) -> Item:
    """Attributes of a webhook."""
    return {
        "id": webhook.id,
        "centre_id": webhook.centre_id,
        "url": webhook.url,
        "kinds": list(webhook.kinds),
        "state": str(webhook.state),
        "revision": webhook.revision,
        "secret": webhook.secret,
        "created_at": stamp(webhook.created_at),
        "previous_secret": webhook.previous_secret,
        "previous_until": _stamp(webhook.previous_until),
        "failing_since": _stamp(webhook.failing_since),
        "last_status": webhook.last_status,
    }


def to_webhook(item: Item) -> Webhook:
    """Read a webhook."""
    status = item.get("last_status")
    return Webhook(
        id=item["id"],
        centre_id=item["centre_id"],
        url=item["url"],
        kinds=tuple(Kind(kind) for kind in item["kinds"]),
        state=WebhookState(item["state"]),
        revision=int(item["revision"]),
        secret=item["secret"],
        created_at=parse(item["created_at"]),
        previous_secret=item["previous_secret"],
        previous_until=_moment(item, "previous_until"),
        failing_since=_moment(item, "failing_since"),
        last_status=None if status is None else int(status),
    )


def _stamp(value: datetime | None) -> str | None:
    return None if value is None else stamp(value)


def _moment(item: Item, attribute: str) -> datetime | None:
    return parse(item[attribute]) if attribute in item else None


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _date(item: Item, attribute: str = "occurred_on") -> date | None:
    return date.fromisoformat(item[attribute]) if attribute in item else None
