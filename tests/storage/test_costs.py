"""What the main job costs: round trips, write units and read units, by DynamoDB's size rules."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.addresses import ADDRESS_LIMIT
from chalicelib.domain.answers import from_documents
from chalicelib.domain.attempts import Signature
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Conflict, Invalid
from chalicelib.domain.judgements import FEEDBACK_LIMIT, HEAD_ROOM, Appraisal, Decision
from chalicelib.domain.links import link_for
from chalicelib.domain.modules import PAGES_LIMIT
from chalicelib.domain.people import QUALIFICATION_LIMIT, Role
from chalicelib.domain.trail import MARK, State, covers
from chalicelib.domain.verifications import NOTE_LIMIT, REASON_LIMIT
from chalicelib.events import finalise, notify, sweep
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Put
from chalicelib.storage.trail import advancing, anchoring, to_state
from chalicelib.usecases import attempts, enrolments, links, pages, people, trail, visiting
from tests.domain.values import attempt
from tests.storage.sizes import Meter, size_of
from tests.visits import external, grant, mailed
from tests.world import EVIDENCE_MODULE, SHORT_MODULE, TABLE, World, new_world

WORK = {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"}
LONGEST_PAGE_ID = "p" * 60


def module_of(count: int) -> str:
    """Write a module of so many pages."""
    front = SHORT_MODULE.partition("# Element")[0]
    text = [front, "# Element: All of it {#all}", ""]
    for number in range(1, count + 1):
        text += [
            f"## Page: Page {number} {{#all-{number}}}",
            "",
            f"> It is understood. {{#all-{number}-s1}}",
            "",
        ]
    return "\n".join(text)


def module_of_questions(count: int) -> str:
    """Write a module of one page with so many questions."""
    front = SHORT_MODULE.partition("# Element")[0]
    asked = [f"?? What do you do? {{#kn-1-q{number}}}\n" for number in range(1, count + 1)]
    return "\n".join(
        [front, "# Knowledge: In your own words {#kn}\n", "## Page: Questions {#kn-1}\n", *asked]
    )


def judged(enrolment: Enrolment, page_id: str) -> dict[str, Any]:
    """Make the stream's news of an attempt's head."""
    key = keys.head(enrolment.centre_id, enrolment.id, page_id, 1)
    change = {"Keys": {"pk": {"S": key.pk}, "sk": {"S": key.sk}}, "SequenceNumber": "1"}
    return {"Records": [{"eventName": "MODIFY", "dynamodb": change}]}


@pytest.mark.parametrize("count", [6, 60])
def test_judging_costs_the_same_in_every_module(count: int) -> None:
    with new_world(module_of(count)) as world:
        enrolment = world.enrol()
        first, second = (world.sign(enrolment, f"all-{number}") for number in (1, 2))
        for page_id in ("all-1", "all-2"):  # the functions are warm from here on
            finalise.handle(world.runtime, judged(enrolment, page_id))
        world.judge(enrolment, first)
        finalise.handle(world.runtime, judged(enrolment, "all-1"))

        with Meter(world.client) as judging:
            world.judge(enrolment, second, feedback="Well argued.")
        with Meter(world.client) as caused:
            finalise.handle(world.runtime, judged(enrolment, "all-2"))

        assert judging.names == ["TransactWriteItems"]
        assert judging.write_units == 4
        assert caused.names == ["GetItem", "PutItem", "UpdateItem"]
        assert judging.write_units + caused.write_units <= 6
        assert judging.read_units + caused.read_units <= 1


def test_a_function_that_knows_nothing_reads_what_it_has_to_be_sure_of() -> None:
    """It looks at the state of the chain, its key, and the entry of the signature before."""
    with new_world(module_of(6)) as world:
        enrolment = world.enrol()
        signed = world.sign(enrolment, "all-1")
        world.judge(enrolment, world.sign(enrolment, "all-2"))
        for page_id in ("all-1", "all-2"):
            finalise.handle(world.runtime, judged(enrolment, page_id))
        world.judge(enrolment, signed)
        world.runtime.cache.forget(("trail", enrolment.centre_id, enrolment.id))
        with Meter(world.client) as caused:
            finalise.handle(world.runtime, judged(enrolment, "all-1"))
        assert caused.names == ["GetItem", "BatchGetItem", "GetItem", "PutItem", "UpdateItem"]
        assert (caused.read_units, caused.write_units) == (4, 2)


def test_the_state_of_a_long_trail_stays_under_a_kilobyte() -> None:
    """Sixty pages, each signed, judged, verified, set aside, signed and judged once more."""
    with new_world(module_of(60)) as world:
        enrolment = world.enrol()
        of = (enrolment.centre_id, enrolment.id)
        pages = [page.id for page in world.module.pages]
        entries = 60 * 6 + 10
        chain = State(entries, "f" * 64, b"\xff" * MARK * entries, (1 << 60) - 1)
        before = State()
        world.table.write(advancing(*of, before, chain))
        world.table.write(anchoring(*of, chain))
        key = keys.trail(*of)
        item = world.client.get_item(
            TableName=TABLE, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}}
        )["Item"]
        assert to_state(world.table.get(key)) == replace(chain, anchored=entries)
        assert covers(chain, pages)
        assert size_of(item) < 1024


def test_judging_evidence_that_departs_from_a_rule_costs_one_round_trip_as_well() -> None:
    fine = Appraisal(valid=True, authentic=True, current=True, sufficient=True, reliable=True)
    with new_world(EVIDENCE_MODULE) as world:
        enrolment = world.enrol()
        answers = world.answers("show-1", world.attach(b"The room, prepared."))
        answers["handed"]["values"]["present"] = False
        answers["handed"]["reasons"] = {"with-a-colleague": "Nobody was on shift."}
        etag = world.save(enrolment, "show-1", answers).etag
        signed = world.sign_as_shown(enrolment, "show-1", etag)
        world.review_departures(enrolment, "show-1", "N" * NOTE_LIMIT)
        with pytest.raises(Invalid):
            world.judge(enrolment, signed)  # the function is warm from here on
        decision = Decision(competent=True, initials="AE", evidence={"pictures": fine})
        with Meter(world.client) as judging:
            world.judge(enrolment, signed, decision=decision)
        assert judging.names == ["TransactWriteItems"]
        assert judging.write_units == 6
        assert judging.read_units == 0


def test_files_are_looked_up_when_they_are_first_named() -> None:
    with new_world(EVIDENCE_MODULE) as world:
        enrolment = world.enrol()
        answers = world.answers("show-1", world.attach(b"The room, prepared."))
        world.save(enrolment, "show-1", {})  # the function is warm from here on

        def names(named: Any) -> list[str]:
            etag = pages.get_page(world.runtime, world.candidate, enrolment.id, "show-1").etag
            of = (world.runtime, world.candidate, enrolment.id, "show-1")
            with Meter(world.client) as saving:
                pages.save_draft(*of, from_documents(named), etag)
            return saving.names

        without = {"handed": answers["handed"]}
        assert names(without) == ["BatchGetItem", "UpdateItem"]
        assert names(answers) == ["BatchGetItem", "BatchGetItem", "UpdateItem"]
        without["handed"]["values"]["minutes"] = 1
        assert names(answers) == ["BatchGetItem", "UpdateItem"]


def test_what_is_to_be_countersigned_costs_one_unit_more(world: World) -> None:
    held = world.authorisation(countersigner_id=world.person("Cora", Role.ASSESSOR).id)
    trainee = world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)
    enrolment = world.enrol(assessor_id=trainee.id)
    first, second = (world.sign(enrolment, page_id) for page_id in ("plan-1", "kn-1"))
    world.judge(enrolment, first, actor=trainee)
    for page_id in ("plan-1", "kn-1"):
        finalise.handle(world.runtime, judged(enrolment, page_id))
    with Meter(world.client) as judging:
        world.judge(enrolment, second, actor=trainee)
    with Meter(world.client) as caused:
        finalise.handle(world.runtime, judged(enrolment, "kn-1"))
    assert (judging.names, judging.write_units) == (["TransactWriteItems"], 4)
    assert (caused.names[3:], caused.write_units) == (["PutItem"], 3)


def test_all_that_waits_in_the_longest_module_changes_assessor_in_one_write() -> None:
    with new_world(module_of(PAGES_LIMIT)) as world:
        enrolment = world.enrol()
        for page in world.module.pages:
            waits = attempt(page.id, assessor_id=world.assessor.id)
            key = keys.head(enrolment.centre_id, enrolment.id, page.id, 1)
            world.table.write(Put(key, items.from_attempt(waits)))
        others = [world.person(f"Other {number}", Role.ASSESSOR) for number in range(5)]
        world.calls.take()
        world.reassign(enrolment, others[0].id)
        assert world.calls.take().count("TransactWriteItems") == 1
        moved = enrolments.attempts(world.runtime, enrolment)
        assert {(each.assessor_id, each.generation) for each in moved} == {(others[0].id, 2)}

        now = enrolments.load(world.runtime, world.centre.id, enrolment.id)
        by_page = {f"all-{number}": others[number].id for number in (2, 3, 4)}
        with pytest.raises(Conflict) as refusal:
            world.change(now, assessor_id=others[1].id, page_assessors=by_page)
        assert refusal.value.code == "change-too-large"
        now = world.change(now, assessor_id=others[1].id)
        now = world.change(now, page_assessors=by_page)
        moved = enrolments.attempts(world.runtime, now)
        assert {each.assessor_id for each in moved} == {each.id for each in others[1:]}


def test_judging_by_link_costs_what_judging_costs(world: World) -> None:
    enrolment = world.enrol()
    tokens = []
    for page_id in ("plan-1", "kn-1"):
        attempt = world.sign(enrolment, page_id)
        address = world.assessor.membership.address
        link = link_for(enrolment.centre_id, enrolment.id, attempt, address)
        tokens.append(world.runtime.signer.token(link))
    decision = Decision(competent=True, initials="AE")
    links.judge_by_link(world.runtime, tokens[0], decision, "body")
    with Meter(world.client) as judging:
        links.judge_by_link(world.runtime, tokens[1], decision, "body")
    assert judging.names == ["TransactWriteItems"]
    assert judging.write_units == 4


def test_saving_a_page_of_prose_costs_two_units() -> None:
    prose = Path("tests/storage/answers.txt").read_text(encoding="utf-8")[:4_750]
    part = len(prose) // 5
    with new_world(module_of_questions(5)) as world:
        enrolment = world.enrol()
        answers = {
            f"kn-1-q{number}": {"text": prose[(number - 1) * part : number * part]}
            for number in range(1, 6)
        }
        world.save(enrolment, "kn-1", {})  # the function is warm from here on
        etag = pages.get_page(world.runtime, world.candidate, enrolment.id, "kn-1").etag
        with Meter(world.client) as saving:
            pages.save_draft(
                world.runtime,
                world.candidate,
                enrolment.id,
                "kn-1",
                from_documents(answers),
                etag,
            )
        assert saving.names == ["BatchGetItem", "UpdateItem"]
        assert saving.write_units == 2


@pytest.mark.parametrize("length", [HEAD_ROOM - 40 - QUALIFICATION_LIMIT, FEEDBACK_LIMIT])
def test_a_head_stays_under_a_kilobyte_with_the_longest_legal_fields(length: int) -> None:
    """Try the longest feedback that lies in the head, and the longest of all."""
    source = SHORT_MODULE.replace("#kn-1}", f"#{LONGEST_PAGE_ID}}}")
    with new_world(source) as world:
        address = f"{'z' * 64}@{'a' * 63}.{'b' * 63}.{'c' * 57}.org"
        assert len(address) == ADDRESS_LIMIT
        second = world.person("Sec Ond", Role.ASSESSOR)
        held = world.authorisation(
            qualification="Q" * QUALIFICATION_LIMIT, countersigner_id=second.id
        )
        first = world.person("Fir St", Role.ASSESSOR, address=address, authorisation=held)
        enrolment = world.enrol(assessor_id=first.id)
        signature = Signature("1", "Zoë Nguyễn", world.clock().date())
        attempt = world.sign(enrolment, LONGEST_PAGE_ID, signature=signature)
        notify.handle(world.runtime, judged(enrolment, LONGEST_PAGE_ID))
        head = keys.head(enrolment.centre_id, enrolment.id, LONGEST_PAGE_ID, 1)
        link = link_for(enrolment.centre_id, enrolment.id, attempt, address)
        decision = Decision(
            competent=False,
            initials="\N{CANDLE}" * 10,
            feedback="F" * length,
            occurred_on=world.clock().date(),
        )
        token = world.runtime.signer.token(link)
        judgement = links.judge_by_link(world.runtime, token, decision, "body")
        assert (judgement.feedback is None) == (length == FEEDBACK_LIMIT)
        assert judgement.address is None
        for countersigned in (False, True):
            if countersigned:
                world.countersign(
                    enrolment, LONGEST_PAGE_ID, actor=second, occurred_on=date(2026, 3, 1)
                )
            item = world.client.get_item(
                TableName=TABLE, Key={"pk": {"S": head.pk}, "sk": {"S": head.sk}}
            )["Item"]
            assert size_of(item) < 1024
        trail.catch_up(world.runtime, enrolment.centre_id, enrolment.id)
        entries = world.client.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": head.pk}, ":sk": {"S": "ENTRY#"}},
        )["Items"]
        assert len(entries) == 4
        assert all(size_of(entry) < 1024 for entry in entries)
        # Second looks come after all that is done in haste; their texts lie elsewhere.
        world.verify(enrolment, LONGEST_PAGE_ID, "N" * NOTE_LIMIT)
        world.set_aside(enrolment, LONGEST_PAGE_ID, "R" * REASON_LIMIT)
        item = world.client.get_item(
            TableName=TABLE, Key={"pk": {"S": head.pk}, "sk": {"S": head.sk}}
        )["Item"]
        assert size_of(item) < 1280


def test_a_look_costs_one_write(world: World) -> None:
    """By token and by link alike; the very same look again costs one as well."""
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "kn-1"))
    who = external(world)
    link = mailed(world, grant(world, who, enrolment)).rpartition("/")[2]
    actor = world.actor(who.id)
    of = (enrolment.id, "kn-1")
    visiting.read_page(world.runtime, visiting.open_visit(world.runtime, link), *of)
    world.calls.take()  # the function is warm from here on

    for _ in range(2):
        people.act(world.runtime, who.id, who.centre_id)
        assert world.calls.take() == ["Query"]
        attempts.get_attempt(world.runtime, actor, *of, 1)
        assert world.calls.take() == ["BatchGetItem", "GetItem", "PutItem"]
    opened = visiting.open_visit(world.runtime, link)
    assert world.calls.take() == ["GetItem", "Query"]
    visiting.read_page(world.runtime, opened, *of)
    assert world.calls.take() == ["GetItem", "Query", "BatchGetItem", "PutItem", "Query"]
    pk = keys.enrolment(enrolment.centre_id, enrolment.id).pk
    kept = world.client.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": pk}, ":sk": {"S": "TRACE#"}},
    )["Items"]
    assert len(kept) == 2
    assert max(map(size_of, kept)) < 1024


def test_a_whole_main_job_scans_nothing(world: World) -> None:
    world.calls.take()
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "kn-1"), competent=False, feedback="More.")
    world.complete(enrolment)
    for page in world.module.pages:
        notify.handle(world.runtime, judged(enrolment, page.id))
        finalise.handle(world.runtime, judged(enrolment, page.id))
    sweep.handle(world.runtime, lambda: 60_000)
    sealed, _ = enrolments.get_progress(world.runtime, world.candidate, enrolment.id)
    assert sealed.issue == 1
    assert set(world.calls.take()) <= WORK | {"TransactWriteItems"}


def test_the_rules_that_are_counted_by() -> None:
    """By DynamoDB's documentation: names and values count, numbers by their digits."""
    item = {
        "pk": {"S": "a" * 10},
        "n": {"N": "1234"},
        "é": {"BOOL": True},
        "l": {"L": [{"S": "ab"}]},
        "m": {"M": {"k": {"NULL": True}}},
        "s": {"SS": ["one", "two"]},
        "b": {"B": b"1234"},
    }
    assert size_of(item) == 12 + 4 + 3 + (1 + 3 + 1 + 2) + (1 + 3 + 1 + 1 + 1) + 7 + 5
