"""The table's stream in tests: switched off for a while, or its records made by hand."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from chalicelib.domain.attachments import Attachment
from chalicelib.storage import keys
from cli.playing import Play
from cli.stack import Stack


@contextmanager
def stream_off(stack: Stack, *functions: str) -> Iterator[None]:
    """Switch the stream off for some functions, and on again."""
    client = stack.cloud.client("lambda")
    mappings = [
        mapping["UUID"]
        for mapping in client.list_event_source_mappings()["EventSourceMappings"]
        if mapping["FunctionArn"].rpartition("-")[2] in functions
    ]
    assert len(mappings) == len(functions)
    for mapping in mappings:
        client.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        yield
    finally:
        for mapping in mappings:
            client.update_event_source_mapping(UUID=mapping, Enabled=True)


def items(stack: Stack, prefix: str, play: Play) -> list[dict[str, Any]]:
    """Read what stands in the partition of an enrolment, as the client gives it."""
    answer = stack.cloud.client("dynamodb").query(
        TableName=stack.resources["Table"],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={
            ":pk": {"S": f"CENTRE#{play.cast.centre_id}#ENROLMENT#{play.enrolment_id}"},
            ":sk": {"S": prefix},
        },
        ConsistentRead=True,
    )
    found: list[dict[str, Any]] = answer["Items"]
    return found


def head_records(stack: Stack, play: Play) -> list[dict[str, Any]]:
    """Make the stream records that changes of an enrolment's attempts bring."""
    return [_record(item) for item in items(stack, "HEAD#", play)]


def attachment_record(attachment: Attachment, **new: str) -> dict[str, Any]:
    """Make the stream record of an attachment that has got new texts."""
    key = keys.attachment(attachment.centre_id, attachment.id)
    return _record({name: {"S": text} for name, text in (key._asdict() | new).items()})


def _record(item: dict[str, Any]) -> dict[str, Any]:
    keys = {"pk": item["pk"], "sk": item["sk"]}
    change = {"Keys": keys, "NewImage": item, "SequenceNumber": str(uuid4().int)}
    # What a function is sent has been through JSON, so binary values have no place in it.
    record: dict[str, Any] = json.loads(json.dumps({"eventName": "MODIFY", "dynamodb": change}))
    return record
