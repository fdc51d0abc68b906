"""Mail, by Amazon SES."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable
from chalicelib.log import log_failure

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient

SENDER = "not verified"  # what is to be mended at the stage: the mails wait for it


class Mail:
    """Sends plain text, from the address of the stage unless another is named."""

    def __init__(self, client: "SESClient", sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, address: str, subject: str, text: str, sender: str = "") -> None:
        """Send one mail; one that SES refuses for good is logged, and not tried again.

        Otherwise it would keep all that comes after it from being mailed. Raises Unavailable where
        SES does not take it now, to be tried again.
        """
        try:
            self._client.send_email(
                Source=sender or self._sender,
                Destination={"ToAddresses": [address]},
                Message={
                    "Subject": {"Data": subject, "Charset": "UTF-8"},
                    "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
                },
            )
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and _is_final(error):
                log_failure("mail-refused-for-good", error)
                return
            raise Unavailable(
                "mail-refused", "The mail was not taken; it is tried again."
            ) from error


def _is_final(error: ClientError) -> bool:
    """Whether SES will never take the mail, however often it is sent."""
    refused = error.response["Error"]
    if refused["Code"] == "MessageRejected":
        return SENDER not in refused.get("Message", "")
    return refused["Code"] == "InvalidParameterValue"
