"""Take a single grant out of a deployed role, for a while."""

import contextlib
import json
from collections.abc import Iterator

from cli.stack import Stack
from infra.package import package

ROLES = {
    "api": "ApiHandlerRole",
    "finalise": "FinaliseRole",
    "notify": "NotifyRole",
    "deliver": "DeliverRole",
    "promote": "PromoteRole",
    "export": "ExportRole",
    "sweep": "SweepRole",
}
# What ministack's own poller and logs do without asking, and what it says of objects that are not
# there to anybody; asserted on the template instead.
UNSEEN = {
    "ReadStream",
    "ParkFailures",
    "ReceiveDeliveries",
    "ReceiveUploads",
    "ReceiveExports",
    "NoticeAbsence",
    "NoticeMissing",
    "WriteLogs",
}


def grants() -> list[tuple[str, str]]:
    """List every grant of the template that the local cloud enforces: function and `Sid`."""
    resources = json.loads((package() / "sam.json").read_text())["Resources"]
    return [
        (function, statement["Sid"])
        for function, role in ROLES.items()
        for policy in resources[role]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Sid"] not in UNSEEN
    ]


@contextlib.contextmanager
def taken_out(stack: Stack, function: str, sid: str) -> Iterator[None]:
    """Take a grant out of the role of a function, and put it back afterwards."""
    iam = stack.cloud.client("iam")
    role = stack.resources[ROLES[function]]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    whole = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    left = [each for each in whole["Statement"] if each["Sid"] != sid]
    assert len(left) == len(whole["Statement"]) - 1, f"{function} has no grant {sid}"
    policy = {"RoleName": role, "PolicyName": name}
    iam.put_role_policy(**policy, PolicyDocument=json.dumps({**whole, "Statement": left}))
    try:
        yield
    finally:
        iam.put_role_policy(**policy, PolicyDocument=json.dumps(whole))
