"""Visits: who may be granted one, when it shows something, and what is kept of a look."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ulid import ULID

from chalicelib.domain.access import Actor, is_shown, reads_findings, require_viewer, sees_key
from chalicelib.domain.attachments import Attachment
from chalicelib.domain.enrolments import Enrolment, EnrolmentState
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.people import Member, Membership, Role
from chalicelib.domain.visits import (
    LINKS_LIMIT,
    SLOT,
    Look,
    Visit,
    VisitState,
    link_of,
    look_act,
    require_another_link,
    require_going_on,
    visit_flaws,
    visit_state,
)
from tests.domain import values

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ZONE = "Europe/London"
UNTIL = date(2026, 3, 31)
ADDRESS = "ex@example.org"
VISIT = Visit(
    id="01JNB0000000000000000000V1",
    centre_id="centre",
    person_id="verifier",
    enrolment_ids=("one", "two"),
    modules=frozenset({("moving", 1)}),
    purpose="A sample.",
    created_at=NOW,
    created_by="administrator",
    ends_at=datetime(2026, 3, 31, 23, tzinfo=UTC),
)
looks = st.builds(
    Look,
    page_id=st.just("") | values.page_ids,
    number=values.counts,
    item_id=st.just("") | values.page_ids,
    attachment_id=st.just("") | values.ulids,
    on=st.just("") | values.hashes,
)


def visitor(*roles: Role, **more: Any) -> Member:
    membership = Membership(
        centre_id="centre",
        person_id="verifier",
        name="Ex Ternal",
        roles=frozenset(roles or {Role.EXTERNAL_VERIFIER}),
        valid_from=NOW,
        address=ADDRESS,
        address_verified_at=NOW,
    )
    return Member(replace(membership, **more))


def enrolment(enrolment_id: str, **more: Any) -> Enrolment:
    given: dict[str, Any] = {
        "id": enrolment_id,
        "centre_id": "centre",
        "candidate_id": "candidate",
        "assessor_id": "assessor",
        "module_id": "moving",
        "module_version": 1,
        "state": EnrolmentState.ACTIVE,
        "created_at": NOW,
        "created_by": "administrator",
    }
    return Enrolment(**given | more)


BOTH = (enrolment("one"), enrolment("two"))


def flaws(
    visit: Visit = VISIT,
    until: date = UNTIL,
    who: Member | None = None,
    found: tuple[Enrolment, ...] = BOTH,
    zone: str = ZONE,
) -> dict[str, str]:
    listed = visit_flaws(visit, until, who or visitor(), found, zone)
    return {flaw.pointer: flaw.code for flaw in listed}


def test_a_visit_that_can_be_granted() -> None:
    assert flaws() == {}


def test_who_may_visit() -> None:
    refused = {"/person_id": "not-an-external-verifier"}
    assert flaws(who=visitor(Role.INTERNAL_VERIFIER)) == refused
    assert flaws(who=visitor(valid_until=NOW)) == refused
    assert {each.pointer for each in visit_flaws(VISIT, UNTIL, None, BOTH, ZONE)} == {"/person_id"}


def test_what_may_be_visited() -> None:
    assert flaws(found=BOTH[:1]) == {"/enrolment_ids/1": "unknown-enrolment"}
    for own in ({"candidate_id": "verifier"}, {"page_assessors": {"p": "verifier"}}):
        found = (BOTH[0], replace(BOTH[1], **own))
        assert flaws(found=found) == {"/enrolment_ids/1": "own-enrolment"}


def test_until_when() -> None:
    """Days are those of the centre, where it may be tomorrow already."""
    for until in (date(2026, 3, 1), date(2027, 3, 4), date.max, date.min):
        assert flaws(until=until) == {"/until": "impossible-end"}
    for until in (date(2026, 3, 2), date(2027, 3, 3)):
        assert flaws(until=until) == {}
    late = replace(VISIT, created_at=datetime(2026, 3, 2, 23, tzinfo=UTC))
    assert flaws(late, until=date(2026, 3, 2), zone="Asia/Tokyo") == {"/until": "impossible-end"}


def test_what_for() -> None:
    assert flaws(replace(VISIT, purpose="")) == {"/purpose": "required"}
    assert flaws(replace(VISIT, purpose="p" * 501)) == {"/purpose": "too-long"}


@given(values.visits, values.moments)
def test_it_shows_something_until_it_ends(visit: Visit, now: datetime) -> None:
    assert visit.live_at(now) == (visit.ended_at is None and now < visit.ends_at)
    assert not replace(visit, ended_at=now).live_at(now)


def test_which_links_open() -> None:
    link = link_of(VISIT, ADDRESS)

    def state(visit: Visit = VISIT, who: Member | None = None, now: datetime = NOW) -> VisitState:
        return visit_state(link, visit, who or visitor(), now)

    assert state() is VisitState.LIVE
    assert state(who=visitor(address=ADDRESS.upper())) is VisitState.LIVE
    assert state(now=VISIT.ends_at) is VisitState.EXPIRED
    assert state(replace(VISIT, ended_at=NOW)) is VisitState.ENDED
    assert state(replace(VISIT, generation=2)) is VisitState.VOID
    for who in (
        visitor(address="other@example.org"),
        visitor(address_verified_at=None),
        visitor(Role.ASSESSOR),
        visitor(valid_until=NOW),
    ):
        assert state(who=who) is VisitState.VOID
    assert visit_state(link, VISIT, None, NOW) is VisitState.VOID


@given(values.visits, st.integers(0, LINKS_LIMIT * 2))
def test_links_are_asked_for_while_it_goes_on(visit: Visit, generation: int) -> None:
    if generation >= LINKS_LIMIT:
        with pytest.raises(Conflict):
            require_another_link(replace(visit, generation=generation))
    else:
        require_another_link(replace(visit, generation=generation))
    with pytest.raises(Conflict):
        require_going_on(visit, visit.ends_at)


@given(looks, st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 (put below)
def test_a_look_has_a_name_that_follows_from_it(look: Look, at: datetime) -> None:
    now = at.replace(tzinfo=UTC)
    act = look_act(VISIT, "one", "link", look, now)
    kind, enrolment_id, name = act.event.split(":")
    assert (kind, enrolment_id) == ("portfolio-viewed", "one")
    assert (act.by, act.method, act.on) == ("verifier", "link", look.on)
    assert act.facts == {"visit_id": VISIT.id, **look.facts}
    began = ULID.from_str(name).datetime
    assert began <= now < began + SLOT
    assert look_act(VISIT, "one", "link", look, began).event == act.event
    others = (
        look_act(VISIT, "one", "token", look, now),
        look_act(VISIT, "one", "link", look, began + SLOT),
        look_act(replace(VISIT, id="other"), "one", "link", look, now),
        look_act(VISIT, "one", "link", replace(look, on="other"), now),
        look_act(VISIT, "one", "link", replace(look, page_id="other/page"), now),
    )
    assert act.event not in {each.event for each in others}


def test_a_visit_shows_what_is_granted_and_nothing_else() -> None:
    actor = Actor(visitor(), (VISIT,))
    one, three = enrolment("one"), enrolment("three")
    assert require_viewer(actor, one) == one
    for hidden in (three, None):
        with pytest.raises(NotFound):
            require_viewer(actor, hidden)
    with pytest.raises(NotFound):
        require_viewer(Actor(visitor()), one)
    assert reads_findings(actor, "one", values.attempt())
    assert not reads_findings(actor, "three", values.attempt())
    assert sees_key(actor, "moving", 1)
    assert not sees_key(actor, "moving", 2)
    assert not sees_key(
        Actor(visitor(Role.EXTERNAL_VERIFIER, Role.CANDIDATE), (VISIT,)), "moving", 1
    )


def test_the_latest_visit_is_the_one_that_shows() -> None:
    later = replace(VISIT, id="01JNB0000000000000000000V2", enrolment_ids=("two", "three"))
    actor = Actor(visitor(), (VISIT, later))
    assert actor.granted == {"one", "two", "three"}
    assert [actor.visit_to(each) for each in ("one", "two", "four")] == [VISIT, later, None]


@given(values.attachments, st.frozensets(st.sampled_from(["one", "two", "three", "four"])))
def test_attachments_are_shown_that_are_signed_for_in_what_is_granted(
    attachment: Attachment, bound: frozenset[str]
) -> None:
    attachment = replace(attachment, bound=bound)
    assert is_shown(Actor(visitor(), (VISIT,)), attachment) == bool(bound & {"one", "two"})
    assert not is_shown(Actor(visitor()), attachment)
