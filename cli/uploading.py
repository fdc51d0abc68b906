"""Files, sent as a browser sends them: the API is told of them, and S3 gets them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.cloud import http
from cli.playing import ACCEPTED, Client, Reply, expect, reply_of, wait_for

TAKEN = 204
SETTLED = ("clean", "rejected")


@dataclass(frozen=True, slots=True)
class Uploader:
    """Somebody who uploads at a centre."""

    client: Client
    centre: str  # its path

    def send(
        self, content: bytes, media_type: str, name: str, *, in_parts: bool = False, **more: object
    ) -> str:
        """Upload a file, and return the id of its attachment."""
        upload = self.start(content, media_type, name, in_parts=in_parts, **more)
        upload_id: str = upload["id"]
        if in_parts:
            self._send_parts(upload_id, content, upload["parts"]["size"])
        else:
            expect(post(upload["form"], content), f"S3, given {name},", TAKEN)
        expect(self.complete(upload_id), f"the completion of {name}", ACCEPTED)
        return upload_id

    def start(self, content: bytes, media_type: str, name: str, **more: object) -> dict[str, Any]:
        """Say what is coming, and return the upload."""
        declared: dict[str, object] = {
            "name": name,
            "media_type": media_type,
            "size": len(content),
            "sha256": digest(content),
            "caption": "",
            "alt_text": "",
        }
        made: dict[str, Any] = self.client.ask(
            "POST", f"{self.centre}/uploads", declared | more
        ).json()
        return made

    def get(self, upload_id: str) -> dict[str, Any]:
        """Return an upload as it stands."""
        upload: dict[str, Any] = self.client.ask("GET", f"{self.centre}/uploads/{upload_id}").json()
        return upload

    def put_part(self, upload_id: str, number: int, content: bytes, sent: bytes = b"") -> Reply:
        """Send a part, or something else in its place."""
        path = f"{self.centre}/uploads/{upload_id}/parts"
        wanted = {"parts": [{"number": number, "sha256": digest(content)}]}
        (link,) = self.client.ask("POST", path, wanted).json()["parts"]
        body = sent or content
        return reply_of(http.request("PUT", link["url"], body=body, headers=link["headers"]))

    def _send_parts(self, upload_id: str, content: bytes, size: int) -> None:
        """Send the first part; then, as after a break, look what has arrived, and send the rest."""
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
        expect(self.put_part(upload_id, 1, pieces[0]), "part 1")
        arrived = {part["number"] for part in self.get(upload_id)["parts"]["arrived"]}
        for number, piece in enumerate(pieces, start=1):
            if number not in arrived:
                expect(self.put_part(upload_id, number, piece), f"part {number}")

    def complete(self, upload_id: str) -> Reply:
        """Say that a file has been sent."""
        return self.client.send("POST", f"{self.centre}/uploads/{upload_id}/completion")

    def attachment(self, attachment_id: str) -> dict[str, Any]:
        """Return an attachment with its links."""
        path = f"{self.centre}/attachments/{attachment_id}"
        attachment: dict[str, Any] = self.client.ask("GET", path).json()
        return attachment

    def settled(self, attachment_id: str) -> dict[str, Any]:
        """Wait until an attachment has been found clean, or rejected."""

        def look() -> dict[str, Any] | None:
            attachment = self.attachment(attachment_id)
            return attachment if attachment["state"] in SETTLED else None

        settled: dict[str, Any] = wait_for(look, "the word on a file")
        return settled


def post(form: Mapping[str, Any], content: bytes, **changed: str) -> Reply:
    """Send the form of an upload, as it is or with fields changed."""
    fields = {**form["fields"], **changed, "file": ("file", content)}
    return reply_of(http.request("POST", form["url"], fields=fields))


def digest(content: bytes) -> str:
    """Give the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
