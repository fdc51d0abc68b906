"""Contributions as items, and back."""

from chalicelib.domain.answers import Answer
from chalicelib.domain.contributions import Author, Contribution, Signed, SignedPart
from chalicelib.domain.testimony import Invitation, Witness
from chalicelib.domain.times import parse, stamp
from chalicelib.storage.changes import Item
from chalicelib.storage.items import pack_answers, unpack_answers
from chalicelib.storage.keys import parse_contribution


def to_contribution(item: Item) -> Contribution:
    """Read a contribution."""
    page_id, item_id = parse_contribution(item["sk"])
    answers = unpack_answers(item["answer"]) if "answer" in item else {}
    return Contribution(
        page_id=page_id,
        item_id=item_id,
        version=int(item.get("version", 0)),
        answer=answers.get(item_id, Answer()),
        invitation=_to_invitation(item),
        signed=_to_signed(item, item_id),
    )


def from_answer(item_id: str, answer: Answer) -> Item:
    """Attributes that a draft sets."""
    return {"answer": pack_answers({item_id: answer})}


def from_witness(witness: Witness) -> Item:
    """Attributes that an invitation sets beside when, by whom and until when."""
    return {
        "witness": {
            "name": witness.name,
            "address": witness.address,
            "relationship": witness.relationship,
            "status": witness.status,
        }
    }


def from_signed(signed: Signed) -> Item:
    """Attributes that signing sets: `signed` is the number that the candidate's signing names."""
    return {
        "signed": signed.part.number,
        "content_hash": signed.part.content_hash,
        "attachments": list(signed.part.attachments),
        "departures": signed.part.departures,
        "signed_at": stamp(signed.at),
        "author": signed.author.document(),
        "signed_generation": signed.generation,
        "fingerprint": signed.fingerprint,
    }


def _to_signed(item: Item, item_id: str) -> Signed | None:
    if "signed" not in item:
        return None
    part = SignedPart(
        item_id=item_id,
        number=int(item["signed"]),
        content_hash=item["content_hash"],
        attachments=tuple(item["attachments"]),
        departures=int(item["departures"]),
    )
    return Signed(
        part=part,
        at=parse(item["signed_at"]),
        author=Author(**item["author"]),
        generation=int(item["signed_generation"]),
        fingerprint=item["fingerprint"],
    )


def _to_invitation(item: Item) -> Invitation | None:
    if "invited_at" not in item:
        return None
    return Invitation(
        witness=Witness(**item["witness"]),
        by=item["invited_by"],
        at=parse(item["invited_at"]),
        generation=int(item["generation"]),
        expires_at=parse(item["link_expires_at"]),
        mailed=int(item.get("mailed", 0)),
        mailed_at=parse(item["mailed_at"]) if "mailed_at" in item else None,
    )
