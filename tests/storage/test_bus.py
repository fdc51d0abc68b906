"""The bus and the queue, as AWS takes what is put there."""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from chalicelib.domain.errors import Unavailable
from chalicelib.storage.bus import Bus
from chalicelib.storage.queue import Queue
from tests.faults import ENDPOINT, answered, hooked, refused
from tests.world import REGION

NAME = "testamur"
EVENT = {"id": "1", "type": "testamur.attempt.signed"}


@cache
def client(service: Any) -> Any:
    session = boto3.session.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
    )
    return session.client(service)


@pytest.fixture
def address() -> Iterator[str]:
    """Make the bus and the queue, and give the queue's address."""
    with mock_aws():
        client("events").create_event_bus(Name=NAME)
        address: str = client("sqs").create_queue(QueueName=NAME)["QueueUrl"]
        yield address


def received(address: str) -> list[Any]:
    found = []
    while messages := client("sqs").receive_message(QueueUrl=address).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            client("sqs").delete_message(QueueUrl=address, ReceiptHandle=message["ReceiptHandle"])
    return found


@pytest.mark.usefixtures("address")
def test_events_are_put_on_the_one_bus_in_order() -> None:
    entries: list[Any] = []

    def note(params: Any, **_: Any) -> None:
        entries.extend(json.loads(params["body"])["Entries"])

    told = [EVENT | {"id": str(number)} for number in range(25)]
    with hooked(client("events"), "before-call.events.PutEvents", note):
        Bus(lambda: client("events"), NAME).put(told)
    assert [json.loads(each["Detail"]) for each in entries] == told
    assert {(each["EventBusName"], each["Source"], each["DetailType"]) for each in entries} == {
        (NAME, "testamur", "testamur.attempt.signed")
    }


@pytest.mark.parametrize(
    "answer", [refused("ThrottlingException"), answered(FailedEntryCount=1, Entries=[{}])]
)
@pytest.mark.usefixtures("address")
def test_an_event_that_is_not_taken_is_told_of(answer: Any) -> None:
    with (
        hooked(client("events"), "before-call.events.PutEvents", lambda **_: answer),
        pytest.raises(Unavailable),
    ):
        Bus(lambda: client("events"), NAME).put([EVENT])


def test_messages_are_queued_with_their_wait_or_the_longest_there_is(address: str) -> None:
    queue = Queue(lambda: client("sqs"), address)
    asked: list[int] = []

    def note(params: Any, **_: Any) -> None:
        asked.append(json.loads(params["body"])["DelaySeconds"])

    with hooked(client("sqs"), "before-call.sqs.SendMessage", note):
        for wait in (timedelta(), timedelta(seconds=5), timedelta(hours=2)):
            queue.send({"wait": str(wait)}, wait=wait)
        queue.send({"number": 1}, {"number": 2})
    assert asked == [0, 5, 900, 0, 0]
    assert received(address) == [{"wait": "0:00:00"}, {"number": 1}, {"number": 2}]


def test_a_message_that_is_not_taken_is_told_of(address: str) -> None:
    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url=ENDPOINT)

    with (
        hooked(client("sqs"), "before-call.sqs.SendMessage", fail),
        pytest.raises(Unavailable),
    ):
        Queue(lambda: client("sqs"), address).send(EVENT)
