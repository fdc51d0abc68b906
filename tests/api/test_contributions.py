"""What assessors provide for a page: who writes it, what is kept, and what signing makes of it."""

from typing import Any

import pytest

from chalicelib.domain.access import Actor
from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from tests.api.door import SIGNATURE, Door, page_path
from tests.contributions import (
    OBSERVED,
    PAGE,
    SEEN,
    TESTIFIED,
    TOLD,
    begin,
    invite,
    mailed,
    observe,
    sign_observation,
)
from tests.world import request

SIGNED = SIGNATURE | {"signature": "Asa Essor"}


@pytest.fixture
def enrolment(door: Door) -> Enrolment:
    return begin(door.world)


def path_of(enrolment: Enrolment, item_id: str = SEEN) -> str:
    return f"{page_path(enrolment, PAGE)}/contributions/{item_id}"


def draft(**more: Any) -> dict[str, Any]:
    return {"values": OBSERVED | more}


def save(door: Door, enrolment: Enrolment, body: Any = None, who: Actor | None = None) -> str:
    path, who = path_of(enrolment), who or door.world.assessor
    saved = door.done("PUT", path, who, body or draft(), if_match=door.etag(path, who))
    return saved.headers["etag"]


def complete(door: Door, enrolment: Enrolment) -> None:
    """Have both contributions signed."""
    sign_observation(door.world, enrolment, observe(door.world, enrolment).etag)
    invite(door.world, enrolment)
    assert door.form(mailed(door.world, enrolment), TESTIFIED).status == 303


def sign_page(door: Door, enrolment: Enrolment) -> None:
    path = page_path(enrolment, PAGE)
    etag = door.etag(path)
    door.done("POST", f"{path}/attempts", door.world.candidate, SIGNATURE, if_match=etag)


def test_an_observation_from_draft_to_signature(door: Door, enrolment: Enrolment) -> None:
    world, path = door.world, path_of(enrolment)
    assert door.done("GET", path, world.assessor).json["state"] == "missing"
    etag = save(door, enrolment)
    shown = door.done("GET", path, world.assessor).json
    assert (shown["state"], shown["draft"], shown["part"]) == ("drafted", draft(), None)

    signing = ("POST", f"{path}/signatures", world.assessor, SIGNED)
    receipt = door.done(*signing, if_match=etag)

    assert receipt.headers["location"] == "signatures/1"
    for who in (world.candidate, world.assessor, world.administrator, world.verifier):
        shown = door.done("GET", path, who).json
        assert (shown["state"], shown["number"]) == ("signed", 1)
        assert shown["author"]["person_id"] == world.assessor.id
        assert digest(canonical(shown["part"]["document"])) == receipt.json["content_hash"]
        assert shown["part"]["document"]["values"] == OBSERVED
        assert shown["part"]["document"]["author"]["status"] == "CAVA"


def test_a_draft_is_for_those_who_write_it(door: Door, enrolment: Enrolment) -> None:
    save(door, enrolment)
    for who in (door.world.candidate, door.world.administrator, door.world.verifier):
        reply = door.done("GET", path_of(enrolment), who)
        assert reply.json["draft"] == {}
        assert "read the plan aloud" not in reply.text
        listed = door.done("GET", path_of(enrolment).rpartition("/")[0], who)
        assert "read the plan aloud" not in listed.text


def test_another_assessor_of_the_enrolment_finishes_it(door: Door) -> None:
    other = door.world.person("Oda Other", Role.ASSESSOR)
    enrolment = begin(door.world, page_assessors={"plan-1": other.id})
    save(door, enrolment)
    path = path_of(enrolment)
    shown = door.done("GET", path, other)
    assert shown.json["draft"] == draft()
    door.done("POST", f"{path}/signatures", other, SIGNED, if_match=shown.headers["etag"])
    assert door.done("GET", path, other).json["author"]["person_id"] == other.id


def test_who_writes_it(door: Door) -> None:
    world = door.world
    bystander = world.person("Bo Th", Role.ASSESSOR, Role.ADMINISTRATOR)
    both = world.person("Cam Both", Role.ASSESSOR, Role.CANDIDATE)
    enrolment, own = begin(world), begin(world, candidate_id=both.id)
    put = {"body": draft(), "if_match": '"0-open"'}
    path = path_of(enrolment)
    door.refused("role-not-allowed", "PUT", path, world.candidate, **put)
    door.refused("role-not-allowed", "PUT", path, world.administrator, **put)
    door.refused("not-the-assessor", "PUT", path, bystander, **put)
    door.refused("not-the-assessor", "PUT", path_of(own), both, **put)
    door.refused("another-author", "PUT", path_of(enrolment, TOLD), world.assessor, **put)
    door.refused("not-found", "PUT", path_of(enrolment, "plan-s1"), world.assessor, **put)
    trained = world.authorisation(modules=("another",))
    untrained = world.person("Una Uthorised", Role.ASSESSOR)
    theirs = begin(
        world, assessor_id=untrained.id, candidate_id=world.person("C", Role.CANDIDATE).id
    )
    world.authorise(untrained.membership, trained)
    world.actor(untrained.id)
    door.refused("not-authorised", "PUT", path_of(theirs), untrained, **put)


def test_what_cannot_be_kept(door: Door, enrolment: Enrolment) -> None:
    path = path_of(enrolment)
    wrong = {
        "values": {"asked": "yes", "seen": "it", "observed": "x" * 20_001},
        "reasons": {"unheard-of": "why"},
        "attachments": ["01JNB0000000000000000000A1"] * 3,
        "text": "no",
    }
    put = ("PUT", path, door.world.assessor)
    refusal = door.refused("invalid-contribution", *put, wrong, if_match='"0-open"')
    assert refusal.flaws == {
        "/text": "wrong-kind",
        "/attachments": "attached-twice",
        "/values/seen": "unknown-field",
        "/values/asked": "wrong-kind",
        "/values/observed": "too-long",
        "/reasons/unheard-of": "unknown-rule",
    }


def test_a_save_is_repeated_and_never_lost(door: Door, enrolment: Enrolment) -> None:
    path, assessor = path_of(enrolment), door.world.assessor
    first = door.etag(path, assessor)
    save(door, enrolment)
    door.done("PUT", path, assessor, draft(), if_match=first)  # its answer was lost
    other = draft(observed="He did not read it.")
    refusal = door.refused("stale-contribution", "PUT", path, assessor, other, if_match=first)
    assert refusal.json["current"]["answers"] == {SEEN: draft()}
    again = refusal.json["current"]["etag"]
    door.done("PUT", path, assessor, other, if_match=again)


def test_what_is_not_complete_is_not_signed(door: Door, enrolment: Enrolment) -> None:
    path, assessor = path_of(enrolment), door.world.assessor
    sign = ("POST", f"{path}/signatures", assessor)
    etag = save(door, enrolment, {"values": {"observed": "Too short", "asked": False}})
    refusal = door.refused("contribution-incomplete", *sign, SIGNED, if_match=etag)
    assert refusal.flaws == {
        "/values/observed": "too-few-words",
        "/reasons/consent": "reason-required",
    }
    unsigned = {"declaration": "0", "signature": " "}
    refusal = door.refused("not-signed", *sign, unsigned, if_match=etag)
    assert refusal.flaws == {
        "/declaration": "declaration-not-current",
        "/signature": "signature-required",
    }
    door.refused("stale-contribution", *sign, SIGNED, if_match='"7-open"')
    departing = draft(asked=False) | {"reasons": {"consent": "Nobody was there."}}
    etag = save(door, enrolment, departing)
    receipt = door.done("POST", f"{path}/signatures", assessor, SIGNED, if_match=etag)
    assert receipt.json["number"] == 1


def test_signed_again_it_counts_on_and_nothing_is_lost(door: Door, enrolment: Enrolment) -> None:
    path, assessor = path_of(enrolment), door.world.assessor
    sign: Any = ("POST", f"{path}/signatures", assessor, SIGNED)
    first = door.done(*sign, if_match=save(door, enrolment)).json
    etag = save(door, enrolment, draft(observed="She read it twice, then asked."))
    second = door.done(*sign, if_match=etag).json
    assert (first["number"], second["number"]) == (1, 2)
    for receipt in (first, second):
        part = door.done("GET", f"{path}/signatures/{receipt['number']}", door.world.candidate).json
        document = part.pop("document")
        assert part == receipt
        assert digest(canonical(document)) == receipt["content_hash"]


def test_files_are_the_assessors_own_and_clean_and_bound_by_signing(
    door: Door, enrolment: Enrolment
) -> None:
    world, path = door.world, path_of(enrolment)
    own = world.attach(b"What I saw.", who=world.assessor, enrolment_id=enrolment.id)
    theirs = world.attach(b"What I did.")
    pending = world.start_upload(b"?", who=world.assessor, enrolment_id=enrolment.id).attachment
    sign: Any = ("POST", f"{path}/signatures", world.assessor, SIGNED)
    both: Any = ("PUT", path, world.assessor, draft() | {"attachments": [own.id, theirs.id]})
    refusal = door.refused("invalid-contribution", *both, if_match=door.etag(path, world.assessor))
    assert refusal.flaws == {"/attachments/1": "unknown-attachment"}

    etag = save(door, enrolment, draft() | {"attachments": [own.id, pending.id]})
    refusal = door.refused("contribution-incomplete", *sign, if_match=etag)
    assert refusal.flaws == {"/attachments/1": "attachment-pending"}

    etag = save(door, enrolment, draft() | {"attachments": [own.id]})
    door.done(*sign, if_match=etag)

    (file,) = door.done("GET", path, world.candidate).json["part"]["document"]["attachments"]
    assert (file["id"], file["sha256"], file["version"]) == (own.id, own.sha256, own.version)
    where = f"/v1/centres/{enrolment.centre_id}/attachments/{own.id}"
    door.refused("evidence-bound", "DELETE", where, world.assessor)


def test_the_page_waits_for_every_part_and_its_attempt_names_them(
    door: Door, enrolment: Enrolment
) -> None:
    page = page_path(enrolment, PAGE)
    candidate = door.world.candidate
    sign: Any = ("POST", f"{page}/attempts", candidate, SIGNATURE)
    refusal = door.refused("page-incomplete", *sign, if_match=door.etag(page))
    assert refusal.flaws == {
        f"/answers/{SEEN}": "contribution-missing",
        f"/answers/{TOLD}": "contribution-missing",
    }
    complete(door, enrolment)
    sign_page(door, enrolment)
    document = door.done("GET", f"{page}/attempts/1", candidate).json["document"]
    listed = door.done("GET", f"{page}/contributions", candidate).json["items"]
    assert document["contributions"] == [
        {name: each[name] for name in ("item_id", "number", "content_hash")} for each in listed
    ]
    assert [each["item_id"] for each in listed] == [SEEN, TOLD]


def test_nothing_changes_while_the_page_is_signed_or_competent(
    door: Door, enrolment: Enrolment
) -> None:
    complete(door, enrolment)
    sign_page(door, enrolment)
    path, assessor = path_of(enrolment), door.world.assessor
    other = draft(observed="Something else was seen.")
    for code in ("page-signed", "page-competent"):
        etag = door.etag(path, assessor)
        door.refused(code, "PUT", path, assessor, other, if_match=etag)
        door.refused(code, "POST", f"{path}/signatures", assessor, SIGNED, if_match=etag)
        attempt = door.done("GET", f"{page_path(enrolment, PAGE)}/attempts/1", assessor).json
        if code == "page-signed":
            judgement = {
                "content_hash": attempt["content_hash"],
                "competent": True,
                "initials": "A",
            }
            judging = f"{page_path(enrolment, PAGE)}/attempts/1/judgements"
            door.done("POST", judging, assessor, judgement)


def test_what_waits_for_nobody_is_not_signed(door: Door, enrolment: Enrolment) -> None:
    path = path_of(enrolment)
    etag = save(door, enrolment)
    door.world.change(enrolment, state="on-break")
    save(door, enrolment)  # writing goes on during a break
    sign: Any = ("POST", f"{path}/signatures", door.world.assessor, SIGNED)
    door.refused("enrolment-on-break", *sign, if_match=etag)


def test_nobody_reviews_what_departs_in_their_own_account(door: Door) -> None:
    world = door.world
    both = world.person("Bo Both", Role.ASSESSOR, Role.INTERNAL_VERIFIER)
    world.authorise(both.membership, world.authorisation(role=Role.INTERNAL_VERIFIER))
    enrolment = begin(world, page_assessors={"plan-1": both.id})
    answer = {"values": {"asked": False}, "reasons": {"consent": "It was an emergency."}}
    shown = observe(world, enrolment, actor=both, **answer).etag
    sign_observation(world, enrolment, shown, actor=both, request=request(both))
    invite(world, enrolment)
    assert door.form(mailed(world, enrolment), TESTIFIED).status == 303
    sign_page(door, enrolment)
    reviews = f"{page_path(enrolment, PAGE)}/attempts/1/departure-reviews"
    note = {"note": "I was right."}
    door.refused("own-work", "POST", reviews, world.actor(both.id), note)
    door.done("POST", reviews, world.verifier, note)
