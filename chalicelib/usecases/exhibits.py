"""Evidence behind a signed link: what an assessor sees of it, while the link is live."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.attachments import REASON_LIMIT, Attachment
from chalicelib.domain.errors import Flaw, Invalid, not_found
from chalicelib.domain.judgements import Method
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.usecases import attachments, people
from chalicelib.usecases.links import Opened
from chalicelib.usecases.requests import Request, fingerprint


@dataclass(frozen=True, slots=True)
class Exhibits:
    """The evidence that an attempt has signed for, as it stands now.

    `parts` are the documents that others signed, by item. `seen` leads from the id of each file
    that was signed for to what may be seen of it: itself, its redaction, or nothing where withheld.
    """

    parts: Mapping[str, Mapping[str, Any]]
    seen: Mapping[str, Attachment | None]


def load(runtime: Runtime, document: Mapping[str, Any]) -> Exhibits:
    """Read the evidence of a signed document; without any, nothing is read."""
    of = (document["centre_id"], document["enrolment_id"], document["page_id"])
    named = {each["item_id"]: each["number"] for each in document.get("contributions", ())}
    found = runtime.table.get_many(*(keys.part(*of, *each) for each in named.items()))
    parts = {
        item_id: items.unpack_document(item["document"])
        for item_id, item in zip(named, found, strict=True)
        if item
    }
    return Exhibits(parts, _seen(runtime, document["centre_id"], _ids(document)))


def original_link(runtime: Runtime, document: Mapping[str, Any], attachment_id: str) -> str:
    """Make a link that downloads an original. Raises NotFound where nothing may be seen of it."""
    return attachments.links_to(runtime, file_of(runtime, document, attachment_id)).url


def thumbnail_link(runtime: Runtime, document: Mapping[str, Any], attachment_id: str) -> str:
    """Make a link that shows a picture, small. Raises NotFound where nothing may be seen of it."""
    file = file_of(runtime, document, attachment_id)
    thumbnail = attachments.links_to(runtime, file).thumbnail_url
    if not thumbnail:
        raise not_found()
    return thumbnail


def file_of(runtime: Runtime, document: Mapping[str, Any], attachment_id: str) -> Attachment:
    """Return what may be seen of a file that a document has signed for. Raises NotFound."""
    if attachment_id not in _ids(document):
        raise not_found()
    file = _seen(runtime, document["centre_id"], [attachment_id])[attachment_id]
    if file is None:
        raise not_found()
    return file


def flag(runtime: Runtime, opened: Opened, number: str, reason: str) -> None:
    """Withhold the evidence of a number, for it identifies somebody, as the assessor of the link.

    What is withheld already stays so. Raises Invalid for a number that the attempt has not signed
    for, and without a reason.
    """
    link, signed = opened.link, _ids(opened.signed.document)
    seen = _seen(runtime, link.centre_id, signed)
    shown = {str(each["number"]): each["id"] for each in opened.signed.document["attachments"]}
    shown |= {str(file.number): each for each, file in seen.items() if file}
    if number not in shown:
        detail = "No evidence on this page has this number; it stands beside the file."
        raise Invalid("invalid-attachment", detail, [Flaw("/number", "unknown-attachment", detail)])
    if not reason or len(reason) > REASON_LIMIT:
        detail = f"Say in 1 to {REASON_LIMIT} characters what identifies somebody."
        raise Invalid("invalid-attachment", detail, [Flaw("/reason", "required", detail)])
    file = seen.get(shown[number])
    if file is None:
        return
    actor = people.act(runtime, link.assessor_id, link.centre_id)
    said = fingerprint(reason.encode())
    request = Request(actor.id, f"flag {file.id}", f"{link.content_hash}{said}", said)
    attachments.flag_attachment(runtime, actor, file.id, reason, request, Method.LINK)


def _seen(runtime: Runtime, centre_id: str, ids: Iterable[str]) -> dict[str, Attachment | None]:
    found = attachments.load_many(runtime, centre_id, ids)
    replaced = {each.id: each.replaced_by for each in found.values() if not each.usable}
    others = attachments.load_many(runtime, centre_id, filter(None, replaced.values()))
    standing = {
        each: others.get(replaced[each]) if each in replaced else file
        for each, file in found.items()
    }
    return {each: file if file and file.usable else None for each, file in standing.items()}


def _ids(document: Mapping[str, Any]) -> list[str]:
    return [each["id"] for each in document["attachments"]]
