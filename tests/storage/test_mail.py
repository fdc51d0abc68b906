"""A mail that is refused for good keeps nothing else from being sent."""

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.domain.errors import Unavailable
from chalicelib.storage.mail import Mail


def send(code: str, message: str = "") -> None:
    session = boto3.session.Session("test", "test", region_name="eu-west-2")
    client = session.client("ses")
    with Stubber(client) as stubber:
        stubber.add_client_error("send_email", code, message)
        Mail(client, "mail@example.org").send("to@example.org", "subject", "text")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidParameterValue", "Local address contains to@example.org"),
        ("MessageRejected", "The message holds a virus for to@example.org."),
    ],
)
def test_what_is_refused_for_good_is_logged_and_done(
    capsys: pytest.CaptureFixture[str], code: str, message: str
) -> None:
    send(code, message)
    told = capsys.readouterr().out
    assert code in told
    assert "to@example.org" not in told


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("Throttling", "Maximum sending rate exceeded."),
        ("MessageRejected", "Email address is not verified."),
        ("AccountSendingPausedException", ""),
    ],
)
def test_what_can_be_mended_is_tried_again(code: str, message: str) -> None:
    with pytest.raises(Unavailable):
        send(code, message)
