"""The audit trail: all that was done is in it, once, and none of what was said."""

from typing import Any

import pytest

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.judgements import FEEDBACK_LIMIT, Method
from chalicelib.domain.people import Role
from chalicelib.domain.trail import Act, Kind, event_name
from chalicelib.events import finalise
from chalicelib.storage import keys
from chalicelib.storage.changes import Delete, Key, Update
from chalicelib.storage.trail import trace
from chalicelib.usecases import attachments, attempts, trail
from chalicelib.usecases.trail import Recorded
from tests.events.records import record_of
from tests.faults import hooked, refused
from tests.trails import check, check_chain, check_heads
from tests.world import AUDIT, EVIDENCE_MODULE, World, new_world, request


def exported(world: World, enrolment: Enrolment) -> Recorded:
    """Read the trail as an export does."""
    of = (world.runtime, world.centre.id, enrolment.id)
    trail.catch_up(*of)
    trail.anchor(*of)
    return trail.read(*of)


def entries(world: World, enrolment: Enrolment) -> list[dict[str, Any]]:
    return check(exported(world, enrolment), world.runtime.sealer.jwk)


def only(found: list[dict[str, Any]], kind: Kind) -> dict[str, Any]:
    (entry,) = (each for each in found if each["kind"] == kind)
    return entry


def test_what_was_done_with_an_attempt_comes_after_its_signing(world: World) -> None:
    """Else no verifier takes it, ever: nothing in a chain is put in order later."""
    enrolment = world.enrol()
    world.clock.forward(minutes=1)
    attempt = world.sign(enrolment, "kn-1")
    world.clock.forward(seconds=-1)  # another server's clock
    world.judge(enrolment, attempt)
    found = world.verify(enrolment, "kn-1")
    of = (world.centre.id, enrolment.id)
    trail.note(world.runtime, keys.enrolment_verification(*of, found.id))  # the rest is lost
    kinds = [each["kind"] for each in entries(world, enrolment)]
    assert kinds.index("attempt.signed") < kinds.index("attempt.judged")
    assert kinds.index("attempt.signed") < kinds.index("judgement.verified")


def test_a_whole_life_is_on_record(world: World) -> None:
    enrolment = world.enrol()
    first = world.sign(enrolment, "kn-1")
    world.clock.forward(minutes=1)
    attempts.withdraw(world.runtime, world.candidate, enrolment.id, "kn-1", 1)
    world.clock.forward(minutes=1)
    world.complete(enrolment)
    world.clock.forward(minutes=1)
    certificate = world.finalise(enrolment)
    assert certificate
    world.clock.forward(minutes=1)
    world.verify(enrolment, "plan-1", "Look at the plan again.")
    world.clock.forward(minutes=1)
    world.set_aside(enrolment, "plan-1", "The plan was not read.")
    world.clock.forward(minutes=1)
    other = world.person("Otto Other", Role.ASSESSOR)
    world.reassign(enrolment, other.id)
    found = entries(world, enrolment)
    assert [each["kind"] for each in found] == [
        "enrolment.created",
        "attempt.signed",
        "attempt.withdrawn",
        *["attempt.signed"] * 3,
        *["attempt.judged"] * 3,
        "certificate.issued",
        "judgement.verified",
        "judgement.set-aside",
        "certificate.suspended",
        "enrolment.changed",
    ]
    signed = found[1]
    assert signed["event"] == f"attempt-signed:{enrolment.id}:kn-1:1"
    assert signed["facts"] == {"page_id": "kn-1", "number": 1}
    assert (signed["on"], signed["by"]) == (first.content_hash, world.candidate.id)
    assert (signed["method"], signed["at"]) == ("token", "2026-03-02T09:30:00.000Z")
    changed = found[-1]["facts"]
    assert changed["after"] == {"assessor_id": other.id}
    assert found[-4]["facts"]["outcome"] == "action-required"


def test_what_was_said_is_not_in_it_but_can_be_shown_to_be_what_was_said(world: World) -> None:
    enrolment = world.enrol()
    long = "Say more of the plan. " * (FEEDBACK_LIMIT // 22)
    for page_id, feedback in (("plan-1", "PLANTED short"), ("kn-1", long)):
        signed = world.sign(enrolment, page_id)
        world.judge(enrolment, signed, competent=False, feedback=feedback)
    recorded = exported(world, enrolment)
    found = check(recorded, world.runtime.sealer.jwk)
    assert b"PLANTED" not in recorded.lines
    assert b"Say more" not in recorded.lines
    texts = recorded.commitments["texts"]
    told = {texts[each["event"]]["feedback"] for each in found if each["commitments"]}
    assert told == {"PLANTED short", long}


def test_what_others_did_is_on_record_as_theirs(world: World) -> None:
    countersigner = world.person("Cora Countersigner", Role.ASSESSOR)
    held = world.authorisation(countersigner_id=countersigner.id)
    world.assessor = world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "kn-1"))
    world.countersign(enrolment, "kn-1", actor=countersigner)
    found = entries(world, enrolment)
    assert only(found, Kind.ATTEMPT_JUDGED)["by"] == world.assessor.id
    assert only(found, Kind.ATTEMPT_JUDGED)["facts"]["countersigner_id"] == countersigner.id
    assert only(found, Kind.JUDGEMENT_COUNTERSIGNED)["by"] == countersigner.id


def test_evidence_leaves_its_traces() -> None:
    with new_world(EVIDENCE_MODULE) as world:
        enrolment = world.enrol()
        part = world.contribute(enrolment, "show-2", "observed", world.attach(b"Seen."))
        file = world.attach(b"The room, prepared.")
        answers = world.answers("show-1", file)
        answers["handed"]["values"]["present"] = False
        answers["handed"]["reasons"] = {"with-a-colleague": "Nobody was on shift."}
        etag = world.save(enrolment, "show-1", answers).etag
        world.sign_as_shown(enrolment, "show-1", etag)
        world.review_departures(enrolment, "show-1")
        flag = (world.runtime, world.assessor, file.id, "A face.", request(world.assessor))
        attachments.flag_attachment(*flag, Method.LINK)
        attachments.get_attachment(world.runtime, world.administrator, file.id)
        found = entries(world, enrolment)
    contributed = only(found, Kind.CONTRIBUTION_SIGNED)
    assert contributed["on"] == part.content_hash
    assert contributed["facts"] == {"page_id": "show-2", "item_id": "observed", "number": 1}
    assert only(found, Kind.DEPARTURES_REVIEWED)["by"] == world.verifier.id
    for kind, method in ((Kind.ATTACHMENT_FLAGGED, "link"), (Kind.ATTACHMENT_SEEN, "token")):
        assert only(found, kind)["method"] == method
        assert only(found, kind)["facts"] == {"attachment_id": file.id}
        assert only(found, kind)["on"] == file.sha256


def test_what_leaves_nothing_behind_is_taken_from_its_trace(world: World) -> None:
    enrolment = world.enrol()
    act = Act(
        event=event_name(Kind.PORTFOLIO_VIEWED, enrolment.id, "01"),
        kind=Kind.PORTFOLIO_VIEWED,
        at=world.clock(),
        by="somebody",
        method="link",
        facts={"pages": 3, "of": ["plan-1"]},
    )
    world.table.write(trace(world.centre.id, enrolment.id, "01", act))
    trail.note(world.runtime, keys.trace(world.centre.id, enrolment.id, "01"))
    viewed = only(entries(world, enrolment), Kind.PORTFOLIO_VIEWED)
    assert (viewed["by"], viewed["method"]) == ("somebody", "link")
    assert viewed["facts"] == {"pages": 3, "of": ["plan-1"]}


def test_the_stream_brings_all_of_it(world: World) -> None:
    """Whatever the table has, handed on as the stream does, comes to the same as catching up."""
    enrolment = world.enrol()
    world.complete(enrolment)
    world.finalise(enrolment)
    world.verify(enrolment, "plan-1")
    pk = keys.enrolment(world.centre.id, enrolment.id).pk
    records = [
        record_of(Key(pk, item["sk"]))
        for prefix in ("META", "HEAD#", "VERIFICATION#", "CERTIFICATE#", "BODY#", "DRAFT#")
        for item in world.table.query(pk, prefix)
    ]
    assert finalise.handle(world.runtime, {"Records": records}) == {"batchItemFailures": []}
    streamed = trail.read(world.runtime, world.centre.id, enrolment.id)
    found = check(streamed, world.runtime.sealer.jwk)
    assert len(found) == 1 + 2 * 3 + 1 + 1
    assert exported(world, enrolment).lines == streamed.lines


def test_an_enrolment_that_is_no_longer_open_is_anchored_with_every_act(world: World) -> None:
    enrolment = world.enrol()
    meta = keys.enrolment(world.centre.id, enrolment.id)
    trail.note(world.runtime, meta)
    assert trail.read(world.runtime, world.centre.id, enrolment.id).heads == b""
    world.complete(enrolment)
    world.finalise(enrolment)
    trail.note(world.runtime, keys.certificate(world.centre.id, enrolment.id, 1))
    recorded = trail.read(world.runtime, world.centre.id, enrolment.id)
    assert len(recorded.entries) == 2
    check_heads(recorded.heads, recorded.lines, world.runtime.sealer.jwk)


def test_what_was_signed_of_an_entry_once_is_what_counts(world: World) -> None:
    enrolment = world.enrol()
    of = (world.centre.id, enrolment.id)
    before = exported(world, enrolment).heads
    world.clock.forward(minutes=1)
    world.runtime.anchors.keep(*of, 1, "another")
    assert trail.read(world.runtime, *of).heads == before
    assert exported(world, enrolment).heads == before


def test_whoever_signs_a_head_at_the_same_time_is_in_nobodys_way(world: World) -> None:
    enrolment = world.enrol()
    trail.catch_up(world.runtime, world.centre.id, enrolment.id)

    def conflict(**_: Any) -> Any:
        answer = {"ResponseMetadata": {"HTTPStatusCode": 409}}
        return refused("ConditionalRequestConflict", **answer)

    with hooked(world.s3, "before-call.s3.PutObject", conflict):
        trail.anchor(world.runtime, world.centre.id, enrolment.id)


def test_a_deed_that_does_not_say_by_which_means_was_done_by_token(world: World) -> None:
    enrolment, file = world.enrol(), world.attach()
    world.bind(file, enrolment)
    attachments.flag_attachment(
        world.runtime, world.candidate, file.id, "A face.", request(world.candidate)
    )
    (deed,) = world.table.query(keys.attachment(world.centre.id, file.id).pk, "DEED#")
    world.table.write(Update(Key(deed["pk"], deed["sk"]), remove=("method",)))
    assert only(entries(world, enrolment), Kind.ATTACHMENT_FLAGGED)["method"] == "token"


def test_what_is_not_anchored_yet_is_not_read_yet(world: World) -> None:
    enrolment = world.enrol()
    before = exported(world, enrolment)
    world.sign(enrolment, "kn-1")
    trail.catch_up(world.runtime, world.centre.id, enrolment.id)
    assert trail.read(world.runtime, world.centre.id, enrolment.id) == before
    assert len(exported(world, enrolment).entries) == 2
    assert len(exported(world, enrolment).heads.splitlines()) == 2


def test_a_chain_without_the_key_of_its_commitments_stays_whole(world: World) -> None:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "kn-1"))
    before = exported(world, enrolment)
    world.table.write(Delete(keys.commitments(world.centre.id, enrolment.id)))
    after = trail.read(world.runtime, world.centre.id, enrolment.id)
    assert after.lines == before.lines
    check_chain(after.lines)
    check_heads(after.heads, after.lines, world.runtime.sealer.jwk)
    assert after.commitments["key"] == ""


def test_heads_are_locked(world: World) -> None:
    enrolment = world.enrol()
    exported(world, enrolment)
    (found,) = world.s3.list_objects_v2(Bucket=AUDIT)["Contents"]
    assert found["Key"] == f"{world.centre.id}/{enrolment.id}/00000001.jws"


@pytest.mark.parametrize("unknown", ["nobody", "01ARZ3NDEKTSV4RRFFQ69G5FAV"])
def test_of_what_is_not_there_is_no_trail(world: World, unknown: str) -> None:
    of = (world.runtime, world.centre.id, unknown)
    trail.catch_up(*of)
    trail.anchor(*of)
    assert trail.read(*of).entries == ()
    assert trail.note(world.runtime, keys.enrolment(world.centre.id, unknown)) is None
