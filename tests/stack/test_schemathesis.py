"""Every operation as its description says: schemathesis, with all its checks, at the gateway.

Requests are made up from the description, right ones and wrong ones, and sent with real tokens to
real resources: who calls is somebody whom the operation's rule allows.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import app  # noqa: F401 (it declares the operations)
from chalicelib.api.addresses import ADDRESS
from chalicelib.api.http import OPERATIONS, Operation
from chalicelib.api.testimony import TESTIMONY
from chalicelib.api.visiting import VISITING
from chalicelib.domain.access import Actor
from chalicelib.domain.people import Role
from chalicelib.domain.visits import Visit, link_of
from chalicelib.formats.modules import read_module
from chalicelib.runtime import Runtime
from chalicelib.usecases import memberships, people, visits
from chalicelib.usecases.memberships import NewPerson
from cli.cast import create_cast, operator_runtime
from cli.playing import Play
from cli.stack import Stack
from tests.api.door import verification_token
from tests.contributions import (
    CONTRIBUTED_MODULE,
    INVITED,
    OBSERVED,
    PAGE,
    SEEN,
    TOLD,
    token_of,
)
from tests.sampling import PLAN
from tests.world import SHORT_MODULE

SEED = "20260302"
EXAMPLES = "3"  # for each operation and phase, beside all that is on the edge of a schema
OWNERS = (Role.CANDIDATE, Role.ASSESSOR, Role.ADMINISTRATOR, Role.INTERNAL_VERIFIER)
ACCEPTED = 202
OF_THE_CERTIFIED = {"getCertificate", "getCertificatePdf"}
# Everywhere, then, all checks: what is said here is which refusals count as what.
CHECKS = {
    # Fits the description, and still cannot be done: used up, out of date, against a rule.
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "410", "412", "422"]
    },
    # Whatever is looked at first may be what is refused: the size of a body, the state of a link.
    "negative_data_rejection": {"expected-statuses": ["4xx"]},
    "missing_required_header": {"expected-statuses": ["400", "428"]},
}
# What is found once alone, is named in the body by made-up ids, is for one person alone, or needs a
# link to a page of evidence.
UNREACHED = {
    *("deleteWebhook", "deleteAttachment", "recordVerification", "countersign"),
    *("openEvidence", "showThumbnail", "flagEvidence", "visitEvidence", "visitThumbnail"),
    "chooseSample",
}
# All methods that API Gateway has: TRACE never comes to us, it is an unknown route.
PHASES = {"coverage": {"unexpected-methods": ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]}}
# A run that reaches nothing would find nothing.
WARNINGS = {"fail-on": ["missing_auth", "missing_test_data"]}


@dataclass(frozen=True)
class Seeds:
    """Something real for every part of an address, and a token for every role."""

    ids: dict[str, str]
    certified: str
    deletable: dict[str, dict[str, str]]  # parts of addresses, by operation
    address_token: str
    contributed: dict[str, str]
    witness_token: str
    visit_token: str
    tokens: dict[Role, str]


@pytest.fixture(scope="module")
def seeds(stack: Stack) -> Seeds:
    """Certify one enrolment, and begin another: one page signed, one open."""
    cast = create_cast(stack, "contract.example")
    source = SHORT_MODULE.replace("id: moving-people", "id: contract")
    play = Play(stack, cast, read_module(source).module)
    play.publish(source)
    play.enrol()
    certified = play.enrolment_id
    for page in play.module.pages:
        play.sign(page.id)
    for link in play.links(len(play.module.pages)):
        play.judge(link, competent=True)
    certificate = play.certificate()
    play.enrol()
    play.sign("kn-1")
    *_, link = play.links(len(play.module.pages) + 1)
    deletable = {
        "deleteWebhook": {"path.webhook_id": _webhook(play)},
        "deleteAttachment": {"path.attachment_id": _upload(play)},
        "endVisit": {"path.visit_id": _visit(play, stack).id},
        "sendVisitLink": {"path.visit_id": _visit(play, stack).id},
    }
    asked, other = (_person(play, stack) for _ in range(2))
    evidence, visit = _upload(play), _visit(play, stack)
    ids = {
        "centre_id": cast.centre_id,
        "upload_id": evidence,
        "attachment_id": evidence,
        "person_id": other.id,
        "webhook_id": _webhook(play),
        "export_id": _export(play),
        "plan_id": _plan(play),
        "visit_id": visit.id,
        "enrolment_id": play.enrolment_id,
        "page_id": "kn-1",
        "item_id": SEEN,
        "number": "1",
        "module_id": play.module.id,
        "version": "1",
        "certificate_id": certificate["certificate_id"],
        "token": link.rpartition("/")[2],
        "code": "not-found",
    }
    tokens = {role: stack.sign_in(cast.username(role)) for role in OWNERS}
    runtime = operator_runtime(stack)
    address_token = verification_token(runtime, asked)
    contributed = _contributed(stack, play)
    witness_token = token_of(runtime, cast.centre_id, contributed["path.enrolment_id"])
    links = (address_token, contributed, witness_token, _visit_token(runtime, visit))
    return Seeds(ids, certified, deletable, *links, tokens)


def _contributed(stack: Stack, play: Play) -> dict[str, str]:
    """Have an observation signed and a witness asked; return where."""
    other = Play(stack, play.cast, read_module(CONTRIBUTED_MODULE).module)
    other.publish(CONTRIBUTED_MODULE)
    other.enrol()
    contributions = f"{other.enrolment}/pages/{PAGE}/contributions"
    assessor, candidate = other.client(Role.ASSESSOR), other.client(Role.CANDIDATE)
    saved = assessor.ask("PUT", f"{contributions}/{SEEN}", {"values": OBSERVED}, if_match="*")
    signature = {"declaration": "1", "signature": "Asa Essor"}
    etag = saved.headers["etag"]
    assessor.ask("POST", f"{contributions}/{SEEN}/signatures", signature, if_match=etag)
    asked = candidate.send("POST", f"{contributions}/{TOLD}/invitations", INVITED)
    assert asked.status == ACCEPTED, asked.body
    return {"path.enrolment_id": other.enrolment_id, "path.page_id": PAGE}


def _person(play: Play, stack: Stack) -> Actor:
    """Make somebody known whose address nobody has verified."""
    runtime = operator_runtime(stack)
    name = uuid4().hex
    new = NewPerson(name=name, roles=frozenset({Role.CANDIDATE}), address=f"{name}@example.org")
    made = memberships.create_person(runtime, play.cast.centre_id, new)
    return people.act(runtime, made.person_id, play.cast.centre_id)


def _visit(play: Play, stack: Stack) -> Visit:
    """Let somebody new read the enrolment."""
    runtime, name = operator_runtime(stack), uuid4().hex
    new = NewPerson(
        name=name,
        roles=frozenset({Role.EXTERNAL_VERIFIER}),
        address=f"{name}@example.org",
        address_verified=True,
    )
    who = memberships.create_person(runtime, play.cast.centre_id, new).person_id
    body = {
        "person_id": who,
        "enrolment_ids": [play.enrolment_id],
        "until": runtime.now().date().isoformat(),
        "purpose": "A sample.",
    }
    made = play.client(Role.ADMINISTRATOR).ask("POST", f"{play.centre}/visits", body).json()
    return visits.read(runtime, play.cast.centre_id, who, made["id"])


def _visit_token(runtime: Runtime, visit: Visit) -> str:
    """Make the token that the mail to the visitor carries."""
    member = people.read_member(runtime, visit.centre_id, visit.person_id)
    assert member
    return runtime.signer.visit_token(link_of(visit, member.membership.address))


def _webhook(play: Play) -> str:
    body = {"url": "http://127.0.0.1:1/"}  # where nobody listens
    administrator = play.client(Role.ADMINISTRATOR)
    made: str = administrator.ask("POST", f"{play.centre}/webhooks", body).json()["id"]
    return made


def _export(play: Play) -> str:
    administrator = play.client(Role.ADMINISTRATOR)
    body = {"enrolment_ids": [play.enrolment_id]}
    started: str = administrator.ask("POST", f"{play.centre}/exports", body).json()["id"]
    return started


def _plan(play: Play) -> str:
    """Plan to look at some of what has been judged, and draw."""
    verifier, plans = play.client(Role.INTERNAL_VERIFIER), f"{play.centre}/sampling-plans"
    made: str = verifier.ask("POST", plans, PLAN).json()["id"]
    verifier.ask("POST", f"{plans}/{made}/draw")
    return made


def _upload(play: Play) -> str:
    """Begin an upload in parts as the candidate, which waits for them."""
    body = {
        "name": "notes.txt",
        "media_type": "text/plain",
        "size": 6,
        "caption": "",
        "alt_text": "",
        "in_parts": True,
    }
    candidate = play.client(Role.CANDIDATE)
    begun: str = candidate.ask("POST", f"{play.centre}/uploads", body).json()["id"]
    return begun


def settings(each: Operation, seeds: Seeds) -> dict[str, Any]:
    """Say where, as whom and with what schemathesis calls an operation."""
    ids = dict(seeds.ids)
    if each.id in OF_THE_CERTIFIED:
        ids["enrolment_id"] = seeds.certified
    parameters = {f"path.{name}": ids[name] for name in ids if f"{{{name}}}" in each.path}
    if each.id == "saveDraft":
        parameters |= {"path.page_id": "plan-1", "header.If-Match": "*"}  # a page that is open
    parameters |= _elsewhere(each, seeds)
    if each.id in {"updatePerson", "changeAttachment", "saveContribution"}:
        parameters["header.If-Match"] = "*"
    parameters |= seeds.deletable.get(each.id, {})
    given: dict[str, Any] = {"include-operation-id": each.id, "parameters": parameters}
    if each.id in UNREACHED:
        given["warnings"] = False
    if each.rule.signed_in:
        role = next((role for role in OWNERS if role in each.rule.roles), Role.CANDIDATE)
        given["headers"] = {"Authorization": f"Bearer {seeds.tokens[role]}"}
    parts = set(re.findall(r"{(\w+)}", each.path))
    checks = set()
    if each.method == "GET" and {"number", "version"} & parts:
        # It believes that it has sent the wrong number that it made up, not ours, and nothing but
        # the address could be wrong here. Wrong numbers: tests/api/test_attempts.py.
        checks.add("negative_data_rejection")
    if {"person_id", "number"} & parts:
        # A membership that is ended, an attempt that is withdrawn: neither is gone.
        checks.add("use_after_free")
    if checks:
        given["checks"] = {name: {"enabled": False} for name in sorted(checks)}
    return given


def _elsewhere(each: Operation, seeds: Seeds) -> dict[str, Any]:
    """Say what stands somewhere else than most: other links, and what others contribute."""
    if each.path == ADDRESS:
        return {"path.token": seeds.address_token}
    if each.path.startswith(TESTIMONY):
        return {"path.token": seeds.witness_token}
    if each.path.startswith(VISITING):
        return {"path.token": seeds.visit_token}
    if "{item_id}" not in each.path:
        return {}
    item_id = TOLD if each.id == "inviteWitness" else SEEN
    return seeds.contributed | {"path.item_id": item_id}


def toml(value: object) -> str:
    """Write a value as TOML does in one line: as JSON, but for tables."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case _:
            return json.dumps(value)


def test_every_address_leads_somewhere(seeds: Seeds) -> None:
    """An operation whose address has a new part needs something real for it among the seeds."""
    parts = {part for each in OPERATIONS for part in re.findall(r"{(\w+)}", each.path)}
    assert parts - seeds.ids.keys() == {"file"}  # whose name stands in the description


def test_the_api_is_as_described(stack: Stack, seeds: Seeds, tmp_path: Path) -> None:
    operations = [settings(each, seeds) for each in OPERATIONS]
    configuration = {
        "base-url": stack.api,
        "checks": CHECKS,
        "phases": PHASES,
        "warnings": WARNINGS,
        "operations": [each for each in operations if each["parameters"] or "headers" in each],
    }
    lines = (f"{name} = {toml(value)}" for name, value in configuration.items())
    (tmp_path / "schemathesis.toml").write_text("\n".join(lines))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml"),
        *("run", f"{stack.api}/v1/openapi.json", "--no-color", "--continue-on-failure"),
        *("--seed", SEED, "--max-examples", EXAMPLES),
    ]
    done = subprocess.run(  # noqa: S603 (a tool of ours, on our own machine)
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
