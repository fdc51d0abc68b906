"""Log lines hold what is on the list, and never what an error says."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.domain.errors import Unavailable
from chalicelib.log import FIELDS, log, log_failure

PLANTED = "PLANTED zoe@example.org"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def logged(error: BaseException, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    try:
        raise error
    except type(error) as raised:
        log_failure("failed", raised)
    (line,) = lines(capsys)
    return line


def test_a_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    log("swept", count=3, issued=1)
    log("said", code="a\nb")
    assert lines(capsys) == [
        {"event": "swept", "count": 3, "issued": 1},
        {"event": "said", "code": "a\nb"},
    ]


@pytest.mark.parametrize("field", ["name", "address", "token", "message", "path", "Event"])
def test_a_field_that_is_not_on_the_list_is_refused(
    field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert field not in FIELDS
    with pytest.raises(ValueError, match=field) as refusal:
        log("said", **{field: PLANTED})
    assert PLANTED not in str(refusal.value)
    assert lines(capsys) == []


def test_a_failure_is_logged_by_type_and_place_and_not_by_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = logged(ValueError(PLANTED), capsys)
    assert line["error"] == "ValueError"
    assert line["where"].startswith("logged:")
    assert "PLANTED" not in json.dumps(line)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClientError({"Error": {"Code": "Throttled", "Message": PLANTED}}, "Query"), "Throttled"),
        (ReadTimeoutError(endpoint_url=PLANTED), ""),
        (Unavailable("busy", PLANTED), ""),
    ],
)
def test_what_aws_refused_is_named_by_its_code_if_it_answered(
    error: Exception, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = logged(error, capsys)
    assert (line["error"], line["code"]) == (type(error).__name__, code)
    assert "PLANTED" not in json.dumps(line)
