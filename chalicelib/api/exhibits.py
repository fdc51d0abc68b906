"""Evidence as the page behind a signed link shows it: files, a form filled in, what departs."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from chalicelib.domain import evidence
from chalicelib.domain.answers import Answer, from_documents
from chalicelib.domain.attachments import Attachment
from chalicelib.domain.modules import EvidenceRequest, Page
from chalicelib.domain.times import local, parse
from chalicelib.formats.exhibits import facts_of, lines_of
from chalicelib.usecases.exhibits import Exhibits

PICTURES = 3  # that a page shows: each has a long address of its own, and a page 20 kB
NO_DESCRIPTION = "Picture without description"


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file that was signed for, by id and number; withheld where nothing may be seen of it.

    `seen` is what is shown: the file, or the redaction that took its place.
    """

    id: str
    number: int
    seen: Attachment | None
    thumbnail: bool

    @property
    def redacted(self) -> bool:
        """Whether a redaction is shown in its place."""
        return self.seen is not None and self.seen.number != self.number

    @property
    def facts(self) -> str:
        """What kind of file it is, how large, and which."""
        assert self.seen  # noqa: S101 (the page asks for what it shows)
        return facts_of(self.seen.media_type, self.seen.size, self.seen.sha256)

    @property
    def alt(self) -> str:
        """What a picture shows, in words."""
        words = self.seen and (self.seen.alt_text.strip() or self.seen.caption.strip())
        return words or NO_DESCRIPTION


@dataclass(frozen=True, slots=True)
class Departure:
    """A rule of the form that the record departs from, and why."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """The evidence for one item; `author` says who provides it, where that is not the candidate."""

    author: str
    files: tuple[ShownFile, ...]
    lines: tuple[tuple[str, str], ...]
    departures: tuple[Departure, ...]


def exhibits_of(
    page: Page, document: Mapping[str, Any], found: Exhibits, time_zone: str
) -> dict[str, Exhibit]:
    """Show all evidence of a signed page, by item."""
    answers = from_documents(document["answers"])
    numbers = {each["id"]: each["number"] for each in document["attachments"]}
    pictures = [each for each, file in found.seen.items() if file and file.pictured]
    thumbnails = frozenset(islice(pictures, PICTURES))
    shown = {}
    for item in page.items:
        if not isinstance(item, EvidenceRequest):
            continue
        part = found.parts.get(item.id)
        answer = _answer_of(part) if part else answers.get(item.id, Answer())
        shown[item.id] = Exhibit(
            author=_author(part, time_zone) if part else "",
            files=tuple(
                ShownFile(each, numbers[each], found.seen.get(each), each in thumbnails)
                for each in answer.attachments or ()
            ),
            lines=tuple(lines_of(item.blank, answer.record)),
            departures=tuple(
                Departure(rule.text, answer.record.reasons.get(rule.id, ""))
                for rule in evidence.departures(item, answer.record)
            ),
        )
    return shown


def _answer_of(part: Mapping[str, Any]) -> Answer:
    ids = [each["id"] for each in part["attachments"]]
    given = {"attachments": ids, "values": part["values"], "reasons": part["reasons"]}
    return from_documents({"": given})[""]


def _author(part: Mapping[str, Any], time_zone: str) -> str:
    author = part["author"]
    about = (author["name"], author.get("status"), author.get("relationship"))
    signed_at = local(parse(part["signed_at"]), time_zone)
    return f"{', '.join(filter(None, about))}; signed {signed_at}"
