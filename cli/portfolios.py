"""A candidate's evidence as it comes together: files, and what an assessor and a witness say."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import cycle, islice
from typing import Any

from PIL import Image

from chalicelib.domain.attachments import PART_SIZE
from chalicelib.domain.modules import EvidenceRequest
from chalicelib.domain.people import Role
from cli.answering import complete_evidence
from cli.cloud import CloudError
from cli.contributing import observe, testify
from cli.evidence import SAMPLES
from cli.playing import Play, download, wait_for
from cli.sample_pictures import GPS
from cli.uploading import Uploader, digest

NOTE = "The record says openly where it departs from the rule, and the reason holds."
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PHOTO, FILM = "image/jpeg", "video/mp4"
# What people send where no form is asked for, and along with some forms.
KINDS: Mapping[str, Sequence[str]] = {
    "": (PHOTO, "image/heic"),
    "meeting-record": ("application/pdf", "text/plain"),
    "work-product": (WORD, "audio/mp4", FILM),
}
ANY_KIND = ("image/png",)
WEB_PAGE = b"<!doctype html><title>No photograph</title><script>alert('Hello')</script>\n"


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it was sent, and the id of its attachment."""

    id: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass
class Portfolio:
    """The evidence of a candidate who works through a module, if the module asks for any."""

    play: Play
    sent: dict[str, list[Sent]] = field(default_factory=dict)  # by item
    contributed: set[str] = field(default_factory=set)  # items
    signed: dict[str, str] = field(default_factory=dict)  # the path of a page's attempt
    reviewed: int = 0  # attempts that depart from rules
    refused: dict[str, Any] = field(default_factory=dict)  # an attachment
    scanned_by: str = ""

    @property
    def files(self) -> list[Sent]:
        """Every file that became evidence."""
        return [each for sent in self.sent.values() for each in sent]

    def sign(self, page_id: str) -> None:
        """Bring together the evidence that a page asks for, and have the page signed."""
        page = self.play.module.page(page_id)
        items = [each for each in page.items if isinstance(each, EvidenceRequest)] if page else []
        self._send_files(items)
        for item in items:
            if item.by != "candidate" and item.id not in self.contributed:
                path = f"{self.play.enrolment}/pages/{page_id}/contributions/{item.id}"
                contribute = testify if item.by == "witness" else observe
                contribute(self.play, path, self._answer(item))
                self.contributed.add(item.id)
        own = {item.id: self._answer(item) for item in items if item.by == "candidate"}
        attempt = self.play.sign(page_id, own)
        if items:
            self.signed[page_id] = attempt
            self._review_departures(attempt)

    def counts(self) -> dict[str, int]:
        """Count what the evidence came to."""
        return {
            "attachments": len(self.files),
            "uploads_refused": int(bool(self.refused)),
            "contributions": len(self.contributed),
            "departures_reviewed": self.reviewed,
        }

    def done(self) -> Iterator[str]:
        """Say what was done, where the module asks for evidence."""
        if self.files:
            types = len({each.media_type for each in self.files})
            yield f"sent {len(self.files)} files of {types} types straight to S3, a film in parts"
            if self.scanned_by == "off":
                yield "had them checked, not scanned for malware: that is off in this stage"
            yield f"had a web page refused that called itself a photo ({self.refused['reason']})"
        if self.contributed:
            yield "had assessor and witness sign their parts, before the candidate signed the page"
        if self.reviewed:
            yield "had a record that departs from a rule reviewed, before it was judged"

    def checks(self) -> dict[str, bool]:
        """Look whether the files are what they should be."""
        if not self.files:
            return {}
        # The assessor may see them since they were signed for.
        assessor = self._uploader(Role.ASSESSOR)
        shown = {each.id: assessor.attachment(each.id) for each in self.files}
        photos = [each for each in self.files if each.media_type == PHOTO]
        return {
            "every file comes back byte for byte as it was sent": all(
                download(shown[each.id]["url"]) == each.content for each in self.files
            ),
            "the digests that were signed for are those of the files": self._digests()
            == {each.id: digest(each.content) for each in self.files},
            "a photo that says where it was taken is shown without that": all(
                _place(each.content) and not _place(download(shown[each.id]["rendering_url"]))
                for each in photos
            ),
            "nothing of the refused file is left to read": self.refused["state"] == "rejected"
            and self.refused["url"] is None
            and bool(wait_for(self._nothing_left, "the end of the refused file")),
        }

    def _send_files(self, items: Sequence[EvidenceRequest]) -> None:
        """Send what the items ask for, something that is refused once, and wait for the verdicts.

        What the candidate sent for a page that came back is still theirs.
        """
        candidate = self._uploader(Role.CANDIDATE)
        wanted = [each for each in items if each.least_files and each.id not in self.sent]
        for item in wanted:
            self.sent[item.id] = [self._send(item.by, kind) for kind in _kinds(item)]
        if wanted and not self.refused:
            upload_id = candidate.send(WEB_PAGE, PHOTO, "our garden.jpg")
            self.refused = candidate.settled(upload_id)
        for sent in (each for item in wanted for each in self.sent[item.id]):
            found = candidate.settled(sent.id)
            if found["state"] != "clean":
                message = f"{found['name']} was refused: {found['reason_text']}"
                raise CloudError(message)
            self.scanned_by = found["scanned_by"]

    def _send(self, by: str, media_type: str) -> Sent:
        sample = SAMPLES[media_type]
        content = _lengthened(sample.make()) if media_type == FILM else sample.make()
        about: dict[str, object] = {"caption": sample.caption, "alt_text": sample.alt_text}
        if by != Role.CANDIDATE:
            about["enrolment_id"] = self.play.enrolment_id
        uploader = self._uploader(by)
        upload_id = uploader.send(
            content, media_type, sample.name, in_parts=media_type == FILM, **about
        )
        return Sent(upload_id, media_type, content)

    def _answer(self, item: EvidenceRequest) -> dict[str, Any]:
        return complete_evidence(item, [each.id for each in self.sent.get(item.id, ())])

    def _review_departures(self, attempt: str) -> None:
        """Have an internal verifier look at what departs from a rule, if anything does."""
        if self.play.client(Role.CANDIDATE).ask("GET", attempt).json()["departures"]:
            verifier = self.play.client(Role.INTERNAL_VERIFIER)
            verifier.ask("POST", f"{attempt}/departure-reviews", {"note": NOTE})
            self.reviewed += 1

    def _digests(self) -> dict[str, str]:
        candidate = self.play.client(Role.CANDIDATE)
        documents = [candidate.ask("GET", path).json()["document"] for path in self.signed.values()]
        return {each["id"]: each["sha256"] for read in documents for each in read["attachments"]}

    def _nothing_left(self) -> bool:
        """Look into both buckets as only their owner can, at every version that is kept."""
        s3 = self.play.stack.cloud.client("s3")
        prefix = f"{self.play.cast.centre_id}/{self.refused['id']}"
        buckets = [self.play.stack.resources[name] for name in ("Quarantine", "Evidence")]
        kept = [s3.list_object_versions(Bucket=each, Prefix=prefix) for each in buckets]
        return not any(each.get("Versions") for each in kept)

    def _uploader(self, role: str) -> Uploader:
        return Uploader(self.play.client(role), self.play.centre)


def _kinds(item: EvidenceRequest) -> Iterator[str]:
    """Choose what to send: what goes with the form, as many files as are asked for."""
    kinds = KINDS.get(item.form, ANY_KIND)
    count = min(max(item.least_files, len(kinds)), item.most_files)
    return islice(cycle(kinds), count)


def _lengthened(film: bytes) -> bytes:
    """Fill up a film with a box that players skip, so that it has more than one part."""
    return film + struct.pack(">I4s", PART_SIZE, b"free") + bytes(PART_SIZE - 8)


def _place(picture: bytes) -> bool:
    """Tell whether a picture says where it was taken."""
    with Image.open(BytesIO(picture)) as opened:
        return bool(opened.getexif().get_ifd(GPS))
