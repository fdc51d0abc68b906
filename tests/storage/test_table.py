"""The table: all or nothing, and busy said as busy."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.domain.errors import Unavailable
from chalicelib.storage.changes import (
    Check,
    Delete,
    Key,
    Put,
    Update,
    absent,
    create,
    equals,
    exists,
)
from chalicelib.storage.table import RETRIES, ConditionFailedError
from tests.faults import ENDPOINT, Answer, answered, cancelled, hooked, refused
from tests.world import TABLE, World

A, B, C = (Key("P", f"S#{letter}") for letter in "abc")
THROTTLED = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionInProgressException",
    "InternalServerError",
]


class Answers:
    """Answers calls with what is given, and lets them through once that is used up."""

    def __init__(self, answer: Answer, times: int = 1_000) -> None:
        self.answer = answer
        self.left = times

    def __call__(self, **_: Any) -> Answer | None:
        if not self.left:
            return None
        self.left -= 1
        return self.answer


def lost(**_: Any) -> None:
    raise ReadTimeoutError(endpoint_url=ENDPOINT)


def item(key: Key, **attributes: Any) -> dict[str, Any]:
    return {**key._asdict(), **attributes}


def test_an_update_alone_returns_the_item_as_it_is_now(world: World) -> None:
    table = world.table
    assert table.write(Update(A, set={"n": 1, "gone": "x"})) == item(A, n=1, gone="x")
    now = table.write(Update(A, (equals("n", 1),), {"t": "t"}, ("gone",), {"n": 2, "s": {"x"}}))
    assert now == item(A, n=3, t="t", s={"x"})
    assert table.get(A) == now


def test_values_come_back_and_none_is_left_out(world: World) -> None:
    attributes: dict[str, Any] = {"b": b"\0\xff", "l": ["é", 1], "m": {"k": None}, "f": False}
    world.table.write(Put(A, attributes | {"none": None}))
    found = world.table.get(A)
    assert found == item(A, **attributes)


def test_more_than_dynamodb_hands_over_at_once_is_read_in_batches(world: World) -> None:
    wanted = [Key("P", f"S#{number}") for number in range(230)]
    for key in wanted[::2]:
        world.table.write(Put(key, {}))
    world.calls.take()
    found = world.table.get_many(*wanted)
    assert world.calls.take() == ["BatchGetItem"] * 3
    assert found == tuple(None if n % 2 else item(key) for n, key in enumerate(wanted))
    assert world.table.get_many() == ()


def test_a_write_is_all_or_nothing(world: World) -> None:
    world.table.write(Put(B, {"n": 1}))
    refused_here = (create(B, {}), Update(B, (absent("n"),), {"n": 2}), Delete(B, (absent("n"),)))
    for change in (*refused_here, Check(B, (equals("n", 2),))):
        with pytest.raises(ConditionFailedError):
            world.table.write(create(A, {}), change, Put(C, {}))
        assert world.table.get_many(A, B, C) == (None, item(B, n=1), None)
    world.table.write(create(A, {}), Check(B, (equals("n", 1),)), Put(C, {}))
    assert world.table.get_many(A, B, C) == (item(A), item(B, n=1), item(C))


@pytest.mark.parametrize(
    ("condition", "holds_for"),
    [
        (absent("n"), [None, {"m": 1}]),
        (exists("n"), [{"n": 1}, {"n": 2}]),
        (equals("n", 1), [{"n": 1}]),
    ],
)
def test_conditions_alone_and_in_a_transaction(
    world: World, condition: Any, holds_for: list[Any]
) -> None:
    for attributes in (None, {"m": 1}, {"n": 1}, {"n": 2}):
        for others in ((), (Put(B, {}),)):
            world.table.write(Put(A, attributes) if attributes else Delete(A))
            stands = {A: attributes and item(A, **attributes)}
            found = None
            try:
                world.table.write(Update(A, (condition,), set={"x": 1}), *others)
            except ConditionFailedError as failure:
                found = failure.current
            assert found == (None if attributes in holds_for else stands)


def test_what_stands_in_the_way_is_named_with_the_items_as_they_are(world: World) -> None:
    world.table.write(Put(A, {"n": 1}))
    with pytest.raises(ConditionFailedError) as failure:
        world.table.write(create(A, {}), Put(C, {}), Update(B, (exists("n"),), set={"n": 2}))
    assert failure.value.current == {A: item(A, n=1), B: None}
    with pytest.raises(ConditionFailedError) as alone:
        world.table.write(Delete(A, (equals("n", 2),)))
    assert alone.value.current == {A: item(A, n=1)}


CONFLICTS: list[tuple[str, Answer, tuple[Any, ...]]] = [
    ("TransactWriteItems", cancelled("None", "TransactionConflict"), (Put(A, {}), Put(B, {}))),
    ("TransactWriteItems", cancelled("ThrottlingError", "None"), (Put(A, {}), Put(B, {}))),
    (
        "TransactWriteItems",
        cancelled("ProvisionedThroughputExceeded", "None"),
        (Put(A, {}), Put(B, {})),
    ),
    ("PutItem", refused("TransactionConflictException"), (Put(A, {}),)),
    ("UpdateItem", refused("TransactionConflictException"), (Update(A, set={"n": 1}),)),
    ("DeleteItem", refused("TransactionConflictException"), (Delete(A),)),
]


@pytest.mark.parametrize(("operation", "answer", "changes"), CONFLICTS)
def test_conflicts_are_tried_again_with_growing_pauses_and_not_for_ever(
    world: World, operation: str, answer: Answer, changes: tuple[Any, ...]
) -> None:
    event = f"before-call.dynamodb.{operation}"
    with hooked(world.client, event, Answers(answer, times=3)):
        world.table.write(*changes)
    first, second, third = world.pauses
    assert 0 < first < second < third

    world.pauses.clear()
    with hooked(world.client, event, Answers(answer)), pytest.raises(Unavailable):
        world.table.write(*changes)
    assert len(world.pauses) <= RETRIES
    assert world.pauses == sorted(world.pauses)
    assert sum(world.pauses) < 10


def test_a_failed_condition_beside_a_conflict_is_told_at_once(world: World) -> None:
    answer = cancelled("ConditionalCheckFailed", "TransactionConflict")
    with (
        hooked(world.client, "before-call.dynamodb.TransactWriteItems", Answers(answer)),
        pytest.raises(ConditionFailedError) as failure,
    ):
        world.table.write(create(A, {}), Put(B, {}))
    assert failure.value.current == {A: None}
    assert world.pauses == []


CALLS: dict[str, Callable[[World], object]] = {
    "GetItem": lambda world: world.table.get(A),
    "BatchGetItem": lambda world: world.table.get_many(A, B),
    "Query": lambda world: list(world.table.query("P", "S#")),
    "PutItem": lambda world: world.table.write(Put(A, {})),
    "UpdateItem": lambda world: world.table.write(Update(A, set={"n": 1})),
    "DeleteItem": lambda world: world.table.write(Delete(A)),
    "TransactWriteItems": lambda world: world.table.write(Put(A, {}), Put(B, {})),
}


@pytest.mark.parametrize("operation", CALLS)
def test_too_busy_and_no_answer_are_unavailable_and_the_rest_passes(
    world: World, operation: str
) -> None:
    event = f"before-call.dynamodb.{operation}"
    for code in THROTTLED:
        with hooked(world.client, event, Answers(refused(code))), pytest.raises(Unavailable):
            CALLS[operation](world)
    with hooked(world.client, event, lost), pytest.raises(Unavailable) as refusal:
        CALLS[operation](world)
    assert refusal.value.code == "busy"
    for code in ("AccessDeniedException", "ValidationException", "ResourceNotFoundException"):
        answer = Answers(refused(code))
        with hooked(world.client, event, answer), pytest.raises(ClientError, match=code):
            CALLS[operation](world)


def test_an_invalid_transaction_passes_as_what_it_is(world: World) -> None:
    answer = Answers(cancelled("ValidationError", "None"))
    with (
        hooked(world.client, "before-call.dynamodb.TransactWriteItems", answer),
        pytest.raises(ClientError, match="TransactionCanceled"),
    ):
        world.table.write(Put(A, {}), Put(B, {}))
    assert world.pauses == []


def test_a_query_pages_on_where_the_answer_ends_at_a_megabyte(world: World) -> None:
    for number in range(7):
        world.table.write(Put(Key("P", f"S#{number}"), {"text": "x" * 380_000}))
    world.table.write(Put(Key("P", "T#0"), {}), Put(Key("Q", "S#0"), {}))
    world.calls.take()
    found = [each["sk"] for each in world.table.query("P", "S#")]
    assert found == [f"S#{number}" for number in range(7)]
    assert len(world.calls.take()) > 1


def test_many_are_got_in_the_order_of_their_keys(world: World) -> None:
    many = [Key("P", f"S#{number}") for number in range(100)]
    for number in range(0, 100, 2):
        world.table.write(Put(many[number], {"n": number}))
    keys = many[::-1]
    found = world.table.get_many(*keys)
    assert found == tuple(
        item(key, n=99 - place) if place % 2 else None for place, key in enumerate(keys)
    )


def unprocessed(params: Any, **_: Any) -> Answer:
    requests = json.loads(params["body"])["RequestItems"]
    return answered(Responses={TABLE: []}, UnprocessedKeys=requests)


def test_unprocessed_keys_are_asked_for_again(world: World) -> None:
    world.table.write(Put(A, {"n": 1}), Put(B, {"n": 2}))
    left = [1, 1]

    def half(params: Any, **_: Any) -> Answer | None:
        """Process the first key only, and later the rest."""
        if not left:
            return None
        left.pop()
        requests = json.loads(params["body"])["RequestItems"]
        first, *rest = requests[TABLE]["Keys"]
        done = {"pk": first["pk"], "sk": first["sk"], "n": {"N": "7"}}
        later = {TABLE: requests[TABLE] | {"Keys": rest}}
        return answered(Responses={TABLE: [done]}, UnprocessedKeys=later)

    with hooked(world.client, "before-call.dynamodb.BatchGetItem", half):
        found = world.table.get_many(C, B, A)
    assert found == (item(C, n=7), item(B, n=7), item(A, n=1))
    assert len(world.pauses) == 2


def test_keys_that_are_never_processed_are_given_up(world: World) -> None:
    with (
        hooked(world.client, "before-call.dynamodb.BatchGetItem", unprocessed),
        pytest.raises(Unavailable),
    ):
        world.table.get_many(A, B)
    assert world.pauses == sorted(world.pauses)
    assert 0 < len(world.pauses) <= RETRIES


def test_a_list_is_read_page_by_page(world: World) -> None:
    table = world.table
    for number in range(5):
        table.write(Put(Key("LIST", f"ENTRY#{number}"), {"number": number}))
    table.write(Put(Key("LIST", "OTHER#9"), {}))
    first = table.page("LIST", "ENTRY#", 2)
    second = table.page("LIST", "ENTRY#", 2, first.end)
    third = table.page("LIST", "ENTRY#", 2, second.end)
    numbers = [[int(item["number"]) for item in each.items] for each in (first, second, third)]
    assert numbers == [[0, 1], [2, 3], [4]]
    assert not third.end


def test_a_list_that_ends_with_a_page_has_no_next_one(world: World) -> None:
    table = world.table
    for number in range(2):
        table.write(Put(Key("LIST", f"ENTRY#{number}"), {}))
    assert not table.page("LIST", "ENTRY#", 2).end
    assert table.page("NOTHING", "ENTRY#", 2) == ((), "")


def test_a_list_is_read_from_its_newest_entry_on(world: World) -> None:
    table = world.table
    for number in range(3):
        table.write(Put(Key("LIST", f"ENTRY#{number}"), {}))
    first = table.page("LIST", "ENTRY#", 2, newest_first=True)
    assert [item["sk"] for item in first.items] == ["ENTRY#2", "ENTRY#1"]
    last = table.page("LIST", "ENTRY#", 2, first.end, newest_first=True)
    assert [item["sk"] for item in last.items] == ["ENTRY#0"]
