"""The stream's records, and a small poller that hands them on as Lambda does."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from chalicelib.domain.enrolments import Enrolment
from chalicelib.storage import keys
from chalicelib.storage.changes import Key

Record = dict[str, Any]
RETRIES = 5  # as infra/resources.yaml has it
_sequence = count(1)


def record_of(key: Key) -> Record:
    """Make the record of a change of an item."""
    names = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    return {"dynamodb": {"Keys": names, "SequenceNumber": f"{next(_sequence):021}"}}


def head_record(enrolment: Enrolment, page_id: str, number: int = 1) -> Record:
    """Make the record of a change of an attempt's head."""
    return record_of(keys.head(enrolment.centre_id, enrolment.id, page_id, number))


def sequence(record: Record) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def failed(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    """Read from a partial-batch response where it stopped."""
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def poll(handle: Callable[[dict[str, Any]], Any], records: Iterable[Record]) -> list[Record]:
    """Hand records on as Lambda does, and return what ends in the failure queue.

    From the record on that is named as failed, the batch is halved until it is one record, and
    that is tried a finite number of times.
    """
    batches, given_up = [list(records)], list[Record]()
    tries = 0
    while batches:
        batch = batches.pop()
        stopped = failed(handle({"Records": batch}))
        if not stopped:
            tries = 0
            continue
        rest = [record for record in batch if sequence(record) >= stopped[0]]
        if len(rest) > 1:
            half = len(rest) // 2
            batches += [rest[half:], rest[:half]]
        elif tries < RETRIES:
            tries += 1
            batches.append(rest)
        else:
            tries = 0
            given_up += rest
    return given_up
