"""News of uploads, whoever brings them: a message names an attachment, and decides nothing."""

import json
from typing import Any

import pytest

from chalicelib.domain.attachments import Attachment, AttachmentState
from chalicelib.domain.errors import Unavailable
from chalicelib.events import notify, promote, sweep
from chalicelib.storage import keys
from tests.attachments import NOTE, begin, name_of, read
from tests.events.records import failed, record_of
from tests.world import QUARANTINE, World, clients


def handle(world: World, *messages: dict[str, Any]) -> None:
    records = [{"body": json.dumps(message)} for message in messages]
    promote.handle(world.runtime, {"Records": records})


def begin_here(world: World) -> Attachment:
    return begin(world.runtime, world.centre.id)


def arrive(attachment: Attachment) -> None:
    _, s3 = clients()
    s3.put_object(Bucket=QUARANTINE, Key=name_of(attachment), Body=NOTE)


def asked(world: World) -> list[str]:
    return [message["key"] for message, _ in world.uploads.take()]


def changed(world: World, attachment: Attachment, before: dict[str, str], **after: str) -> bool:
    """Hand on the news of a change, and tell whether it has to come again."""
    record = record_of(keys.attachment(attachment.centre_id, attachment.id))
    for image, texts in (("OldImage", before), ("NewImage", before | after)):
        record["dynamodb"][image] = {name: {"S": text} for name, text in texts.items()}
    return bool(failed(notify.handle(world.runtime, {"Records": [record]})))


def test_a_message_has_its_file_promoted_however_often_it_comes(world: World) -> None:
    attachment = begin_here(world)
    arrive(attachment)
    message = {"key": name_of(attachment)}
    for _ in range(2):
        handle(world, message, message)
        assert read(world.runtime, attachment).state is AttachmentState.CLEAN


@pytest.mark.parametrize(
    "key", ["malware-protection-resource-validation-object", "", "a/b", f"{'01' * 13}/", "../x"]
)
def test_what_is_no_attachment_is_passed_over(world: World, key: str) -> None:
    world.calls.take()
    handle(world, {"key": key})
    assert world.calls.take() == []


def test_a_failure_of_ours_has_the_message_come_again_and_tells_nothing(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    attachment = begin_here(world)
    arrive(attachment)

    def fail() -> None:
        raise Unavailable("busy", "PLANTED words")

    world.table.interruption = fail
    with pytest.raises(RuntimeError, match="comes again") as failure:
        handle(world, {"key": name_of(attachment)})
    assert failure.value.__suppress_context__
    printed = capfd.readouterr()
    assert "promotion-failed" in printed.out
    for word in ("PLANTED", attachment.id, attachment.name, attachment.sha256):
        assert word not in printed.out + printed.err
    handle(world, {"key": name_of(attachment)})
    assert read(world.runtime, attachment).state is AttachmentState.CLEAN


@pytest.mark.parametrize("name", ["completed_at", "deleted_at"])
def test_the_stream_tells_what_is_complete_and_what_is_to_go(world: World, name: str) -> None:
    attachment = begin_here(world)
    assert not changed(world, attachment, {"state": "pending"}, **{name: "2026-03-02"})
    assert asked(world) == [name_of(attachment)]


def test_the_stream_tells_nothing_else(world: World) -> None:
    attachment = begin_here(world)
    before = {"state": "pending", "completed_at": "2026-03-02"}
    assert not changed(world, attachment, {}, state="pending")
    assert not changed(world, attachment, before, state="clean", settled_at="2026-03-02")
    assert asked(world) == []


def test_a_queue_that_takes_nothing_has_the_record_come_again(world: World) -> None:
    attachment = begin_here(world)
    world.uploads.broken = True
    assert changed(world, attachment, {}, completed_at="2026-03-02")


def test_the_sweeper_asks_for_what_is_not_settled(world: World) -> None:
    waiting, done = begin_here(world), begin_here(world)
    arrive(done)
    handle(world, {"key": name_of(done)})
    assert sweep.handle(world.runtime, lambda: 900_000)["uploads"] == 1
    assert asked(world) == [name_of(waiting)]
