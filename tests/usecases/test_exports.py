"""Exports: what can be asked for, what comes of it, and what may be in the way."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.enrolments import Enrolment, EnrolmentState
from chalicelib.domain.errors import Forbidden, Invalid, NotFound, Unavailable
from chalicelib.domain.exports import (
    ABANDONED,
    AT_ONCE,
    KEPT,
    LEASE,
    Export,
    ExportState,
    Selection,
)
from chalicelib.domain.people import Role
from chalicelib.domain.sampling import Rate, Risk
from chalicelib.domain.times import stamp
from chalicelib.events import export as export_events
from chalicelib.events import sweep
from chalicelib.storage import keys
from chalicelib.storage.changes import Delete, Update
from chalicelib.storage.exports import from_export
from chalicelib.usecases import archives, attachments, exports, sampling, trail, visits
from tests.exports import everything, members, objects, verified
from tests.faults import Killed, killed_at
from tests.sampling import judged, planned
from tests.visits import external, grant
from tests.world import ARCHIVES, EVIDENCE, EVIDENCE_MODULE, World, clients, new_world, request


@pytest.fixture
def rich() -> Iterator[World]:
    with new_world(EVIDENCE_MODULE) as world:
        yield world


def test_taking_it_out_and_downloading_it_are_in_the_trail(rich: World) -> None:
    enrolment = rich.enrol()
    export = rich.work_on(rich.start_export(enrolment))
    assert exports.get(rich.runtime, rich.verifier, export.id)[1]
    rich.clock.forward(minutes=10)
    exports.get(rich.runtime, rich.verifier, export.id)
    rich.work_on(export)
    trail.catch_up(rich.runtime, rich.centre.id, enrolment.id)
    trail.anchor(rich.runtime, rich.centre.id, enrolment.id)
    found = trail.read(rich.runtime, rich.centre.id, enrolment.id).entries
    told = [(each["kind"], each["by"]) for each in found if each["kind"].startswith("portfolio.")]
    downloaded = ("portfolio.downloaded", rich.verifier.id)
    assert told == [("portfolio.exported", rich.administrator.id), downloaded, downloaded]


def test_a_lost_download_is_put_on_record_by_the_sweeper(rich: World) -> None:
    enrolment = rich.enrol()
    export = rich.work_on(rich.start_export(enrolment))
    exports.get(rich.runtime, rich.administrator, export.id)
    rich.export_jobs.take()
    sweep.handle(rich.runtime, lambda: 900_000)
    for message, _ in rich.export_jobs.take():
        body = {"Records": [{"body": json.dumps(message)}]}
        export_events.handle(rich.runtime, body, lambda: 900_000)
    pk = keys.enrolment(rich.centre.id, enrolment.id).pk
    traces = [each["kind"] for each in rich.table.query(pk, "TRACE#")]
    assert traces == ["portfolio.downloaded", "portfolio.exported"]
    sweep.handle(rich.runtime, lambda: 900_000)
    assert not rich.export_jobs.take(), f"{export.id} is done with"


def test_an_archive_in_which_nothing_was_said_yet_verifies(world: World, tmp_path: Path) -> None:
    enrolment = world.enrol()
    world.sign(enrolment, "plan-1")
    verified(world, world.work_on(world.start_export(enrolment)), tmp_path)


# ---- what can be asked for


def ask(world: World, **said: Any) -> Export:
    return world.start_export(selection=Selection(**said))


def test_an_export_by_what_enrolments_have_in_common(world: World) -> None:
    first = world.enrol()
    world.clock.forward(days=40)
    other = world.person("Cyrus Candidate", Role.CANDIDATE)
    second = world.enrol(candidate_id=other.id)
    of = {"module_id": world.module.id}

    def found(**said: Any) -> list[str]:
        return exports.selected(world.runtime, ask(world, **said))

    assert found(**of) == sorted([first.id, second.id])
    assert found(candidate_id=other.id) == [second.id]
    assert found(assessor_id=world.assessor.id, until=date(2026, 3, 31)) == [first.id]
    assert found(**of, since=date(2026, 4, 1)) == sorted([first.id, second.id])
    with pytest.raises(Invalid, match="No enrolment"):
        found(**of, state=EnrolmentState.COMPLETE)


def test_a_period_leaves_out_what_was_given_up_before_it(world: World) -> None:
    enrolment = world.enrol()
    world.change(enrolment, state=EnrolmentState.WITHDRAWN, reason="Moved away.")
    world.clock.forward(days=40)
    assert exports.selected(world.runtime, ask(world, until=date(2026, 3, 2))) == [enrolment.id]
    with pytest.raises(Invalid, match="No enrolment"):
        ask(world, since=date(2026, 4, 1))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"enrolment_ids": ("one",), "module_id": "moving-people"},
        {"since": date(2026, 3, 2), "until": date(2026, 3, 1)},
    ],
)
def test_what_cannot_be_asked_for(world: World, said: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(world, **said)
    assert refusal.value.code == "invalid-export"


def test_only_those_who_read_all_export(world: World) -> None:
    enrolment = world.enrol()
    for actor in (world.candidate, world.assessor):
        with pytest.raises(Forbidden):
            world.start_export(enrolment, actor=actor, request=request(actor))


def test_external_verifiers_export_what_visits_show_them(world: World) -> None:
    shown = world.enrol()
    other = world.person("Cyrus Candidate", Role.CANDIDATE)
    hidden = world.enrol(candidate_id=other.id)
    invited = external(world)
    visit = grant(world, invited, shown)
    guest = world.actor(invited.id)
    with pytest.raises(NotFound):
        world.start_export(hidden, actor=guest, request=request(guest))
    selection = Selection(module_id=world.module.id)
    started = world.start_export(selection=selection, actor=guest, request=request(guest))
    assert exports.selected(world.runtime, started) == [shown.id]
    others = world.start_export(shown)
    assert [each.id for each in exports.list_exports(world.runtime, guest, 10, "")[0]] == [
        started.id
    ]
    with pytest.raises(NotFound):
        exports.get(world.runtime, guest, others.id)
    visits.end_visit(world.runtime, world.administrator, visit.id)
    guest = world.actor(invited.id)
    with pytest.raises(NotFound):
        exports.get(world.runtime, guest, started.id)


def test_nobody_exports_their_own_portfolio(world: World) -> None:
    both = world.person("Both", Role.CANDIDATE, Role.INTERNAL_VERIFIER)
    own = world.enrol(candidate_id=both.id)
    with pytest.raises(Forbidden):
        world.start_export(own, actor=both, request=request(both))
    others = world.enrol()
    selection = Selection(module_id=world.module.id)
    started = world.start_export(selection=selection, actor=both, request=request(both))
    assert exports.selected(world.runtime, started) == [others.id]


def test_nobody_has_their_own_portfolio_from_what_somebody_else_exported(world: World) -> None:
    both = world.person("Both", Role.CANDIDATE, Role.INTERNAL_VERIFIER)
    own = world.enrol(candidate_id=both.id)
    started = world.work_on(world.start_export(own, world.enrol()))
    with pytest.raises(NotFound):
        exports.get(world.runtime, both, started.id)
    assert exports.list_exports(world.runtime, both, 10, "")[0] == []
    assert exports.get(world.runtime, world.verifier, started.id)[1]


def test_what_was_found_of_others_is_not_in_the_samples_of_an_export(world: World) -> None:
    hidden, shown = judged(world, "kn-1", name="Hid Den"), judged(world, "kn-1", name="Sho Wn")
    plan = planned(world, rates={risk: Rate(100, 0) for risk in Risk})
    unit = f"{hidden.id}/kn-1/1"
    chosen = [f"{each.id}/kn-1/1" for each in (hidden, shown)]
    same = request(world.verifier)
    sampling.choose(world.runtime, world.verifier, plan.id, chosen, "A complaint.", same)
    sampling.draw_sample(world.runtime, world.verifier, plan.id)
    world.verify(hidden, "kn-1", "A second person was not asked.")
    world.verify(shown, "kn-1")
    exported = members(world, world.work_on(world.start_export(shown)))
    sample = json.loads(exported[f"data/sampling/{plan.id}.json"])
    assert unit in sample["drawn"], "who draws again needs all of the frame"
    for said in ("sampled", "chosen"):
        assert [each["unit"] for each in sample[said]] == [f"{shown.id}/kn-1/1"]


def test_what_is_elsewhere_is_not_found(world: World) -> None:
    enrolment = world.enrol()
    export = world.start_export(enrolment)
    elsewhere = world.new_centre("Hilltop Care Training")
    stranger = world.person("Ada Elsewhere", Role.ADMINISTRATOR, centre=elsewhere)
    with pytest.raises(NotFound):
        world.start_export(enrolment, actor=stranger, request=request(stranger))
    with pytest.raises(NotFound):
        exports.get(world.runtime, stranger, export.id)


def test_nobody_keeps_all_workers_to_themselves(world: World) -> None:
    enrolment, same = world.enrol(), request(world.administrator)
    first, *_ = [world.start_export(enrolment) for _ in range(AT_ONCE)]
    with pytest.raises(Unavailable, match="in work"):
        world.start_export(enrolment, request=same)
    world.start_export(enrolment, actor=world.verifier, request=request(world.verifier))
    world.work_on(first)
    world.start_export(enrolment, request=same)


def test_the_same_request_is_the_same_export(world: World) -> None:
    same, enrolment = request(world.administrator), world.enrol()
    first = world.start_export(enrolment, request=same)
    assert world.start_export(enrolment, request=same).id == first.id


# ---- what is in the way


def failed(world: World, export: Export, code: str) -> None:
    """Check that an export has failed, and that nothing of it looks like an archive."""
    now = world.work_on(export)
    assert now.state is ExportState.FAILED
    assert now.failure
    assert now.failure.code == code
    assert not objects(), "what was gathered of somebody is gone as well"
    assert exports.get(world.runtime, world.administrator, export.id)[1] is None


def overtaken(world: World, export: Export) -> None:
    """Check that nobody is led to an archive that is ready, and that the list says so too."""
    now, link = exports.get(world.runtime, world.verifier, export.id)
    assert link is None
    assert now.failure
    assert now.failure.code == "export-overtaken"
    assert exports.list_exports(world.runtime, world.verifier, 10, "")[0] == [now]


def one_step(world: World, export: Export) -> None:
    """Have a worker go on with an export that has time for one step."""
    left = partial(next, iter([900_000]), 0)
    archives.proceed(world.runtime, export.centre_id, export.id, left)


def gathered(world: World) -> tuple[Enrolment, Export]:
    """Start an export of everything, and stop it once all is gathered."""
    enrolment = everything(world)
    export = world.start_export(enrolment)
    one_step(world, export)
    return enrolment, export


def test_evidence_that_is_gone(rich: World) -> None:
    enrolment = everything(rich)
    _, s3 = clients()
    for each in s3.list_object_versions(Bucket=EVIDENCE)["Versions"]:
        s3.delete_object(Bucket=EVIDENCE, Key=each["Key"], VersionId=each["VersionId"])
    failed(rich, rich.start_export(enrolment), "evidence-missing")


def test_evidence_that_is_not_what_was_signed_for(rich: World) -> None:
    enrolment = everything(rich)
    (attachment_id,) = {
        each["sk"].rpartition("#")[2]
        for each in rich.table.query(f"PERSON#{rich.candidate.id}", "EVIDENCE#")
    }
    key = keys.attachment(rich.centre.id, attachment_id)
    rich.table.write(Update(key, set={"crc32": "00000000"}))
    failed(rich, rich.start_export(enrolment), "evidence-changed")


def test_somebody_erased_before_their_portfolio_is_gathered(rich: World) -> None:
    enrolment = rich.enrol()
    export = rich.start_export(enrolment)
    rich.table.write(Delete(keys.enrolment(rich.centre.id, enrolment.id)))
    failed(rich, export, "enrolment-missing")


def test_somebody_erased_after_their_portfolio_was_gathered(rich: World) -> None:
    enrolment, export = gathered(rich)
    rich.table.write(Delete(keys.enrolment(rich.centre.id, enrolment.id)))
    failed(rich, export, "export-overtaken")


def test_evidence_withheld_after_it_was_gathered(rich: World) -> None:
    _, export = gathered(rich)
    (attachment,) = attachments.list_attachments(
        rich.runtime, rich.administrator, rich.candidate.id, 10, ""
    )[0]
    same = request(rich.verifier)
    attachments.flag_attachment(rich.runtime, rich.verifier, attachment.id, "A face.", same)
    failed(rich, export, "export-overtaken")


def test_nobody_has_a_link_to_what_was_withheld_since(rich: World) -> None:
    enrolment = everything(rich)
    export = rich.work_on(rich.start_export(enrolment))
    assert exports.get(rich.runtime, rich.verifier, export.id)[1]
    rich.clock.forward(minutes=1)
    (attachment,) = attachments.list_attachments(
        rich.runtime, rich.administrator, rich.candidate.id, 10, ""
    )[0]
    same = request(rich.verifier)
    attachments.flag_attachment(rich.runtime, rich.verifier, attachment.id, "A face.", same)
    overtaken(rich, export)
    rich.clock.forward(minutes=1)
    without = rich.work_on(rich.start_export(enrolment))
    assert exports.get(rich.runtime, rich.verifier, without.id)[1]


def test_nobody_has_a_link_to_somebody_erased_since(rich: World) -> None:
    enrolment = rich.enrol()
    export = rich.work_on(rich.start_export(enrolment))
    rich.table.write(Delete(keys.enrolment(rich.centre.id, enrolment.id)))
    overtaken(rich, export)


def test_withheld_evidence_is_left_out_and_said_so(rich: World) -> None:
    enrolment = everything(rich)
    (attachment,) = attachments.list_attachments(
        rich.runtime, rich.administrator, rich.candidate.id, 10, ""
    )[0]
    same = request(rich.verifier)
    attachments.flag_attachment(rich.runtime, rich.verifier, attachment.id, "A face.", same)
    archive = members(rich, rich.work_on(rich.start_export(enrolment)))
    assert not [name for name in archive if "/attachments/" in name]
    portfolio = json.loads(archive[f"data/enrolments/{enrolment.id}/portfolio.json"])
    assert [each["withheld"] for each in portfolio["attachments"]] == [True]


@pytest.mark.parametrize(("step", "lost"), [("_conclude", "0000/list"), ("_assemble", "plan")])
def test_what_was_gathered_and_is_gone_is_never_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, lost: str
) -> None:
    def stop(*_: object) -> None:
        raise OSError(step)

    export = world.start_export(world.enrol())
    with monkeypatch.context() as stopped:
        stopped.setattr(archives, step, stop)
        with pytest.raises(OSError, match=step):
            world.work_on(export)
    _, s3 = clients()
    s3.delete_object(Bucket=ARCHIVES, Key=f"work/{world.centre.id}/{export.id}/{lost}")
    with pytest.raises(LookupError):
        world.work_on(export)
    world.clock.time += ABANDONED
    failed(world, export, "export-abandoned")


def test_a_trail_that_its_locked_heads_do_not_bear_out(world: World) -> None:
    """What comes of a table that was restored to an earlier day, and went on from there."""
    enrolment = world.enrol()
    of = (world.centre.id, enrolment.id)
    trail.catch_up(world.runtime, *of)
    trail.anchor(world.runtime, *of)
    for key in (keys.entry(*of, 1), keys.trail(*of)):
        world.table.write(Delete(key))
    world.table.write(Update(keys.enrolment(*of), set={"created_by": world.verifier.id}))
    failed(world, world.start_export(enrolment), "trail-changed")


def test_an_export_that_nobody_can_finish_is_given_up(rich: World) -> None:
    export = rich.start_export(rich.enrol())
    rich.clock.time += ABANDONED
    failed(rich, export, "export-abandoned")


def test_an_archive_is_there_for_a_while(rich: World) -> None:
    export = rich.work_on(rich.start_export(rich.enrol()))
    rich.clock.time += KEPT
    now, download = exports.get(rich.runtime, rich.administrator, export.id)
    assert now.state_at(rich.clock()) is ExportState.EXPIRED
    assert download is None


# ---- interrupted


def test_it_goes_on_where_time_ran_out(rich: World) -> None:
    people = [rich.person(f"Candidate {number}", Role.CANDIDATE) for number in range(3)]
    export = rich.start_export(*(rich.enrol(candidate_id=each.id) for each in people))
    rich.export_jobs.take()
    steps = 0
    while rich.export(export).state is not ExportState.READY:
        one_step(rich, export)
        steps += 1
        asked = [message for message, _ in rich.export_jobs.take()]
        done = rich.export(export).state is ExportState.READY
        assert asked == ([] if done else [{"centre_id": rich.centre.id, "export_id": export.id}])
    assert steps > 3
    assert rich.export(export).progress.enrolments == 3


def test_two_workers_do_not_get_in_each_others_way(rich: World) -> None:
    export = rich.start_export(rich.enrol())
    leased = {"lease": f"{stamp(rich.clock() + LEASE)} another"}
    rich.table.write(Update(keys.export(rich.centre.id, export.id), set=leased))
    assert rich.work_on(export).state is ExportState.GATHERING
    rich.clock.time += LEASE + timedelta(seconds=1)
    assert rich.work_on(export).state is ExportState.READY


def begin_anew(world: World, export: Export) -> None:
    """Bring an export back to where it was when it was started."""
    _, s3 = clients()
    for name in objects():
        s3.delete_object(Bucket=ARCHIVES, Key=name)
    fresh = from_export(export)
    key = keys.export(export.centre_id, export.id)
    gone = ("size", "assembling_at", "ready_at", "failure")
    world.table.write(Update(key, set=fresh, remove=gone))


CHANGING = ("Put", "Update", "Transact", "Create", "Upload", "Complete", "Delete", "Abort")


def test_whoever_is_killed_anywhere_the_archive_is_the_same(rich: World) -> None:
    """Kill the worker after every call that changes anything: what comes between leaves no more."""
    started = rich.start_export(rich.enrol())
    with killed_at(0, "after-call", *clients()) as calls:
        whole = rich.archive(rich.work_on(started))
    begin_anew(rich, started)
    with killed_at(0, "after-call", *clients()) as calls:  # with all of it in the trail already
        rich.work_on(started)
    changing = [number for number, name in enumerate(calls, 1) if name.startswith(CHANGING)]
    assert len(changing) > 15
    for number in changing:
        begin_anew(rich, started)
        with killed_at(number, "after-call", *clients()), pytest.raises(Killed):
            rich.work_on(started)
        if exports.archive_name(started) in objects():
            assert rich.archive(started) == whole, "half an archive was to be seen"
        # Its lease has run out, and the sweeper's message has come.
        rich.table.write(Update(keys.export(rich.centre.id, started.id), set={"lease": ""}))
        assert rich.work_on(started).state is ExportState.READY
        assert rich.archive(started) == whole, f"killed after {calls[number - 1]}"
