"""Uploads and attachments: what happens to them at once."""

import contextlib
from dataclasses import replace

from chalicelib.domain.access import Actor
from chalicelib.domain.attachments import Attachment, Resolution, Ruling
from chalicelib.domain.times import stamp
from chalicelib.storage import keys
from chalicelib.storage.changes import Item
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import (
    attachments,
    promotions,
    uploads,
)
from chalicelib.usecases.attachments import Description
from tests.usecases.scenarios import Conditioned, refusals
from tests.world import World, request


def evidence(world: World, attachment: Attachment) -> Item:
    item = world.runtime.table.get(keys.attachment(world.centre.id, attachment.id))
    assert item
    return item


def described(world: World, attachment: Attachment, caption: str) -> Attachment:
    of = (world.runtime, world.candidate, attachment.id, Description(caption))
    return attachments.change_attachment(*of, [attachments.etag(attachment)])


def deleted(world: World, attachment: Attachment) -> None:
    attachments.delete_attachment(world.runtime, world.candidate, attachment.id)


def flagged(world: World, attachment: Attachment, by: Actor | None = None) -> Attachment:
    actor = by or world.candidate
    of = (world.runtime, actor, attachment.id, "A face.")
    return attachments.flag_attachment(*of, request(actor))


def resolved(
    world: World, attachment: Attachment, resolution: Resolution, replacement: str = ""
) -> Attachment:
    ruling = Ruling(resolution, "Why not.", replacement)
    of = (world.runtime, world.administrator, attachment.id, ruling)
    return attachments.resolve_flag(*of, request(world.administrator))


def an_upload_completed_while_its_file_is_settled(world: World) -> bool:
    begun = world.start_upload(b"Noted.").attachment
    world.send_file(begun, b"Noted.")
    of = (world.runtime, world.centre.id, begun.id)
    world.table.interruption = lambda: promotions.promote(*of)
    return uploads.complete(world.runtime, world.candidate, begun.id).completed_at is None


def an_upload_completed_twice_at_once(world: World) -> bool:
    begun = world.start_upload(b"Noted.").attachment
    world.send_file(begun, b"Noted.")
    of = (world.runtime, world.candidate, begun.id)
    first: list[Attachment] = []

    def complete() -> None:
        world.clock.forward(minutes=1)
        first.append(uploads.complete(*of))

    world.table.interruption = complete
    return uploads.complete(*of) == first[0]


def an_upload_completed_while_it_is_given_up(world: World) -> bool:
    begun = world.start_upload(b"Noted.").attachment
    world.send_file(begun, b"Noted.")
    world.table.interruption = lambda: deleted(world, begun)
    with refusals():
        uploads.complete(world.runtime, world.candidate, begun.id)
    return "completed_at" not in evidence(world, begun)


def two_uploads_with_one_id(world: World) -> bool:
    first = world.start_upload(b"Noted.").attachment
    world.runtime = replace(world.runtime, new_id=lambda: first.id)
    with contextlib.suppress(ConditionFailedError):
        world.start_upload(b"Noted again.")
    return bool(evidence(world, first)["size"] == first.size)


def two_descriptions_from_one_reading(world: World) -> bool:
    attachment = world.attach()
    world.table.interruption = lambda: described(world, attachment, "One.")
    with refusals():
        described(world, attachment, "Two.")
    return bool(evidence(world, attachment)["caption"] == "One.")


def an_attachment_described_while_it_is_signed_for(world: World) -> bool:
    attachment, enrolment = world.attach(), world.enrol()
    world.table.interruption = lambda: world.bind(attachment, enrolment)
    with refusals():
        described(world, attachment, "Other.")
    return bool(evidence(world, attachment)["caption"] == attachment.caption)


def an_attachment_described_while_it_is_deleted(world: World) -> bool:
    attachment = world.attach()
    world.table.interruption = lambda: deleted(world, attachment)
    with refusals():
        described(world, attachment, "Other.")
    return bool(evidence(world, attachment)["caption"] == attachment.caption)


def an_attachment_deleted_while_it_is_signed_for(world: World) -> bool:
    attachment, enrolment = world.attach(), world.enrol()
    world.table.interruption = lambda: world.bind(attachment, enrolment)
    with refusals():
        deleted(world, attachment)
    return "deleted_at" not in evidence(world, attachment)


def an_attachment_deleted_twice_at_once(world: World) -> bool:
    attachment = world.attach()

    def delete() -> None:
        world.clock.forward(minutes=1)
        deleted(world, attachment)

    world.table.interruption = delete
    deleted(world, attachment)
    deleted_at: str = evidence(world, attachment)["deleted_at"]
    return deleted_at == stamp(world.clock())


def redacted(world: World, original: Attachment, *texts: bytes) -> list[Attachment]:
    given = {"redacts": original.id, "redaction": "A name."}
    return [world.attach(text, **given) for text in texts]


def a_redaction_deleted_while_another_takes_its_place(world: World) -> bool:
    original = world.attach()
    flagged(world, original)
    first, second = redacted(world, original, b"Noted by somebody.", b"Noted by somebody else.")
    resolved(world, original, Resolution.WITHHELD, first.id)
    world.table.interruption = lambda: resolved(world, original, Resolution.WITHHELD, second.id)
    deleted(world, first)
    return evidence(world, original).get("replaced_by") == second.id


def a_redaction_that_is_deleted_takes_no_place(world: World) -> bool:
    original = world.attach()
    flagged(world, original)
    (redaction,) = redacted(world, original, b"Noted by somebody.")
    world.table.interruption = lambda: deleted(world, redaction)
    with refusals():
        resolved(world, original, Resolution.WITHHELD, redaction.id)
    return "replaced_by" not in evidence(world, original)


def a_redaction_that_is_flagged_takes_no_place(world: World) -> bool:
    original = world.attach()
    flagged(world, original)
    (redaction,) = redacted(world, original, b"Noted by somebody.")
    world.table.interruption = lambda: flagged(world, redaction)
    with refusals():
        resolved(world, original, Resolution.WITHHELD, redaction.id)
    return "replaced_by" not in evidence(world, original)


def an_attachment_flagged_while_it_is_deleted(world: World) -> bool:
    attachment = world.attach()
    world.table.interruption = lambda: deleted(world, attachment)
    with refusals():
        flagged(world, attachment)
    return "flagged_at" not in evidence(world, attachment)


def two_flags_at_once(world: World) -> bool:
    attachment = world.attach()
    world.table.interruption = lambda: flagged(world, attachment, world.verifier)
    flagged(world, attachment)
    return bool(evidence(world, attachment)["flagged_by"] == world.verifier.id)


def a_flag_released_twice_at_once(world: World) -> bool:
    attachment = world.attach()
    flagged(world, attachment)
    world.table.interruption = lambda: resolved(world, attachment, Resolution.RELEASED)
    with refusals():
        resolved(world, attachment, Resolution.RELEASED)
    key = keys.deed(world.centre.id, attachment.id, "")
    deeds = [each["what"] for each in world.runtime.table.query(key.pk, key.sk)]
    return deeds.count("released") == 1


def a_flag_resolved_while_the_file_is_deleted(world: World) -> bool:
    attachment = world.attach()
    flagged(world, attachment)
    world.table.interruption = lambda: deleted(world, attachment)
    with refusals():
        resolved(world, attachment, Resolution.RELEASED)
    return "flagged_at" in evidence(world, attachment)


CONDITIONS: list[Conditioned] = [
    ("ATTACHMENT", "state", an_upload_completed_while_its_file_is_settled),
    ("ATTACHMENT", "completed_at", an_upload_completed_twice_at_once),
    ("ATTACHMENT", "deleted_at", an_upload_completed_while_it_is_given_up),
    ("ATTACHMENT", "pk", two_uploads_with_one_id),
    ("ATTACHMENT", "revision", two_descriptions_from_one_reading),
    ("ATTACHMENT", "bound", an_attachment_described_while_it_is_signed_for),
    ("ATTACHMENT", "deleted_at", an_attachment_described_while_it_is_deleted),
    ("ATTACHMENT", "bound", an_attachment_deleted_while_it_is_signed_for),
    ("ATTACHMENT", "deleted_at", an_attachment_deleted_twice_at_once),
    ("ATTACHMENT", "replaced_by", a_redaction_deleted_while_another_takes_its_place),
    ("ATTACHMENT", "deleted_at", a_redaction_that_is_deleted_takes_no_place),
    ("ATTACHMENT", "flagged_at", a_redaction_that_is_flagged_takes_no_place),
    ("ATTACHMENT", "deleted_at", an_attachment_flagged_while_it_is_deleted),
    ("ATTACHMENT", "flagged_at", two_flags_at_once),
    ("ATTACHMENT", "flagged_at", a_flag_released_twice_at_once),
    ("ATTACHMENT", "deleted_at", a_flag_resolved_while_the_file_is_deleted),
]
