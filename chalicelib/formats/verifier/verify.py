"""Verify an export of evidence portfolios; the numbers are those of the sections of VERIFY.md."""

import argparse
import hmac
import json
import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter, defaultdict
from datetime import datetime
from hashlib import sha256
from operator import itemgetter
from struct import pack, unpack
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_16, MAX_32, HEX, PART = 0xFFFF, 0xFFFFFFFF, "[0-9a-f]{64}", r"(?!\.\.?(/|$))[A-Za-z0-9._-]+"
TAGS = [
    "VERIFY.md",
    "bag-info.txt",
    "index.html",
    "manifest-sha256.txt",
    "verify.html",
    "verify.py",
]
METHOD, ANY = "token|link|link-with-code|system", "(?s:.*)"
ENTRY = {"event": ANY, "kind": ANY, "at": ANY, "by": ANY, "method": METHOD, "on": f"({HEX})?"}
ABOUT = {"contribution.signed": ("page_id", "item_id", "number"), "certificate.issued": ("issue",)}
# A kind of entry about an attempt, the attempt's member that goes with it, and what both say.
ACTS = """
attempt.signed number
attempt.judged judgement by=judged_by at=judged_at method competent feedback
attempt.withdrawn withdrawn_at at=withdrawn_at
judgement.countersigned countersignature by at
judgement.set-aside set_aside by at reason
judgement.verified verifications verification_id=id by=verified_by at=verified_at outcome note
"""
SHARED = {kind: shared for kind, *shared in map(str.split, ACTS.strip().splitlines())}
Json = dict[str, Any]
NAME, UNIT = f"(?=[A-Za-z0-9]){PART}(/{PART})*", f"{PART}/{PART}/[0-9]+"
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
rows: Any = list.__iter__  # the items of a list: what is none is refused
sized, named = itemgetter("size", "sha256"), itemgetter("item_id", "number", "content_hash")


def check(holds: object, otherwise: str = "it is not as it should be") -> None:
    if not holds:
        raise ValueError(otherwise)


def same(one: object, other: object) -> bool:
    return canonical(one) == canonical(other)  # to Python itself, True equals 1


def plain(value: object, depth: int = 0) -> bool:
    if isinstance(value, dict):
        return "".join(value).isascii() and plain(list(value.values()), depth)
    if isinstance(value, list):
        return depth < 100 and all(plain(each, depth + 1) for each in value)
    return abs(value) < 2**53 if isinstance(value, int) else isinstance(value, str | None)


def parse(data: bytes) -> Any:
    value = json.loads(data.decode())
    check(plain(value) and canonical(value).encode() == data, "it is not canonical JSON")
    return value


def spell(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def keyed(key: str, text: str) -> str:
    return hmac.digest(bytes.fromhex(key), text.encode(), "sha256").hex()


def moment(text: str) -> str:
    read = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{read.isoformat(timespec='milliseconds')}Z"


def verify(file: BinaryIO, trusted: str | None, at: list[Any], counts: Counter[str]) -> None:
    files, keys = dict[str, tuple[int, int, str]](), dict[str, Ed25519PublicKey]()

    def read(section: int, name: str) -> bytes:
        at[:] = section, name
        file.seek(files[name][0])
        return file.read(files[name][1])

    def signed(token: str, typ: str, when: str, stated: Json) -> None:
        parts = [urlsafe_b64decode(f"{part}==") for part in token.split(".")]
        said, kid = parse(parts[1]), parse(parts[0])["kid"]
        check(token == ".".join(map(spell, parts)), "its base64url is misspelled")
        check(
            same(parse(parts[0]), {"alg": "EdDSA", "kid": kid, "typ": typ}), "its header is another"
        )
        check(kid in keys, "its key is not in data/jwks.json")
        check(trusted in (kid, None), "it is not signed with the key that you trust")
        keys[kid].verify(parts[2], token.rpartition(".")[0].encode())
        check(
            same(said, {"format": 1, when: moment(said[when])} | stated), "it signs something else"
        )
        counts["signatures"] += 1

    # 1. The container: all but the contents is made anew, and compared.
    names, offset, directory = list[str](), 0, bytearray()
    while (header := file.read(30))[:4] == b"PK\3\4":
        at[1] = f"the file at byte {offset}"
        size, length = unpack("<18xI4xH2x", header)
        title, crc, hashed, left = file.read(length), 0, sha256(), size
        while chunk := file.read(min(left, 1 << 20)):
            hashed.update(chunk)
            crc, left = zlib.crc32(chunk, crc), left - len(chunk)
        common = (0, 0, 0, 33, crc, size - left, size, length)
        check(header == pack("<4s5H3I2H", b"PK\3\4", 20, *common, 0) and size < MAX_32)
        check(re.fullmatch(NAME, title.decode()), "it has a name that it may not have")
        names.append(title.decode())
        files[names[-1]] = offset + 30 + length, size, hashed.hexdigest()
        version, extra = (20, b"") if offset < MAX_32 else (45, pack("<2HQ", 1, 8, offset))
        fields = (version, version, *common, len(extra), 0, 0, 0, 0, min(offset, MAX_32))
        directory += pack("<4s6H3I5H2I", b"PK\1\2", *fields) + title + extra
        offset = file.tell()
    at[1], many, size = "the directory at the end", len(names), len(directory)
    if many >= MAX_16 or max(offset, size) >= MAX_32:
        large = (44, 45, 45, 0, 0, many, many, size, offset, b"PK\6\7", 0, offset + size, 1)
        directory += pack("<4sQ2H2I4Q4sIQI", b"PK\6\6", *large)
    small = (min(many, MAX_16), min(many, MAX_16), min(size, MAX_32), min(offset, MAX_32))
    directory += pack("<4s4H2IH", b"PK\5\6", 0, 0, *small, 0)
    file.seek(offset)
    check(file.read(len(directory) + 1) == directory)
    first, last = ["bagit.txt"], ["tagmanifest-sha256.txt", "signature.jws"]
    payload = sorted(name for name in names if name.startswith("data/"))
    tags = sorted({*names} - {*first, *payload, *last})
    at[1] = "the names of the files"
    check(names == first + payload + tags + last, "they are not in order, each once")
    check(len({*map(str.lower, names)}) == many, "two differ in case alone")
    counts.update(files=many, bytes=offset + len(directory))
    # 2. The bag: so are its manifests.
    at[:] = 2, "the files outside of data/"
    check(tags == TAGS, "one is missing, or there is one more")
    check(read(2, "bagit.txt") == BAGIT)
    for manifest, covered in (("manifest-sha256.txt", payload), (last[0], first + tags)):
        made = "".join(f"{files[name][2]}  {name}\n" for name in covered)
        check(read(2, manifest) == made.encode())
    # 3. The signature
    jwks = parse(read(3, "data/jwks.json"))
    for key in rows(jwks["keys"]):
        raw = urlsafe_b64decode(f"{key['x']}==")
        public = {"crv": "Ed25519", "kty": "OKP", "x": spell(raw)}
        kid = spell(sha256(canonical(public).encode()).digest())
        check(same(key, public | {"alg": "EdDSA", "kid": kid, "use": "sig"}))
        keys[kid] = Ed25519PublicKey.from_public_bytes(raw)
    check(0 < len(keys) == len(jwks["keys"]) and len(jwks) == 1)
    export, folders = parse(read(3, "data/export.json")), defaultdict(set)
    stated = {name: export[name] for name in ("centre_id", "created_at", "export_id")}
    stated["tagmanifest_sha256"] = files["tagmanifest-sha256.txt"][2]
    signed(read(3, "signature.jws").decode(), "testamur-export+jws", "created_at", stated)
    at[1] = "data/export.json"
    for name in (name for name in payload if name.startswith("data/enrolments/")):
        _, _, enrolment, rest = name.split("/", 3)
        folders[enrolment].add(rest)
    ids = [each["enrolment_id"] for each in rows(export["enrolments"])]
    check(ids == sorted(folders) and same(export["format"], 1))
    read(4, "data/schema.json")
    for enrolment in ids:
        # 4. What was signed
        folder, inside = f"data/enrolments/{enrolment}/", folders[enrolment]
        portfolio = parse(read(4, f"{folder}portfolio.json"))
        check(all(type(portfolio[name]) is dict for name in ("enrolment", "module", "people")))
        pages = {page["page_id"]: page["attempts"] for page in rows(portfolio["pages"])}
        check(same(portfolio["enrolment"]["id"], enrolment), "it is of another enrolment")
        check(len(pages) == len(portfolio["pages"]), "a page is there twice")
        check(all(type(page) is str for page in pages), "the id of a page is not a text")
        documents, claims, attached, contributed, competent = [], [], [], set(), set()
        for page, number, attempt in ((p, *a) for p in pages for a in enumerate(rows(pages[p]), 1)):
            here: Json = {"page_id": page, "attempt": number}
            of: list[Any] = [page, number, attempt["content_hash"]]
            documents.append((f"attempts/{page}/{number:04}.json", attempt, here))
            for part in rows(attempt["contributions"]):
                item, count, _ = named(part)
                name = f"contributions/{page}/{item}/{count:04}.json"
                documents.append((name, part, {"page_id": page, "item_id": item, "number": count}))
                contributed.add(canonical(["contribution.signed", page, *named(part)]))
            parts = [named(part) for part in attempt["document"].get("contributions", [])]
            check(same(parts, [named(part) for part in attempt["contributions"]]))
            check(same(attempt["number"], number))
            if attempt["judgement"] and attempt["judgement"]["competent"] is True:
                competent.add(canonical(of))
            happened = attempt | {"number": attempt, "withdrawn_at": None}
            if attempt["withdrawn_at"] != "":
                happened["withdrawn_at"] = attempt
            for kind, (member, *shared) in SHARED.items():
                found = happened[member]
                if member != "verifications":
                    found = [] if found is None else [found]
                for claim in rows(found):
                    said = [claim[name.rpartition("=")[2]] for name in shared]
                    claims.append(canonical([kind, *of, *said]))
        for name, stated, here in documents:
            data = read(4, folder + name)
            found = parse(data)
            facts = {"content_hash": sha256(data).hexdigest(), "document": found, "file": name}
            check(same(stated, stated | facts), "portfolio.json says otherwise of it")
            here["enrolment_id"] = enrolment
            check(same(found, found | here), "it was signed for another place")
            attached += rows(found.get("attachments", []))
        at[1] = f"{folder}portfolio.json"
        there = {name for name in inside if name.startswith(("attempts/", "contributions/"))}
        check(there == {name for name, *_ in documents}, "there are other files than it names")
        # 5. The files
        at[0], listed = 5, {each["id"]: each for each in rows(portfolio["attachments"])}
        kept = {each["file"]: each for each in listed.values() if each["file"] != ""}
        check(kept.keys() == {name for name in inside if name.startswith("attachments/")})
        check(all(same(sized(kept[name]), files[folder + name][1:]) for name in kept))
        check(all(same(sized(each), sized(listed[each["id"]])) for each in attached))
        check(len(listed) == len(portfolio["attachments"]))
        # 6. The audit trail
        *lines, end = read(6, f"{folder}audit.jsonl").split(b"\n")
        hashes = ["0" * 64, *(sha256(line).hexdigest() for line in lines)]
        own = {"centre_id": export["centre_id"], "enrolment_id": enrolment, "format": 1}
        entries = [parse(line) for line in lines]
        check(end == b"" and len({entry["event"] for entry in entries}) == len(entries))
        for seq, entry in enumerate(entries, 1):
            stated = {name: entry[name] for name in (*ENTRY, "facts", "commitments")}
            check(
                same(entry, stated | own | {"previous": hashes[seq - 1], "seq": seq}),
                f"entry {seq}",
            )
            check(all(re.fullmatch(ENTRY[name], entry[name]) for name in ENTRY), f"entry {seq}")
            check(moment(entry["at"]) == entry["at"], f"entry {seq}")
        *tokens, rest = read(6, f"{folder}heads.jws").decode().split("\n")
        seq = 0
        for token in tokens:
            head = parse(urlsafe_b64decode(f"{token.split('.')[1]}=="))
            seq = hashes.index(head["hash"], seq + 1)
            signed(token, "testamur-head+jws", "signed_at", own | {"hash": hashes[seq], "seq": seq})
        check(rest == "" and 0 < seq == len(entries), "the last entry is not signed")
        check(same(portfolio["trail"], {"entries": seq, "hash": hashes[seq]}))
        secret = parse(read(6, f"{folder}commitments.json"))
        key, texts = secret["key"], secret["texts"]
        meant = {e: {n: keyed(key, f"{e}\n{n}\n" + texts[e][n]) for n in texts[e]} for e in texts}
        stated = {e["event"]: e["commitments"] for e in entries if e["commitments"] != {}}
        check(same(meant, stated) and len(secret) == 2 and re.fullmatch(HEX, key))
        at[1], told, flagged, states = f"{folder}audit.jsonl", [], [], {}
        done = Counter[str]()
        for entry in entries:
            kind, facts, text = entry["kind"], entry["facts"], texts.get(entry["event"], {})
            about = [facts.get(name) for name in ABOUT.get(kind, ("page_id", "number"))]
            done[canonical([kind, *about, entry["on"]])] += 1
            if kind in SHARED:
                said = facts | {"feedback": "", "note": "", "reason": ""} | text | entry
                shared = [said.get(name.partition("=")[0]) for name in SHARED[kind][1:]]
                told.append(canonical([kind, *about, entry["on"], *shared]))
                signing = canonical(["attempt.signed", *about, entry["on"]])
                check(done[signing], f"{entry['event']} is of no attempt signed before")
            elif kind == "attachment.flagged":
                flagged.append(facts.get("attachment_id"))
            elif state := re.fullmatch(r"certificate\.(issued|suspended|superseded)", kind):
                states[canonical(facts.get("issue"))] = state[1].replace("issued", "valid")
        check(sorted(told) == sorted(claims), "it does not bear out portfolio.json")
        check(all(done[each] == 1 for each in contributed), "a contribution is not signed once")
        for each in listed.values():
            check(each["file"] or each["id"] in flagged, "a file is withheld that nobody flagged")
        # 7. The certificates
        for issue, stated in enumerate(rows(portfolio["certificates"]), 1):
            name = f"certificates/{issue:04}/certificate.json"
            data = read(7, folder + name)
            found = {"file": name, "issue": issue, "record": parse(data)}
            check(same(stated, stated | found | {"state": states[str(issue)]}))
            check(done[canonical(["certificate.issued", issue, sha256(data).hexdigest()])] == 1)
            for page in rows(found["record"]["pages"]):
                check(canonical([page["id"], page["attempt"], page["content_hash"]]) in competent)
        issued = [entry for entry in entries if entry["kind"] == "certificate.issued"]
        check(len(issued) == len(portfolio["certificates"]))
        counts.update(enrolments=1, attachments=len(kept), entries=len(entries))
        counts.update({"signed documents": len(documents), "certificates": len(issued)})
    # 8. The samples: the draws are made anew.
    for name in (name for name in payload if name.startswith("data/sampling/")):
        plan = parse(read(8, name))
        stated = {each: plan[each] for each in ("centre_id", "commitment", "plan_id")}
        signed(plan["statement"], "testamur-draw+jws", "committed_at", stated)
        seed, plan_id, drawn = plan["seed"], plan["plan_id"], []
        commitment = sha256(f"testamur-draw-1\n{plan_id}\n{seed}".encode()).hexdigest()
        strata = {stratum["name"]: stratum for stratum in rows(plan["strata"])}
        units = [each["unit"] for each in rows(plan["frame"])]
        check(plan["centre_id"] == export["centre_id"] and name == f"data/sampling/{plan_id}.json")
        check(
            re.fullmatch(HEX, seed) and plan["commitment"] == commitment
            if seed != ""
            else not units
        )
        check(re.fullmatch(HEX, plan["commitment"]))
        check(units == sorted({*units}) and all(re.fullmatch(UNIT, unit) for unit in units))
        for stratum, by in strata.items():
            rate, least = by["rate"], by["least"]
            check(type(stratum) is str and type(rate) is type(least) is int)
            check(0 <= rate <= 100 and least >= 0)
            units = [each["unit"] for each in plan["frame"] if each["stratum"] == stratum]
            ranked = sorted((keyed(seed, unit), unit) for unit in units)
            many = max(least, -(-len(ranked) * rate // 100))
            drawn += [unit for _, unit in ranked[:many]]
        check(same(plan["drawn"], sorted(drawn)), "others were drawn than the seed draws")
        check(len(strata) == len(plan["strata"]), "a stratum is there twice")
        check(all(each["stratum"] in strata for each in plan["frame"]), "a unit is of no stratum")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", metavar="EXPORT.zip")
    parser.add_argument("--key", metavar="THUMBPRINT", help="of the key that you trust")
    given, at, counts = parser.parse_args(), [1, "the archive"], Counter[str]()
    try:
        with open(given.export, "rb") as file:
            verify(file, given.key, at, counts)
    except Exception as error:
        parser.exit(1, f"NOT VERIFIED: section {at[0]} of VERIFY.md, {at[1]!a}: {error!a}\n")
    print("Verified:", ", ".join(f"{count:,} {what}" for what, count in counts.items()))
    if not given.key:
        print("You gave no thumbprint: the archive is whole, but who made it is not shown.")
