"""Attachments: the files of a candidate's evidence, by number."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.lists import ListQuery, Next, next_cursor
from chalicelib.api.rules import ADMINISTRATORS, READERS, VIEWERS, members
from chalicelib.api.texts import Identifier, Text, TextOrNull
from chalicelib.domain.access import Actor
from chalicelib.domain.attachments import (
    ALT_TEXT_LIMIT,
    CAPTION_LIMIT,
    REASON_LIMIT,
    REASONS,
    Attachment,
    AttachmentState,
    Resolution,
    Ruling,
)
from chalicelib.domain.people import Role
from chalicelib.usecases import attachments
from chalicelib.usecases.attachments import Description, Links

ATTACHMENTS = "/v1/centres/{centre_id}/attachments"
ATTACHMENT = ATTACHMENTS + "/{attachment_id}"
KEEPERS = members(Role.ADMINISTRATOR, own=(Role.CANDIDATE, Role.ASSESSOR))

Caption = Annotated[
    Text,
    Field(
        description="What is to be seen or heard, and what it shows; shown beneath it. May be "
        "empty.",
        json_schema_extra={"maxLength": CAPTION_LIMIT},
    ),
]
AltText = Annotated[
    Text,
    Field(
        description="The picture or recording in words, for those who cannot see or hear it. "
        "Empty only where the caption says it all.",
        json_schema_extra={"maxLength": ALT_TEXT_LIMIT},
    ),
]
ShortText = Annotated[Text, Field(min_length=1, max_length=REASON_LIMIT, pattern=r"\S")]


class AttachmentPatch(RequestModel):
    """What is to stand beside the file; what is left out, or null, stays."""

    caption: Caption | None = None
    alt_text: AltText | None = None


class FlagIn(RequestModel):
    """Why the file must not be seen as it is."""

    reason: ShortText = Field(
        description="Whom it identifies, in words that identify nobody: a face, a name on a chart. "
        "Administrators read it. Text of more than white space."
    )


class ResolutionIn(RequestModel):
    """What becomes of the flag."""

    outcome: Annotated[Resolution, Field(strict=False)] = Field(
        description="`released`: it can be read again, and nothing stands in its place. "
        "`withheld`: it stays withheld."
    )
    note: ShortText = Field(description="Why. It is put on record. More than white space.")
    replacement: Identifier | None = Field(
        default=None,
        description="With `withheld`: the id of a redacted copy that is shown in its place from "
        "now on, to everybody who may see the original. It is clean, and was uploaded with "
        "`redacts` naming this one. Left out: what stands in its place already stays.",
    )


class AttachmentOut(AnswerModel):
    """A file of a candidate's evidence: what was said of it, and where it stands."""

    id: str = Field(description="Also the id of its upload.")
    number: int = Field(
        description="Its evidence number: 1, 2, 3 ... for each candidate at a centre. A number is "
        "never given twice; some may be missing."
    )
    candidate_id: str = Field(description="Whose evidence it is.")
    name: str = Field(description="What its uploader called the file.")
    media_type: str = Field(description="Its type, in one spelling of each.")
    size: int = Field(description="Bytes.")
    sha256: TextOrNull = Field(
        description="SHA-256 as 64 lower-case hexadecimal digits: as declared until the file has "
        "been read, then as it is. Null where none was declared, until then.",
    )
    caption: str = Field(description="What stands beneath it; may be empty.")
    alt_text: str = Field(description="The same in words, for those who cannot see or hear it.")
    state: AttachmentState = Field(
        description="`pending`: the file is awaited, or about to be read. `scanning`: it is there, "
        "and a scanner looks at it. `clean`: it can be read and signed for. `rejected`: it is "
        "gone, and `reason` says why; upload another one."
    )
    reason: TextOrNull = Field(
        description="Of a rejected file, why; else null. It never changes, and new ones may come."
        "\n\n" + "\n".join(f"- `{code}`: {words}" for code, words in sorted(REASONS.items())),
    )
    reason_text: TextOrNull = Field(
        description="Of a rejected file, what is wrong and what to do, in English; else null.",
    )
    created_at: datetime = Field(description="When its upload began.")
    created_by: str = Field(description="Who began it.")
    settled_at: datetime | None = Field(
        description="When it was found clean, or rejected; null until then."
    )
    scanned_by: TextOrNull = Field(
        description="What looked for malware in a clean file; null until it is clean. `off` means "
        "that scanning is off in this stage: the type and the structure were checked, and nothing "
        "looked for malware. Say so where you offer the file.",
    )
    bound: bool = Field(
        description="Whether a signed page rests on it: then it is never changed or deleted."
    )
    flagged: bool = Field(
        description="Whether it is withheld, as somebody says that it identifies a person who "
        "uses services. Only administrators see the file then."
    )
    redacts: TextOrNull = Field(
        description="Of a redacted copy, the id of the attachment that it was made of; else null."
    )
    redaction: TextOrNull = Field(
        description="Of a redacted copy, what was made unrecognisable in it; else null."
    )
    replaced_by: TextOrNull = Field(
        description="Of a flagged file, the id of the redacted copy that an administrator has put "
        "in its place: show that instead. Null where there is none."
    )


class FlagOut(AnswerModel):
    """Why a file is withheld."""

    reason: str = Field(description="What the flag says; of several, the first one.")
    flagged_by: str = Field(description="Whose it is.")
    flagged_at: datetime = Field(description="Since when the file is withheld.")


class AttachmentWithFileOut(AttachmentOut):
    """An attachment, and where its file can be had."""

    url: TextOrNull = Field(
        description="Where the file can be downloaded until `expires_at`: GET, without a token. It "
        "is byte for byte what was uploaded, and comes as a download. Null unless the file is "
        "clean, and not withheld from you. Ask again for a fresh one.",
        json_schema_extra={"format": "uri"},
    )
    expires_at: datetime | None = Field(description="Until when the addresses here work; or null.")
    rendering_url: TextOrNull = Field(
        description="Where the picture can be shown from: a JPEG of at most 2048 pixels in each "
        "direction, without the place and device that the original may name. Null unless it is a "
        "picture.",
        json_schema_extra={"format": "uri"},
    )
    thumbnail_url: TextOrNull = Field(
        description="The same, small, for lists; null likewise.",
        json_schema_extra={"format": "uri"},
    )
    flag: FlagOut | None = Field(description="For administrators, of a flagged file; else null.")


class AttachmentList(AnswerModel):
    """A page of a candidate's attachments, newest last."""

    items: list[AttachmentOut]
    next: Next


class AttachmentQuery(ListQuery):
    """Whose attachments are listed."""

    candidate_id: Identifier | None = Field(
        default=None,
        description="Candidates list their own without it. Administrators and internal verifiers "
        "name the candidate.",
    )


@Operation(
    "listAttachments",
    "GET",
    ATTACHMENTS,
    summary="A candidate's attachments, whatever their state, newest last.",
    rule=members(Role.ADMINISTRATOR, Role.INTERNAL_VERIFIER, own=(Role.CANDIDATE,)),
    query=AttachmentQuery,
    answer=AttachmentList,
    problems=("not-found",),
)
def list_attachments(call: Call) -> Answer:
    """List what was uploaded for the candidate; what was deleted is left out."""
    actor = call.actor()
    query = call.query(AttachmentQuery)
    found, end = attachments.list_attachments(
        call.runtime, actor, query.candidate_id or "", query.limit, query.after
    )
    return answer(AttachmentList(items=list(map(attachment_out, found)), next=next_cursor(end)))


@Operation(
    "getAttachment",
    "GET",
    ATTACHMENT,
    summary="An attachment, with links to its file where it can be read.",
    rule=VIEWERS,
    answer=AttachmentWithFileOut,
    headers=("ETag",),
)
def get_attachment(call: Call) -> Answer:
    """Answer with the attachment, and with links that work for five minutes.

    While it is pending or scanning, or when it was rejected, the links are null: ask again after
    some seconds. Candidates see their own, and what they uploaded for others; assessors what they
    uploaded, and what was signed for in an enrolment that they assess, or of which a judgement
    waits for their countersignature. When an administrator looks at a flagged file, that is put on
    record.
    """
    actor = call.actor()
    found, links = attachments.get_attachment(call.runtime, actor, call["attachment_id"])
    return answer(_with_file(actor, found, links), version=attachments.etag(found))


@Operation(
    "changeAttachment",
    "PATCH",
    ATTACHMENT,
    summary="Change the caption or the alternative text of an attachment.",
    rule=KEEPERS,
    body=AttachmentPatch,
    answer=AttachmentOut,
    headers=("ETag",),
    if_match=True,
    problems=("evidence-bound", "not-your-evidence", "stale-attachment", "invalid-attachment"),
)
def change_attachment(call: Call) -> Answer:
    """Change what the body names, until a signed page rests on the attachment.

    Its candidate, whoever uploaded it, and administrators may.
    """
    actor = call.actor()
    body = call.body(AttachmentPatch)
    description = Description(body.caption, body.alt_text)
    changed = attachments.change_attachment(
        call.runtime, actor, call["attachment_id"], description, call.if_match()
    )
    return answer(attachment_out(changed), version=attachments.etag(changed))


@Operation(
    "deleteAttachment",
    "DELETE",
    ATTACHMENT,
    summary="Delete an attachment that no signed page rests on.",
    rule=KEEPERS,
    status=204,
    media=(),
    problems=("evidence-bound", "not-your-evidence"),
)
def delete_attachment(call: Call) -> Answer:
    """Delete the attachment and its file, or give up its upload; deleting it again is the same.

    Its candidate, whoever uploaded it, and administrators may. Its number is not given again.
    """
    attachments.delete_attachment(call.runtime, call.actor(), call["attachment_id"])
    return Answer(204)


@Operation(
    "flagAttachment",
    "POST",
    ATTACHMENT + "/flags",
    summary="Say that a file identifies somebody who uses services: it is withheld at once.",
    rule=READERS,
    body=FlagIn,
    answer=AttachmentOut,
    status=201,
    idempotent=True,
)
def flag_attachment(call: Call) -> Answer:
    """Withhold the file from everybody but administrators, until one of them decides.

    Anybody who may see it may do this. Signed pages that rest on it stand; no page is signed with
    it while it is flagged.
    """
    actor = call.actor()
    body = call.body(FlagIn)
    flagged = attachments.flag_attachment(
        call.runtime, actor, call["attachment_id"], body.reason, call.request(actor, body)
    )
    return answer(attachment_out(flagged), 201)


@Operation(
    "resolveFlag",
    "POST",
    ATTACHMENT + "/resolutions",
    summary="Decide about a flagged file: release it, or keep it withheld.",
    rule=ADMINISTRATORS,
    body=ResolutionIn,
    answer=AttachmentOut,
    status=201,
    idempotent=True,
    problems=("not-flagged", "invalid-attachment"),
)
def resolve_flag(call: Call) -> Answer:
    """Put the decision on record. What stays withheld can be released later."""
    actor = call.actor()
    body = call.body(ResolutionIn)
    resolved = attachments.resolve_flag(
        call.runtime,
        actor,
        call["attachment_id"],
        Ruling(body.outcome, body.note, body.replacement or ""),
        call.request(actor, body),
    )
    return answer(attachment_out(resolved), 201)


def attachment_out(attachment: Attachment) -> AttachmentOut:
    """Show an attachment to those who may know of it."""
    return AttachmentOut(
        id=attachment.id,
        number=attachment.number,
        candidate_id=attachment.candidate_id,
        name=attachment.name,
        media_type=attachment.media_type,
        size=attachment.size,
        sha256=attachment.sha256,
        caption=attachment.caption,
        alt_text=attachment.alt_text,
        state=attachment.state,
        reason=attachment.reason,
        reason_text=REASONS.get(attachment.reason),
        created_at=attachment.created_at,
        created_by=attachment.created_by,
        settled_at=attachment.settled_at,
        scanned_by=attachment.scanned_by,
        bound=bool(attachment.bound),
        flagged=attachment.flag is not None,
        redacts=attachment.redacts,
        redaction=attachment.redaction,
        replaced_by=attachment.replaced_by,
    )


def _with_file(actor: Actor, attachment: Attachment, links: Links | None) -> AttachmentWithFileOut:
    flag = attachment.flag if actor.has(Role.ADMINISTRATOR) else None
    return AttachmentWithFileOut(
        **attachment_out(attachment).model_dump(),
        url=links.url if links else None,
        expires_at=links.expires_at if links else None,
        rendering_url=links.rendering_url if links else None,
        thumbnail_url=links.thumbnail_url if links else None,
        flag=FlagOut(reason=flag.reason, flagged_by=flag.by, flagged_at=flag.at) if flag else None,
    )
