"""Section 6, the audit trail: one chain of entries, whose heads are signed."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.digests import digest
from chalicelib.domain.seals import HEAD
from cli.verifying.container import Archive
from cli.verifying.documents import DIGEST, Place, read
from cli.verifying.faults import Fault
from cli.verifying.portfolio import Portfolio
from cli.verifying.signatures import FORMAT, Export, Keys

SECTION = 6
METHODS = {"token", "link", "link-with-code", "system"}
ENTRY = ("format", "centre_id", "enrolment_id", "seq", "previous", "event", "kind", "at", "by")
MEMBERS = (*ENTRY, "method", "on", "facts", "commitments")
SAID = ("centre_id", "enrolment_id", "format", "hash", "seq", "signed_at")  # by a head
ORIGIN = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry, and the texts that it commits to."""

    place: Place
    seq: int
    kind: str
    on: str
    facts: dict[str, Any]
    texts: dict[str, str]

    def fact(self, name: str) -> str:
        """Return a fact that has to be there, as a text."""
        return self.place.member("facts").text(name)


@dataclass(frozen=True, slots=True)
class Trail:
    """The entries, and how many heads are signed."""

    entries: tuple[Entry, ...]
    heads: int

    def of_kind(self, kind: str) -> Iterator[Entry]:
        """Yield the entries of a kind."""
        return (entry for entry in self.entries if entry.kind == kind)


def check_trail(archive: Archive, export: Export, keys: Keys, portfolio: Portfolio) -> Trail:
    """Check the trail of an enrolment, for itself."""
    whose = {"centre_id": export.centre_id, "enrolment_id": portfolio.enrolment_id}

    # 1. The entries are counted, and each has the digest of the one before.
    name = f"{portfolio.folder}audit.jsonl"
    places, hashes, events = list[Place](), [ORIGIN], set[str]()
    for seq, line in enumerate(_lines(archive, name), 1):
        entry = read(line, SECTION, f"{name}, line {seq}")
        entry.exactly(*MEMBERS)
        entry.tells(format=FORMAT, seq=seq, previous=hashes[-1], **whose)
        _check_entry(entry)
        entry.require(entry.text("event") not in events, "This event comes twice.")
        events.add(entry.text("event"))
        places.append(entry)
        hashes.append(digest(line))

    # 2. What the entries commit to is there, and nothing else.
    texts = _texts(archive, f"{portfolio.folder}commitments.json", places)

    # 3. The heads are signed, of entries that rise to the last one.
    name = f"{portfolio.folder}heads.jws"
    heads = [0]
    for number, line in enumerate(_lines(archive, name), 1):
        jws = Place(line.decode("utf-8", "replace"), SECTION, f"{name}, line {number}")
        head = keys.opened(jws, HEAD, format=FORMAT, **whose)
        head.exactly(*SAID)
        head.moment("signed_at")
        seq = head.number("seq")
        head.require(heads[-1] < seq < len(hashes), "There is no such entry, or not in this place.")
        head.tells(hash=hashes[seq])
        heads.append(seq)
    if heads[-1] != len(places):
        raise Fault(SECTION, name, "The last entry has no signed head.")

    # 4. The portfolio names the last one.
    trail = portfolio.document.under(SECTION).member("trail")
    trail.exactly("entries", "hash")
    trail.tells(entries=len(places), hash=hashes[-1])
    entries = (
        Entry(
            place,
            seq,
            place.text("kind"),
            place.text("on"),
            place.member("facts").value,
            texts.get(place.text("event"), {}),
        )
        for seq, place in enumerate(places, 1)
    )
    return Trail(tuple(entries), len(heads) - 1)


def _lines(archive: Archive, name: str) -> list[bytes]:
    *lines, rest = archive.read(name, SECTION).split(b"\n")
    if rest or not lines:
        raise Fault(SECTION, name, "This is empty, or does not end with a line feed.")
    return lines


def _check_entry(entry: Place) -> None:
    for name in ("event", "kind", "by", "method", "on"):
        entry.text(name)
    entry.moment("at")
    entry.require(entry.text("method") in METHODS, "This is no method that there is.")
    on = entry.text("on")
    entry.require(not on or DIGEST.fullmatch(on), "What it was done to is no digest.")
    for _ in entry.member("facts").members():
        pass  # any names and values


def _texts(archive: Archive, name: str, entries: list[Place]) -> dict[str, dict[str, str]]:
    document = read(archive.read(name, SECTION), SECTION, name)
    document.exactly("key", "texts")
    key = document.text("key")
    committed = {
        entry.text("event"): dict(entry.member("commitments").members()) for entry in entries
    }
    committed = {event: names for event, names in committed.items() if names}
    document.require(DIGEST.fullmatch(key), "This is no key.")
    texts = {
        event: {name: of.text(name) for name, _ in of.members()}
        for event, of in document.member("texts").members()
    }
    same = {event: set(names) for event, names in texts.items()}
    same_names = same == {event: set(names) for event, names in committed.items()}
    document.require(same_names, "These are not the texts that the trail commits to.")
    for event, names in texts.items():
        for each, text in names.items():
            message = f"{event}\n{each}\n{text}".encode()
            right = hmac.digest(bytes.fromhex(key), message, "sha256").hex()
            found = committed[event][each]
            found.require(found.value == right, "This does not commit to the text there is.")
    return texts
