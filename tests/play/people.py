"""Scenes: people."""

from typing import Any

from chalicelib.domain.people import Role
from tests.api.door import centre_path
from tests.play.stage import Stage, scene

NEW: dict[str, Any] = {
    "name": "Siân Kowalska",
    "roles": ["assessor"],
    "address": "sian@harbour.example",
    "identities": [{"issuer": "https://issuer.example", "subject": "sian"}],
    "starts_on": "2026-03-02",
    "authorisations": [
        {
            "role": "assessor",
            "qualification": "CAVA",
            "modules": ["moving-people"],
            "ends_on": "2027-03-01",
        }
    ],
}


@scene("getMe")
def get_me(stage: Stage) -> None:
    stage.shows("A candidate at one centre.", "GET", "/v1/me", stage.world.candidate)
    world = stage.world
    world.sign(world.enrol(), "plan-1")
    summary = "An assessor, on whom a signed page waits."
    stage.shows(summary, "GET", "/v1/me", world.assessor, name="assessor")
    stage.refused("unauthenticated", "GET", "/v1/me", "expired-or-forged")


@scene("createPerson")
def create_person(stage: Stage) -> None:
    administrator, path = stage.world.administrator, f"{centre_path(stage.door)}/people"
    stage.shows("An assessor, with what they may judge.", "POST", path, administrator, NEW)
    other = NEW | {"name": "Sian Other", "identities": []}
    stage.refused("address-taken", "POST", path, administrator, other)
    missing = NEW | {"address": "", "identities": []}
    stage.refused("invalid-person", "POST", path, administrator, missing)


@scene("importPeople")
def import_people(stage: Stage) -> None:
    administrator = stage.world.administrator
    path = f"{centre_path(stage.door)}/people/imports"
    lines = [
        "name,roles,address,learner_number,qualification",
        "Siân Kowalska,assessor,sian@harbour.example,,CAVA",
        "Zoë Nguyễn,candidate,,L-17,",
    ]
    good = {"csv": "\n".join(lines), "dry_run": False}
    wrong = {"csv": "\n".join([*lines, "=HYPERLINK(1),teacher,,,"])}
    summary = "A dry run tells what is wrong, by line and column."
    stage.shows(summary, "POST", path, administrator, wrong, name="dry-run")
    stage.shows("Two people are made known.", "POST", path, administrator, good)
    other = {"csv": "name,roles", "dry": True}
    stage.refused("invalid-body", "POST", path, administrator, other)


@scene("listPeople")
def list_people(stage: Stage) -> None:
    administrator, path = stage.world.administrator, f"{centre_path(stage.door)}/people"
    stage.shows("The assessors of a centre.", "GET", f"{path}?role=assessor", administrator)
    stage.refused("invalid-query", "GET", f"{path}?role=teacher", administrator)


@scene("getPerson")
def get_person(stage: Stage) -> None:
    world = stage.world
    path = f"{centre_path(stage.door)}/people"
    summary = "An assessor, with what was changed of them by whom."
    stage.shows(summary, "GET", f"{path}/{world.assessor.id}", world.administrator)
    stage.refused("not-found", "GET", f"{path}/{world.centre.id}", world.administrator)


@scene("updatePerson")
def update_person(stage: Stage) -> None:
    world = stage.world
    administrator = world.administrator
    path = f"{centre_path(stage.door)}/people/{world.assessor.id}"
    read = stage.door.etag(path, administrator)
    body = {"address": "asa@harbour.example", "ends_on": "2026-08-31"}
    summary = "Another address, to be verified, and a last day."
    stage.shows(summary, "PATCH", path, administrator, body, if_match=read)
    other = {"name": "Asa Married"}
    stage.refused("stale-person", "PATCH", path, administrator, other, if_match=read)


@scene("endMembership")
def end_membership(stage: Stage) -> None:
    world = stage.world
    path = f"{centre_path(stage.door)}/people"
    summary = "An assessor leaves; what they judged stays."
    stage.shows(summary, "DELETE", f"{path}/{world.assessor.id}", world.administrator)
    own = f"{path}/{world.administrator.id}"
    stage.refused("own-membership", "DELETE", own, world.administrator)


@scene("sendVerificationMail")
def send_verification_mail(stage: Stage) -> None:
    world = stage.world
    other = world.person("Una Nverified", Role.ASSESSOR, address_verified=False)
    path = f"{centre_path(stage.door)}/people/{{}}/verification-mails"
    stage.shows("Once more.", "POST", path.format(other.id), world.administrator)
    verified = path.format(world.assessor.id)
    stage.refused("nothing-to-verify", "POST", verified, world.administrator)
