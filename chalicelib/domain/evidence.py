"""Evidence as an answer: files, and a form filled in, whoever provides them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from chalicelib.domain import forms
from chalicelib.domain.attachments import Attachment, AttachmentState
from chalicelib.domain.errors import Flaw
from chalicelib.domain.forms import Record, Rule
from chalicelib.domain.modules import EvidenceRequest

CANDIDATE = "candidate"  # who provides an item, where nobody else is named


def draft_flaws(
    item: EvidenceRequest, attachments: Sequence[str], record: Record, pointer: str
) -> Iterator[Flaw]:
    """Say what cannot even be kept as a draft."""
    if len(attachments) > item.most_files:
        detail = f"Name at most {item.most_files} files here."
        yield Flaw(f"{pointer}/attachments", "too-many-files", detail)
    if len(set(attachments)) != len(attachments):
        yield Flaw(f"{pointer}/attachments", "attached-twice", "Name each file once.")
    if item.blank:
        yield from forms.draft_flaws(item.blank, record, pointer)


def signing_flaws(
    item: EvidenceRequest, attachments: Sequence[str], record: Record, pointer: str
) -> Iterator[Flaw]:
    """Say what evidence that can be kept still lacks before it can be signed."""
    if len(attachments) < item.least_files:
        detail = f"Add at least {item.least_files}; {len(attachments)} so far."
        code = "too-few-files" if attachments else "unanswered"
        yield Flaw(f"{pointer}/attachments", code, detail)
    if item.blank:
        yield from forms.signing_flaws(item.blank, record, pointer)


def departures(item: EvidenceRequest, record: Record) -> tuple[Rule, ...]:
    """List the rules of the item's form that a record departs from."""
    return forms.departures(item.blank, record) if item.blank else ()


def unknown_flaws(
    attachments: Sequence[str], found: Mapping[str, Attachment], candidate_id: str, pointer: str
) -> Iterator[Flaw]:
    """Say which of the files named are none of the candidate's."""
    for index, each in enumerate(attachments):
        if not _is_of(found.get(each), candidate_id):
            yield _unknown(f"{pointer}/attachments/{index}")


def binding_flaws(
    attachments: Sequence[str], found: Mapping[str, Attachment], candidate_id: str, pointer: str
) -> Iterator[Flaw]:
    """Say which of the files named cannot be signed for, and why."""
    for index, each in enumerate(attachments):
        place, file = f"{pointer}/attachments/{index}", found.get(each)
        if file is None or not _is_of(file, candidate_id):
            yield _unknown(place)
        elif file.flag:
            other = "its redaction" if file.replaced_by else "another file"
            detail = f"It is withheld: it may identify somebody. Name {other} instead."
            yield Flaw(place, "attachment-flagged", detail)
        elif file.state is AttachmentState.REJECTED:
            detail = "It was rejected; take it out, or send another file."
            yield Flaw(place, "attachment-rejected", detail)
        elif file.state is not AttachmentState.CLEAN:
            detail = "It has not been found clean yet; finish the upload, or sign in a minute."
            yield Flaw(place, "attachment-pending", detail)


def bound(files: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Return files in the order in which a signed document lists them: by evidence number."""
    return tuple(sorted(files, key=lambda each: each.number))


def _is_of(file: Attachment | None, candidate_id: str) -> bool:
    return file is not None and file.candidate_id == candidate_id


def _unknown(pointer: str) -> Flaw:
    detail = "The candidate has no such file at this centre; take it out."
    return Flaw(pointer, "unknown-attachment", detail)
