"""Walls: who may call what follows from each operation's rule alone, for every kind of person.

What an actor may not see is not found, with the same answer as what is not there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.api.addresses import ADDRESS
from chalicelib.api.http import FORM, OPERATIONS, Operation
from chalicelib.api.rules import Audience
from chalicelib.api.testimony import TESTIMONY
from chalicelib.api.visiting import VISITING
from chalicelib.domain.access import Actor
from chalicelib.domain.centres import Centre
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.storage import keys
from chalicelib.storage.changes import create
from chalicelib.usecases import sampling, visits
from tests.api import tokens
from tests.api.door import SIGNATURE, Door, Reply, mail, sign, verification_token
from tests.contributions import PAGE, SEEN, begin, invite, mailed, observe, sign_observation
from tests.sampling import PLAN, planned
from tests.visits import external, grant
from tests.visits import mailed as mailed_visit
from tests.world import ISSUER, SHORT_MODULE

NOWHERE, NOBODY = "01" * 13, "02" * 13  # look like ids, and are none
OF_A_CENTRE = [each for each in OPERATIONS if each.rule.audience is Audience.MEMBERS]
OF_SOMETHING = [each for each in OF_A_CENTRE if each.path.count("{") > 1]
WEBHOOK = {"url": "https://hooks.example/in"}
UPLOAD = {
    "name": "notes.txt",
    "media_type": "text/plain",
    "size": 6,
    "caption": "",
    "alt_text": "",
    "in_parts": True,
}
# What each operation takes: a body that changes nothing which another operation here needs.
BODIES: dict[str, Any] = {
    "publishModule": {"source": SHORT_MODULE.replace("id: moving-people", "id: resting")},
    "createEnrolment": {
        "candidate_id": NOWHERE,
        "assessor_id": NOBODY,
        "module_id": "moving-people",
        "module_version": 1,
    },
    "changeEnrolment": {"assessor_id": NOBODY},
    "createVisit": {
        "person_id": NOWHERE,
        "enrolment_ids": [NOBODY],
        "until": "2026-03-03",
        "purpose": "A sample.",
    },
    "createPerson": {"name": "Nadia New", "roles": ["candidate"]},
    "updatePerson": {"name": "Percy Renamed"},
    "importPeople": {"csv": "name,roles\n"},
    "importEnrolments": {"csv": "candidate,assessor,module_id,module_version\n"},
    "saveDraft": {"answers": {}},
    "signPage": SIGNATURE,
    "saveContribution": {},
    "signContribution": SIGNATURE,
    "inviteWitness": {"name": "W", "address": "w@example.org", "relationship": "", "status": ""},
    "recordVerification": {
        "enrolment_id": NOWHERE,
        "page_id": "kn-1",
        "attempt": 1,
        "outcome": "action-required",
    },
    "countersign": {"occurred_on": "2999-01-01"},
    "setAside": {"reason": " "},
    "reviewDepartures": {"note": " "},
    "createSamplingPlan": PLAN,
    "chooseSample": {"units": ["nothing"], "reason": "New."},
    "importSamplingSheet": {"csv": "unit,content_hash,outcome\n"},
    "createWebhook": WEBHOOK,
    "changeWebhook": {"state": "paused"},
    "replayEvent": {"event_id": f"enrolment-created:{NOWHERE}"},
    "startUpload": UPLOAD,
    "uploadParts": {"parts": [{"number": 1, "sha256": "0" * 64}]},
    "changeAttachment": {"caption": "Another."},
    "flagAttachment": {"reason": "A face."},
    "resolveFlag": {"outcome": "released", "note": "Nobody is to be seen."},
    "startExport": {"module_id": "moving-people"},
    "judgePage": {"content_hash": "0" * 64, "competent": True, "initials": "AE"},
}
FORMS = {
    "judgeByLink": "competent=Y&initials=AE",
    "sendReviewCode": "initials=AE",
    "flagEvidence": "number=9&reason=A+face",
    "signTestimony": "signature=W",
}


@pytest.fixture(scope="module")
def work(shared: Door, standing: Enrolment) -> dict[str, str]:
    """Sign and judge every page, and certify it: there is something behind every route."""
    world = shared.world
    world.judge(standing, world.sign(standing, "plan-1"))
    world.judge(standing, world.sign(standing, "plan-2"))
    attempt = world.sign(standing, "kn-1")
    link = mail(shared, standing)
    world.judge(standing, attempt)
    certificate = world.finalise(standing)
    assert certificate
    module = world.module
    contributed = begin(world)
    world.module = module
    sign_observation(world, contributed, observe(world, contributed).etag)
    invite(world, contributed)
    webhooks = f"/v1/centres/{standing.centre_id}/webhooks"
    made = shared.done("POST", webhooks, world.administrator, WEBHOOK)
    exports = f"/v1/centres/{standing.centre_id}/exports"
    asked = {"enrolment_ids": [standing.id]}
    export = shared.done("POST", exports, world.administrator, asked)
    plan = planned(world)
    sampling.draw_sample(world.runtime, world.verifier, plan.id)
    sheet = re.search(r'href="docs/([^"]+)"', shared.send("GET", "/v1/docs").text)
    assert sheet
    known = world.person("Percy Person", Role.CANDIDATE, address_verified=False)
    attachment = world.attach()
    world.bind(attachment, standing)
    verifier = external(world)
    visit = grant(world, verifier, standing, contributed)
    over = grant(world, verifier, standing)
    visit_link = mailed_visit(world, over)
    visits.end_visit(shared.runtime, world.administrator, over.id)
    return {
        "attachment_id": attachment.id,
        "upload_id": attachment.id,
        "webhook_id": made.json["id"],
        "export_id": export.json["id"],
        "plan_id": plan.id,
        "visit_id": visit.id,
        "centre_id": standing.centre_id,
        "person_id": known.id,
        "visitor_id": verifier.id,
        "enrolment_id": standing.id,
        "contributed_id": contributed.id,
        "item_id": SEEN,
        "page_id": "kn-1",
        "number": "1",
        "module_id": standing.module_id,
        "version": "1",
        "certificate_id": certificate.id,
        "token": link.rpartition("/")[2],
        "witness_token": mailed(world, contributed).rpartition("/")[2],
        "visit_token": visit_link.rpartition("/")[2],
        "address_token": verification_token(shared.runtime, known),
        "code": "not-found",
        "file": sheet[1],
    }


def nowhere(ids: Mapping[str, str], *kept: str) -> dict[str, str]:
    """Replace every id but those kept by one that is nobody's."""
    gone = {name: NOWHERE for name in ids if name.endswith("_id") and name not in kept}
    return {**ids, **gone}


@dataclass(frozen=True)
class Cast:
    """People of every role: who the work belongs to, their colleagues, and outsiders."""

    owners: dict[Role, Actor]
    peers: dict[Role, Actor]
    former: list[Actor]
    strangers: list[Actor]


@pytest.fixture(scope="module")
def elsewhere(shared: Door) -> Centre:
    return shared.world.new_centre("Hilltop Care Training")


@pytest.fixture(scope="module")
def cast(shared: Door, work: dict[str, str], elsewhere: Centre) -> Cast:
    world = shared.world
    assert work
    peers = {role: world.person(f"Another {role}", role) for role in Role}
    # Colleagues with work of their own, of the same kind.
    theirs = world.enrol(candidate_id=peers[Role.CANDIDATE].id, assessor_id=peers[Role.ASSESSOR].id)
    grant(world, peers[Role.EXTERNAL_VERIFIER], theirs)
    start, end = world.clock() - timedelta(days=9), world.clock() + timedelta(seconds=1)
    former = [
        world.person(f"{role} until now", role, valid_from=start, valid_until=end) for role in Role
    ]
    world.clock.forward(seconds=1)
    strangers = [world.person(f"{role} elsewhere", role, centre=elsewhere) for role in Role]
    strangers.append(world.person("All elsewhere", *Role, centre=elsewhere))
    owners = {
        Role.CANDIDATE: world.candidate,
        Role.ASSESSOR: world.assessor,
        Role.INTERNAL_VERIFIER: world.verifier,
        Role.EXTERNAL_VERIFIER: world.actor(work["visitor_id"]),
        Role.ADMINISTRATOR: world.administrator,
    }
    return Cast(owners, peers, former, strangers)


def ask(
    door: Door, each: Operation, who: Actor | str | None, ids: Mapping[str, str], *, key: str = ""
) -> Reply:
    """Send what an operation takes."""
    body = BODIES.get(each.id)
    assert (body is None) == (each.body is None), f"a body for {each.id}"
    if each.path == ADDRESS:
        ids = {"token": ids["address_token"]}
    if each.path.startswith(TESTIMONY):
        ids = {"token": ids["witness_token"]}
    if each.path.startswith(VISITING):
        ids = {**ids, "token": ids["visit_token"]}
    if "{item_id}" in each.path:
        ids = {**ids, "enrolment_id": ids["contributed_id"], "page_id": PAGE}
    if each.id in FORMS:
        return door.send(each.method, each.path.format(**ids), who, FORMS[each.id], media=FORM)
    return door.send(each.method, each.path.format(**ids), who, body, key=key, if_match='"0"')


def refusal(
    door: Door, each: Operation, who: Actor | str | None, ids: Mapping[str, str]
) -> tuple[int, str, str]:
    """Send what writes nothing; return status, code, and all but the address of the answer."""
    written = door.written.count
    reply = ask(door, each, who, ids)
    assert door.written.count == written
    answer = re.sub(r'"instance": "[^"]*"', "", reply.text)
    code = reply.json["code"] if reply.status >= 400 else ""
    return reply.status, code, f"{answer} {sorted(reply.headers.items())}"


def check_not_found(
    door: Door, each: Operation, who: Actor, there: Mapping[str, str], absent: Mapping[str, str]
) -> None:
    """Check that what is there is not told from what is nowhere."""
    found = refusal(door, each, who, there)
    assert found[:2] == (404, "not-found")
    assert found == refusal(door, each, who, absent)


def begin_upload(door: Door, who: Actor, ids: Mapping[str, str]) -> str:
    """Begin an upload for the candidate of the work, and return its id."""
    body = UPLOAD | {"enrolment_id": ids["enrolment_id"]}
    path = f"/v1/centres/{ids['centre_id']}/uploads"
    begun: str = door.done("POST", path, who, body).json["id"]
    return begun


def begin_export(door: Door, who: Actor, ids: Mapping[str, str]) -> str:
    """Start an export of the work, and return its id."""
    body = {"enrolment_ids": [ids["enrolment_id"]]}
    path = f"/v1/centres/{ids['centre_id']}/exports"
    begun: str = door.done("POST", path, who, body).json["id"]
    return begun


def check(door: Door, each: Operation, who: Actor, ids: Mapping[str, str], *, own: bool) -> None:
    """Check that what happens to somebody of one role is what the rule says."""
    (role,) = who.membership.roles
    if role not in each.rule.roles:
        assert refusal(door, each, who, ids)[:2] == (403, "role-not-allowed")
    elif own or role in each.rule.every or each not in OF_SOMETHING:
        if each.id == "deleteWebhook":  # the one of this world is for all others
            made = door.done("POST", each.path.rpartition("/")[0].format(**ids), who, WEBHOOK)
            ids = {**ids, "webhook_id": made.json["id"]}
        if each.id == "endVisit":  # the one of this world is for all others
            path = each.path.partition("/{visit_id}")[0].format(**ids)
            visit = BODIES["createVisit"] | {
                "person_id": ids["visitor_id"],
                "enrolment_ids": [ids["enrolment_id"]],
            }
            ids = {**ids, "visit_id": door.done("POST", path, who, visit).json["id"]}
        if "{export_id}" in each.path:  # whoever it is, it is an export of their own
            ids = {**ids, "export_id": begin_export(door, who, ids)}
        if "{upload_id}" in each.path:  # whoever it is, it is the upload that they began
            ids = {**ids, "upload_id": begin_upload(door, who, ids)}
        assert ask(door, each, who, ids).status not in {401, 403, 404}
    else:
        check_not_found(door, each, who, ids, nowhere(ids, "centre_id"))


every_operation = pytest.mark.parametrize("each", OPERATIONS, ids=lambda each: each.id)
every_operation_of_a_centre = pytest.mark.parametrize("each", OF_A_CENTRE, ids=lambda each: each.id)


@every_operation
def test_who_is_not_signed_in(shared: Door, each: Operation, work: dict[str, str]) -> None:
    """A token is needed exactly where the rule says so."""
    unknown = tokens.token("Nobody whom any centre knows")
    if each.rule.signed_in:
        assert refusal(shared, each, None, work)[:2] == (401, "unauthenticated")
        assert refusal(shared, each, unknown, work)[:2] == (401, "unknown-person")
    else:
        for who in (None, unknown, "no token at all"):
            assert ask(shared, each, who, work).status not in {401, 403, 404}


@every_operation_of_a_centre
def test_everybody_at_the_centre(
    shared: Door, each: Operation, work: dict[str, str], cast: Cast
) -> None:
    for who in cast.owners.values():
        check(shared, each, who, work, own=True)
    for who in cast.peers.values():
        check(shared, each, who, work, own=False)


@every_operation_of_a_centre
def test_nothing_of_a_centre_is_visible_from_another(
    shared: Door, each: Operation, work: dict[str, str], cast: Cast
) -> None:
    for who in cast.strangers:
        check_not_found(shared, each, who, work, work | {"centre_id": NOWHERE})


@pytest.mark.parametrize("each", OF_SOMETHING, ids=lambda each: each.id)
def test_the_ids_of_another_centre_are_nobodys_at_ones_own(
    shared: Door, each: Operation, work: dict[str, str], cast: Cast
) -> None:
    own = {"centre_id": cast.strangers[0].centre_id}
    for who in cast.strangers:
        if who.has(*each.rule.roles):
            check_not_found(shared, each, who, work | own, nowhere(work | own, "centre_id"))
        else:
            assert refusal(shared, each, who, work | own)[:2] == (403, "role-not-allowed")


@every_operation_of_a_centre
def test_a_membership_that_has_ended_opens_nothing(
    shared: Door, each: Operation, work: dict[str, str], cast: Cast
) -> None:
    for who in cast.former:
        check_not_found(shared, each, who, work, work | {"centre_id": NOWHERE})


def test_whoever_is_signed_in_is_somebody(shared: Door, cast: Cast) -> None:
    (each,) = (each for each in OPERATIONS if each.rule.audience is Audience.SIGNED_IN)
    for who in (*cast.owners.values(), *cast.peers.values(), *cast.strangers, *cast.former):
        assert ask(shared, each, who, {}).status == 200


def test_a_candidate_here_who_is_an_administrator_there(
    shared: Door, work: dict[str, str], elsewhere: Centre
) -> None:
    """The powers of somebody's membership end at its centre."""
    world = shared.world
    who = world.person("Cam Bination", Role.CANDIDATE)
    there = world.person("Cam Bination", Role.ADMINISTRATOR, centre=elsewhere)
    assert there.id != who.id
    me = shared.done("GET", "/v1/me", who).json
    assert {each["centre_id"]: each["roles"] for each in me["memberships"]} == {
        work["centre_id"]: ["candidate"],
        elsewhere.id: ["administrator"],
    }
    base = f"/v1/centres/{work['centre_id']}"
    shared.refused("not-found", "GET", f"{base}/enrolments/{work['enrolment_id']}", who)
    shared.refused("role-not-allowed", "POST", f"{base}/modules", who, BODIES["publishModule"])
    assert (
        "PLANTED-GUIDANCE"
        not in shared.done("GET", f"{base}/modules/moving-people/versions/1", who).text
    )
    modules = f"/v1/centres/{elsewhere.id}/modules"
    assert shared.send("POST", modules, who, BODIES["publishModule"]).status == 201


def test_an_identity_opens_nothing_where_it_is_not_linked(shared: Door, elsewhere: Centre) -> None:
    """An administrator cannot become somebody else elsewhere by linking an identity to them."""
    world = shared.world
    world.person("Vic Tim", Role.ADMINISTRATOR)
    victim = world.person("Vic Tim", Role.CANDIDATE, centre=elsewhere)
    own = keys.identity(ISSUER.issuer, "Mal Icious", elsewhere.id)
    shared.runtime.table.write(create(own, {"person_id": victim.id}))
    malicious = tokens.token("Mal Icious")
    me = shared.send("GET", "/v1/me", malicious).json
    assert [each["centre_id"] for each in me["memberships"]] == [elsewhere.id]
    path = f"/v1/centres/{world.centre.id}/modules/moving-people/versions/1"
    shared.refused("not-found", "GET", path, malicious)


def test_people_of_another_centre_cannot_be_enrolled(shared: Door, cast: Cast) -> None:
    world = shared.world
    path = f"/v1/centres/{world.centre.id}/enrolments"
    body = BODIES["createEnrolment"]
    unknown = shared.refused("invalid-enrolment", "POST", path, world.administrator, body)
    for stranger in cast.strangers:
        named = body | {"candidate_id": stranger.id}
        refusal = shared.refused("invalid-enrolment", "POST", path, world.administrator, named)
        assert refusal.json["errors"] == unknown.json["errors"]
        named = body | {"assessor_id": stranger.id}
        refusal = shared.refused("invalid-enrolment", "POST", path, world.administrator, named)
        assert refusal.json["errors"] == unknown.json["errors"]


def test_a_link_does_not_cross_the_wall(shared: Door, elsewhere: Centre) -> None:
    """An assessor of both centres gets a link for each page, and each opens its own alone."""
    world = shared.world
    enrolment = world.enrol(candidate_id=world.candidate.id)
    receipt = sign(shared, enrolment, "plan-1")
    link = mail(shared, enrolment, "plan-1")
    assert shared.send("GET", link).status == 200
    body = {"content_hash": receipt.json["content_hash"], "competent": True, "initials": "AE"}
    path = f"/v1/centres/{elsewhere.id}/enrolments/{enrolment.id}/pages/plan-1/attempts/1"
    shared.refused("not-found", "POST", f"{path}/judgements", world.assessor, body)
