"""Uploads: how a browser sends a file to S3, and the word that it is there. No byte comes here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.access import Actor, owns, require_contributor
from chalicelib.domain.attachments import (
    FORM_LIFETIME,
    NUMBER_LIMIT,
    Attachment,
    AttachmentState,
    NewFile,
    file_flaws,
    part_count,
    part_size,
)
from chalicelib.domain.errors import Conflict, DomainError, Flaw, Gone, Invalid, not_found
from chalicelib.domain.people import Role
from chalicelib.domain.times import stamp
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.attachments import from_attachment, to_attachment
from chalicelib.storage.changes import Put, Update, absent, create, equals
from chalicelib.storage.quarantine import ArrivedPart, PartLink, UploadForm
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import attachments, enrolments
from chalicelib.usecases.requests import Request, answered, remember

LINK_SECONDS = int(FORM_LIFETIME.total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """A file to come, whose evidence it is, and what it takes the place of."""

    file: NewFile
    enrolment_id: str = ""
    redacts: str = ""
    redaction: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An attachment on its way, and how its file is sent: by a form, or in parts.

    Neither is there once the upload is over. `form_expires_at` is when the form does.
    """

    attachment: Attachment
    form_expires_at: datetime
    form: UploadForm | None = None
    arrived: tuple[ArrivedPart, ...] | None = None


@dataclass(frozen=True, slots=True)
class WantedPart:
    """A part about to be sent."""

    number: int
    sha256: str


def start(runtime: Runtime, actor: Actor, new: NewUpload, request: Request) -> Upload:
    """Begin an upload: the attachment is there at once, with a number, and waits for its file.

    A repeat gets the same upload as it stands, with a fresh form. Raises Invalid for a file that is
    not taken, and Conflict where the candidate has as many attachments as there are numbers.
    """
    if made := answered(runtime, request):
        return get(runtime, actor, made["attachment_id"])
    candidate_id = _candidate_of(runtime, actor, new.enrolment_id)
    settings = runtime.settings
    flaws = [
        *file_flaws(new.file, settings.whole_limit, settings.parts_limit),
        *_redaction_flaws(runtime, actor, candidate_id, new),
    ]
    if flaws:
        raise Invalid("invalid-upload", "The file is not taken; mend what is listed.", flaws)
    attachment = _begun(runtime, actor, candidate_id, new)
    try:
        runtime.table.write(
            create(
                keys.attachment(attachment.centre_id, attachment.id), from_attachment(attachment)
            ),
            Put(keys.candidate_attachment(candidate_id, attachment.centre_id, attachment.id), {}),
            remember(request, {"attachment_id": attachment.id}, attachment.created_at),
        )
    except ConditionFailedError:
        if made := answered(runtime, request):
            return get(runtime, actor, made["attachment_id"])
        raise
    return _upload(runtime, attachment)


def get(runtime: Runtime, actor: Actor, upload_id: str) -> Upload:
    """Return an upload with a fresh form, or with the parts that have arrived."""
    return _upload(runtime, _load(runtime, actor, upload_id))


def part_links(
    runtime: Runtime, actor: Actor, upload_id: str, wanted: Sequence[WantedPart]
) -> tuple[list[PartLink], datetime]:
    """Return a link for each part that is about to be sent, and until when they work.

    Raises Invalid for parts that the file does not have, Conflict where nothing more is taken, and
    Gone where the upload was begun too long ago.
    """
    attachment = _load(runtime, actor, upload_id)
    _require_open(runtime, attachment)
    if not attachment.parts:
        raise Conflict("upload-in-one-piece", "This upload has a form; send the file by that.")
    if flaws := list(_part_flaws(attachment, wanted)):
        raise Invalid("invalid-parts", "There are no links for these; mend what is listed.", flaws)
    expires_at = runtime.now() + FORM_LIFETIME
    links = [
        runtime.quarantine.part_link(
            _name(attachment),
            attachment.parts,
            part.number,
            part_size(attachment.size, part.number),
            part.sha256,
            LINK_SECONDS,
        )
        for part in wanted
    ]
    return links, expires_at


def complete(runtime: Runtime, actor: Actor, upload_id: str) -> Attachment:
    """Take the word that a file has been sent; what came in parts becomes one file.

    Once the file is on its way further nothing is done, and the attachment returned as it stands.
    Raises Conflict where it has not arrived as it was declared.
    """
    attachment = _load(runtime, actor, upload_id)
    if not _waits(attachment):
        return attachment
    try:
        _require_arrived(runtime, attachment)
    except DomainError:
        # The step that follows the upload may have been quicker, and have cleared what arrived.
        now = _load(runtime, actor, upload_id)
        if not _waits(now):
            return now
        raise
    change = Update(
        keys.attachment(attachment.centre_id, attachment.id),
        (
            equals("state", str(AttachmentState.PENDING)),
            absent("completed_at"),
            absent("deleted_at"),
        ),
        set={"completed_at": stamp(runtime.now())},
    )
    try:
        return to_attachment(runtime.table.write(change))
    except ConditionFailedError:
        return _load(runtime, actor, upload_id)


def _candidate_of(runtime: Runtime, actor: Actor, enrolment_id: str) -> str:
    """Tell whose evidence it is. Raises Invalid, NotFound and Forbidden."""
    if enrolment_id:
        enrolment = enrolments.find(runtime, actor.centre_id, enrolment_id)
        return require_contributor(actor, enrolment).candidate_id
    if not actor.has(Role.CANDIDATE):
        flaw = Flaw("/enrolment_id", "required", "Name an enrolment of the candidate.")
        raise Invalid("invalid-upload", "Say whose evidence it is.", [flaw])
    return actor.id


def _redaction_flaws(
    runtime: Runtime, actor: Actor, candidate_id: str, new: NewUpload
) -> Iterator[Flaw]:
    if not (new.redacts or new.redaction):
        return
    original = attachments.find(runtime, actor, new.redacts) if new.redacts else None
    readable = original and (original.state is AttachmentState.CLEAN or original.flag)
    if (
        original is None
        or original.deleted_at
        or original.candidate_id != candidate_id
        or not readable
    ):
        detail = "Name an attachment of the same candidate that is clean, or flagged."
        yield Flaw("/redacts", "unknown-attachment", detail)
    if not new.redaction.strip():
        yield Flaw("/redaction", "required", "Say what was made unrecognisable.")


def _begun(runtime: Runtime, actor: Actor, candidate_id: str, new: NewUpload) -> Attachment:
    file, attachment_id = new.file, runtime.new_id()
    attachment = Attachment(
        id=attachment_id,
        centre_id=actor.centre_id,
        candidate_id=candidate_id,
        number=_next_number(runtime, actor.centre_id, candidate_id),
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        caption=file.caption,
        alt_text=file.alt_text,
        state=AttachmentState.PENDING,
        created_at=runtime.now(),
        created_by=actor.id,
        redacts=new.redacts,
        redaction=new.redaction,
    )
    if not file.in_parts:
        return attachment
    # Begun before it is written down: a crash in between leaves parts that a lifecycle rule sweeps.
    return replace(
        attachment, parts=runtime.quarantine.begin_parts(_name(attachment), file.media_type)
    )


def _next_number(runtime: Runtime, centre_id: str, candidate_id: str) -> int:
    """Count on; a number that is lost by a crash leaves a gap, and none is given twice."""
    counted = runtime.table.write(
        Update(keys.evidence_count(candidate_id, centre_id), add={"count": 1})
    )
    number = int(counted["count"])
    if number > NUMBER_LIMIT:
        detail = f"A candidate has at most {NUMBER_LIMIT} attachments at a centre."
        raise Conflict("too-much-evidence", detail)
    return number


def _upload(runtime: Runtime, attachment: Attachment) -> Upload:
    now = runtime.now()
    expires_at = now + FORM_LIFETIME
    if not attachment.awaited_at(now):
        return Upload(attachment, expires_at)
    if attachment.parts:
        return Upload(attachment, expires_at, arrived=_arrived(runtime, attachment))
    form = runtime.quarantine.form(
        _name(attachment),
        attachment.media_type,
        attachment.size,
        attachment.sha256,
        LINK_SECONDS,
    )
    return Upload(attachment, expires_at, form)


def _arrived(runtime: Runtime, attachment: Attachment) -> tuple[ArrivedPart, ...]:
    found = runtime.quarantine.parts(_name(attachment), attachment.parts)
    if found is None and runtime.quarantine.find(_name(attachment)):
        # Put together by a call that did not live to say so: nothing is left to send.
        numbers = range(1, part_count(attachment.size) + 1)
        return tuple(ArrivedPart(each, part_size(attachment.size, each)) for each in numbers)
    return _whole(attachment, found or ())


def _load(runtime: Runtime, actor: Actor, upload_id: str) -> Attachment:
    """Return what is being uploaded to whoever began it, and to its candidate. Raises NotFound."""
    attachment = attachments.load(runtime, actor, upload_id)
    if not owns(actor, attachment):
        raise not_found()
    return attachment


def _waits(attachment: Attachment) -> bool:
    return attachment.state is AttachmentState.PENDING and attachment.completed_at is None


def _require_open(runtime: Runtime, attachment: Attachment) -> None:
    if not _waits(attachment):
        detail = "The file has arrived already; read the attachment to see how it stands."
        raise Conflict("upload-over", detail)
    if not attachment.awaited_at(runtime.now()):
        detail = "This upload was begun too long ago; begin a new one."
        raise Gone("upload-expired", detail)


def _require_arrived(runtime: Runtime, attachment: Attachment) -> None:
    """Put a file together from its parts. Raises Conflict unless it is there as declared."""
    if attachment.parts:
        _assemble(runtime, attachment)
    arrived = runtime.quarantine.find(_name(attachment))
    if arrived is None or arrived.size != attachment.size:
        _require_open(runtime, attachment)
        detail = "The file is not there yet, or another one is. Send it, then complete again."
        raise Conflict("upload-not-arrived", detail)


def _assemble(runtime: Runtime, attachment: Attachment) -> None:
    found = runtime.quarantine.parts(_name(attachment), attachment.parts)
    if found is None:  # put together before, or given up
        return
    arrived = _whole(attachment, found)
    numbers = {part.number for part in arrived}
    missing = [each for each in range(1, part_count(attachment.size) + 1) if each not in numbers]
    if missing:
        _require_open(runtime, attachment)
        detail = "Some parts have not arrived whole; send those, then complete again."
        raise Conflict("upload-incomplete", detail, (), current={"missing": missing})
    runtime.quarantine.assemble(_name(attachment), attachment.parts, arrived)


def _name(attachment: Attachment) -> str:
    return keys.upload(attachment.centre_id, attachment.id)


def _whole(attachment: Attachment, arrived: Sequence[ArrivedPart]) -> tuple[ArrivedPart, ...]:
    """Leave out parts that the file does not have, and those of a wrong size."""
    return tuple(
        part
        for part in arrived
        if part.number <= part_count(attachment.size)
        and part.size == part_size(attachment.size, part.number)
    )


def _part_flaws(attachment: Attachment, wanted: Sequence[WantedPart]) -> Iterator[Flaw]:
    count = part_count(attachment.size)
    seen: set[int] = set()
    for place, part in enumerate(wanted):
        if part.number > count:
            detail = f"The file has the parts 1 to {count}."
            yield Flaw(f"/parts/{place}/number", "unknown-part", detail)
        if part.number in seen:
            yield Flaw(f"/parts/{place}/number", "given-twice", "Name each part once.")
        seen.add(part.number)
