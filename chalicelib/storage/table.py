"""The table: get, query, and write any number of changes as one transaction."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable
from chalicelib.storage.changes import Change, Check, Condition, Delete, Item, Key, Put, Update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RETRIES = 8
BATCH = 100  # items that DynamoDB hands over, or changes, at once
FIRST_PAUSE = 0.02  # seconds, doubled with every retry
BUSY = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionInProgressException",
    "InternalServerError",
}
CONTENDED = {
    "TransactionConflict",
    "TransactionConflictException",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
}


class ConditionFailedError(Exception):
    """A write was refused. `current` maps each change that failed to the item as it stands."""

    def __init__(self, current: dict[Key, Item | None]) -> None:
        super().__init__(f"condition failed for {', '.join(key.sk for key in current)}")
        self.current = current


class Page(NamedTuple):
    """A page of a list: its items, and where it ended; empty where nothing comes after it."""

    items: tuple[Item, ...]
    end: str


class Table:
    """The one DynamoDB table. Reads are consistent; writes are all or nothing."""

    def __init__(
        self, client: "DynamoDBClient", name: str, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._name = name
        self._pause = pause

    def get(self, key: Key) -> Item | None:
        """Return one item, or None."""
        response = self._call(
            self._client.get_item,
            TableName=self._name,
            Key=_encode(key._asdict()),
            ConsistentRead=True,
        )
        return _decode(response["Item"]) if "Item" in response else None

    def get_many(self, *keys: Key) -> tuple[Item | None, ...]:
        """Return items in the order of their keys, in one round trip for each 100 of them.

        What DynamoDB leaves unprocessed is asked for again, a few times, until Unavailable.
        """
        batches = (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))
        return tuple(item for batch in batches for item in self._get_batch(batch))

    def _get_batch(self, keys: Sequence[Key]) -> tuple[Item | None, ...]:
        wanted = {"Keys": [_encode(key._asdict()) for key in keys], "ConsistentRead": True}
        requests: dict[str, Any] = {self._name: wanted}
        found: dict[Key, Item] = {}
        for attempt in range(RETRIES):
            response = self._call(self._client.batch_get_item, RequestItems=requests)
            for encoded in response["Responses"].get(self._name, []):
                item = _decode(encoded)
                found[Key(item["pk"], item["sk"])] = item
            requests = response.get("UnprocessedKeys", {})
            if not requests:
                return tuple(found.get(key) for key in keys)
            self._pause(FIRST_PAUSE * 2**attempt)
        raise _unavailable()

    def query(self, pk: str, prefix: str) -> Iterator[Item]:
        """Yield the items of a partition whose sort key starts so, in its order."""
        names = {"#p": "pk", "#s": "sk"}
        values = {":p": pk, ":s": prefix}
        yield from self._pages(
            KeyConditionExpression="#p = :p AND begins_with(#s, :s)",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=_encode(values),
            ConsistentRead=True,
        )

    def page(
        self, pk: str, prefix: str, limit: int, after: str = "", *, newest_first: bool = False
    ) -> Page:
        """Return at most so many items of a partition whose sort key starts so, in one round trip.

        `after` is where the page before ended. A page ends early at DynamoDB's 1 MB.
        """
        start = {"ExclusiveStartKey": _encode({"pk": pk, "sk": prefix + after})} if after else {}
        response = self._call(
            self._client.query,
            TableName=self._name,
            KeyConditionExpression="#p = :p AND begins_with(#s, :s)",
            ExpressionAttributeNames={"#p": "pk", "#s": "sk"},
            ExpressionAttributeValues=_encode({":p": pk, ":s": prefix}),
            ConsistentRead=True,
            ScanIndexForward=not newest_first,
            Limit=limit + 1,  # one more tells whether there is a next page
            **start,
        )
        found = tuple(map(_decode, response["Items"]))
        more = len(found) > limit or "LastEvaluatedKey" in response
        items = found[:limit]
        return Page(items, items[-1]["sk"].removeprefix(prefix) if more and items else "")

    def query_index(self, index: str, attribute: str, value: str) -> Iterator[Item]:
        """Yield the items of an index under one value of its partition key."""
        yield from self._pages(
            IndexName=index,
            KeyConditionExpression="#a = :a",
            ExpressionAttributeNames={"#a": attribute},
            ExpressionAttributeValues=_encode({":a": value}),
        )

    def write(self, *changes: Change) -> Item:
        """Commit all the changes, or none of them.

        Returns the attributes of the item after a single Update, else nothing. Raises
        ConditionFailedError with what stands in the way, or Unavailable when the table is too
        busy. At most 100 changes go into one transaction.
        """
        for attempt in range(RETRIES):
            try:
                return self._write_once(changes)
            except ClientError as error:
                current = _failed(error, changes)
                if current:
                    raise ConditionFailedError(current) from None
                if not _contended(error):
                    raise _unavailable_or(error) from error
                self._pause(FIRST_PAUSE * 2**attempt)
            except BotoCoreError as error:
                raise _unavailable() from error
        raise _unavailable()

    def _write_once(self, changes: Sequence[Change]) -> Item:
        if len(changes) == 1 and not isinstance(changes[0], Check):
            return self._write_single(changes[0])
        items = [_transaction_item(self._name, change) for change in changes]
        self._client.transact_write_items(TransactItems=items)
        return {}

    def _write_single(self, change: Put | Update | Delete) -> Item:
        call: Any = {"TableName": self._name, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        match change:
            case Put():
                self._client.put_item(**call, **_request(change))
            case Delete():
                self._client.delete_item(**call, **_request(change))
            case Update():
                answer = self._client.update_item(
                    **call, **_request(change), ReturnValues="ALL_NEW"
                )
                return _decode(answer["Attributes"])
        return {}

    def _pages(self, **query: Any) -> Iterator[Item]:  # noqa: ANN401 (botocore's own arguments)
        while True:
            response = self._call(self._client.query, TableName=self._name, **query)
            yield from map(_decode, response["Items"])
            if "LastEvaluatedKey" not in response:
                return
            query["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    @staticmethod
    def _call(operation: Callable[..., Any], **arguments: Any) -> Any:  # noqa: ANN401 (as above)
        try:
            return operation(**arguments)
        except ClientError as error:
            raise _unavailable_or(error) from error
        except BotoCoreError as error:
            raise _unavailable() from error


def _transaction_item(table: str, change: Change) -> Any:  # noqa: ANN401 (a botocore shape)
    kind = "ConditionCheck" if isinstance(change, Check) else type(change).__name__
    returned = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    return {kind: {"TableName": table, **returned, **_request(change)}}


def _request(change: Change) -> Any:  # noqa: ANN401 (a botocore shape)
    """Turn a change into the members that DynamoDB's single and transactional calls share."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}

    def name(attribute: str) -> str:
        return names.setdefault(attribute, f"#{len(names)}")

    def value(content: object) -> str:
        placeholder = f":{len(values)}"
        values[placeholder] = content
        return placeholder

    request: dict[str, Any] = {}
    if isinstance(change, Put):
        request["Item"] = _encode({**change.key._asdict(), **change.attributes})
    else:
        request["Key"] = _encode(change.key._asdict())
    if isinstance(change, Update):
        clauses = {
            "SET": [f"{name(key)} = {value(new)}" for key, new in change.set.items()],
            "REMOVE": [name(key) for key in change.remove],
            "ADD": [f"{name(key)} {value(more)}" for key, more in change.add.items()],
        }
        request["UpdateExpression"] = " ".join(
            f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts
        )
    if change.conditions:
        request["ConditionExpression"] = " AND ".join(
            _expression(condition, name, value) for condition in change.conditions
        )
    if names:
        request["ExpressionAttributeNames"] = {short: long for long, short in names.items()}
    if values:
        request["ExpressionAttributeValues"] = _encode(values)
    return request


def _expression(
    condition: Condition, name: Callable[[str], str], value: Callable[[object], str]
) -> str:
    match condition.must:
        case "be absent":
            return f"attribute_not_exists({name(condition.attribute)})"
        case "exist":
            return f"attribute_exists({name(condition.attribute)})"
        case _:
            return f"{name(condition.attribute)} = {value(condition.value)}"


def _failed(error: ClientError, changes: Sequence[Change]) -> dict[Key, Item | None]:
    """Find the changes whose conditions failed, with the items that made them fail."""
    response: Any = error.response
    if response["Error"]["Code"] == "ConditionalCheckFailedException":
        item = response.get("Item")
        return {changes[0].key: _decode(item) if item else None}
    return {
        change.key: _decode(reason["Item"]) if reason.get("Item") else None
        for change, reason in zip(changes, response.get("CancellationReasons", ()), strict=False)
        if reason.get("Code") == "ConditionalCheckFailed"
    }


def _contended(error: ClientError) -> bool:
    response: Any = error.response
    reasons: Iterable[Any] = response.get("CancellationReasons", ())
    codes = {response["Error"]["Code"], *(reason.get("Code") for reason in reasons)}
    return not codes.isdisjoint(CONTENDED)


def _unavailable_or(error: ClientError) -> Exception:
    return _unavailable() if error.response["Error"]["Code"] in BUSY else error


def _unavailable() -> Unavailable:
    detail = "The service is busy. Send the same request again shortly: nothing is done twice."
    return Unavailable("busy", detail)


_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def _encode(item: dict[str, Any]) -> Any:  # noqa: ANN401 (a botocore shape)
    return {name: _serializer.serialize(value) for name, value in item.items() if value is not None}


def _decode(encoded: Any) -> Item:  # noqa: ANN401 (a botocore shape)
    return {name: _deserializer.deserialize(value) for name, value in encoded.items()}
