"""Uploads: files on their way, from the browser to S3."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.attachments import (
    KEEPERS,
    AltText,
    AttachmentOut,
    Caption,
    attachment_out,
)
from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.rules import members
from chalicelib.api.texts import Identifier, Text, TextOrNull
from chalicelib.domain.attachments import (
    MEDIA_TYPES,
    NAME_LIMIT,
    PART_SIZE,
    PARTS_LIMIT,
    PICTURE_LIMIT,
    REASON_LIMIT,
    WHOLE_LIMIT,
    NewFile,
    media_type_of,
    part_count,
)
from chalicelib.domain.people import Role
from chalicelib.usecases import uploads
from chalicelib.usecases.uploads import NewUpload, Upload, WantedPart

UPLOADS = "/v1/centres/{centre_id}/uploads"
UPLOAD = UPLOADS + "/{upload_id}"
UPLOADERS = members(own=(Role.CANDIDATE, Role.ASSESSOR, Role.ADMINISTRATOR))
PARTS_ASKED = 100  # at once
DIGEST = r"^[0-9a-f]{64}$"


class UploadIn(RequestModel):
    """What is to be uploaded, and for whom."""

    name: Text = Field(
        description="The file's own name: no folder, nothing invisible.",
        json_schema_extra={"minLength": 1, "maxLength": NAME_LIMIT},
    )
    media_type: str = Field(
        description="The type as the browser tells it; the common other spellings are known. "
        "Taken are:\n\n"
        + "\n".join(f"- `{name}`: {each.title}" for name, each in sorted(MEDIA_TYPES.items())),
        examples=sorted(MEDIA_TYPES),
    )
    size: int = Field(
        description=f"Bytes. At most {PICTURE_LIMIT} of a picture, {WHOLE_LIMIT} of anything else "
        f"in one piece, and {PARTS_LIMIT} in parts, unless the stage says less.",
        json_schema_extra={"minimum": 1, "maximum": PARTS_LIMIT},
    )
    sha256: str | None = Field(
        default=None,
        description="SHA-256 of the file, as 64 lower-case hexadecimal digits. S3 takes no other "
        "content. It may be left out only of a file that comes in parts.",
        json_schema_extra={"pattern": DIGEST},
    )
    caption: Caption
    alt_text: AltText
    in_parts: bool = Field(
        default=False,
        description="Whether the file is sent in parts, to be resumed on a bad network: for large "
        "ones. Small ones have one part.",
    )
    enrolment_id: Identifier | None = Field(
        default=None,
        description="An enrolment of the candidate whose evidence it is. Candidates upload for "
        "themselves without it; assessors name one that they assess, administrators any.",
    )
    redacts: Identifier | None = Field(
        default=None,
        description="The id of an attachment of the same candidate, clean or flagged, of which "
        "this is a copy with people made unrecognisable. Once clean, it takes the place of one "
        "that is flagged.",
    )
    redaction: Annotated[Text, Field(max_length=REASON_LIMIT)] = Field(
        default="",
        description="With `redacts`, and only then: what was made unrecognisable, and how.",
    )


class UploadFormOut(AnswerModel):
    """A form that takes exactly the declared file: POST `multipart/form-data` to `url`."""

    url: str = Field(description="Where to. No token goes there.")
    fields: dict[str, str] = Field(
        description="The fields of the form, as they are, each before the file; the file comes "
        "last, in a field named `file`."
    )
    expires_at: datetime = Field(
        description="When S3 stops taking it: with a 403. Get a fresh form by `getUpload`."
    )


class ArrivedPartOut(AnswerModel):
    """A part that is there."""

    number: int = Field(description="Which part, from 1.")
    size: int = Field(description="Bytes.")
    sha256: TextOrNull = Field(
        description="SHA-256 as hexadecimal digits; null where the storage does not list it. The "
        "part has arrived all the same."
    )


class UploadPartsOut(AnswerModel):
    """How the file is cut, and what has arrived of it."""

    size: int = Field(description=f"Bytes of every part but the last: {PART_SIZE}.")
    count: int = Field(description="How many parts there are, numbered from 1.")
    arrived: list[ArrivedPartOut] = Field(description="Those that need not be sent again.")


class UploadOut(AnswerModel):
    """A file on its way."""

    id: str = Field(description="The same as the attachment's.")
    attachment: AttachmentOut
    form: UploadFormOut | None = Field(
        description="How to send a file in one piece; null of one in parts, and when nothing is "
        "awaited any more."
    )
    parts: UploadPartsOut | None = Field(
        description="How to send a file in parts; null of one in one piece, and when nothing is "
        "awaited any more."
    )
    expires_at: datetime = Field(
        description="Until then the upload can be finished; after it, begin a new one."
    )


class WantedPartIn(RequestModel):
    """A part about to be sent."""

    number: Annotated[int, Field(ge=1, le=part_count(PARTS_LIMIT))] = Field(
        description="Which part, from 1."
    )
    sha256: Annotated[str, Field(pattern=DIGEST)] = Field(
        description="SHA-256 of the part, as 64 lower-case hexadecimal digits."
    )


class PartsIn(RequestModel):
    """The parts to be sent next."""

    parts: Annotated[list[WantedPartIn], Field(min_length=1, max_length=PARTS_ASKED)] = Field(
        description="Each once, in any order."
    )


class PartLinkOut(AnswerModel):
    """How a part is sent: PUT its bytes to `url`, with these headers and no token."""

    number: int = Field(description="Which part, from 1.")
    url: str = Field(description="Where to.", json_schema_extra={"format": "uri"})
    headers: dict[str, str] = Field(description="Headers to be sent as they are.")


class PartLinksOut(AnswerModel):
    """Links for parts."""

    parts: list[PartLinkOut] = Field(description="In the order that they were asked for.")
    expires_at: datetime = Field(description="When they stop working; ask for fresh ones then.")


@Operation(
    "startUpload",
    "POST",
    UPLOADS,
    summary="Begin an upload: say what is coming, and get a form to send it by.",
    rule=KEEPERS,
    body=UploadIn,
    answer=UploadOut,
    status=201,
    headers=("Location",),
    idempotent=True,
    problems=("invalid-upload", "too-much-evidence"),
)
def start_upload(call: Call) -> Answer:
    """Make the attachment, which waits for its file, and say how that is sent.

    The file goes from the browser straight to S3, which takes nothing but what was declared. Then
    send `completeUpload`. A repeat of the request answers with the same upload as it stands, with
    a fresh form.
    """
    actor = call.actor()
    body = call.body(UploadIn)
    new = NewUpload(
        file=NewFile(
            name=body.name,
            media_type=media_type_of(body.media_type),
            size=body.size,
            sha256=body.sha256 or "",
            caption=body.caption,
            alt_text=body.alt_text,
            in_parts=body.in_parts,
        ),
        enrolment_id=body.enrolment_id or "",
        redacts=body.redacts or "",
        redaction=body.redaction,
    )
    started = uploads.start(call.runtime, actor, new, call.request(actor, body))
    made = started.attachment
    where = call.address(UPLOAD.format(centre_id=made.centre_id, upload_id=made.id))
    return answer(_out(started), 201, location=where)


@Operation(
    "getUpload",
    "GET",
    UPLOAD,
    summary="How far an upload is: a fresh form, or the parts that have arrived.",
    rule=UPLOADERS,
    answer=UploadOut,
)
def get_upload(call: Call) -> Answer:
    """Answer with the upload: to go on with it later, or on another device of the same person.

    Whoever began it and its candidate may.
    """
    return answer(_out(uploads.get(call.runtime, call.actor(), call["upload_id"])))


@Operation(
    "uploadParts",
    "POST",
    UPLOAD + "/parts",
    summary="Links for the parts that are to be sent next.",
    rule=UPLOADERS,
    body=PartsIn,
    answer=PartLinksOut,
    problems=("invalid-parts", "upload-in-one-piece", "upload-over", "upload-expired"),
)
def upload_parts(call: Call) -> Answer:
    """Answer with a link for each part; it takes that part alone, whole and with that digest.

    A link that has expired is refused by S3 with a 403: ask for a fresh one. A part may be sent
    again; the last one counts. Nothing is made by this, so no Idempotency-Key is needed.
    """
    actor = call.actor()
    body = call.body(PartsIn)
    wanted = [WantedPart(each.number, each.sha256) for each in body.parts]
    links, expires_at = uploads.part_links(call.runtime, actor, call["upload_id"], wanted)
    shown = [
        PartLinkOut(number=each.number, url=each.url, headers=dict(each.headers)) for each in links
    ]
    return answer(PartLinksOut(parts=shown, expires_at=expires_at))


@Operation(
    "completeUpload",
    "POST",
    UPLOAD + "/completion",
    summary="Say that the file has been sent: it is read, checked and scanned next.",
    rule=UPLOADERS,
    answer=AttachmentOut,
    status=202,
    problems=("upload-not-arrived", "upload-incomplete", "upload-expired"),
)
def complete_upload(call: Call) -> Answer:
    """Answer with the attachment as it stands; `getAttachment` tells what becomes of it.

    Sent again, at any time, it does nothing twice and answers with the attachment as it stands
    then. A client that never says it does no harm: what arrived in one piece is found by itself.
    """
    actor = call.actor()
    call.no_body()
    completed = uploads.complete(call.runtime, actor, call["upload_id"])
    return answer(attachment_out(completed), 202)


def _out(upload: Upload) -> UploadOut:
    attachment = upload.attachment
    return UploadOut(
        id=attachment.id,
        attachment=attachment_out(attachment),
        form=_form_out(upload),
        parts=_parts_out(upload),
        expires_at=attachment.expires_at,
    )


def _form_out(upload: Upload) -> UploadFormOut | None:
    if upload.form is None:
        return None
    fields = dict(upload.form.fields)
    return UploadFormOut(url=upload.form.url, fields=fields, expires_at=upload.form_expires_at)


def _parts_out(upload: Upload) -> UploadPartsOut | None:
    if upload.arrived is None:
        return None
    arrived = [
        ArrivedPartOut(number=each.number, size=each.size, sha256=each.sha256)
        for each in upload.arrived
    ]
    count = part_count(upload.attachment.size)
    return UploadPartsOut(size=PART_SIZE, count=count, arrived=arrived)
