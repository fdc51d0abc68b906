"""Uploads whose steps meet: the same request twice at once, and S3's event before the client."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.attachments import AttachmentState
from chalicelib.domain.errors import Conflict, Unavailable
from chalicelib.storage.quarantine import Arrived, Quarantine
from chalicelib.usecases import attachments, promotions, uploads
from tests.faults import hooked, refused
from tests.world import QUARANTINE, World, clients, request

NOTE = b"Noted."


class Overtaken(Quarantine):
    """Has S3's event handled just before somebody looks for the file."""

    def __init__(self, world: World, attachment_id: str) -> None:
        super().__init__(world.s3, QUARANTINE)
        self._before = world.runtime
        self._of = (world.centre.id, attachment_id)

    def find(self, key: str) -> Arrived | None:
        promotions.promote(self._before, *self._of)
        return super().find(key)


def test_a_file_settled_before_the_client_says_that_it_is_there(world: World) -> None:
    begun = world.start_upload(NOTE).attachment
    world.send_file(begun, NOTE)
    overtaken = replace(world.runtime, quarantine=Overtaken(world, begun.id))
    completed = uploads.complete(overtaken, world.candidate, begun.id)
    assert completed.state is AttachmentState.CLEAN
    assert completed.completed_at is None


def test_what_has_not_arrived_is_not_taken_for_settled(world: World) -> None:
    begun = world.start_upload(NOTE).attachment
    overtaken = replace(world.runtime, quarantine=Overtaken(world, begun.id))
    with pytest.raises(Conflict, match="not there yet"):
        uploads.complete(overtaken, world.candidate, begun.id)


def test_the_same_upload_begun_twice_at_once_is_one(world: World) -> None:
    same, begun = request(world.candidate), []
    world.table.interruption = lambda: begun.append(world.start_upload(NOTE, same=same).attachment)
    # The first write is the count, so that the one before it has gone all the way by then.
    again = world.start_upload(NOTE, same=same).attachment
    assert begun == [again]
    listed, _ = attachments.list_attachments(world.runtime, world.candidate, "", 9, "")
    assert listed == [again]


def test_a_part_sent_again_while_the_file_is_put_together(world: World) -> None:
    begun = world.start_upload(NOTE, in_parts=True).attachment
    world.send_part(begun, 1, NOTE)
    _, s3 = clients()

    def invalid(**_: Any) -> Any:
        return refused("InvalidPart", ResponseMetadata={"HTTPStatusCode": 400})

    with (
        hooked(s3, "before-call.s3.CompleteMultipartUpload", invalid),
        pytest.raises(Unavailable),
    ):
        uploads.complete(world.runtime, world.candidate, begun.id)
    assert uploads.complete(world.runtime, world.candidate, begun.id).completed_at
