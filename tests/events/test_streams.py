"""Stream records are handled in order, and one that fails comes again with those after it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.events import finalise
from chalicelib.events.streams import HeadChanged, ItemChanged, changes, in_order
from chalicelib.storage import keys
from chalicelib.storage.changes import Key, Update
from tests.events.records import Record, failed, head_record, poll, record_of, sequence
from tests.world import SHORT_MODULE, World, new_world

ONE_PAGE = SHORT_MODULE.partition("## Page: Choosing well")[0]
OF = ("centre", "enrolment")
FOREIGN = [
    keys.centre("centre"),
    keys.membership("person", "centre"),
    keys.authorisation("person", "centre", Role.ASSESSOR),
    keys.history("person", "centre", "change"),
    keys.enrolment(*OF),
    keys.draft(*OF, "p1"),
    keys.body(*OF, "p1", 1),
    keys.feedback(*OF, "p1", 1),
    keys.trail(*OF),
    keys.entry(*OF, 1),
    keys.certificate(*OF, 1),
    keys.request("actor", "/route", "key"),
]


def head_of(number: int) -> Record:
    return record_of(keys.head(*OF, f"p{number}", number))


class Handler:
    """Notes what it handles, and fails for some pages as often as it is told."""

    def __init__(self, **failures: int) -> None:
        self.failures = failures
        self.done: list[str] = []

    def __call__(self, event: dict[str, Any]) -> Any:
        return in_order((each for each in changes(event) if each.head), self.handle)

    def handle(self, change: ItemChanged) -> None:
        head = change.head
        assert head
        if self.failures.get(head.page_id):
            self.failures[head.page_id] -= 1
            message = "planted"
            raise ValueError(message)
        self.done.append(head.page_id)


def test_a_head_is_read_from_the_keys_alone() -> None:
    record = record_of(keys.head("c1", "e1", "plan-1", 12))
    (found,) = changes({"Records": [record]})
    assert found.head == HeadChanged("c1", "e1", "plan-1", 12)


def test_a_member_is_read_from_the_keys_alone() -> None:
    record = record_of(keys.membership("p1", "c1"))
    (found,) = changes({"Records": [record]})
    assert found.member == ("c1", "p1")
    for key in FOREIGN:
        assert keys.is_membership(key.sk) or not next(changes({"Records": [record_of(key)]})).member


def test_what_shows_an_act_of_an_enrolment_is_told_by_its_keys_alone() -> None:
    showing = [
        keys.enrolment(*OF),
        keys.change(*OF, 1),
        keys.head(*OF, "p1", 1),
        keys.part(*OF, "p1", "i1", 1),
        keys.enrolment_verification(*OF, "v1"),
        keys.certificate(*OF, 1),
        keys.trace(*OF, "t1"),
        keys.deed("centre", "attachment", "d1"),
    ]
    beside = [keys.verification("centre", "v1"), keys.public_certificate("c1")]
    records = [record_of(key) for key in (*showing, *beside, *FOREIGN)]
    found = [each.key for each in changes({"Records": records}) if each.on_record]
    assert found == [*showing, keys.enrolment(*OF), keys.certificate(*OF, 1)]


def test_items_of_other_kinds_are_passed_over() -> None:
    handler = Handler()
    records = [record_of(key) for key in FOREIGN]
    assert failed(handler({"Records": [*records, head_of(1), *records]})) == []
    assert handler.done == ["p1"]


def test_an_empty_batch_is_done() -> None:
    assert in_order((), Handler().handle) == {"batchItemFailures": []}


@given(st.integers(1, 6), st.integers(1, 6))
def test_it_stops_at_the_first_failure_and_names_it(size: int, poison: int) -> None:
    handler = Handler(**{f"p{poison}": 1})
    records = [head_of(number) for number in range(1, size + 1)]
    stopped = failed(handler({"Records": records}))
    assert stopped == ([sequence(records[poison - 1])] if poison <= size else [])
    assert handler.done == [f"p{number}" for number in range(1, min(poison - 1, size) + 1)]


@given(st.dictionaries(st.integers(0, 9).map("p{}".format), st.integers(1, 3)))
def test_failures_that_pass_lose_nothing_and_keep_the_order(failures: dict[str, int]) -> None:
    handler = Handler(**failures)
    assert poll(handler, [head_of(number) for number in range(10)]) == []
    assert handler.done == [f"p{number}" for number in range(10)]


@given(st.sets(st.integers(0, 9)))
def test_poison_ends_in_the_failure_queue_and_nothing_else_does(poison: set[int]) -> None:
    handler = Handler(**{f"p{number}": 1_000 for number in poison})
    records = [head_of(number) for number in range(10)]
    assert poll(handler, records) == [records[number] for number in sorted(poison)]
    assert handler.done == [f"p{number}" for number in range(10) if number not in poison]


def test_one_poison_record_keeps_nobody_elses_certificate_back() -> None:
    with new_world(ONE_PAGE) as world:
        ready = [complete_enrolment(world, number) for number in range(5)]
        poison = ready[3]
        broken = {"state": "no such state"}
        world.table.write(Update(keys.enrolment(poison.centre_id, poison.id), set=broken))
        records = [head_record(enrolment, "plan-1") for enrolment in ready]

        given_up = poll(lambda event: finalise.handle(world.runtime, event), records)

        assert given_up == [records[3]]
        issued = [certificate_key(enrolment) for enrolment in ready]
        found = world.table.get_many(*issued)
        assert [item is not None for item in found] == [each is not poison for each in ready]


def complete_enrolment(world: World, number: int) -> Enrolment:
    world.candidate = world.person(f"Candidate {number}", Role.CANDIDATE)
    enrolment = world.enrol()
    world.complete(enrolment)
    return enrolment


def certificate_key(enrolment: Enrolment) -> Key:
    return keys.certificate(enrolment.centre_id, enrolment.id, 1)
