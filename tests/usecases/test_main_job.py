"""The main job by its use cases: from enrolment to certificate."""

import pytest

from chalicelib.domain.enrolments import EnrolmentState, PageState
from chalicelib.domain.errors import Conflict
from chalicelib.usecases import attempts, certificates, enrolments, pages
from tests.world import World


def test_a_module_is_worked_through_and_certified_once(world: World) -> None:
    enrolment = world.enrol()
    first = world.sign(enrolment, "plan-1")
    world.judge(enrolment, first, competent=False, feedback="Say who helps you.")

    returned = pages.get_page(world.runtime, world.candidate, enrolment.id, "plan-1")
    assert returned.state is PageState.RETURNED
    assert returned.draft.answers, "the answers signed before are there to go on from"
    assert certificates.finalise(world.runtime, world.centre.id, enrolment.id) is None

    world.complete(enrolment)
    certificate = certificates.finalise(world.runtime, world.centre.id, enrolment.id)
    again = certificates.finalise(world.runtime, world.centre.id, enrolment.id)

    assert certificate is not None
    assert again == certificate
    assert [page["attempt"] for page in certificate.record["pages"]] == [2, 1, 1]
    assert certificate.record["holder"]["name"] == "Zoë Nguyễn"
    sealed, progress = enrolments.get_progress(world.runtime, world.administrator, enrolment.id)
    assert sealed.state is EnrolmentState.COMPLETE
    assert {page.state for page in progress} == {PageState.COMPETENT}
    found = certificates.find_certificate(world.runtime, certificate.id)
    assert found == certificate


def test_history_is_kept_whole(world: World) -> None:
    enrolment = world.enrol()
    long = "What is missing, said at length. " * 40
    world.judge(enrolment, world.sign(enrolment, "kn-1"), competent=False, feedback=long)
    world.judge(enrolment, world.sign(enrolment, "kn-1"))

    history = enrolments.attempts(world.runtime, enrolment, "kn-1")
    first = attempts.get_attempt(world.runtime, world.candidate, enrolment.id, "kn-1", 1)

    assert [attempt.judgement.competent for attempt in history if attempt.judgement] == [
        False,
        True,
    ]
    assert first.feedback == long
    assert first.document["answers"] == world.answers("kn-1")


def test_a_sealed_enrolment_takes_no_more_work(world: World) -> None:
    enrolment = world.enrol()
    world.complete(enrolment)
    certificates.finalise(world.runtime, world.centre.id, enrolment.id)

    with pytest.raises(Conflict) as refusal:
        world.save(enrolment, "plan-1")

    assert refusal.value.code == "enrolment-complete"
