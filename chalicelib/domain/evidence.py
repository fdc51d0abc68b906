"""Evidence as an answer: files, and a form filled in, whoever provides them."""

from collections.abc import Iterator, Sequence

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


def due_reasons(item: EvidenceRequest, record: Record) -> tuple[Rule, ...]:
    """List the departures that have to be explained as the record stands."""
    return forms.due_reasons(item.blank, record) if item.blank else ()


def binding_flaw(file: Attachment | None, candidate_id: str, pointer: str) -> Flaw | None:
    """Say why a file cannot be signed for; None where it can."""
    if file is None or file.candidate_id != candidate_id:
        return unknown(pointer)
    if file.flag:
        other = "its redaction" if file.replaced_by else "another file"
        detail = f"It is withheld: it may identify somebody. Name {other} instead."
        return Flaw(pointer, "attachment-flagged", detail)
    if file.state is AttachmentState.REJECTED:
        detail = "It was rejected; take it out, or send another file."
        return Flaw(pointer, "attachment-rejected", detail)
    if file.state is not AttachmentState.CLEAN:
        detail = "It has not been found clean yet; finish the upload, or sign in a minute."
        return Flaw(pointer, "attachment-pending", detail)
    return None


def unknown(pointer: str) -> Flaw:
    """Say that a file is none of the candidate's, whether or not it is somebody else's."""
    detail = "The candidate has no such file at this centre; take it out."
    return Flaw(pointer, "unknown-attachment", detail)
