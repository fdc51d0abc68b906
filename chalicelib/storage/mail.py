"""Mail, by Amazon SES."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient


class Mail:
    """Sends plain text, from the address of the stage unless another is named."""

    def __init__(self, client: "SESClient", sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, address: str, subject: str, text: str, sender: str = "") -> None:
        """Send one mail. Raises Unavailable where SES does not take it, to be tried again."""
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
            raise Unavailable(
                "mail-refused", "The mail was not taken; it is tried again."
            ) from error
