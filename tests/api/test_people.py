"""People come, change and go: administrators write it down, and nobody gets in another's way."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.access import Actor
from chalicelib.domain.links import PATIENCE
from chalicelib.domain.people import Role
from chalicelib.runtime import TRUST
from chalicelib.usecases import centres
from chalicelib.usecases.centres import CentreSettings
from tests.api import tokens
from tests.api.door import Door, Reply, centre_path, decision, judgements, mail, sign
from tests.world import ISSUER

NEW: dict[str, Any] = {"name": "Nadia Nowak", "roles": ["candidate"]}
ASSESSES: dict[str, Any] = {"role": "assessor", "qualification": "CAVA", "modules": ["*"]}


def people_path(door: Door, who: Actor | str = "") -> str:
    person_id = who.id if isinstance(who, Actor) else who
    return f"{centre_path(door)}/people" + (f"/{person_id}" if person_id else "")


def create(door: Door, **more: Any) -> Reply:
    return door.done("POST", people_path(door), door.world.administrator, NEW | more)


def change(door: Door, who: Actor | str, **fields: Any) -> Reply:
    path = people_path(door, who)
    administrator = door.world.administrator
    etag = door.etag(path, administrator)
    return door.done("PATCH", path, administrator, fields, if_match=etag)


def unchanged(door: Door, code: str, who: Actor | str, **fields: Any) -> Reply:
    """Have a change refused."""
    path = people_path(door, who)
    etag = door.etag(path, door.world.administrator)
    return door.refused(code, "PATCH", path, door.world.administrator, fields, if_match=etag)


def identity(subject: str) -> dict[str, str]:
    return {"issuer": ISSUER.issuer, "subject": subject}


def test_somebody_new_signs_in_and_does_what_their_roles_say(door: Door) -> None:
    made = create(
        door,
        identities=[identity("Nadia at work"), identity("Nadia at home")],
        learner_number="L-1",
        registration="R/77",
        address="nadia@example.org",
    )
    assert made.status == 201
    path = people_path(door, made.json["id"])
    assert made.headers["location"].endswith(path)
    assert door.done("GET", path, door.world.administrator).json == made.json
    assert door.etag(path, door.world.administrator) == made.headers["etag"]
    assert made.json["address_verified_at"] is None
    assert [each["by"] for each in made.json["history"]] == [door.world.administrator.id]
    for subject in ("Nadia at work", "Nadia at home"):
        me = door.send("GET", "/v1/me", tokens.token(subject)).json
        assert [each["person_id"] for each in me["memberships"]] == [made.json["id"]]


def test_the_same_request_again_makes_nobody_else(door: Door) -> None:
    path, administrator = people_path(door), door.world.administrator
    first = door.done("POST", path, administrator, NEW, key="once")
    again = door.done("POST", path, administrator, NEW, key="once")
    assert again.json == first.json
    other = NEW | {"name": "Somebody Else"}
    door.refused("idempotency-key-reused", "POST", path, administrator, other, key="once")


def test_what_belongs_to_one_person_is_not_given_to_another(door: Door) -> None:
    own = {
        "identities": [identity("Nadia")],
        "address": "nadia@example.org",
        "learner_number": "L-1",
    }
    codes = ("identity-known", "address-taken", "learner-number-taken")
    nadia = create(door, **own).json["id"]
    other = create(door, name="Noor Other").json["id"]
    for (field, value), code in zip(own.items(), codes, strict=True):
        path, administrator = people_path(door), door.world.administrator
        refused = door.refused(code, "POST", path, administrator, NEW | {field: value})
        assert refused.json["current"] == {"person_id": nadia}
        refused = unchanged(door, code, other, **{field: value})
        assert refused.json["current"] == {"person_id": nadia}
    unchanged(door, "address-taken", other, address="NADIA@Example.ORG")


def test_what_is_given_back_can_be_given_to_another(door: Door) -> None:
    own = {
        "identities": [identity("Nadia")],
        "address": "nadia@example.org",
        "learner_number": "L-1",
    }
    nadia = create(door, **own).json["id"]
    change(door, nadia, identities=[], address="", learner_number="")
    other = create(door, name="Noor Other", **own).json
    door.done("DELETE", people_path(door, other["id"]), door.world.administrator)
    again = create(door, address="nadia@example.org").json
    unchanged(door, "address-taken", other["id"], ends_on=None)
    assert again["id"] not in {nadia, other["id"]}


def test_a_membership_that_has_run_out_gives_its_address_back_when_it_is_ended(door: Door) -> None:
    administrator = door.world.administrator
    nadia = create(door, address="nadia@example.org", ends_on="2026-03-03").json["id"]
    door.world.clock.forward(days=3)
    new = NEW | {"address": "nadia@example.org"}
    refused = door.refused("address-taken", "POST", people_path(door), administrator, new)
    assert refused.json["current"] == {"person_id": nadia}
    before = door.done("GET", people_path(door, nadia), administrator).json
    assert door.done("DELETE", people_path(door, nadia), administrator).json == before
    written = door.written.count
    door.done("DELETE", people_path(door, nadia), administrator)
    assert door.written.count == written
    assert create(door, address="nadia@example.org").status == 201
    unchanged(door, "address-taken", nadia, ends_on=None)


def test_an_identity_known_elsewhere_is_linked_here_by_another_id(door: Door) -> None:
    world = door.world
    elsewhere = world.new_centre("Hilltop Care Training")
    there = world.person("Nadia there", Role.CANDIDATE, centre=elsewhere)
    here = create(door, identities=[identity("Nadia there")]).json
    assert here["id"] != there.id, "an id that is known elsewhere would tell that it is"
    change(door, here["id"], identities=[])
    me = door.send("GET", "/v1/me", there)
    world.clock.forward(seconds=TRUST.total_seconds())
    me = door.send("GET", "/v1/me", there)
    assert [each["centre_id"] for each in me.json["memberships"]] == [elsewhere.id]


def test_only_what_is_named_changes_and_a_stale_change_is_refused(door: Door) -> None:
    path, administrator = people_path(door, door.world.assessor), door.world.administrator
    before = door.done("GET", path, administrator)
    after = change(door, door.world.assessor, name="Asa Married", registration="R-2").json
    assert after | {"history": []} == before.json | {
        "name": "Asa Married",
        "registration": "R-2",
        "history": [],
    }
    assert after["history"][0]["fields"] == ["name", "registration"]
    stale = {"name": "Asa Other"}
    etag = before.headers["etag"]
    refused = door.refused("stale-person", "PATCH", path, administrator, stale, if_match=etag)
    repeated = {"name": "Asa Married"}
    assert door.done("PATCH", path, administrator, repeated, if_match=etag).json == after
    current = refused.json["current"]["etag"]
    assert door.done("PATCH", path, administrator, stale, if_match=current).status == 200


def test_a_last_day_is_a_whole_day_where_the_centre_is(door: Door) -> None:
    """In Auckland today has ended when it has hardly begun in Greenwich."""
    world = door.world
    settings = CentreSettings(time_zone="Pacific/Auckland")
    centres.change_centre(door.runtime, world.centre.id, settings)
    today = "2026-03-02"  # 09:30 in Greenwich is 22:30 there
    shown = change(door, world.candidate, ends_on=today).json
    assert (shown["ends_on"], shown["valid_until"]) == (today, "2026-03-02T11:00:00Z")
    world.clock.forward(minutes=89)
    assert door.send("GET", centre_path(door), world.candidate).status == 200
    world.clock.forward(minutes=1)
    door.refused("not-found", "GET", centre_path(door), world.candidate)


def test_a_day_sent_back_as_it_was_read_lengthens_nothing(door: Door) -> None:
    world = door.world
    path = people_path(door, world.candidate)
    world.clock.forward(hours=1)
    ended = door.done("DELETE", path, world.administrator).json
    assert ended["ends_on"] == "2026-03-02"
    again = change(door, world.candidate, ends_on=ended["ends_on"], name="Zoë N.").json
    assert again["valid_until"] == ended["valid_until"] == "2026-03-02T10:30:00Z"
    assert change(door, world.candidate, ends_on=None).json["valid_until"] is None


def test_who_has_left_is_out_within_a_minute_and_can_come_back(door: Door) -> None:
    world = door.world
    path = people_path(door, world.candidate)
    me = "/v1/me"
    assert door.send("GET", me, world.candidate).json["memberships"]
    first = door.done("DELETE", path, world.administrator)
    assert door.done("DELETE", path, world.administrator).json == first.json
    world.clock.forward(seconds=TRUST.total_seconds())
    assert timedelta(seconds=60) == TRUST
    assert door.send("GET", me, world.candidate).json["memberships"] == []
    door.refused("not-found", "GET", centre_path(door), world.candidate)
    change(door, world.candidate, ends_on=None)
    world.clock.forward(seconds=TRUST.total_seconds())
    assert door.send("GET", centre_path(door), world.candidate).status == 200


def test_a_membership_to_come_never_begins_once_it_is_ended(door: Door) -> None:
    nadia = create(door, identities=[identity("Nadia")], starts_on="2026-04-01").json
    ended = door.done("DELETE", people_path(door, nadia["id"]), door.world.administrator).json
    assert ended["valid_until"] == ended["valid_from"] == "2026-03-31T23:00:00Z"
    door.world.clock.forward(days=40)
    assert door.send("GET", "/v1/me", tokens.token("Nadia")).json["memberships"] == []


def test_an_assessor_with_the_page_open_is_stopped_at_once(door: Door) -> None:
    """The function is warm: it trusts what it knows of people, but the judgement checks itself."""
    world = door.world
    enrolment = world.enrol()
    receipts = {page: sign(door, enrolment, page) for page in ("kn-1", "plan-1")}
    link = mail(door, enrolment)
    assert door.send("GET", link).status == 200
    known = door.runtime.cache.get(
        ("member", world.centre.id, world.assessor.id), lambda: None, None
    )
    change(door, world.assessor, authorisations=[])
    # As another function has it, which has not heard of the change.
    door.runtime.cache.get(("member", world.centre.id, world.assessor.id), lambda: known, TRUST)
    form = {"competent": "Y", "initials": "AE"}
    assert door.form(link, form).status == 403
    path, body = judgements(enrolment), decision(receipts["kn-1"])
    door.refused("not-authorised", "POST", path, world.assessor, body)
    assert door.send("GET", link).status == 410


@pytest.mark.parametrize(
    "fields",
    [
        {"roles": ["candidate"]},
        {"address": "other@example.org"},
        {"ends_on": "2026-03-01"},
        {"identities": []},
    ],
)
def test_nothing_goes_on_under_an_authorisation_whose_foundations_have_changed(
    door: Door, fields: dict[str, Any]
) -> None:
    world = door.world
    enrolment = world.enrol()
    attempt = world.sign(enrolment, "kn-1")
    assert door.send("GET", "/v1/me", world.assessor).status == 200
    if "ends_on" in fields:
        world.clock.forward(days=2)
        fields = {"ends_on": "2026-03-03"}
    change(door, world.assessor, **fields)
    door.runtime.cache.get(
        ("member", world.centre.id, world.assessor.id), lambda: world.assessor.member, TRUST
    )
    body = {"content_hash": attempt.content_hash, "competent": True, "initials": "AE"}
    path = judgements(enrolment)
    door.refused("authorisation-changed", "POST", path, world.assessor, body)


def test_authorisations_are_replaced_by_role_and_what_stays_keeps_its_id(door: Door) -> None:
    world = door.world
    both = {"roles": ["assessor", "internal-verifier"]}
    verifies = ASSESSES | {"role": "internal-verifier", "modules": ["moving-people"]}
    shown = change(door, world.assessor, **both, authorisations=[ASSESSES, verifies]).json
    first = {each["role"]: each["id"] for each in shown["authorisations"]}
    narrower = verifies | {"modules": ["another"], "ends_on": "2026-12-31"}
    shown = change(door, world.assessor, authorisations=[ASSESSES, narrower]).json
    second = {each["role"]: each["id"] for each in shown["authorisations"]}
    assert second["assessor"] == first["assessor"]
    assert second["internal-verifier"] != first["internal-verifier"]
    shown = change(door, world.assessor, authorisations=[narrower]).json
    assert [each["role"] for each in shown["authorisations"]] == ["internal-verifier"]
    shown = change(door, world.assessor, roles=["assessor"]).json
    assert shown["authorisations"] == []


def test_people_are_listed_page_by_page_and_by_role(door: Door) -> None:
    path, administrator = people_path(door), door.world.administrator
    made = [create(door, name=f"Candidate {number}").json["id"] for number in range(5)]

    def listed(query: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            reply = door.done("GET", f"{path}?limit=2{query}{cursor}", administrator).json
            found += [each["id"] for each in reply["items"]]
            if reply["next"] is None:
                return found
            assert len(reply["items"]) == 2
            cursor = f"&cursor={reply['next']}"

    world = door.world
    staff = [world.administrator.id, world.assessor.id, world.verifier.id]
    assert listed("") == sorted([*staff, world.candidate.id, *made])
    assert listed("&role=candidate") == sorted([world.candidate.id, *made])
    change(door, made[0], roles=["external-verifier"])
    assert listed("&role=candidate") == sorted([world.candidate.id, *made[1:]])
    assert listed("&role=external-verifier") == made[:1]
    door.world.calls.take()
    door.done("GET", f"{path}?limit=100&role=candidate", administrator)
    assert door.world.calls.take() == ["Query", "BatchGetItem"]


def test_somebody_is_asked_again_to_verify_but_not_all_the_time(door: Door) -> None:
    world = door.world
    made = create(door, address="nadia@example.org").json["id"]
    path = f"{people_path(door, made)}/verification-mails"
    written = door.written.count
    for _ in range(3):
        assert door.send("POST", path, world.administrator).status == 202
    assert door.written.count == written
    world.clock.forward(seconds=PATIENCE.total_seconds())
    assert door.send("POST", path, world.administrator).status == 202
    assert door.written.count == written + 1
    for who in (world.assessor.id, create(door, name="No Address").json["id"]):
        again = f"{people_path(door, who)}/verification-mails"
        door.refused("nothing-to-verify", "POST", again, world.administrator)


def test_an_administrator_of_a_minute_ago_changes_nothing(door: Door) -> None:
    """The function is warm: it trusts what it knows of people, but writes check themselves."""
    world = door.world
    people, hooks = people_path(door), f"{centre_path(door)}/webhooks"
    nadia = create(door, address="nadia@example.org").json
    hook = door.done("POST", hooks, world.administrator, {"url": "https://a.example/"})
    hook_path = f"{hooks}/{hook.json['id']}"
    demoted = world.person("Oda Other", Role.ADMINISTRATOR)
    change(door, demoted, roles=["candidate"])
    world.clock.forward(hours=1)
    one, own, first = people_path(door, nadia["id"]), people_path(door, demoted), '"1"'
    listed = {"csv": "name,roles,learner_number\nAnn,administrator,L-1", "dry_run": False}
    written = door.written.count
    for method, path, body, if_match in (
        ("POST", people, NEW, ""),
        ("POST", f"{people}/imports", listed, ""),
        ("PATCH", one, {"name": "Another"}, first),
        ("DELETE", one, None, ""),
        ("POST", f"{one}/verification-mails", None, ""),
        ("PATCH", own, {"roles": ["administrator"]}, '"2"'),
        ("POST", hooks, {"url": "https://b.example/"}, ""),
        ("PATCH", hook_path, {"url": "https://b.example/"}, '"0"'),
        ("POST", f"{hook_path}/secrets", None, ""),
        ("DELETE", hook_path, None, ""),
    ):
        # As another function has it, which has not heard of the change.
        door.runtime.cache.get(
            ("member", world.centre.id, demoted.id), lambda: demoted.member, TRUST
        )
        more = {"if_match": if_match} if if_match else {}
        door.refused("role-not-allowed", method, path, demoted, body, **more)
    assert door.written.count == written
