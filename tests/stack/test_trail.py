"""The audit trail on the deployed template: complete by the stream alone, signed and locked."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.people import Role
from chalicelib.formats.modules import read_module
from chalicelib.usecases import trail
from cli.cast import create_cast, operator_runtime
from cli.playing import Play, wait_for
from cli.stack import Stack
from tests.stack.test_promises import PAGES, act, judge_by_token, verify
from tests.trails import check
from tests.world import SHORT_MODULE

LOOKED_AT = "plan-1"


@pytest.fixture
def play(stack: Stack) -> Play:
    """Enrol a candidate, and go through all that happens to an enrolment, up to a certificate."""
    module = read_module(SHORT_MODULE).module
    play = Play(stack, create_cast(stack, f"{uuid4().hex}.example"), module)
    play.publish(SHORT_MODULE)
    play.enrol()
    for page_id in PAGES:
        play.sign(page_id)
        assert judge_by_token(play, page_id).status == 201
    play.certificate()
    return play


def anchored(play: Play, count: int) -> trail.Recorded:
    """Wait until so many entries are in the chain, and its head is locked away."""
    runtime = operator_runtime(play.stack)

    def look() -> Any:
        recorded = trail.read(runtime, play.cast.centre_id, play.enrolment_id)
        return recorded if len(recorded.entries) == count else None

    recorded: trail.Recorded = wait_for(look, f"{count} entries, anchored")
    return recorded


def test_a_whole_life_is_in_the_chain_and_its_head_is_locked(stack: Stack, play: Play) -> None:
    made = 1 + 2 * len(PAGES) + 1
    anchored(play, made)
    verify(play, LOOKED_AT)
    anchored(play, made + 1)
    path = f"{play.enrolment}/pages/{LOOKED_AT}/attempts/1/judgements/set-aside"
    act(play, path, {"reason": "The answers are not the candidate's own."})
    wait_for(lambda: len(entries(play)) == made + 3, "what was set aside")
    stack.invoke("sweep")  # it is open again, so the sweeper anchors

    recorded = anchored(play, made + 3)

    (key,) = play.client(Role.CANDIDATE).ask("GET", "/v1/keys").json()["keys"]
    found = check(recorded, key)
    assert sorted(entry["kind"] for entry in found) == [
        *["attempt.judged"] * 3,
        *["attempt.signed"] * 3,
        "certificate.issued",
        "certificate.suspended",
        "enrolment.created",
        "judgement.set-aside",
        "judgement.verified",
    ]
    assert entries(play) == list(recorded.entries)
    assert recorded.commitments["texts"][found[-2]["event"]].keys() <= {"reason", "note"}
    s3, bucket = stack.cloud.client("s3"), stack.resources["Audit"]
    prefix = f"{play.cast.centre_id}/{play.enrolment_id}/"
    heads = s3.list_object_versions(Bucket=bucket, Prefix=prefix)["Versions"]
    assert len(heads) == len(recorded.heads.splitlines())
    for head in heads:
        of = {"Bucket": bucket, "Key": head["Key"], "VersionId": head["VersionId"]}
        with pytest.raises(ClientError, match="object lock"):
            s3.delete_object(**of)


def entries(play: Play) -> list[dict[str, Any]]:
    """Read the trail as an internal verifier does."""
    reader = play.client(Role.INTERNAL_VERIFIER)
    found: list[dict[str, Any]] = reader.ask("GET", f"{play.enrolment}/trail").json()["items"]
    return found
