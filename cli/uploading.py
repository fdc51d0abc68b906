"""Files sent as front-ends send them: announced to the API, and posted straight to S3."""

import hashlib
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.attachments import AttachmentState
from cli.cloud import CloudError, http
from cli.playing import OK, Client, wait_for

SETTLED = (AttachmentState.CLEAN, AttachmentState.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file on somebody's device, and what they say of it."""

    name: str
    media_type: str
    content: bytes
    caption: str
    alt_text: str
    in_parts: bool = False

    @property
    def sha256(self) -> str:
        """What the API and S3 hold the file against."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that was sent, and the path of its attachment."""

    file: File
    id: str
    path: str


def send(client: Client, centre: str, file: File, enrolment_id: str | None = None) -> Sent:
    """Send a file, for the candidate of an enrolment where the sender is not the candidate."""
    new = {
        "name": file.name,
        "media_type": file.media_type,
        "size": len(file.content),
        "sha256": file.sha256,
        "caption": file.caption,
        "alt_text": file.alt_text,
        "in_parts": file.in_parts,
        "enrolment_id": enrolment_id,
    }
    upload = client.ask("POST", f"{centre}/uploads", new).json()
    path = f"{centre}/uploads/{upload['id']}"
    if file.in_parts:
        # After the first one the network goes, as it does: what has arrived is not sent again.
        _send_parts(client, path, file, upload["parts"], at_most=1)
        _send_parts(client, path, file, client.ask("GET", path).json()["parts"])
    else:
        _post(upload["form"], file)
    client.ask("POST", f"{path}/completion")
    return Sent(file, upload["id"], f"{centre}/attachments/{upload['id']}")


def settled(client: Client, sent: Sent) -> dict[str, Any]:
    """Wait until the file has been looked at, and return its attachment."""

    def look() -> Any:  # noqa: ANN401 (JSON)
        attachment = client.ask("GET", sent.path).json()
        return attachment if attachment["state"] in SETTLED else None

    attachment: dict[str, Any] = wait_for(look, f"what becomes of {sent.file.name}")
    return attachment


def _post(form: dict[str, Any], file: File) -> None:
    content = ("file", (file.name, file.content, file.media_type))
    answer = http.request("POST", form["url"], fields=[*form["fields"].items(), content])
    _expect_success(answer.status, file)


def _send_parts(
    client: Client, path: str, file: File, parts: dict[str, Any], at_most: int | None = None
) -> None:
    size = parts["size"]
    arrived = {part["number"] for part in parts["arrived"]}
    missing = [n for n in range(1, parts["count"] + 1) if n not in arrived][:at_most]
    pieces = {number: file.content[(number - 1) * size : number * size] for number in missing}
    wanted = [
        {"number": number, "sha256": hashlib.sha256(piece).hexdigest()}
        for number, piece in pieces.items()
    ]
    for link in client.ask("POST", f"{path}/parts", {"parts": wanted}).json()["parts"]:
        answer = http.request(
            "PUT", link["url"], body=pieces[link["number"]], headers=link["headers"]
        )
        _expect_success(answer.status, file)


def _expect_success(status: int, file: File) -> None:
    if not OK <= status < 300:  # noqa: PLR2004 (all of HTTP's successes)
        message = f"S3 answered {status} to {file.name}"
        raise CloudError(message)
