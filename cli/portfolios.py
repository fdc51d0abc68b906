"""A candidate's evidence as it comes together: files, and what an assessor and a witness say."""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import cycle, islice
from typing import Any

from PIL import Image

from chalicelib.domain.attachments import PART_SIZE
from chalicelib.domain.contributions import CURRENT_DECLARATION
from chalicelib.domain.modules import EvidenceRequest
from chalicelib.domain.people import Role
from cli.answering import complete_evidence
from cli.cast import NAMES
from cli.cloud import CloudError
from cli.evidence import SAMPLES
from cli.playing import OK, SEE_OTHER, Play, download, open_link, post_form, wait_for
from cli.sample_pictures import GPS
from cli.uploading import Uploader, digest, post

TESTIMONY = re.compile(r"http://\S+/v1/testimony/\S+")
WITNESS = {"name": "Will Ness", "relationship": "line manager", "status": "Registered nurse"}
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
A_PAGE = b"<!doctype html><title>Not a photograph</title><script>alert('Hello')</script>\n"


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
    reviewed: int = 0  # attempts with departures
    refused: dict[str, Any] = field(default_factory=dict)  # the attachment

    @property
    def files(self) -> list[Sent]:
        """Every file that became evidence."""
        return [each for sent in self.sent.values() for each in sent]

    def sign(self, page_id: str) -> None:
        """Bring together the evidence that a page asks for, and have the page signed."""
        page = self.play.module.page(page_id)
        items = [each for each in page.items if isinstance(each, EvidenceRequest)] if page else []
        for item in items:
            if item.least_files and item.id not in self.sent:
                self.sent[item.id] = [self._send(kind, item.by) for kind in _kinds(item)]
        if self.files and not self.refused:
            self._send_a_pretender()
        for each in (each for item in items for each in self.sent.get(item.id, ())):
            self._expect_clean(each)
        own = {item.id: self._answer(item) for item in items if item.by == "candidate"}
        for item in items:
            if item.by != "candidate" and item.id not in self.contributed:
                self._contribute(page_id, item)
                self.contributed.add(item.id)
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

    def done(self) -> list[str]:
        """Say what was done, where the module asks for evidence."""
        said = []
        if self.files:
            types = len({each.media_type for each in self.files})
            said = [
                f"sent {len(self.files)} files of {types} types straight to S3, a film in parts",
                f"had a web page refused that was sent as a photograph ({self.refused['reason']})",
            ]
        if self.contributed:
            others = len(self.contributed)
            said.append(f"had {others} parts signed by assessor and witness, before the candidate")
        if self.reviewed:
            said.append("had a record that departs from a rule reviewed by the internal verifier")
        return said

    def checks(self) -> dict[str, bool]:
        """Look, as a stranger would, whether the files are what they should be."""
        if not self.files:
            return {}
        shown = {each.id: self._shown(each) for each in self.files}
        photographs = [each for each in self.files if each.media_type == PHOTO]
        return {
            "every file comes back byte for byte as it was sent": all(
                download(shown[each.id]["url"]) == each.content for each in self.files
            ),
            "the digests that were signed for are those of the files": self._digests()
            == {each.id: digest(each.content) for each in self.files},
            "a photograph that says where it was taken is shown without that": all(
                _place(each.content) and not _place(download(shown[each.id]["rendering_url"]))
                for each in photographs
            ),
            "nothing of the refused file is left to read": self.refused["state"] == "rejected"
            and self.refused["url"] is None
            and bool(wait_for(self._nothing_left, "the end of the refused file")),
        }

    def _send_what_is_refused(self) -> None:
        """Send a web page that calls itself a photograph, and wait for the word on it."""
        uploader = self._uploader(Role.CANDIDATE)
        upload = uploader.start(A_PAGE, PHOTO, "our garden.jpg")
        _expect(post(upload["form"], A_PAGE).status, "the form of an upload")
        uploader.complete(upload["id"])
        self.refused = uploader.settled(upload["id"])

    def _send(self, media_type: str, by: str) -> Sent:
        sample = SAMPLES[media_type]
        uploader = self._uploader(by)
        content = sample.make()
        about = {"caption": sample.caption, "alt_text": sample.alt_text}
        if by != Role.CANDIDATE:
            about["enrolment_id"] = self.play.enrolment_id
        if media_type == FILM:
            content = _lengthened(content)
            upload = uploader.start(content, media_type, sample.name, in_parts=True, **about)
            _send_parts(uploader, upload["id"], content)
        else:
            upload = uploader.start(content, media_type, sample.name, **about)
            _expect(post(upload["form"], content).status, "the form of an upload")
        _expect(uploader.complete(upload["id"]).status, "the completion of an upload")
        return Sent(upload["id"], media_type, content)

    def _expect_clean(self, sent: Sent) -> None:
        attachment = self._uploader(Role.CANDIDATE).settled(sent.id)
        if attachment["state"] != "clean":
            message = f"{attachment['name']} was refused: {attachment['reason_text']}"
            raise CloudError(message)

    def _answer(self, item: EvidenceRequest) -> dict[str, Any]:
        return complete_evidence(item, [each.id for each in self.sent.get(item.id, ())])

    def _contribute(self, page_id: str, item: EvidenceRequest) -> None:
        """Have an assessor or a witness provide, and sign, what an item asks of them."""
        path = f"{self.play.enrolment}/pages/{page_id}/contributions/{item.id}"
        if item.by == "witness":
            self._testify(path, self._answer(item))
            return
        assessor = self.play.client(Role.ASSESSOR)
        shown = assessor.ask("GET", path)
        etag = assessor.ask("PUT", path, self._answer(item), if_match=shown.headers["etag"])
        signature = {
            "declaration": shown.json()["declaration"]["version"],
            "signature": NAMES[Role.ASSESSOR],
        }
        assessor.ask("POST", f"{path}/signatures", signature, if_match=etag.headers["etag"])

    def _testify(self, path: str, answer: dict[str, Any]) -> None:
        """Ask a witness, who opens the link in their mail, and sends the form behind it."""
        address = self.play.cast.username("witness")
        mail = self.play.stack.cloud.read_mail
        before = len(mail(address))
        self.play.client(Role.CANDIDATE).ask(
            "POST", f"{path}/invitations", {**WITNESS, "address": address}
        )
        arrived = wait_for(lambda: mail(address)[before:], "the mail to the witness")
        found = TESTIMONY.search(arrived[0].text)
        if not found:
            message = "the mail to the witness came without a link"
            raise CloudError(message)
        _expect(open_link(found[0]).status, "the link to the witness")
        form = {
            **dict(_fields(answer)),
            "status": WITNESS["status"],
            "declaration": CURRENT_DECLARATION,
            "signature": WITNESS["name"],
        }
        sent = post_form(found[0], form)
        if sent.status != SEE_OTHER:
            message = f"the form of the witness answered {sent.status}"
            raise CloudError(message)

    def _review_departures(self, attempt: str) -> None:
        """Have an internal verifier look at what departs from a rule, if anything does."""
        if self.play.client(Role.CANDIDATE).ask("GET", attempt).json()["departures"]:
            verifier = self.play.client(Role.INTERNAL_VERIFIER)
            verifier.ask("POST", f"{attempt}/departure-reviews", {"note": NOTE})
            self.reviewed += 1

    def _shown(self, sent: Sent) -> dict[str, Any]:
        """Look at a file as the assessor does, who may since it was signed for."""
        return self._uploader(Role.ASSESSOR).attachment(sent.id)

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


def _send_parts(uploader: Uploader, upload_id: str, content: bytes) -> None:
    """Send the first part; then go on, as after a pause, with what has not arrived."""
    pieces = [content[at : at + PART_SIZE] for at in range(0, len(content), PART_SIZE)]
    _expect(uploader.put_part(upload_id, 1, pieces[0]).status, "part 1 of an upload")
    arrived = {part["number"] for part in uploader.get(upload_id)["parts"]["arrived"]}
    for number, piece in enumerate(pieces, start=1):
        if number not in arrived:
            sent = uploader.put_part(upload_id, number, piece)
            _expect(sent.status, f"part {number} of an upload")


def _fields(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Write a record as the form of a page sends it."""
    for name, value in answer["values"].items():
        match value:
            case bool():
                yield f"values.{name}", "yes" if value else "no"
            case list():
                yield from ((f"values.{name}.{option}", "yes") for option in value)
            case _:
                yield f"values.{name}", str(value)
    for rule, reason in answer["reasons"].items():
        yield f"reasons.{rule}", reason


def _place(picture: bytes) -> bool:
    """Tell whether a picture says where it was taken."""
    with Image.open(BytesIO(picture)) as opened:
        return bool(opened.getexif().get_ifd(GPS))


def _expect(status: int, what: str) -> None:
    if not OK <= status < SEE_OTHER:
        message = f"{what} answered {status}"
        raise CloudError(message)
