"""Small archives, built from documents by VERIFY.md alone, which can be changed at every step.

`build` makes a valid one. What it is given for a step changes what that step has made. All that
comes after is made anew, manifests and signatures included, as whoever holds the key could do it.
"""

import hmac
import json
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.seals import DRAW, EXPORT, HEAD
from chalicelib.storage.sealing import LocalSealer

SEALER, STRANGER = LocalSealer(bytes(range(32))), LocalSealer(bytes(32))
THUMBPRINT = SEALER.jwk["kid"]
MANIFEST, TAG_MANIFEST, SIGNATURE = "manifest-sha256.txt", "tagmanifest-sha256.txt", "signature.jws"
CENTRE, EXPORT_ID = "centre-1", "export-1"
PHOTO, SCAN = b"\xff\xd8 a photo", b"%PDF a scan"
TRAIL_KEY = bytes(range(32, 64)).hex()
SEED = bytes(range(64, 96)).hex()

Documents = dict[str, Any]
Entries = list[tuple[str, bytes]]


@dataclass
class Folder:
    """What is said of one enrolment, before it becomes files."""

    id: str
    portfolio: Documents
    entries: list[Documents] = field(default_factory=list)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    heads: list[Documents] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def settle(self) -> None:
        """Make everything follow from what was signed and done: hashes, numbers, chain, heads."""
        while stale := next(self._stale(), None):
            for name in ("portfolio", "entries"):
                written = json.dumps(getattr(self, name)).replace(*stale)
                setattr(self, name, json.loads(written))
        for seq, entry in enumerate(self.entries, 1):
            entry["seq"] = seq
            texts = self.texts.get(entry["event"], {})
            entry["commitments"] = {name: commitment(entry, name, texts[name]) for name in texts}
        self.heads[-1]["seq"] = len(self.entries)
        self.chain()

    def chain(self) -> None:
        """Link the entries as they are, and have the heads tell of them."""
        previous, hashes = "0" * 64, dict[Any, str]()
        for entry in self.entries:
            entry["previous"] = previous
            previous = hashes[entry["seq"]] = digest(canonical(entry))
        for head in self.heads:
            head["hash"] = hashes[head["seq"]]
        last = self.heads[-1]
        self.portfolio["trail"] = {"entries": last["seq"], "hash": last["hash"]}

    def signed(self) -> Iterator[Documents]:
        """Yield each attempt and each contribution: contributions first."""
        attempts = [each for page in self.portfolio["pages"] for each in page["attempts"]]
        for attempt in attempts:
            yield from attempt["contributions"]
        yield from attempts

    def written(self, sealer: LocalSealer) -> dict[str, bytes]:
        """Return the files."""
        files = dict(self.files)
        files["portfolio.json"] = canonical(self.portfolio)
        files |= {each["file"]: canonical(each["document"]) for each in self.signed()}
        certificates = self.portfolio["certificates"]
        files |= {each["file"]: canonical(each["record"]) for each in certificates}
        files["audit.jsonl"] = b"".join(canonical(entry) + b"\n" for entry in self.entries)
        files["commitments.json"] = canonical({"key": TRAIL_KEY, "texts": self.texts})
        heads = (sealer.seal(HEAD, head) for head in self.heads)
        files["heads.jws"] = "".join(f"{head}\n" for head in heads).encode()
        return {f"data/enrolments/{self.id}/{name}": files[name] for name in files}

    def act(self, event: str, kind: str, on: str = "", by: str = "", **facts: Any) -> Documents:
        """Add an entry, and return it."""
        entry: Documents = {"format": 1, "centre_id": CENTRE, "enrolment_id": self.id, "kind": kind}
        entry |= {"event": event, "at": moment(len(self.entries)), "by": by, "method": "token"}
        self.entries.append(entry | {"on": on, "facts": facts})
        return self.entries[-1]

    def _stale(self) -> Iterator[tuple[str, str]]:
        for each in self.signed():
            if each["content_hash"] != (fresh := digest(canonical(each["document"]))):
                yield each["content_hash"], fresh
        for certificate in self.portfolio["certificates"]:
            placeholder = f"the hash of {certificate['id']}"
            if any(entry["on"] == placeholder for entry in self.entries):
                yield placeholder, digest(canonical(certificate["record"]))


@dataclass
class Draft:
    """All that an archive says, before it becomes files."""

    export: Documents
    jwks: Documents
    folders: dict[str, Folder]
    plans: dict[str, Documents]

    def settle(self) -> None:
        for folder in self.folders.values():
            folder.settle()

    def written(self, sealer: LocalSealer) -> dict[str, bytes]:
        """Return the files of the bag, but for its manifests."""
        files = {
            "data/export.json": canonical(self.export),
            "data/jwks.json": canonical(self.jwks),
            "data/schema.json": b'{ "type": "object" }\n',
        }
        for folder in self.folders.values():
            files |= folder.written(sealer)
        for plan_id, plan in self.plans.items():
            statement = plan["statement"]
            if isinstance(statement, dict):
                statement = sealer.seal(DRAW, statement)
            files[f"data/sampling/{plan_id}.json"] = canonical(plan | {"statement": statement})
        return files | {
            "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "bag-info.txt": b"Bagging-Date: 2026-03-01\n",
            "index.html": b"<!doctype html><title>Portfolios</title>\n",
            "VERIFY.md": b"# How to verify this archive\n",
            "verify.py": b"print('verified')\n",
            "verify.html": b"<!doctype html><title>Verify</title>\n",
        }


def _nothing(_: Any) -> None:
    """Leave a step as it is."""


def build(
    *,
    acts: Callable[[Draft], object] = _nothing,
    papers: Callable[[Draft], object] = _nothing,
    files: Callable[[dict[str, bytes]], object] = _nothing,
    manifest: Callable[[bytes], bytes] = bytes,
    tag_manifest: Callable[[bytes], bytes] = bytes,
    statement: Callable[[Documents], object] = _nothing,
    signature: Callable[[bytes], bytes] = bytes,
    order: Callable[[list[str]], list[str]] = list,
    entries: Callable[[Entries], object] = _nothing,
    pack: Callable[[Entries], bytes] | None = None,
    packed: Callable[[bytes], bytes] = bytes,
    sealer: LocalSealer = SEALER,
) -> bytes:
    """Build the archive; each argument changes what one step has made."""
    draft = drafted()
    acts(draft)
    draft.settle()
    papers(draft)
    content = draft.written(sealer)
    files(content)
    ordered = order(sorted([*content, MANIFEST, TAG_MANIFEST, SIGNATURE], key=_place))
    payload = [name for name in ordered if name.startswith("data/")]
    content[MANIFEST] = manifest(manifest_of(content, payload))
    listed = {*payload, TAG_MANIFEST, SIGNATURE}
    tags = [name for name in ordered if name not in listed]
    content[TAG_MANIFEST] = tag_manifest(manifest_of(content, tags))
    said = {name: draft.export.get(name) for name in ("centre_id", "created_at", "export_id")}
    said |= {"format": 1, "tagmanifest_sha256": digest(content[TAG_MANIFEST])}
    statement(said)
    content[SIGNATURE] = signature(sealer.seal(EXPORT, said).encode())
    files_in_order = [(name, content[name]) for name in ordered]
    entries(files_in_order)
    return packed((pack or zipped)(files_in_order))


def manifest_of(content: dict[str, bytes], names: Iterable[str]) -> bytes:
    """List files with their digests, as BagIt does."""
    return "".join(f"{digest(content[name])}  {name}\n" for name in names).encode()


def zipped(
    entries: Entries, *, date: int = 33, flags: int = 0, extra: bytes = b"", comment: bytes = b""
) -> bytes:
    """Pack files: stored, one after the other."""
    local, central = bytearray(), bytearray()
    for name, content in entries:
        title = name.encode()
        shared = struct.pack("<4H3I", flags, 0, 0, date, zlib.crc32(content), *[len(content)] * 2)
        lengths = struct.pack("<2H", len(title), len(extra))
        central += b"PK\1\2" + struct.pack("<2H", 20, 20) + shared + lengths
        central += struct.pack("<3H2I", 0, 0, 0, 0, len(local)) + title + extra
        local += b"PK\3\4" + struct.pack("<H", 20) + shared + lengths + title + extra + content
    end = struct.pack("<4H2IH", 0, 0, *[min(len(entries), 0xFFFF)] * 2, len(central), len(local), 0)
    if len(entries) >= 0xFFFF:
        sizes = struct.pack("<4Q", len(entries), len(entries), len(central), len(local))
        here = len(local) + len(central)
        central += b"PK\6\6" + struct.pack("<Q2H2I", 44, 45, 45, 0, 0) + sizes
        central += b"PK\6\7" + struct.pack("<IQI", 0, here, 1)
    end = end[:-2] + struct.pack("<H", len(comment)) + comment
    return bytes(local + central + b"PK\5\6" + end)


def commitment(entry: Documents, name: str, text: str) -> str:
    """Commit to a text of an entry."""
    message = f"{entry['event']}\n{name}\n{text}".encode()
    return hmac.new(bytes.fromhex(TRAIL_KEY), message, "sha256").hexdigest()


def moment(minutes: int) -> str:
    """Return a moment of one day in March."""
    return f"2026-03-01T{9 + minutes // 60:02}:{minutes % 60:02}:00.000Z"


def drafted() -> Draft:
    """Write the documents of a valid archive."""
    enrolments = [{"enrolment_id": "enrolment-1"}, {"enrolment_id": "enrolment-2"}]
    export = {"format": 1, "export_id": EXPORT_ID, "created_at": moment(500), "centre_id": CENTRE}
    return Draft(
        export=export | {"purpose": "external verification", "enrolments": enrolments},
        jwks={"keys": [SEALER.jwk]},
        folders={"enrolment-1": _first(), "enrolment-2": _second()},
        plans={"plan-1": _plan("plan-1", SEED), "plan-2": _plan("plan-2", "")},
    )


def draw(plan: Documents) -> None:
    """Draw what a plan's seed draws of its frame."""
    drawn = []
    for stratum in plan["strata"]:
        units = [each["unit"] for each in plan["frame"] if each["stratum"] == stratum["name"]]
        share = -(-len(units) * stratum["rate"] // 100)
        drawn += sorted(units, key=partial(rank, plan["seed"]))[: max(stratum["least"], share)]
    plan["drawn"] = sorted(drawn)


def rank(seed: str, unit: str) -> str:
    return hmac.new(bytes.fromhex(seed), unit.encode(), "sha256").hexdigest()


def _place(name: str) -> tuple[int, bytes]:
    last = {"bagit.txt": 0, TAG_MANIFEST: 3, SIGNATURE: 4}
    return last.get(name, 1 if name.startswith("data/") else 2), name.encode()


def _folder(enrolment_id: str, pages: list[str], attachments: list[Documents]) -> Folder:
    portfolio: Documents = {
        "format": 1,
        "enrolment": {"id": enrolment_id, "candidate_id": "candidate-1"},
        "module": {"id": "tea", "version": 1, "title": "Tea"},
        "people": {"candidate-1": {"name": "Zoë Ngata \U0001fad6"}},
        "pages": [{"page_id": page_id, "state": "", "attempts": []} for page_id in pages],
        "attachments": attachments,
        "certificates": [],
        "coverage": [],
    }
    folder = Folder(enrolment_id, portfolio)
    folder.act(f"enrolment-created:{enrolment_id}", "enrolment.created", by="administrator-1")
    folder.files["index.html"] = b"<!doctype html><title>Portfolio</title>\n"
    head: Documents = {"centre_id": CENTRE, "enrolment_id": enrolment_id, "format": 1}
    folder.heads = [head | {"seq": seq, "signed_at": moment(499 + seq)} for seq in (1, 2)]
    return folder


def _first() -> Folder:
    photo = _attachment(1, PHOTO, "attachments/0001-attachment-1.jpg")
    folder = _folder("enrolment-1", ["page-1", "page-2", "page-3"], [photo])
    folder.files["attachments/0001-attachment-1.jpg"] = PHOTO
    folder.heads[0]["seq"] = 5
    observation = _contribute(folder, "page-1", "item-1", [_named(photo)])

    _judge(folder, _sign(folder, "page-1"), competent=False, feedback="Say what you poured.")
    second = _sign(folder, "page-1", attachments=[_named(photo)], contributions=[observation])
    _judge(folder, second)
    _countersign(folder, second)
    _verify(folder, second, "upheld", "")
    _verify(folder, second, "action-required", "Look at the photo again.")

    first = _sign(folder, "page-2")
    _judge(folder, first)
    _certify(folder, 1, second, first)
    _set_aside(folder, first, "The wrong module was read.")
    folder.act("certificate-suspended:enrolment-1:1", "certificate.suspended", issue=1)
    withdrawn = _sign(folder, "page-2")
    at = _act_of(folder, withdrawn, "attempt-withdrawn", "attempt.withdrawn", "candidate-1")["at"]
    withdrawn["withdrawn_at"] = at
    third = _sign(folder, "page-2")
    _judge(folder, third)
    _certify(folder, 2, second, third)
    folder.act("certificate-superseded:enrolment-1:1", "certificate.superseded", issue=1)
    folder.portfolio["certificates"][0]["state"] = "superseded"
    _certify(folder, 3, second, third)
    folder.act("certificate-suspended:enrolment-1:3", "certificate.suspended", issue=3)
    folder.portfolio["certificates"][2]["state"] = "suspended"
    return folder


def _second() -> Folder:
    withheld = _attachment(2, SCAN, "")
    folder = _folder("enrolment-2", ["page-1"], [withheld])
    _sign(folder, "page-1", attachments=[_named(withheld)])
    facts = {"attachment_id": "attachment-2"}
    folder.act("attachment-flagged:2", "attachment.flagged", by="assessor-1", **facts)
    return folder


def _attachment(number: int, content: bytes, file: str) -> Documents:
    named = {"id": f"attachment-{number}", "sha256": digest(content), "size": len(content)}
    return named | {"number": number, "name": "tea.jpg", "file": file, "withheld": not file}


def _named(attachment: Documents) -> Documents:
    return {name: attachment[name] for name in ("id", "sha256", "size", "name")}


def _contribute(
    folder: Folder, page_id: str, item_id: str, attachments: list[Documents]
) -> Documents:
    document = {"enrolment_id": folder.id, "page_id": page_id, "item_id": item_id, "number": 1}
    facts = {"page_id": page_id, "item_id": item_id, "number": 1}
    content_hash = f"the hash of {item_id}"
    event = f"contribution-signed:{folder.id}:{page_id}:{item_id}:1"
    folder.act(event, "contribution.signed", content_hash, "assessor-1", **facts)
    return {
        "item_id": item_id,
        "number": 1,
        "content_hash": content_hash,
        "file": f"contributions/{page_id}/{item_id}/0001.json",
        "document": document | {"format": 1, "attachments": attachments, "values": {"day": "1"}},
    }


def _sign(
    folder: Folder,
    page_id: str,
    *,
    attachments: Iterable[Documents] = (),
    contributions: Iterable[Documents] = (),
) -> Documents:
    attempts = next(p for p in folder.portfolio["pages"] if p["page_id"] == page_id)["attempts"]
    number = len(attempts) + 1
    document: Documents = {"enrolment_id": folder.id, "page_id": page_id, "attempt": number}
    document |= {"format": 1, "attachments": list(attachments), "answers": {"item-9": "Tea, né?"}}
    named = ("item_id", "number", "content_hash")
    if contributions:
        document["contributions"] = [{name: c[name] for name in named} for c in contributions]
    attempt: Documents = {
        "page_id": page_id,
        "number": number,
        "file": f"attempts/{page_id}/{number:04}.json",
        "content_hash": f"the hash of {page_id} {number}",
        "withdrawn_at": "",
        "document": document,
        "contributions": list(contributions),
        **dict.fromkeys(("judgement", "countersignature", "set_aside", "departure_review")),
        "verifications": [],
    }
    attempts.append(attempt)
    signed = _act_of(folder, attempt, "attempt-signed", "attempt.signed", "candidate-1")
    attempt["signed_at"] = signed["at"]
    return attempt


def _act_of(folder: Folder, attempt: Documents, name: str, kind: str, by: str) -> Documents:
    event = f"{name}:{folder.id}:{attempt['page_id']}:{attempt['number']}:{len(folder.entries)}"
    facts = {name: attempt[name] for name in ("page_id", "number")}
    return folder.act(event, kind, attempt["content_hash"], by, **facts)


def _judge(
    folder: Folder, attempt: Documents, *, competent: bool = True, feedback: str = ""
) -> None:
    entry = _act_of(folder, attempt, "attempt-judged", "attempt.judged", "assessor-1")
    entry["method"] = "link"
    entry["facts"]["competent"] = competent
    folder.texts[entry["event"]] = {"feedback": feedback}
    attempt["judgement"] = {
        "competent": competent,
        "feedback": feedback,
        "judged_by": entry["by"],
        "judged_at": entry["at"],
        "method": entry["method"],
        "initials": "ZN",
    }


def _countersign(folder: Folder, attempt: Documents) -> None:
    of = (folder, attempt, "judgement-countersigned", "judgement.countersigned", "assessor-2")
    entry = _act_of(*of)
    attempt["countersignature"] = {"by": entry["by"], "at": entry["at"]}


def _set_aside(folder: Folder, attempt: Documents, reason: str) -> None:
    of = (folder, attempt, "judgement-set-aside", "judgement.set-aside", "verifier-1")
    entry = _act_of(*of)
    folder.texts[entry["event"]] = {"reason": reason}
    attempt["set_aside"] = {"by": entry["by"], "at": entry["at"], "reason": reason}


def _verify(folder: Folder, attempt: Documents, outcome: str, note: str) -> None:
    of = (folder, attempt, "judgement-verified", "judgement.verified", "verifier-1")
    entry = _act_of(*of)
    verification_id = f"verification-{len(folder.entries)}"
    entry["facts"] |= {"verification_id": verification_id, "outcome": outcome}
    if note:  # what nothing commits to is empty
        folder.texts[entry["event"]] = {"note": note}
    found = {"id": verification_id, "outcome": outcome, "note": note}
    found |= {"verified_by": entry["by"], "verified_at": entry["at"]}
    attempt["verifications"].append(found)


def _certify(folder: Folder, issue: int, *attempts: Documents) -> None:
    pages = [
        {"id": a["page_id"], "attempt": a["number"], "content_hash": a["content_hash"]}
        for a in attempts
    ]
    certificate = {"issue": issue, "state": "valid", "id": f"certificate-{issue}"}
    certificate |= {"file": f"certificates/{issue:04}/certificate.json"}
    record = {"format": 1, "issue": issue, "pages": pages, "holder": {"name": "Zoë Ngata"}}
    folder.portfolio["certificates"].append(certificate | {"record": record})
    event = f"certificate-issued:{folder.id}:{issue}"
    folder.act(event, "certificate.issued", f"the hash of certificate-{issue}", issue=issue)


def _plan(plan_id: str, seed: str) -> Documents:
    commitment = digest(f"testamur-draw-1\n{plan_id}\n{seed or SEED}".encode())
    statement = {"centre_id": CENTRE, "commitment": commitment, "committed_at": moment(3)}
    plan: Documents = {
        "centre_id": CENTRE,
        "plan_id": plan_id,
        "commitment": commitment,
        "statement": statement | {"format": 1, "plan_id": plan_id},
        "seed": seed,
        "strata": [
            {"name": "new assessors", "rate": 30, "least": 1},
            {"name": "others", "rate": 0, "least": 2},
            {"name": "nobody's", "rate": 100, "least": 9},
        ],
        "frame": [
            {"unit": f"enrolment-{number}/page-1/{number + 1}", "stratum": stratum}
            for number, stratum in enumerate(["new assessors"] * 4 + ["others"] * 5)
        ],
        "drawn": [],
    }
    if seed:
        draw(plan)
    else:
        plan["frame"] = []
    return plan
