"""What the items of an enrolment show to have been done in it, for its audit trail.

Nothing is taken from them but what never changes, so that whoever puts an act on record, and
whenever, puts down the same.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.domain.attempts import Attempt
from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.judgements import Method
from chalicelib.domain.times import parse
from chalicelib.domain.trail import Act, Kind, event_name
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Item, Key

# The items of an enrolment's partition that show anything.
SHOWING = ("META", "CHANGE#", "HEAD#", "PART#", "VERIFICATION#", "CERTIFICATE#", "TRACE#")
OF_CERTIFICATES = {
    "issued_at": Kind.CERTIFICATE_ISSUED,
    "suspended_at": Kind.CERTIFICATE_SUSPENDED,
    "superseded_at": Kind.CERTIFICATE_SUPERSEDED,
}
OF_ATTACHMENTS = {
    "flagged": Kind.ATTACHMENT_FLAGGED,
    "seen": Kind.ATTACHMENT_SEEN,
    "released": Kind.ATTACHMENT_RELEASED,
    "withheld": Kind.ATTACHMENT_WITHHELD,
}

Found = Mapping[Key, Item | None]


def is_showing(key: Key) -> bool:
    """Whether an item shows that something was done in an enrolment."""
    if keys.is_enrolments(key.pk):
        return key.sk.startswith(SHOWING)
    return key.sk.startswith("DEED#")


def beside(item: Item) -> Iterator[Key]:
    """Name the items that hold what an item does not say itself of its acts."""
    kind, _, rest = item["sk"].partition("#")
    if kind == "HEAD":
        of = (*keys.parse_enrolment(item["pk"]), *keys.parse_attempt(item["sk"]))
        judgement = item.get("judgement", {})
        if None in judgement.values():
            yield keys.feedback(*of)
        if "departures_reviewed_at" in item:
            yield keys.departures(*of)
        if "set_aside_at" in item:
            yield keys.aside(*of)
    elif kind == "VERIFICATION":
        yield keys.verification(keys.parse_enrolment(item["pk"])[0], rest)
    elif kind == "DEED":
        yield keys.attachment(*keys.parse_attachment(item["pk"]))


def acts(enrolment_id: str, item: Item, found: Found) -> Iterator[Act]:
    """Yield what an item shows to have been done; `found` are the items beside it."""
    others = [found[key] or {} for key in beside(item)]
    match item["sk"].partition("#")[0]:
        case "META":
            yield _enrolled(enrolment_id, item)
        case "CHANGE":
            yield _changed(enrolment_id, item)
        case "HEAD":
            yield from _attempted(enrolment_id, item, found)
        case "PART":
            yield _contributed(enrolment_id, item)
        case "VERIFICATION":
            yield _verified(enrolment_id, *others)
        case "CERTIFICATE":
            yield from _certified(enrolment_id, item)
        case "DEED":
            yield _handled(enrolment_id, item, *others)
        case "TRACE":
            yield _traced(item)


def attempt_events(enrolment_id: str, attempt: Attempt) -> Iterator[str]:
    """Name what was done with an attempt, as far as its head shows it."""
    shown = {
        Kind.ATTEMPT_SIGNED: attempt.signed_at,
        Kind.ATTEMPT_WITHDRAWN: attempt.withdrawn_at,
        Kind.DEPARTURES_REVIEWED: attempt.departures_reviewed_at,
        Kind.ATTEMPT_JUDGED: attempt.judgement,
        Kind.JUDGEMENT_COUNTERSIGNED: attempt.countersignature,
        Kind.JUDGEMENT_SET_ASIDE: attempt.set_aside,
    }
    for kind, done in shown.items():
        if done:
            yield event_name(kind, enrolment_id, attempt.page_id, attempt.number)


def _enrolled(enrolment_id: str, item: Item) -> Act:
    return Act(
        event=event_name(Kind.ENROLMENT_CREATED, enrolment_id),
        kind=Kind.ENROLMENT_CREATED,
        at=parse(item["created_at"]),
        by=item["created_by"],
        method=Method.TOKEN,
        facts=_facts(item, "candidate_id", "module_id", "module_version", "renews", "occurred_on"),
    )


def _changed(enrolment_id: str, item: Item) -> Act:
    revision = int(item["sk"].partition("#")[2])
    return Act(
        event=event_name(Kind.ENROLMENT_CHANGED, enrolment_id, revision),
        kind=Kind.ENROLMENT_CHANGED,
        at=parse(item["changed_at"]),
        by=item["changed_by"],
        method=Method.TOKEN,
        facts={"revision": revision, **_facts(item, "before", "after", "occurred_on")},
        texts={"reason": item["reason"]},
    )


def _attempted(enrolment_id: str, item: Item, found: Found) -> Iterator[Act]:
    """Yield the acts of an attempt, in the order in which they can be done."""
    attempt = items.to_attempt(item)
    of = (*keys.parse_enrolment(item["pk"]), attempt.page_id, attempt.number)

    def act(
        kind: Kind,
        at: datetime,
        by: str,
        *,
        method: Method = Method.TOKEN,
        facts: Mapping[str, Any] = {},
        texts: Mapping[str, str] = {},
    ) -> Act:
        return Act(
            event=event_name(kind, enrolment_id, attempt.page_id, attempt.number),
            kind=kind,
            at=at,
            by=by,
            method=method,
            on=attempt.content_hash,
            facts={"page_id": attempt.page_id, "number": attempt.number, **facts},
            texts=texts,
        )

    signed = _facts(item, "departures", "occurred_on")
    yield act(Kind.ATTEMPT_SIGNED, attempt.signed_at, attempt.candidate_id, facts=signed)
    if attempt.withdrawn_at:
        yield act(Kind.ATTEMPT_WITHDRAWN, attempt.withdrawn_at, attempt.candidate_id)
    if reviewed := found.get(keys.departures(*of)):
        review = items.to_departure_review(reviewed)
        yield act(Kind.DEPARTURES_REVIEWED, review.at, review.by, texts={"note": review.note})
    if judgement := attempt.judgement:
        rest = found.get(keys.feedback(*of)) or {}
        whole = {"feedback": items.unpack_feedback(rest), "address": rest.get("address", "")}
        kept = {"feedback": judgement.feedback, "address": judgement.address}
        said = {name: whole[name] if text is None else text for name, text in kept.items()}
        yield act(
            Kind.ATTEMPT_JUDGED,
            judgement.judged_at,
            judgement.judged_by,
            method=judgement.method,
            facts=_filled(
                competent=judgement.competent,
                authorisation_id=judgement.authorisation_id,
                countersigner_id=judgement.countersigner_id,
                occurred_on=item.get("judged_on", ""),
            ),
            texts={
                "initials": judgement.initials,
                "feedback": said["feedback"],
                **_filled(address=said["address"]),
            },
        )
        if countersignature := attempt.countersignature:
            yield act(
                Kind.JUDGEMENT_COUNTERSIGNED,
                countersignature.at,
                countersignature.by,
                facts=_filled(
                    competent=judgement.competent, occurred_on=countersignature.occurred_on
                ),
            )
    if (aside := attempt.set_aside) and (why := found.get(keys.aside(*of))):
        reason = items.to_reason(why)
        yield act(
            Kind.JUDGEMENT_SET_ASIDE,
            aside.at,
            aside.by,
            facts=_filled(occurred_on=reason.occurred_on),
            texts={"reason": reason.text},
        )


def _contributed(enrolment_id: str, item: Item) -> Act:
    document = items.unpack_document(item["document"])
    by = document["author"].get("person_id", "")
    parts = {name: document[name] for name in ("page_id", "item_id", "number")}
    return Act(
        event=event_name(Kind.CONTRIBUTION_SIGNED, enrolment_id, *parts.values()),
        kind=Kind.CONTRIBUTION_SIGNED,
        at=parse(document["signed_at"]),
        by=by,
        method=Method.TOKEN if by else Method.LINK,
        on=item["content_hash"],
        facts=parts | _facts(document, "invited_by", "occurred_on"),
        texts=_filled(address=item.get("address", "")),
    )


def _verified(enrolment_id: str, finding: Item) -> Act:
    found = items.to_verification(finding)
    of = (found.page_id, found.attempt, found.id)
    return Act(
        event=event_name(Kind.JUDGEMENT_VERIFIED, enrolment_id, *of),
        kind=Kind.JUDGEMENT_VERIFIED,
        at=found.verified_at,
        by=found.verified_by,
        method=Method.TOKEN,
        on=found.content_hash,
        facts=_filled(
            page_id=found.page_id,
            number=found.attempt,
            verification_id=found.id,
            outcome=str(found.outcome),
            authorisation_id=found.authorisation_id,
            occurred_on=found.occurred_on,
        ),
        texts={"note": found.note},
    )


def _certified(enrolment_id: str, item: Item) -> Iterator[Act]:
    certificate = items.to_certificate(item)
    for attribute, kind in OF_CERTIFICATES.items():
        if attribute in item:
            yield Act(
                event=event_name(kind, enrolment_id, certificate.issue),
                kind=kind,
                at=parse(item[attribute]),
                on=digest(canonical(certificate.record)),
                facts={"issue": certificate.issue, "certificate_id": certificate.id},
            )


def _handled(enrolment_id: str, deed: Item, attachment: Item) -> Act:
    kind = OF_ATTACHMENTS[deed["what"]]
    _, attachment_id = keys.parse_attachment(deed["pk"])
    deed_id = deed["sk"].partition("#")[2]
    return Act(
        event=event_name(kind, enrolment_id, attachment_id, deed_id),
        kind=kind,
        at=parse(deed["at"]),
        by=deed["by"],
        method=deed.get("method", Method.TOKEN),  # which deeds did not say at first
        on=attachment["sha256"],
        facts={"attachment_id": attachment_id},
        texts=_filled(note=deed.get("note", "")),
    )


def _traced(item: Item) -> Act:
    return Act(
        event=item["event"],
        kind=Kind(item["kind"]),
        at=parse(item["at"]),
        by=item["by"],
        method=item["method"],
        on=item["on"],
        facts=_plain(item["facts"]),
    )


def _facts(item: Item, *names: str) -> dict[str, Any]:
    return _filled(**{name: _plain(item.get(name)) for name in names})


def _filled(**facts: Any) -> dict[str, Any]:  # noqa: ANN401 (whatever a fact is)
    """Leave out what says nothing."""
    return {name: value for name, value in facts.items() if value not in ("", None)}


def _plain(value: Any) -> Any:  # noqa: ANN401 (whatever an item holds)
    """Give a value of an item as JSON has it."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
