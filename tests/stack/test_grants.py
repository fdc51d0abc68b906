"""IAM is enforced on the local cloud: a grant that is missing is missed at once."""

import pytest

from cli.cloud import CloudError
from cli.stack import Stack
from tests.stack.grants import grants, taken_out


def test_a_missing_grant_is_missed(stack: Stack) -> None:
    stack.invoke("sweep")
    with taken_out(stack, "sweep", "QueryOpen"), pytest.raises(CloudError):
        stack.invoke("sweep")
    stack.invoke("sweep")


def test_every_function_has_grants() -> None:
    assert {function for function, _ in grants()} == {"api", "finalise", "notify", "sweep"}
