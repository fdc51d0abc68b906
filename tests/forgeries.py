"""Archives that a verifier has to refuse, and why: by the section of VERIFY.md they offend against.

Whoever forged the `forgeries` holds the key: all that follows from what was changed was made anew,
so that one rule alone can tell. The `damaged` are what an archive becomes without the key. Every
one is to be checked with the thumbprint `archives.THUMBPRINT`.
"""

import base64
import copy
import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.seals import DRAW, EXPORT, HEAD, encoded
from chalicelib.storage.sealing import LocalSealer
from tests.archives import (
    CENTRE,
    MANIFEST,
    PHOTO,
    SEALER,
    SIGNATURE,
    STRANGER,
    TAG_MANIFEST,
    THUMBPRINT,
    Documents,
    Draft,
    Entries,
    Folder,
    build,
    draw,
    moment,
    zipped,
)

Change = Callable[[Any], object]
Named = Iterator[tuple[str, bytes]]

ONE = "folders/enrolment-1"
PORTFOLIO = f"{ONE}/portfolio"
RETURNED = f"{PORTFOLIO}/pages/0/attempts/0"
COMPETENT = f"{PORTFOLIO}/pages/0/attempts/1"
ASIDE, WITHDRAWN = (f"{PORTFOLIO}/pages/1/attempts/{index}" for index in (0, 1))
CONTRIBUTION = f"{COMPETENT}/contributions/0"
CERTIFICATE = f"{PORTFOLIO}/certificates/0"
DRAWN, UNDRAWN = "plans/plan-1", "plans/plan-2"
IN_ONE, IN_TWO = "data/enrolments/enrolment-1/", "data/enrolments/enrolment-2/"
VALUES: tuple[Any, ...] = (None, True, 7, "text", [], {}, [[]], [{}], {"": ""})
ADDED = (f"{IN_ONE}note.txt", b"x")
LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"


def forgeries() -> Named:
    """Yield each forgery, by a name that begins with the section that it offends against."""
    for section, made in enumerate(
        (
            _containers(),
            _bags(),
            _signatures(),
            _signed(),
            _files(),
            _trails(),
            _certificates(),
            _samples(),
        ),
        1,
    ):
        for name, content in made:
            yield f"{section} {name}", content


def damaged(step: int = 1) -> Named:
    """Yield the valid archive cut, with a byte flipped, and with entries moved about.

    Every byte of a header is flipped, and of the others every one in `step`; so are the cuts.
    """
    valid = build()
    for at in sorted({*range(0, len(valid), step), *_header_bytes(valid)}):
        yield f"byte {at} flipped", valid[:at] + bytes([valid[at] ^ 1]) + valid[at + 1 :]
    for at in range(0, len(valid), step):
        yield f"cut at {at}", valid[:at]
    entries: Entries = []
    build(entries=entries.extend)
    for index, (name, content) in enumerate(entries):
        before, this, after = entries[:index], entries[index], entries[index + 1 :]
        yield f"{name} dropped", zipped([*before, *after])
        yield f"{name} twice", zipped([*before, this, this, *after])
        yield f"{name} emptied", zipped([*before, (name, b""), *after])
        yield f"{name} longer", zipped([*before, (name, content + b"\n"), *after])
        yield f"another before {name}", zipped([*before, ADDED, this, *after])
        for other in range(index):
            moved = list(entries)
            moved[index], moved[other] = moved[other], moved[index]
            yield f"{name} swapped with {entries[other][0]}", zipped(moved)
            if content != entries[other][1]:
                names = [name for name, _ in entries]
                exchanged = list(zip(names, (content for _, content in moved), strict=True))
                yield f"{name} told as {entries[other][0]}", zipped(exchanged)


def retyped(step: int = 1) -> Named:
    """Yield archives with a value of another type in every place of a document.

    A verifier may accept those where the place is free; it must never break.
    """
    files: dict[str, bytes] = {}
    build(files=files.update)
    names = (name for name in files if name.endswith(".json") and name != "data/schema.json")
    places = [(place, name) for name in names for place in _places(json.loads(files[name]))]
    for folder in _draft().folders.values():
        lines = f"folders/{folder.id}/entries/"
        places += [(lines + place, "") for place in _places(folder.entries) if "/" in place]
    for index, (place, name) in enumerate(places):
        for value in VALUES[index % step :: step]:
            change = put(place, value)
            made = (
                build(files=told(change, name))
                if name
                else build(papers=together(change, _rechained))
            )
            yield f"{name} {place} is {json.dumps(value)}", made


# What can be done to a draft. A place is a path; its parts are names and positions.


def put(place: str, value: object) -> Change:
    """Put a value in a place; of a function, what it makes of the value that is there."""

    def change(draft: object) -> None:
        holder, key = _resolved(draft, place)
        new = value(_get(holder, key)) if callable(value) else value
        if isinstance(holder, (dict, list)):
            holder[key] = new
        else:
            setattr(holder, str(key), new)

    return change


def drop(place: str) -> Change:
    """Take away what is in a place."""

    def change(draft: object) -> None:
        holder, key = _resolved(draft, place)
        del holder[key]

    return change


def twice(place: str, **changes: object) -> Change:
    """Put a second one behind what is in a place of a list, with some members changed."""

    def change(draft: object) -> None:
        holder, key = _resolved(draft, place)
        again = copy.deepcopy(holder[key])
        if changes:
            again |= changes
        holder.insert(int(key) + 1, again)

    return change


def together(*changes: Change) -> Change:
    """Do several things."""

    def change(draft: object) -> None:
        for each in changes:
            each(draft)

    return change


def entry(kind: str, nth: int = 0, **members: object) -> Change:
    """Change members of the nth entry of a kind; `facts` are added to those that are there."""

    def change(draft: Draft) -> None:
        found = _entries(draft, kind)[nth]
        facts = members.get("facts", {})
        found |= members | {"facts": found["facts"] | facts}

    return change


def without(kind: str, nth: int = 0) -> Change:
    """Take away the nth entry of a kind, with its texts."""

    def change(draft: Draft) -> None:
        folder = draft.folders["enrolment-1"]
        gone = _entries(draft, kind)[nth]
        folder.entries.remove(gone)
        folder.texts.pop(gone["event"], None)

    return change


def again(kind: str, nth: int = 0, **members: object) -> Change:
    """Add to the end another entry like the nth of a kind, of another event."""

    def change(draft: Draft) -> None:
        folder = draft.folders["enrolment-1"]
        first = _entries(draft, kind)[nth]
        event = f"{first['event']}:again"
        second = copy.deepcopy(first) | {"event": event}
        facts = second["facts"] | members.get("facts", {})
        folder.entries.append(second | members | {"facts": facts})
        if first["event"] in folder.texts:
            folder.texts[event] = dict(folder.texts[first["event"]])

    return change


def earlier(kind: str, nth: int = 0) -> Change:
    """Put the nth entry of a kind before all others."""

    def change(draft: Draft) -> None:
        folder = draft.folders["enrolment-1"]
        moved = _entries(draft, kind)[nth]
        folder.entries.remove(moved)
        folder.entries.insert(0, moved)

    return change


def chained(*changes: Change) -> Change:
    """Do something to entries that are numbered and committed to, and chain them anew."""

    def change(draft: Draft) -> None:
        together(*changes)(draft)
        draft.folders["enrolment-1"].chain()

    return change


BOTH_KEYS = put("jwks/keys", lambda keys: [*keys, STRANGER.jwk])


def _containers() -> Named:
    for name in ("é", "a b", "a%20b", "a\\b", "a//b", "./b", "../b", "a/", "a:b", "a\nb", "a\0b"):
        yield f"a file named data/{name!r}", build(files=put_file(f"data/{name}", b"x"))
    for name in (".hidden", "-option", "_name", "/absolute", "../up"):
        yield f"a file named {name}", build(files=put_file(name, b"x"))
    twins = put_file("data/Schema.json", b"{}")
    yield "two names that differ in case alone", build(files=twins)

    yield "all names by their bytes", build(order=sorted)
    yield "the payload backwards", build(order=lambda names: [names[0], *names[:0:-1]])
    yield "the signature first", build(order=lambda names: [names[-1], *names[:-1]])
    yield "the tag manifest before the tags", build(order=partial(_moved, TAG_MANIFEST, 20))
    yield "a tag file before the payload", build(order=partial(_moved, "index.html", 1))
    yield "bagit.txt among the tags", build(order=partial(_moved, "bagit.txt", 35))
    lower = partial(sorted, key=lambda name: (name != "bagit.txt", _rank(name), name.lower()))
    mixed = build(files=put_file("data/Zoo.txt", b"x"), order=lower)
    yield "the payload in the order of a dictionary", mixed

    yield "a date", build(pack=partial(zipped, date=34))
    yield "a flag for UTF-8", build(pack=partial(zipped, flags=0x800))
    yield "a flag for encryption", build(pack=partial(zipped, flags=1))
    yield "an extra field", build(pack=partial(zipped, extra=struct.pack("<2H", 0xCAFE, 0)))
    yield "a comment", build(pack=partial(zipped, comment=b"x"))
    yield "no file at all", build(pack=lambda _: zipped([]))
    yield "nothing", b""
    yield "some text", b"This is not an archive.\n" * 9
    yield "as Python writes it", build(pack=partial(_by_python, zipfile.ZIP_STORED))
    yield "deflated", build(pack=partial(_by_python, zipfile.ZIP_DEFLATED))
    yield "a central directory in another order", build(pack=_another_directory)
    yield "a file that the directory hides", build(pack=_hidden_file)
    yield "a file of which only the directory tells", build(pack=_only_in_directory)
    yield "something before it", build(packed=lambda made: b"#!/bin/sh\n" + made)
    yield "something before it, all offsets shifted", build(packed=partial(_shifted, b"#!/bin/sh"))
    yield "something after it", build(packed=lambda made: made + b"\n")
    yield "itself after it", build(packed=lambda made: made + made)
    yield "something before the directory", build(packed=_gap)
    yield "ZIP64 records that are not needed", build(packed=_zip64)
    for name, place, raw in (
        ("a huge size", 18, b"\xfe\xff\xff\xff" * 2),
        ("a size for ZIP64", 18, b"\xff\xff\xff\xff" * 2),
        ("a huge name", 26, b"\xff\xff"),
        ("another size unpacked", 22, b"\x00\x00\x00\x00"),
    ):
        yield name, build(packed=partial(_patched, LOCAL, place, raw))
    for name, place, raw in (
        ("another system", 5, b"\x03"),
        ("a higher version", 6, b"\x2d\x00"),
        ("rights of a file", 38, b"\x00\x00\xa4\x81"),
        ("a text file", 36, b"\x01\x00"),
        ("a second disk", 34, b"\x01\x00"),
    ):
        yield name, build(packed=partial(_patched, CENTRAL, place, raw))
    yield "another number of files", build(packed=partial(_patched, END, 8, b"\x01\x00\x01\x00"))


def _bags() -> Named:
    for old, new in (
        (b"1.0", b"0.97"),
        (b"1.0", b"1.0 "),
        (b"UTF-8", b"ISO-8859-1"),
        (b"\n", b"\r\n"),
        (b"UTF-8\n", b"UTF-8"),
        (b"BagIt", b"\xef\xbb\xbfBagIt"),
    ):
        yield f"bagit.txt with {new!r}", build(files=edit("bagit.txt", old, new))
    for step, listed in (
        ("manifest", b"  data/export.json\n"),
        ("tag_manifest", b"  index.html\n"),
    ):
        for name, change in _manifest_changes(listed).items():
            yield f"a {step} {name}", build(**{step: change})  # type: ignore[arg-type]
    own = (TAG_MANIFEST, SIGNATURE)
    for name in own:
        line = f"{digest(b'')}  {name}\n".encode()
        yield f"a tag manifest with {name}", build(tag_manifest=lambda made, line=line: made + line)  # type: ignore[misc]
    for name in ("bag-info.txt", "index.html", "VERIFY.md", "verify.py", "verify.html"):
        yield f"no {name}", build(files=drop_file(name))
    yield "no manifest", build(order=lambda names: [n for n in names if n != MANIFEST])
    for name in ("fetch.txt", "manifest-sha512.txt", "readme.txt", "tags/x.txt", "Data/x.txt"):
        yield f"a file {name}", build(files=put_file(name, b"x\n"))


def _manifest_changes(listed: bytes) -> dict[str, Callable[[bytes], bytes]]:
    def line(made: bytes) -> bytes:
        return next(each for each in made.splitlines(keepends=True) if each.endswith(listed))

    return {
        "without a line": lambda made: made.replace(line(made), b""),
        "with a line twice": lambda made: made.replace(line(made), line(made) * 2),
        "with a wrong digest": lambda made: made.replace(line(made)[:64], b"0" * 64),
        "in upper case": lambda made: made.replace(line(made)[:64], line(made)[:64].upper()),
        "with one space": lambda made: made.replace(listed, listed[1:]),
        "with an asterisk": lambda made: made.replace(listed, b" *" + listed[2:]),
        "with a path from here": lambda made: made.replace(listed, b"  ./" + listed[2:]),
        "backwards": lambda made: b"".join(reversed(made.splitlines(keepends=True))),
        "with carriage returns": lambda made: made.replace(b"\n", b"\r\n"),
        "without its last line feed": lambda made: made[:-1],
        "with an empty line": lambda made: made + b"\n",
        "of no text": lambda made: made + b"\xff\xfe\n",
        "with a file that is not there": lambda made: made + b"0" * 64 + b"  data/z.txt\n",
        "that is empty": lambda _: b"",
    }


def _signatures() -> Named:
    payload = {"centre_id": CENTRE, "created_at": moment(500), "export_id": "export-1", "format": 1}
    payload["tagmanifest_sha256"] = _tag_manifest_digest()
    for name, forged in _forged_jws(EXPORT, HEAD, payload):
        yield f"signature.jws {name}", build(signature=lambda _, forged=forged: forged)  # type: ignore[misc]
    for name, value in (
        ("centre_id", "centre-2"),
        ("created_at", moment(501)),
        ("export_id", "export-2"),
        ("format", 2),
        ("format", "1"),
        ("format", True),
        ("tagmanifest_sha256", "0" * 64),
        ("tagmanifest_sha256", None),
    ):
        yield f"signature.jws with {name} {value}", build(statement=put(name, value))
    for name in payload.keys() - {"format"}:
        yield f"signature.jws without {name}", build(statement=drop(name))
    both = put("export", lambda export: export | {"format": 2})
    yield "an export of format 2", build(papers=both, statement=put("format", 2))
    for value in ("2026-03-01T09:00:00Z", "2026-02-30T09:00:00.000Z", "1 March 2026", ""):
        yield f"an export created at {value}", build(papers=put("export/created_at", value))

    key = "jwks/keys/0"
    short = LocalSealer(bytes(32)).jwk | {"x": encoded(bytes(31))}
    for name, change in {
        "no key": put("jwks/keys", []),
        "a key twice": twice(key),
        "an object for keys": put("jwks/keys", {}),
        "more than keys": put("jwks/issuer", "centre"),
        "no keys": put("jwks", {}),
        "a list": put("jwks", lambda jwks: {"keys": jwks}),
        "another algorithm": put(f"{key}/alg", "ES256"),
        "another curve": put(f"{key}/crv", "X25519"),
        "another kind of key": put(f"{key}/kty", "EC"),
        "another use": put(f"{key}/use", "enc"),
        "a private key": put(f"{key}/d", encoded(bytes(32))),
        "operations": put(f"{key}/key_ops", ["verify"]),
        "no use": drop(f"{key}/use"),
        "a kid of its own": put(f"{key}/kid", "key-1"),
        "a kid of another": put(f"{key}/kid", STRANGER.jwk["kid"]),
        "an x with padding": put(f"{key}/x", lambda x: f"{x}="),
        "an x that is no base64url": put(f"{key}/x", lambda x: f"{x[:-1]}+"),
        "a number for x": put(f"{key}/x", 1),
        "a second key that is too short": put("jwks/keys", lambda keys: [*keys, _kid(short)]),
        "a second key of another's kid": put(
            "jwks/keys", lambda keys: [*keys, STRANGER.jwk | {"kid": "2"}]
        ),
        "another key": put(key, STRANGER.jwk),
    }.items():
        yield f"jwks.json with {name}", build(papers=change)
    payload["tagmanifest_sha256"] = _tag_manifest_digest(papers=BOTH_KEYS)
    sealed = STRANGER.seal(EXPORT, payload).encode()
    yield "a stranger's signature", build(papers=BOTH_KEYS, signature=lambda _: sealed)

    for name, raw in _odd_json(b'"format":1').items():
        where = "data/export.json"
        yield f"export.json {name}", build(files=edit(where, *raw), statement=_format_1)
    for name in ("export_id", "centre_id", "created_at", "enrolments", "format"):
        yield f"an export without {name}", build(papers=drop(f"export/{name}"))
    for name, change in {
        "an enrolment twice": twice("export/enrolments/0"),
        "enrolments in no order": put("export/enrolments", lambda each: each[::-1]),
        "an enrolment without its folder": put(
            "export/enrolments", lambda each: [*each, {"enrolment_id": "enrolment-3"}]
        ),
        "a folder without its enrolment": drop("export/enrolments/1"),
        "an enrolment that is a number": put("export/enrolments/0", 1),
        "an enrolment whose id is a number": put("export/enrolments/0/enrolment_id", 1),
    }.items():
        yield name, build(papers=change)
    for name in ("data/export.json", "data/jwks.json"):
        yield f"no {name}", build(files=drop_file(name))
    yield "a file beside the folders", build(files=put_file("data/enrolments/x.txt", b"x"))
    third = f"{IN_ONE.replace('-1', '-3')}index.html"
    yield "a folder that is not named", build(files=put_file(third, b"x"))


def _signed() -> Named:
    for name, raw in _odd_json(b'"coverage":[]').items():
        yield f"portfolio.json {name}", build(files=edit(f"{IN_ONE}portfolio.json", *raw))
    attempt = f"{IN_ONE}attempts/page-1/0001.json"
    for name, raw in _odd_json(b'"format":1').items():
        forge = partial(_signed_bytes, attempt, *raw)
        yield f"a signed document {name}", build(**forge())
    for name in ("enrolment", "pages", "attachments", "certificates", "trail"):
        yield f"a portfolio without {name}", build(files=told(drop(name)))
    for name, change in {
        "a portfolio of another enrolment": put(f"{PORTFOLIO}/enrolment/id", "enrolment-2"),
        "a page twice": together(twice(f"{PORTFOLIO}/pages/0")),
        "a page twice, once without attempts": twice(f"{PORTFOLIO}/pages/0", attempts=[]),
        "an attempt numbered anew": put(f"{COMPETENT}/number", 3),
        "an attempt numbered true": put(f"{RETURNED}/number", value=True),
        "attempts in no order": put(f"{PORTFOLIO}/pages/0/attempts", lambda each: each[::-1]),
        "an attempt twice": twice(RETURNED),
        "a document of another enrolment": put(f"{RETURNED}/document/enrolment_id", "enrolment-2"),
        "a document of another page": put(f"{RETURNED}/document/page_id", "page-2"),
        "a document of another attempt": put(f"{RETURNED}/document/attempt", 2),
        "a document of no attempt": drop(f"{RETURNED}/document/attempt"),
        "a contribution to another enrolment": put(f"{CONTRIBUTION}/document/enrolment_id", "e"),
        "a contribution to another page": put(f"{CONTRIBUTION}/document/page_id", "page-2"),
        "a contribution to another item": put(f"{CONTRIBUTION}/document/item_id", "item-2"),
        "a contribution of another number": put(f"{CONTRIBUTION}/document/number", 2),
        "a contribution that was not signed for": drop(f"{COMPETENT}/document/contributions"),
        "a contribution signed for twice": twice(f"{COMPETENT}/document/contributions/0"),
        "a contribution listed twice": twice(CONTRIBUTION),
        "a contribution signed for by another hash": put(
            f"{COMPETENT}/document/contributions/0/content_hash", "0" * 64
        ),
        "a contribution signed for by another number": put(
            f"{COMPETENT}/document/contributions/0/number", 2
        ),
        "a contribution signed for by another item": put(
            f"{COMPETENT}/document/contributions/0/item_id", "item-2"
        ),
        "a contribution left out": together(
            put(f"{COMPETENT}/contributions", []), without("contribution.signed")
        ),
    }.items():
        yield name, build(acts=change)
    hashes = partial(put, f"{RETURNED}/content_hash")
    for name, change in {
        "an attempt with another hash": hashes("0" * 64),
        "an attempt with its hash in upper case": hashes(str.upper),
        "an attempt with another's hash": _copied(f"{ASIDE}/content_hash", hashes),
        "a contribution with another hash": put(f"{CONTRIBUTION}/content_hash", "0" * 64),
        "a contribution without a hash": drop(f"{CONTRIBUTION}/content_hash"),
    }.items():
        yield name, build(papers=change)
    attempt = "pages/0/attempts/0"
    for name, change in {
        "a page without its id": drop("pages/2/page_id"),
        "a page without attempts": drop("pages/2/attempts"),
        "pages that are an object": put("pages", {}),
        "an attempt that is a text": put(attempt, "signed"),
        "an attempt without a document": drop(f"{attempt}/document"),
        "an attempt without contributions": drop(f"{attempt}/contributions"),
        "an attempt without a file": drop(f"{attempt}/file"),
    }.items():
        yield name, build(files=told(change))
    for name, old, new in (
        ("an attempt told otherwise", b"Tea, n\xc3\xa9?", b"Coffee?"),
        ("a contribution told otherwise", b'"day":"1"', b'"day":"2"'),
        ("an attempt of another file", b"page-1/0001.json", b"page-1/0002.json"),
        ("an attempt of a file elsewhere", b"attempts/page-1/0001", b"attempts/page-1/1"),
    ):
        yield name, build(files=edit(f"{IN_ONE}portfolio.json", old, new))
    moved = together(
        put(f"{RETURNED}/file", "attempts/page-1/1.json"),
    )
    yield "an attempt under another name", build(acts=moved)
    moved = put(f"{CONTRIBUTION}/file", "contributions/page-1/item-1/1.json")
    yield "a contribution under another name", build(acts=moved)
    for name in (
        "attempts/page-1/0003.json",
        "attempts/page-3/0001.json",
        "attempts/x.txt",
        "contributions/page-1/item-1/0002.json",
        "contributions/x/y/z",
    ):
        yield f"a file {name}", build(files=put_file(f"{IN_ONE}{name}", b"{}"))
    for name in (
        "portfolio.json",
        "attempts/page-1/0001.json",
        "contributions/page-1/item-1/0001.json",
    ):
        yield f"no {name}", build(files=drop_file(f"{IN_ONE}{name}"))
    yield "the folders of two enrolments swapped", build(files=_swapped_folders)


def _files() -> Named:
    photo = f"{IN_ONE}attachments/0001-attachment-1.jpg"
    listed = f"{PORTFOLIO}/attachments/0"
    yield "another photo", build(files=put_file(photo, PHOTO[::-1]))
    yield "no photo", build(files=drop_file(photo))
    more = f"{IN_ONE}attachments/0002-attachment-2.jpg"
    yield "a photo more", build(files=put_file(more, PHOTO))
    elsewhere = partial(put, f"{listed}/file")
    for name, change in {
        "a photo of another size": put(f"{listed}/size", 11),
        "a photo whose size is a text": put(f"{listed}/size", "10"),
        "a photo with another digest": put(f"{listed}/sha256", "0" * 64),
        "a photo twice": twice(listed),
        "a photo without an id": drop(f"{listed}/id"),
        "a photo without a file": drop(f"{listed}/file"),
        "a photo that is not there": elsewhere("attachments/0002.jpg"),
        "a photo outside of its folder": elsewhere("../enrolment-1/attachments/0001.jpg"),
        "attachments that are an object": put(f"{PORTFOLIO}/attachments", {}),
        "an attachment nobody lists": put(f"{PORTFOLIO}/attachments/0/id", "attachment-9"),
    }.items():
        yield name, build(papers=change)
    told = elsewhere("index.html")
    gone = together(told, put(f"{ONE}/files/index.html", PHOTO))
    yield "an attachment that is not in attachments/", build(papers=gone, files=drop_file(photo))
    hidden = elsewhere("")
    yield "a photo withheld without a flag", build(papers=hidden, files=drop_file(photo))
    flag = "folders/enrolment-2/entries/2"
    for name, place, value in (
        ("another attachment flagged", f"{flag}/facts/attachment_id", "attachment-1"),
        ("a release for a flag", f"{flag}/kind", "attachment.released"),
    ):
        yield name, build(acts=put(place, value))
    for place, what in (
        (f"{COMPETENT}/document/attachments/0", "an attempt"),
        (f"{CONTRIBUTION}/document/attachments/0", "a contribution"),
    ):
        yield f"{what} signed for another file", build(acts=put(f"{place}/sha256", "0" * 64))
        yield f"{what} signed for another size", build(acts=put(f"{place}/size", 1))
        yield f"{what} signed for a file unknown", build(acts=put(f"{place}/id", "attachment-2"))
        yield f"{what} signed for a number", build(acts=put(place, 1))


def _trails() -> Named:
    yield from _chains()
    yield from _heads()
    yield from _commitments()
    yield from _acts()


def _chains() -> Named:
    last = f"{ONE}/entries/21"
    for name, value in (
        ("format", 2),
        ("format", True),
        ("centre_id", "centre-2"),
        ("enrolment_id", "enrolment-2"),
        ("seq", "22"),
        ("event", 1),
        ("kind", None),
        ("at", "2026-03-01T09:00:00Z"),
        ("at", "2026-02-30T09:00:00.000Z"),
        ("at", "2026-03-01T09:00:00.000+00:00"),
        ("by", None),
        ("method", "telepathy"),
        ("on", "x"),
        ("on", None),
        ("facts", []),
        ("facts", None),
        ("commitments", []),
        ("note", ""),
    ):
        change = together(put(f"{last}/{name}", value), _rechained)
        yield f"an entry with {name} {value}", build(papers=change)
    for name in ("event", "facts", "commitments", "method", "format"):
        yield f"an entry without {name}", build(papers=chained(drop(f"{last}/{name}")))
    entries = f"{ONE}/entries"
    same = chained(put(f"{last}/event", "enrolment-created:enrolment-1"))
    yield "an event twice", build(papers=same)
    yield "a number left out", build(papers=chained(drop(f"{entries}/0")))
    yield "a number twice", build(papers=chained(put(f"{entries}/0/seq", 2)))
    yield "counted from 0", build(papers=_from_zero)
    for name, index in (("the first", 0), ("another", 9), ("the last", 21)):
        place = f"{entries}/{index}/previous"
        lied = together(put(place, "f" * 64), _heads_of_lines)
        yield f"{name} link broken", build(papers=lied)
    yield "two entries swapped", build(papers=together(_swapped_entries, _heads_of_lines))
    yield (
        "an entry told otherwise",
        build(files=edit(f"{IN_ONE}audit.jsonl", b"verifier-1", b"v-1")),
    )
    last_line = partial(_last_line, b'"facts":{"issue":3}')
    for name, raw in _odd_json(b'"facts":{"issue":3}').items():
        if name not in {"with a line feed after it", "that is empty", "with half of it"}:
            yield f"an entry {name}", build(**last_line(raw[1]))
    trail = f"{IN_ONE}audit.jsonl"
    for name, change in {
        "without its last line feed": lambda made: made[:-1],
        "with an empty line": lambda made: made + b"\n",
        "with carriage returns": lambda made: made.replace(b"\n", b"\r\n"),
        "that is empty": lambda _: b"",
        "with its last entry cut off": lambda made: made[: made[:-1].rindex(b"\n") + 1],
        "of no text": lambda made: made + b"\xff\n",
    }.items():
        yield f"a trail {name}", build(files=remake(trail, change))
    yield "no trail", build(files=drop_file(trail))


def _heads() -> Named:
    heads, where = f"{ONE}/heads", f"{IN_ONE}heads.jws"
    for name, change in {
        "of another centre": put(f"{heads}/0/centre_id", "centre-2"),
        "of another enrolment": put(f"{heads}/0/enrolment_id", "enrolment-2"),
        "of another format": put(f"{heads}/0/format", 2),
        "with another hash": put(f"{heads}/0/hash", "0" * 64),
        "with another number": put(f"{heads}/0/seq", 4),
        "with a number that is a text": put(f"{heads}/0/seq", "5"),
        "of number 0": put(f"{heads}/0/seq", 0),
        "of no entry": put(f"{heads}/0/seq", 23),
        "signed at no moment": put(f"{heads}/0/signed_at", "yesterday"),
        "without its moment": drop(f"{heads}/0/signed_at"),
        "twice": twice(f"{heads}/0"),
        "after a later one": put(heads, lambda each: [*each, each[0]]),
        "in no order": put(heads, lambda each: [each[1], each[0], each[1]]),
        "of the last entry missing": drop(f"{heads}/1"),
    }.items():
        yield f"a head {name}", build(papers=change)
    yield "no head", build(papers=put(heads, []))
    for name, change in {
        "without the last line feed": lambda made: made[:-1],
        "with an empty line": lambda made: made + b"\n",
        "with carriage returns": lambda made: made.replace(b"\n", b"\r\n"),
        "of no text": lambda made: b"\xff\n" + made,
    }.items():
        yield f"heads {name}", build(files=remake(where, change))
    payload = copy.deepcopy(_draft().folders["enrolment-1"].heads[1])
    for name, forged in _forged_jws(HEAD, DRAW, payload):
        line = partial(_with_line, forged)
        yield f"a head {name}", build(files=remake(where, line))
    stranger = _sealed_by(STRANGER, "heads")
    yield "heads by a stranger's key", build(papers=BOTH_KEYS, files=stranger)
    yield "no file of heads", build(files=drop_file(where))
    for name, value in (
        ("trail/entries", 21),
        ("trail/entries", "22"),
        ("trail/hash", "0" * 64),
        ("trail/note", ""),
        ("trail", None),
    ):
        yield f"a portfolio with {name} {value}", build(papers=put(f"{PORTFOLIO}/{name}", value))


def _commitments() -> Named:
    where = f"{IN_ONE}commitments.json"
    texts = f"{ONE}/texts"
    judged = next(iter(_draft().folders["enrolment-1"].texts))
    for name, change in {
        "another text": put(f"{texts}/{judged}/feedback", "Well poured."),
        "a text missing": drop(f"{texts}/{judged}"),
        "a name missing": drop(f"{texts}/{judged}/feedback"),
        "a name more": put(f"{texts}/{judged}/reason", "x"),
        "an event more": put(f"{texts}/enrolment-created:enrolment-1", {"reason": "x"}),
        "an unknown event": put(f"{texts}/tea-made", {"reason": "x"}),
        "a text that is a number": put(f"{texts}/{judged}/feedback", 1),
        "texts that are a list": put(texts, []),
    }.items():
        yield f"commitments with {name}", build(papers=change)
    for name, raw in _odd_json(b'{"key":"').items():
        yield f"commitments {name}", build(files=edit(where, *raw))
    for name, old, new in (
        ("another key", b'{"key":"2', b'{"key":"3'),
        ("a shorter key", b'{"key":"20', b'{"key":"'),
        ("a key in upper case", b"2a2b2c", b"2A2B2C"),
        ("no key", b'"key":', b'"kez":'),
        ("a member more", b'{"key":', b'{"a":1,"key":'),
    ):
        yield f"commitments with {name}", build(files=edit(where, old, new))
    place = f"{ONE}/entries/3/commitments/feedback"
    for name, value in (("another", "0" * 64), ("no", None), ("an upper-case", str.upper)):
        yield f"an entry with {name} commitment", build(papers=chained(put(place, value)))
    yield "an entry without its commitment", build(papers=chained(drop(place)))
    yield "no commitments", build(files=drop_file(where))


def _acts() -> Named:
    judged, found = f"{COMPETENT}/judgement", f"{COMPETENT}/verifications/1"
    signed = "attempt.signed"
    for name, change in {
        "an attempt that nobody signed": without(signed, 4),
        "an attempt signed twice": again(signed),
        "an attempt signed for another page": entry(signed, facts={"page_id": "page-2"}),
        "an attempt signed under another number": entry(signed, facts={"number": 3}),
        "an attempt signed under a number that is a text": entry(signed, facts={"number": "1"}),
        "an attempt signed by another hash": entry(signed, on="0" * 64),
        "an attempt that was signed but is missing": drop(f"{PORTFOLIO}/pages/1/attempts/2"),
        "a contribution that nobody signed": without("contribution.signed"),
        "a contribution signed twice": again("contribution.signed"),
        "a contribution signed by another hash": entry("contribution.signed", on="0" * 64),
        "a contribution signed for another item": entry(
            "contribution.signed", facts={"item_id": "item-2"}
        ),
        "a contribution signed for another page": entry(
            "contribution.signed", facts={"page_id": "page-2"}
        ),
        "a contribution signed under another number": entry(
            "contribution.signed", facts={"number": 2}
        ),
        "a judgement that nobody made": without("attempt.judged", 1),
        "a judgement made twice": again("attempt.judged", 1),
        "a judgement before the signature": earlier("attempt.judged", 1),
        "a judgement left out": put(judged, None),
        "a judgement of another content": entry("attempt.judged", 1, on="0" * 64),
        "a judgement of another page": entry("attempt.judged", 1, facts={"page_id": "page-3"}),
        "a judgement of another attempt": entry("attempt.judged", 1, facts={"number": 7}),
        "another judgement, of no attempt": again("attempt.judged", 1, on="0" * 64),
        "another judgement, of a page unknown": again("attempt.judged", facts={"page_id": "p"}),
        "a judgement turned": put(f"{RETURNED}/judgement/competent", value=True),
        "a judgement turned in the trail": entry("attempt.judged", facts={"competent": True}),
        "a judgement with 1 for true": put(f"{judged}/competent", 1),
        "a judgement by somebody else": put(f"{judged}/judged_by", "assessor-2"),
        "a judgement at another moment": put(f"{judged}/judged_at", moment(0)),
        "a judgement by another means": put(f"{judged}/method", "token"),
        "a judgement with another feedback": put(f"{judged}/feedback", "Well poured."),
        "a judgement without its feedback": put(f"{RETURNED}/judgement/feedback", ""),
        "a judgement that is a text": put(judged, "competent"),
        "a judgement without its assessor": drop(f"{judged}/judged_by"),
        "a withdrawal that nobody made": without("attempt.withdrawn"),
        "a withdrawal made twice": again("attempt.withdrawn"),
        "a withdrawal left out": put(f"{WITHDRAWN}/withdrawn_at", ""),
        "a withdrawal at another moment": put(f"{WITHDRAWN}/withdrawn_at", moment(0)),
        "a withdrawal of no attempt": again("attempt.withdrawn", on="0" * 64),
        "a withdrawal of another attempt": put(f"{RETURNED}/withdrawn_at", moment(1)),
        "a countersignature that nobody made": without("judgement.countersigned"),
        "a countersignature made twice": again("judgement.countersigned"),
        "a countersignature left out": put(f"{COMPETENT}/countersignature", None),
        "a countersignature by somebody else": put(f"{COMPETENT}/countersignature/by", "x"),
        "a countersignature at another moment": put(f"{COMPETENT}/countersignature/at", moment(0)),
        "a countersignature of no attempt": again("judgement.countersigned", on="0" * 64),
        "a setting aside that nobody made": without("judgement.set-aside"),
        "a setting aside made twice": again("judgement.set-aside"),
        "a setting aside left out": put(f"{ASIDE}/set_aside", None),
        "a setting aside by somebody else": put(f"{ASIDE}/set_aside/by", "assessor-1"),
        "a setting aside at another moment": put(f"{ASIDE}/set_aside/at", moment(0)),
        "a setting aside for another reason": put(f"{ASIDE}/set_aside/reason", "None."),
        "a setting aside of no attempt": again("judgement.set-aside", on="0" * 64),
        "a verification that nobody made": without("judgement.verified", 1),
        "a verification left out": drop(found),
        "a verification made twice": again("judgement.verified", 1),
        "a verification listed twice": twice(found),
        "a verification of another id": put(f"{found}/id", "verification-0"),
        "a verification upheld": put(f"{found}/outcome", "upheld"),
        "a verification by somebody else": put(f"{found}/verified_by", "assessor-1"),
        "a verification at another moment": put(f"{found}/verified_at", moment(0)),
        "a verification with another note": put(f"{found}/note", "Fine."),
        "a verification without its note": put(f"{found}/note", ""),
        "a verification of another content": entry("judgement.verified", 1, on="0" * 64),
        "verifications left out": drop(f"{COMPETENT}/verifications"),
    }.items():
        yield name, build(acts=change)


def _certificates() -> Named:
    record = f"{CERTIFICATE}/record"
    issued, superseded, suspended = (
        f"certificate.{how}" for how in ("issued", "superseded", "suspended")
    )
    for name, change in {
        "a certificate that nobody issued": without(issued, 2),
        "a certificate issued twice": again(issued),
        "a certificate issued by another hash": again(issued, on="0" * 64),
        "a certificate of no issue": again(issued, facts={"issue": 4}),
        "a certificate numbered anew": put(f"{PORTFOLIO}/certificates/1/issue", 3),
        "certificates in no order": put(f"{PORTFOLIO}/certificates", lambda each: each[::-1]),
        "a certificate under another name": put(f"{CERTIFICATE}/file", "certificates/1.json"),
        "a page of another attempt": put(f"{record}/pages/0/attempt", 1),
        "a page of an attempt unknown": put(f"{record}/pages/0/attempt", 9),
        "a page unknown": put(f"{record}/pages/0/id", "page-9"),
        "a page with another hash": put(f"{record}/pages/0/content_hash", "0" * 64),
        "a page that was returned": _certified_return,
        "a page that nobody judged": _certified_withdrawal,
        "pages left out": drop(f"{record}/pages"),
        "a page that is a text": put(f"{record}/pages/0", "page-1"),
        "a state that nobody gave": put(f"{PORTFOLIO}/certificates/1/state", "suspended"),
        "suspended, but told to be valid": put(f"{PORTFOLIO}/certificates/2/state", "valid"),
        "superseded, but told to be valid": put(f"{CERTIFICATE}/state", "valid"),
        "superseded, but told to be suspended": put(f"{CERTIFICATE}/state", "suspended"),
        "a state unknown": put(f"{PORTFOLIO}/certificates/1/state", "golden"),
        "no state": drop(f"{CERTIFICATE}/state"),
        "suspended in the trail alone": again(suspended, facts={"issue": 2}),
        "superseded in the trail alone": again(superseded, facts={"issue": 2}),
        "never suspended": without(suspended, 1),
        "never superseded": without(superseded),
    }.items():
        yield name, build(acts=change)
    where = f"{IN_ONE}certificates/0001/certificate.json"
    left_out = drop(f"{PORTFOLIO}/certificates/2")
    yield "a certificate left out", build(papers=left_out)
    yield "no record", build(files=drop_file(where))
    yield "another record", build(files=edit(where, b"Ngata", b"Smith"))
    told = b'{"name":"Zo\xc3\xab Ngata"},"issue":1'
    other = told.replace(b"Ngata", b"Smith")
    yield "a record told otherwise", build(files=edit(f"{IN_ONE}portfolio.json", told, other))
    both = together(edit(where, b"Ngata", b"Smith"), edit(f"{IN_ONE}portfolio.json", told, other))
    yield "another record, in both places", build(files=both)


def _samples() -> Named:
    where = "data/sampling/plan-1.json"
    frame, strata = f"{DRAWN}/frame", f"{DRAWN}/strata"
    for name, raw in _odd_json(b'"plan_id":"plan-1"').items():
        yield f"a plan {name}", build(files=edit(where, *raw))
    for name, change in {
        "a plan of another centre": put(f"{DRAWN}/centre_id", "centre-2"),
        "a plan of another name": put(f"{DRAWN}/plan_id", "plan-2"),
        "a plan with another commitment": put(f"{DRAWN}/commitment", "0" * 64),
        "a plan with another statement": _copied(
            f"{UNDRAWN}/statement", partial(put, f"{DRAWN}/statement")
        ),
        "a plan with another seed": together(put(f"{DRAWN}/seed", "0" * 64), _redrawn),
        "a plan with a seed in upper case": together(put(f"{DRAWN}/seed", str.upper), _redrawn),
        "a plan whose seed is a number": put(f"{DRAWN}/seed", 1),
        "a plan without a seed, but drawn": put(f"{DRAWN}/seed", ""),
        "a plan without a seed, but a frame": _copied(frame, partial(put, f"{UNDRAWN}/frame")),
        "a statement of another centre": put(f"{DRAWN}/statement/centre_id", "centre-2"),
        "a statement of another format": put(f"{DRAWN}/statement/format", 2),
        "a statement at no moment": put(f"{DRAWN}/statement/committed_at", ""),
        "a statement with more": put(f"{DRAWN}/statement/note", ""),
        "a statement of another commitment": put(f"{DRAWN}/statement/commitment", "0" * 64),
        "a statement of another plan": put(f"{DRAWN}/statement/plan_id", "plan-2"),
        "a frame in no order": put(frame, lambda each: each[::-1]),
        "a unit twice": twice(f"{frame}/0"),
        "a unit that is no judgement": together(put(f"{frame}/0/unit", "enrolment-0"), _redrawn),
        "a unit that is a number": put(f"{frame}/0/unit", 1),
        "a stratum unknown": together(put(f"{frame}/0/stratum", "x"), _redrawn),
        "a stratum left out": together(drop(f"{strata}/0"), _redrawn),
        "a stratum twice": twice(f"{strata}/2"),
        "a rate of 101": together(put(f"{strata}/2/rate", 101), _redrawn),
        "a rate of -1": put(f"{strata}/2/rate", -1),
        "a rate that is a text": put(f"{strata}/2/rate", "100"),
        "a rate that is true": put(f"{strata}/2/rate", value=True),
        "a least of -1": put(f"{strata}/2/least", -1),
        "a higher rate": put(f"{strata}/0/rate", 60),
        "a lower rate": put(f"{strata}/0/rate", 20),
        "a higher least": put(f"{strata}/1/least", 3),
        "a lower least": put(f"{strata}/1/least", 1),
        "one drawn too few": drop(f"{DRAWN}/drawn/0"),
        "one drawn too many": put(f"{DRAWN}/drawn", _one_more),
        "one drawn twice": twice(f"{DRAWN}/drawn/0"),
        "one drawn for another": put(f"{DRAWN}/drawn/0", "enrolment-0/page-1/1"),
        "drawn in no order": put(f"{DRAWN}/drawn", lambda each: each[::-1]),
        "drawn as objects": put(f"{DRAWN}/drawn", lambda each: [{"unit": unit} for unit in each]),
        "a frame cut after the draw": drop(f"{frame}/1"),
        "a unit in another stratum": _moved_unit,
    }.items():
        yield name, build(papers=change)
    for name in ("strata", "frame", "drawn", "seed", "commitment", "statement", "plan_id"):
        yield f"a plan without {name}", build(files=told(drop(name), where))
    payload = copy.deepcopy(_draft().plans["plan-1"]["statement"])
    for name, forged in _forged_jws(DRAW, HEAD, payload):
        change = put(f"{DRAWN}/statement", forged.decode("latin-1"))
        yield f"a statement {name}", build(papers=change)
    stranger = _sealed_by(STRANGER, "draw")
    yield "a statement by a stranger's key", build(papers=BOTH_KEYS, files=stranger)
    yield "a file that is no plan", build(files=put_file("data/sampling/x.txt", b"x"))
    yield "a plan in a folder", build(files=put_file("data/sampling/x/y.json", b"{}"))
    yield "a plan under another name", build(files=_renamed_plan)


def _forged_jws(kind: str, another: str, payload: Documents) -> Named:
    """Yield signatures that say the right thing in the wrong way."""
    good = SEALER.seal(kind, payload)
    header, middle, seal = good.split(".")
    right = {"alg": "EdDSA", "kid": THUMBPRINT, "typ": kind}
    yield "with a line feed", good.encode() + b"\n"
    yield "with a space", b" " + good.encode()
    yield "of no text", b"\xff" + good.encode()
    yield "that is empty", b""
    yield "of two parts", f"{header}.{middle}".encode()
    yield "of four parts", f"{good}.".encode()
    yield "with padding", f"{good}==".encode()
    last = "AQgw".index(seal[-1])
    yield "in another spelling", (good[:-1] + "BRhx"[last]).encode()
    yield "by nobody", f"{header}.{middle}.".encode()
    yield "by zeros", f"{header}.{middle}.{encoded(bytes(64))}".encode()
    yield "that is too long", f"{header}.{middle}.{encoded(_unseal(seal) + b'0')}".encode()
    order = 2**252 + 27742317777372353535851937790883648493
    raw = _unseal(seal)
    twin = (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    yield "by the twin of its number", f"{header}.{middle}.{encoded(raw[:32] + twin)}".encode()
    yield "by a stranger", STRANGER.seal(kind, payload).encode()
    yield "by a stranger under our name", _jws(kind, canonical(payload), sealer=STRANGER)
    yield "of another kind", SEALER.seal(another, payload).encode()
    for name, header_bytes in {
        "with alg none": canonical(right | {"alg": "none"}),
        "with alg in lower case": canonical(right | {"alg": "eddsa"}),
        "with a member more": canonical(right | {"b64": True}),
        "with a critical member": canonical(right | {"crit": ["b64"]}),
        "without a typ": canonical({"alg": "EdDSA", "kid": THUMBPRINT}),
        "without a kid": canonical({"alg": "EdDSA", "typ": kind}),
        "with a kid that is a number": canonical(right | {"kid": 1}),
        "with a space in its header": json.dumps(right).encode(),
        "with its header in another order": json.dumps(
            dict(reversed(right.items())), separators=(",", ":")
        ).encode(),
        "with a name twice in its header": canonical(right)[:-1] + b',"typ":"x"}',
        "with a header that is a list": b"[]",
        "with a header that is no JSON": b"{",
    }.items():
        yield name, _jws(kind, canonical(payload), header=header_bytes)
    for name, body in {
        "with a space in its payload": json.dumps(payload, sort_keys=True).encode(),
        "with a name twice in its payload": canonical(payload)[:-1] + b',"format":1}',
        "with a member more in its payload": canonical(payload | {"note": ""}),
        "with a member less in its payload": canonical(
            {name: payload[name] for name in payload if name != "format"}
        ),
        "with a payload that is a list": b"[]",
        "with a payload that is no JSON": b"{",
        "with a payload that is no text": b"\xff\xfe",
        "without a payload": b"",
    }.items():
        yield name, _jws(kind, body)


def _odd_json(known: bytes) -> dict[str, tuple[bytes, bytes]]:
    """Say which replacements turn a canonical document into one that is not."""
    first, rest = known[:1], known[1:]
    name = known.lstrip(b"{").partition(b":")[0]
    into = {"with a name twice": known + b"," + known.lstrip(b"{")} if first != b"{" else {}
    values = {
        "with NaN": b"NaN",
        "with Infinity": b"-Infinity",
        "with 1.0": b"1.0",
        "with 1.5": b"1.5",
        "with 1e0": b"1e0",
        "with -0": b"-0",
        "with 01": b"01",
        "with a number too large": b"9007199254740992",
        "with a number far too large": b"1" * 5000,
        "with 1e400": b"1e400",
        "with a letter escaped": b'"\\u0041"',
        "with a slash escaped": b'"\\/"',
        "with half a character": b'"\\ud800"',
        "with a control character": b'"\x01"',
        "with bytes that are no text": b'"\xff"',
        "with half a character in its bytes": b'"\xed\xa0\x80"',
        "with a comment": b"1/**/",
        "with a comma more": b"1,",
        "nested 1,000 deep": b"[" * 1000 + b"]" * 1000,
        "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
        "nested without end": b'{"a":' * 100_000,
    }
    # `!` and `~` are names that come before and after all others.
    if first == b"{":
        into |= {how: b'{"!":' + value + b"," + rest for how, value in values.items()}
        into["with a name twice"] = b'{"!":1,"!":1,' + rest
        into["with its names in another order"] = b'{"~":1,' + rest
        into["with a name that is not ASCII"] = b'{"\xc3\xa9":1,' + rest
    else:
        more = name[:-1] + b'!":'
        into |= {how: known + b"," + more + value for how, value in values.items()}
        into["with its names in another order"] = known + b',"!":1'
        into["with a name that is not ASCII"] = known + b"," + name[:-1] + b'\xc3\xa9":1'
    into["with a space"] = known + b" " if first == b"{" else b" " + known
    into["with a line feed"] = into["with a space"].replace(b" ", b"\n", 1)
    into["with a byte order mark"] = b"\xef\xbb\xbf" + known if first == b"{" else known + b"\xef"
    return {how: (known, new) for how, new in into.items()}


# Steps after the documents.


def put_file(name: str, content: bytes) -> Change:
    return lambda files: files.__setitem__(name, content)


def drop_file(name: str) -> Change:
    return lambda files: files.pop(name)


def edit(name: str, old: bytes, new: bytes) -> Change:
    """Replace some bytes of a file, wherever they are, which they have to be."""

    def change(files: dict[str, bytes]) -> None:
        assert old in files[name], (name, old)
        files[name] = files[name].replace(old, new)

    return change


def told(change: Change, name: str = f"{IN_ONE}portfolio.json") -> Change:
    """Change a document after its files were written."""

    def changed(files: dict[str, bytes]) -> None:
        document = json.loads(files[name])
        change(document)
        files[name] = canonical(document)

    return changed


def remake(name: str, change: Callable[[bytes], bytes]) -> Change:
    return lambda files: files.__setitem__(name, change(files[name]))


def _draft() -> Draft:
    caught: list[Draft] = []
    build(papers=caught.append)
    return caught[0]


def _resolved(root: object, place: str) -> tuple[Any, Any]:
    *path, last = place.split("/")
    holder = root
    for name in path:
        holder = _get(holder, name)
    return holder, int(last) if isinstance(holder, list) else last


def _get(holder: Any, name: Any) -> Any:
    if isinstance(holder, (Draft, Folder)):
        return getattr(holder, name)
    return holder[int(name) if isinstance(holder, list) else name]


def _places(value: Any, at: str = "") -> Iterator[str]:
    """Yield the path of every value in a document."""
    if at:
        yield at
    named: Any = value.items() if isinstance(value, dict) else ()
    for name, each in enumerate(value) if isinstance(value, list) else named:
        yield from _places(each, f"{at}/{name}" if at else str(name))


def _entries(draft: Draft, kind: str) -> list[Documents]:
    found = [each for each in draft.folders["enrolment-1"].entries if each["kind"] == kind]
    assert found, kind
    return found


def _copied(source: str, onto: Callable[[object], Change]) -> Change:
    def change(draft: object) -> None:
        onto(copy.deepcopy(_get(*_resolved(draft, source))))(draft)

    return change


def _tag_manifest_digest(**changes: Any) -> str:
    caught: list[bytes] = []

    def catch(made: bytes) -> bytes:
        caught.append(made)
        return made

    build(tag_manifest=catch, **changes)
    return digest(caught[0])


def _jws(
    kind: str, payload: bytes, *, header: bytes | None = None, sealer: LocalSealer = SEALER
) -> bytes:
    own = canonical({"alg": "EdDSA", "kid": THUMBPRINT, "typ": kind})
    signed = f"{encoded(own if header is None else header)}.{encoded(payload)}".encode()
    return signed + b"." + encoded(sealer._private.sign(signed)).encode()  # noqa: SLF001


def _unseal(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _kid(key: Documents) -> Documents:
    thumbprint = canonical({name: key[name] for name in ("crv", "kty", "x")})
    return key | {"kid": encoded(bytes.fromhex(digest(thumbprint)))}


def _format_1(payload: Documents) -> None:
    payload["format"] = 1


def _sealed_by(sealer: LocalSealer, what: str) -> Change:
    def change(files: dict[str, bytes]) -> None:
        draft = _draft()
        if what == "heads":
            heads = [sealer.seal(HEAD, head) for head in draft.folders["enrolment-1"].heads]
            files[f"{IN_ONE}heads.jws"] = "".join(f"{head}\n" for head in heads).encode()
        else:
            plan = draft.plans["plan-1"]
            plan["statement"] = sealer.seal(DRAW, plan["statement"])
            files["data/sampling/plan-1.json"] = canonical(plan)

    return change


def _signed_bytes(name: str, old: bytes, new: bytes) -> dict[str, Any]:
    """Have an attempt's file written in an odd way, and its hash be that of the odd bytes."""
    draft = _draft()
    attempt = draft.folders["enrolment-1"].portfolio["pages"][0]["attempts"][0]
    written = canonical(attempt["document"])
    odd = written.replace(old, new)
    assert odd != written
    before, after = digest(written), digest(odd)

    def papers(draft: Draft) -> None:
        folder = draft.folders["enrolment-1"]
        for part in ("portfolio", "entries"):
            setattr(
                folder, part, json.loads(json.dumps(getattr(folder, part)).replace(before, after))
            )
        folder.chain()

    return {"papers": papers, "files": put_file(name, odd)}


def _swapped_folders(files: dict[str, bytes]) -> None:
    moved = {name: files.pop(name) for name in list(files) if "/enrolment-" in name}
    for name, content in moved.items():
        one = name.startswith(IN_ONE)
        files[name.replace(*((IN_ONE, IN_TWO) if one else (IN_TWO, IN_ONE)))] = content


def _rechained(draft: Draft) -> None:
    """Chain the entries, whatever is in them, with a head of the last."""
    for folder in draft.folders.values():
        previous = "0" * 64
        for each in folder.entries:
            each["previous"] = previous
            previous = digest(canonical(each))
        folder.heads[1]["hash"] = folder.portfolio["trail"]["hash"] = previous


def _heads_of_lines(draft: Draft) -> None:
    """Have the heads tell of the entries as they are, links and all."""
    folder = draft.folders["enrolment-1"]
    for head in folder.heads:
        head["hash"] = digest(canonical(folder.entries[head["seq"] - 1]))
    folder.portfolio["trail"]["hash"] = folder.heads[-1]["hash"]


def _from_zero(draft: Draft) -> None:
    folder = draft.folders["enrolment-1"]
    for each in (*folder.entries, *folder.heads):
        each["seq"] -= 1
    folder.chain()


def _swapped_entries(draft: Draft) -> None:
    entries = draft.folders["enrolment-1"].entries
    entries[13], entries[19] = entries[19], entries[13]


def _last_line(old: bytes, new: bytes) -> dict[str, Any]:
    """Have the last entry written in an odd way, and all that tells of it tell of that."""
    draft = _draft()
    folder = draft.folders["enrolment-1"]
    line = canonical(folder.entries[-1])
    odd = line.replace(old, new)
    assert odd != line

    def papers(draft: Draft) -> None:
        folder = draft.folders["enrolment-1"]
        folder.heads[1]["hash"] = folder.portfolio["trail"]["hash"] = digest(odd)

    return {"papers": papers, "files": edit(f"{IN_ONE}audit.jsonl", line, odd)}


def _with_line(line: bytes, heads: bytes) -> bytes:
    return heads.partition(b"\n")[0] + b"\n" + line + b"\n"


def _certified(draft: Draft, page: int, index: int) -> None:
    portfolio = draft.folders["enrolment-1"].portfolio
    attempt = portfolio["pages"][page]["attempts"][index]
    portfolio["certificates"][0]["record"]["pages"][page] |= {
        "attempt": attempt["number"],
        "content_hash": attempt["content_hash"],
    }


def _certified_return(draft: Draft) -> None:
    _certified(draft, 0, 0)


def _certified_withdrawal(draft: Draft) -> None:
    _certified(draft, 1, 1)


def _redrawn(draft: Draft) -> None:
    draw(draft.plans["plan-1"])


def _moved_unit(draft: Draft) -> None:
    plan = draft.plans["plan-1"]
    others = [each for each in plan["frame"] if each["stratum"] == "others"]
    next(each for each in others if each["unit"] in plan["drawn"])["stratum"] = "new assessors"


def _one_more(drawn: list[str]) -> list[str]:
    return sorted({*drawn, "enrolment-0/page-1/1"})


def _renamed_plan(files: dict[str, bytes]) -> None:
    files["data/sampling/plan-3.json"] = files.pop("data/sampling/plan-1.json")


# Steps with entries and bytes of the container.


def _rank(name: str) -> int:
    if name in {TAG_MANIFEST, SIGNATURE}:
        return 2 + (name == SIGNATURE)
    return int(not name.startswith("data/"))


def _moved(name: str, index: int, names: list[str]) -> list[str]:
    names.remove(name)
    names.insert(index, name)
    return names


def _by_python(method: int, entries: Entries) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return made.getvalue()


def _parts(entries: Entries) -> tuple[bytes, bytes]:
    made = zipped(entries)
    at = struct.unpack("<I", made[-6:-2])[0]
    return made[:at], made[at:]


def _another_directory(entries: Entries) -> bytes:
    local, rest = _parts(entries)
    central = rest[:-22]
    split = central.index(CENTRAL, 4)
    return local + central[split:] + central[:split] + rest[-22:]


def _end(count: int, length: int, offset: int) -> bytes:
    return END + struct.pack("<4H2IH", 0, 0, count, count, length, offset, 0)


def _hidden_file(entries: Entries) -> bytes:
    local, _ = _parts([*entries, ("z.txt", b"hidden")])
    central = _parts(entries)[1][:-22]
    return local + central + _end(len(entries), len(central), len(local))


def _only_in_directory(entries: Entries) -> bytes:
    local = _parts(entries)[0]
    central = _parts([*entries, ("z.txt", b"")])[1][:-22]
    return local + central + _end(len(entries) + 1, len(central), len(local))


def _shifted(stub: bytes, made: bytes) -> bytes:
    by, result, at = len(stub), bytearray(made), made.index(CENTRAL)
    while result[at : at + 4] == CENTRAL:
        _add(result, at + 42, by)
        at += 46 + struct.unpack_from("<H", result, at + 28)[0]
    _add(result, at + 16, by)
    return stub + bytes(result)


def _gap(made: bytes) -> bytes:
    at, result = made.index(CENTRAL), bytearray(made)
    _add(result, len(result) - 6, 4)
    return bytes(result[:at] + b"gap!" + result[at:])


def _add(content: bytearray, at: int, by: int) -> None:
    struct.pack_into("<I", content, at, struct.unpack_from("<I", content, at)[0] + by)


def _zip64(made: bytes) -> bytes:
    count, length, offset = struct.unpack("<H2I", made[-12:-2])
    sizes = struct.pack("<4Q", count, count, length, offset)
    records = b"PK\6\6" + struct.pack("<Q2H2I", 44, 45, 45, 0, 0) + sizes
    records += b"PK\6\7" + struct.pack("<IQI", 0, offset + length, 1)
    return made[:-22] + records + made[-22:]


def _patched(signature: bytes, place: int, raw: bytes, made: bytes) -> bytes:
    """Write over some bytes of the second header with a signature, or the only one."""
    first = made.index(signature)
    at = made.find(signature, first + 1)
    at = (first if at < 0 else at) + place
    assert made[at : at + len(raw)] != raw
    return made[:at] + raw + made[at + len(raw) :]


def _header_bytes(made: bytes) -> Iterator[int]:
    at = 0
    while made[at : at + 4] == LOCAL:
        size, name = struct.unpack_from("<I", made, at + 22)[0], made[at + 26] + 256 * made[at + 27]
        yield from range(at, at + 30 + name)
        at += 30 + name + size
    yield from range(at, len(made))
