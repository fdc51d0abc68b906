"""A portfolio as it is handed out: one enrolment with all that was signed, judged and attached."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from chalicelib.domain.archives import AssemblyError
from chalicelib.domain.attachments import Attachment
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.certificates import Certificate
from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.enrolments import (
    Enrolment,
    EnrolmentChange,
    PageState,
    latest,
    page_state,
)
from chalicelib.domain.errors import Unavailable, not_found
from chalicelib.domain.modules import Module
from chalicelib.domain.portfolios import coverage
from chalicelib.domain.times import stamp
from chalicelib.domain.verifications import Verification
from chalicelib.domain.views import module_view
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Item
from chalicelib.storage.evidence import ORIGINAL, THUMBNAIL
from chalicelib.storage.packing import unpack
from chalicelib.storage.quarantine import AbsentError
from chalicelib.usecases import attachments, centres, enrolments, people, trail
from chalicelib.usecases.trail import Recorded

FORMAT = 1  # of portfolio.json
TRIES = 5  # of reading it all, while acts are put on record in between


@dataclass(frozen=True, slots=True)
class Original:
    """A file that lies among the evidence, in one version; `crc32` is eight hexadecimal digits."""

    key: str
    version: str
    size: int
    sha256: str
    crc32: str


Files = dict[str, bytes | Original]  # by their names in the portfolio's folder


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The document that says all of an enrolment (`portfolio.json`), and the files it names."""

    document: dict[str, Any]
    files: Mapping[str, bytes | Original]


@dataclass(frozen=True, slots=True)
class _Signed:
    """What was signed: the very bytes, and what they say."""

    content: bytes
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Partition:
    """Everything that stands in the partition of an enrolment, by kind."""

    enrolment: Enrolment
    changes: tuple[tuple[int, EnrolmentChange], ...]
    attempts: tuple[Attempt, ...]
    bodies: Mapping[str, Item]
    beside: Mapping[str, Item]
    parts: Mapping[str, Item]
    certificates: tuple[tuple[Certificate, Item], ...]
    verifications: tuple[Verification, ...]


def load(runtime: Runtime, centre_id: str, enrolment_id: str) -> Portfolio:
    """Return the portfolio of an enrolment, with an audit trail that bears all of it out.

    Trail and portfolio are not read in one moment. So the trail is brought up to date before and
    after the rest is read: if it has grown in between, something was done, and all is read again.

    Raises NotFound where there is no such enrolment (any more), AssemblyError where evidence is
    gone or the trail is not what was anchored of it, and Unavailable where it never rests.
    """
    seq = trail.catch_up(runtime, centre_id, enrolment_id)
    for _ in range(TRIES):
        found = _read(runtime, centre_id, enrolment_id)
        before, seq = seq, trail.catch_up(runtime, centre_id, enrolment_id)
        trail.anchor(runtime, centre_id, enrolment_id)
        recorded = trail.read(runtime, centre_id, enrolment_id)
        if before == seq == len(recorded.entries):
            if not recorded.borne_out:
                raise AssemblyError("trail-changed")
            return _portfolio(runtime, found, recorded)
    raise Unavailable("busy", "The enrolment keeps changing; it is exported with the next try.")


def _read(runtime: Runtime, centre_id: str, enrolment_id: str) -> _Partition:
    enrolment = enrolments.find(runtime, centre_id, enrolment_id)
    if enrolment is None:
        raise not_found()
    pk = keys.enrolment(centre_id, enrolment_id).pk

    def all_of(prefix: str) -> Iterator[Item]:
        return runtime.table.query(pk, prefix)

    named = [
        keys.verification(centre_id, item["sk"].removeprefix("VERIFICATION#"))
        for item in all_of("VERIFICATION#")
    ]
    return _Partition(
        enrolment=enrolment,
        changes=tuple(
            (int(item["sk"].removeprefix("CHANGE#")), items.to_change(item))
            for item in all_of("CHANGE#")
        ),
        attempts=tuple(map(items.to_attempt, all_of("HEAD#"))),
        bodies={item["sk"]: item for item in all_of("BODY#")},
        beside={
            item["sk"]: item
            for prefix in ("FEEDBACK#", "ASIDE#", "DEPARTURES#")
            for item in all_of(prefix)
        },
        parts={item["sk"]: item for item in all_of("PART#")},
        certificates=tuple((items.to_certificate(i), i) for i in all_of("CERTIFICATE#")),
        verifications=tuple(
            items.to_verification(item) for item in runtime.table.get_many(*named) if item
        ),
    )


def _portfolio(runtime: Runtime, found: _Partition, recorded: Recorded) -> Portfolio:
    enrolment = found.enrolment
    module = enrolments.pinned_module(runtime, enrolment.centre_id, enrolment)
    centre = centres.load_centre(runtime, enrolment.centre_id)
    pages, signed = _pages(found, module)
    evidence, originals = _evidence(runtime, enrolment.centre_id, pages)
    certificates = [_certificate(*each) for each in found.certificates]
    states = {page["page_id"]: PageState(page["state"]) for page in pages}
    document = {
        "format": FORMAT,
        "centre": {"id": centre.id, "name": centre.shown_name, "time_zone": centre.time_zone},
        "enrolment": _enrolment(enrolment),
        "changes": [_change(*each) for each in found.changes],
        "module": module_view(module, with_key=False),
        "pages": pages,
        "attachments": evidence,
        "certificates": certificates,
        "coverage": coverage(module, states),
        "trail": {
            "entries": len(recorded.entries),
            "hash": digest(recorded.lines.splitlines()[-1]),
        },
    }
    named = _people(runtime, enrolment.centre_id, found, recorded)
    files: Files = {
        **signed,
        **originals,
        **{each["file"]: canonical(each["record"]) for each in certificates},
        "audit.jsonl": recorded.lines,
        "heads.jws": recorded.heads,
        "commitments.json": canonical(recorded.commitments),
    }
    return Portfolio(document | {"people": named}, files)


def _enrolment(enrolment: Enrolment) -> dict[str, Any]:
    return {
        "id": enrolment.id,
        "candidate_id": enrolment.candidate_id,
        "assessor_id": enrolment.assessor_id,
        "page_assessors": dict(enrolment.page_assessors),
        "state": str(enrolment.state),
        "created_at": stamp(enrolment.created_at),
        "created_by": enrolment.created_by,
        "due_on": enrolment.due_on,
        "occurred_on": _day(enrolment.occurred_on),
        "completed_at": _stamp(enrolment.completed_at),
        "renews": enrolment.renews,
    }


def _change(revision: int, change: EnrolmentChange) -> dict[str, Any]:
    return {
        "revision": revision,
        "changed_at": stamp(change.changed_at),
        "changed_by": change.changed_by,
        "reason": change.reason,
        "before": dict(change.before),
        "after": dict(change.after),
        "occurred_on": _day(change.occurred_on),
    }


def _pages(found: _Partition, module: Module) -> tuple[list[dict[str, Any]], Files]:
    """Return every page of the module with its attempts, and the files that were signed."""
    current = latest(found.attempts)
    files: Files = {}
    pages = []
    for page in module.pages:
        attempts = []
        for attempt in found.attempts:
            if attempt.page_id == page.id:
                shown, signed = _attempt(found, attempt)
                attempts.append(shown)
                files |= signed
        state = str(page_state(current.get(page.id)))
        pages.append({"page_id": page.id, "state": state, "attempts": attempts})
    return pages, files


def _attempt(found: _Partition, attempt: Attempt) -> tuple[dict[str, Any], Files]:
    of = f"{attempt.page_id}#{attempt.number:04}"
    signed = _signed(found.bodies[f"BODY#{of}"])
    name = f"attempts/{attempt.page_id}/{attempt.number:04}.json"
    contributions, files = _contributions(found, attempt.page_id, signed.document)
    shown = {
        "number": attempt.number,
        "file": name,
        "content_hash": attempt.content_hash,
        "signed_at": stamp(attempt.signed_at),
        "assessor_id": attempt.assessor_id,
        "departures": attempt.departures,
        "withdrawn_at": _stamp(attempt.withdrawn_at),
        "document": signed.document,
        "contributions": contributions,
        "judgement": _judgement(attempt, found.beside.get(f"FEEDBACK#{of}")),
        "countersignature": _countersignature(attempt),
        "set_aside": _set_aside(attempt, found.beside.get(f"ASIDE#{of}")),
        "departure_review": _departure_review(found.beside.get(f"DEPARTURES#{of}")),
        "verifications": [
            _verification(each)
            for each in found.verifications
            if (each.page_id, each.attempt) == (attempt.page_id, attempt.number)
        ],
    }
    return shown, {name: signed.content, **files}


def _contributions(
    found: _Partition, page_id: str, document: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], Files]:
    shown, files = [], Files()
    for named in document.get("contributions", ()):
        item_id, number = named["item_id"], named["number"]
        signed = _signed(found.parts[f"PART#{page_id}#{item_id}#{number:04}"])
        name = f"contributions/{page_id}/{item_id}/{number:04}.json"
        shown.append({**named, "file": name, "document": signed.document})
        files[name] = signed.content
    return shown, files


def _judgement(attempt: Attempt, beside: Item | None) -> dict[str, Any] | None:
    judgement = attempt.judgement
    if judgement is None:
        return None
    whole = beside or {}
    address = whole.get("address", "") if judgement.address is None else judgement.address
    appraisals = items.to_appraisals(beside)
    return {
        "competent": judgement.competent,
        "initials": judgement.initials,
        "feedback": judgement.feedback or items.unpack_feedback(beside),
        "judged_by": judgement.judged_by,
        "judged_at": stamp(judgement.judged_at),
        "method": str(judgement.method),
        "address": address,
        "authorisation_id": judgement.authorisation_id,
        "qualification": judgement.qualification,
        "countersigner_id": judgement.countersigner_id,
        "occurred_on": _day(judgement.occurred_on),
        "evidence": {item_id: found.document() for item_id, found in appraisals.items()},
    }


def _countersignature(attempt: Attempt) -> dict[str, str] | None:
    made = attempt.countersignature
    if made is None:
        return None
    return {"by": made.by, "at": stamp(made.at), "occurred_on": made.occurred_on}


def _set_aside(attempt: Attempt, beside: Item | None) -> dict[str, str] | None:
    made = attempt.set_aside
    if made is None or beside is None:
        return None
    reason = items.to_reason(beside)
    said = {"reason": reason.text, "occurred_on": reason.occurred_on}
    return {"by": made.by, "at": stamp(made.at), **said}


def _departure_review(item: Item | None) -> dict[str, str] | None:
    if item is None:
        return None
    review = items.to_departure_review(item)
    return {"by": review.by, "at": stamp(review.at), "note": review.note}


def _verification(verification: Verification) -> dict[str, str]:
    return {
        "id": verification.id,
        "outcome": str(verification.outcome),
        "verified_by": verification.verified_by,
        "verified_at": stamp(verification.verified_at),
        "note": verification.note,
        "occurred_on": verification.occurred_on,
        "qualification": verification.qualification,
    }


def _certificate(certificate: Certificate, item: Item) -> dict[str, Any]:
    return {
        "issue": certificate.issue,
        "id": certificate.id,
        "state": str(certificate.state),
        "reason": certificate.reason,
        "issued_at": item["issued_at"],
        "superseded_by": certificate.superseded_by,
        "file": f"certificates/{certificate.issue:04}/certificate.json",
        "record": certificate.record,
    }


def _evidence(
    runtime: Runtime, centre_id: str, pages: Iterable[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], Files]:
    """Return the files that were signed for, and what has been put in place of withheld ones."""
    named = {
        each["id"]: each
        for page in pages
        for attempt in page["attempts"]
        for signed in (attempt, *attempt["contributions"])
        for each in signed["document"]["attachments"]
    }
    found = attachments.load_many(runtime, centre_id, named)
    if missing := sorted(named[each]["number"] for each in named.keys() - found.keys()):
        raise AssemblyError("evidence-missing", f"attachments/{missing[0]:04}")
    replacements = {each.replaced_by for each in found.values() if each.flag and each.replaced_by}
    found |= attachments.load_many(runtime, centre_id, sorted(replacements - found.keys()))
    shown, files = [], Files()
    for attachment in sorted(found.values(), key=lambda each: (each.number, each.id)):
        document, those = _attachment(runtime, attachment)
        shown.append(document)
        files |= those
    return shown, files


def _attachment(runtime: Runtime, attachment: Attachment) -> tuple[dict[str, Any], Files]:
    name = keys.upload(attachment.centre_id, attachment.id)
    file = thumbnail = ""
    files = Files()
    if attachment.usable:
        file = f"attachments/{attachment.number:04}-{attachment.id}.{attachment.extension}"
        files[file] = Original(
            key=f"{name}/{ORIGINAL}",
            version=attachment.version,
            size=attachment.size,
            sha256=attachment.sha256,
            crc32=attachment.crc32,
        )
        if attachment.pictured:
            thumbnail = f"thumbnails/{attachment.id}.jpg"
            try:
                files[thumbnail] = runtime.evidence.read_picture(name, THUMBNAIL)
            except AbsentError:
                raise AssemblyError("evidence-missing", thumbnail) from None
    document = {
        "id": attachment.id,
        "number": attachment.number,
        "name": attachment.name,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "caption": attachment.caption,
        "alt_text": attachment.alt_text,
        "file": file,
        "thumbnail": thumbnail,
        "withheld": not attachment.usable,
        "replaced_by": attachment.replaced_by if attachment.flag else "",
        "redacts": attachment.redacts,
    }
    return document, files


def _people(
    runtime: Runtime, centre_id: str, found: _Partition, recorded: Recorded
) -> dict[str, dict[str, str]]:
    """Return the names of everybody who had a part in it, as they are now, by their ids."""
    enrolment = found.enrolment
    ids = {enrolment.candidate_id, enrolment.created_by, *enrolment.assessors}
    ids |= {entry["by"] for entry in recorded.entries}
    for attempt in found.attempts:
        ids |= {attempt.assessor_id}
        ids |= {attempt.judgement.countersigner_id} if attempt.judgement else set()
    members = {each: people.load_member(runtime, centre_id, each) for each in sorted(ids - {""})}
    return {
        each: {"name": member.membership.name if member else ""} for each, member in members.items()
    }


def _signed(item: Item) -> _Signed:
    content = unpack(bytes(item["document"]))
    return _Signed(content, items.unpack_document(item["document"]))


def _stamp(moment: datetime | None) -> str:
    return stamp(moment) if moment else ""


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def of_export(portfolio: Portfolio, export_id: str, created_at: str) -> Portfolio:
    """Return the portfolio as it stands in an export."""
    document = {"export_id": export_id, "created_at": created_at, **portfolio.document}
    return replace(portfolio, document=document)
