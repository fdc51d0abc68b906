"""Verify an export, section by section of VERIFY.md: verify.py EXPORT.zip [--key THUMBPRINT]."""

import argparse
import base64
import hmac
import json
import re
import sys
import zlib
from collections import Counter, defaultdict
from datetime import datetime
from hashlib import sha256
from struct import pack, unpack
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_16, MAX_32, CHUNK = 0xFFFF, 0xFFFFFFFF, 1 << 20
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAGS = "VERIFY.md bag-info.txt index.html manifest-sha256.txt verify.html verify.py".split()
PART, HEX, ANY = r"(?!\.\.?(/|$))[A-Za-z0-9._-]+", "[0-9a-f]{64}", "(?s:.*)"
METHOD, NAMED = "token|link|link-with-code|system", ("item_id", "number", "content_hash")
ENTRY = {"event": ANY, "kind": ANY, "at": ANY, "by": ANY, "method": METHOD, "on": f"({HEX})?"}
ACTS = {  # kinds of entries about an attempt: its member that goes with them, and what both say
    "attempt.signed": "number",
    "attempt.judged": "judgement by=judged_by at=judged_at method competent feedback",
    "attempt.withdrawn": "withdrawn_at at=withdrawn_at",
    "judgement.countersigned": "countersignature by at",
    "judgement.set-aside": "set_aside by at reason",
    "judgement.verified": "verifications id by=verified_by at=verified_at outcome note",
}
STATES = {"certificate.issued": "valid"}
STATES |= {f"certificate.{state}": state for state in ("suspended", "superseded")}
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
rows: Any = list.__iter__  # the items of a list; nothing else has any


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


def decode(text: str) -> bytes:
    data = base64.urlsafe_b64decode(f"{text}==")
    check(base64.urlsafe_b64encode(data).decode().rstrip("=") == text, "base64url is misspelled")
    return data


def moment(text: str) -> bool:
    read = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{read.isoformat(timespec='milliseconds')}Z" == text


class Verifier:
    def __init__(self, file: BinaryIO, trusted: str | None) -> None:
        self.file, self.trusted, self.place = file, trusted, "section 1"
        self.files: dict[str, tuple[int, int, str]] = {}  # offset, size and digest, by name
        self.keys: dict[str, Ed25519PublicKey] = {}
        self.counts: Counter[str] = Counter()

    def read(self, section: int, name: str) -> bytes:
        self.place = f"section {section}, {name!a}"
        check(name in self.files, "it is missing")
        self.file.seek(self.files[name][0])
        return self.file.read(self.files[name][1])

    def signed(self, token: str, typ: str, at: str, payload: dict[str, Any]) -> None:
        header, body, signature = map(decode, token.split("."))
        kid, found = parse(header)["kid"], parse(body)
        check(same(parse(header), {"alg": "EdDSA", "kid": kid, "typ": typ}) and kid in self.keys)
        check(self.trusted in (kid, None), "it is not signed with the key that you trust")
        self.keys[kid].verify(signature, token.rpartition(".")[0].encode())
        check(same(found, {"format": 1, at: found[at]} | payload) and moment(found[at]))
        self.counts["signatures"] += 1

    def verify(self) -> None:
        # 1. The container: all but the contents is made anew, and compared.
        names, offset, directory = [], 0, bytearray()
        while (header := self.file.read(30))[:4] == b"PK\3\4":
            self.place = f"section 1, the file at byte {offset}"
            size, length = unpack("<18xI4xH2x", header)
            name, crc, hashed, left = self.file.read(length), 0, sha256(), size
            while chunk := self.file.read(min(left, CHUNK)):
                hashed.update(chunk)
                crc, left = zlib.crc32(chunk, crc), left - len(chunk)
            fields = (0, 0, 0, 33, crc, size - left, size, length)
            check(header == pack("<4s5H3I2H", b"PK\3\4", 20, *fields, 0) and size < MAX_32)
            check(re.fullmatch(f"(?=[A-Za-z0-9]){PART}(/{PART})*", name.decode()))
            names.append(name.decode())
            self.files[names[-1]] = offset + 30 + length, size, hashed.hexdigest()
            version, extra = (20, b"") if offset < MAX_32 else (45, pack("<2HQ", 1, 8, offset))
            fields = (version, version, *fields, len(extra), 0, 0, 0, 0, min(offset, MAX_32))
            directory += pack("<4s6H3I5H2I", b"PK\1\2", *fields) + name + extra
            offset = self.file.tell()
        self.place, many, size = "section 1, what follows the files", len(names), len(directory)
        if many >= MAX_16 or max(offset, size) >= MAX_32:
            fields = (44, 45, 45, 0, 0, many, many, size, offset)
            directory += pack("<4sQ2H2I4Q", b"PK\6\6", *fields)
            directory += pack("<4sIQI", b"PK\6\7", 0, offset + size, 1)
        fields = (min(many, MAX_16), min(many, MAX_16), min(size, MAX_32), min(offset, MAX_32))
        directory += pack("<4s4H2IH", b"PK\5\6", 0, 0, *fields, 0)
        self.file.seek(offset)
        check(self.file.read(len(directory) + 1) == directory)
        first, last = ["bagit.txt"], ["tagmanifest-sha256.txt", "signature.jws"]
        payload = sorted(name for name in names if name.startswith("data/"))
        tags = sorted({*names} - {*first, *payload, *last})
        check(names == first + payload + tags + last and len({*map(str.lower, names)}) == many)
        # 2. The bag: its manifests are made anew.
        check(self.read(2, "bagit.txt") == BAGIT and tags == TAGS)
        for manifest, of in (("manifest-sha256.txt", payload), (last[0], first + tags)):
            lines = "".join(f"{self.files[name][2]}  {name}\n" for name in of)
            check(self.read(2, manifest) == lines.encode())
        # 3. The signature
        jwks = parse(self.read(3, "data/jwks.json"))
        for key in rows(jwks["keys"]):
            stated = {"crv": "Ed25519", "kty": "OKP", "x": key["x"]}
            thumbprint = sha256(canonical(stated).encode()).digest()
            kid = base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")
            check(same(key, stated | {"alg": "EdDSA", "kid": kid, "use": "sig"}))
            self.keys[kid] = Ed25519PublicKey.from_public_bytes(decode(key["x"]))
        check(0 < len(self.keys) == len(jwks["keys"]) and len(jwks) == 1)
        export = parse(self.read(3, "data/export.json"))
        stated = {name: export[name] for name in ("centre_id", "created_at", "export_id")}
        stated |= {"tagmanifest_sha256": self.files["tagmanifest-sha256.txt"][2]}
        token = self.read(3, "signature.jws").decode()
        self.signed(token, "testamur-export+jws", "created_at", stated)
        folders = defaultdict(set)
        for name in payload:
            if name.startswith("data/enrolments/"):
                folder, slash, rest = name[16:].partition("/")
                folders[folder, slash].add(rest)
            elif name.startswith("data/sampling/"):
                self.sample(name, export["centre_id"])
        self.place = "section 3, 'data/export.json'"
        ids = [each["enrolment_id"] for each in rows(export["enrolments"])]
        check([(each, "/") for each in ids] == sorted(folders) and same(export["format"], 1))
        self.read(4, "data/schema.json")
        for each in ids:
            own = {"centre_id": export["centre_id"], "enrolment_id": each}
            self.enrolment(f"data/enrolments/{each}/", folders[each, "/"], own)
        self.counts.update(files=many, bytes=offset + len(directory), enrolments=len(ids))

    def enrolment(self, folder: str, names: set[str], own: dict[str, Any]) -> None:
        # 4. What was signed
        portfolio = parse(self.read(4, f"{folder}portfolio.json"))
        check(all(type(portfolio[each]) is dict for each in ("enrolment", "module", "people")))
        pages = {page["page_id"]: page["attempts"] for page in rows(portfolio["pages"])}
        check(len(pages) == len(portfolio["pages"]))
        check(same(portfolio["enrolment"]["id"], own["enrolment_id"]))
        signed, claims, attached, competent, contributed = [], [], [], set(), set()
        for page_id, attempts in pages.items():
            for number, attempt in enumerate(rows(attempts), 1):
                here = {"enrolment_id": own["enrolment_id"], "page_id": page_id}
                name = f"attempts/{page_id}/{number:04}.json"
                signed.append((name, attempt, here | {"attempt": number}))
                parts = [
                    {each: part[each] for each in NAMED} for part in rows(attempt["contributions"])
                ]
                check(same(attempt["document"].get("contributions", []), parts))
                check(same(attempt["number"], number))
                for part in attempt["contributions"]:
                    item, count, digest = (part[each] for each in NAMED)
                    name = f"contributions/{page_id}/{item}/{count:04}.json"
                    signed.append((name, part, here | {"item_id": item, "number": count}))
                    key = ["contribution.signed", page_id, count, digest, item]
                    contributed.add(canonical(key))
                of = [page_id, number, attempt["content_hash"]]
                if attempt["judgement"] and attempt["judgement"]["competent"] is True:
                    competent.add(canonical(of))
                for kind, act in ACTS.items():
                    member, *shared = act.split()
                    done = attempt[member]
                    if member != "verifications":
                        none = "" if member == "withdrawn_at" else None
                        done = [] if done == none else [done if isinstance(done, dict) else attempt]
                    for claim in rows(done):
                        said = [claim[name.rpartition("=")[2]] for name in shared]
                        claims.append(canonical([kind, *of, *said]))
        for name, stated, within in signed:
            data = self.read(4, folder + name)
            found = {
                "content_hash": sha256(data).hexdigest(),
                "document": parse(data),
                "file": name,
            }
            check(same(stated, stated | found) and same(parse(data), parse(data) | within))
            attached += rows(found["document"].get("attachments", []))
        self.place = f"section 4, {folder!a}"
        there = {name for name in names if name.startswith(("attempts/", "contributions/"))}
        check(there == {name for name, *_ in signed})
        # 5. The files
        self.place = f"section 5, {folder!a}"
        listed = {each["id"]: each for each in rows(portfolio["attachments"])}
        withheld = [each["id"] for each in listed.values() if each["file"] == ""]
        kept = {each["file"]: each for each in listed.values() if each["file"] != ""}
        check(len(listed) == len(portfolio["attachments"]))
        check(kept.keys() == {name for name in names if name.startswith("attachments/")})
        for name, stated in kept.items():
            _, size, digest = self.files[folder + name]
            check(same(stated, stated | {"size": size, "sha256": digest}))
        for each in attached:
            stated = listed[each["id"]]
            check(same(each, each | {"size": stated["size"], "sha256": stated["sha256"]}))
        # 6. The audit trail
        *lines, rest = self.read(6, f"{folder}audit.jsonl").split(b"\n")
        hashes = ["0" * 64, *(sha256(line).hexdigest() for line in lines)]
        entries = [parse(line) for line in lines]
        check(not rest and len({entry["event"] for entry in entries}) == len(entries))
        for seq, entry in enumerate(entries, 1):
            stated = own | {"format": 1, "seq": seq, "previous": hashes[seq - 1]}
            stated |= {name: entry[name] for name in (*ENTRY, "facts", "commitments")}
            fits = all(re.fullmatch(ENTRY[name], entry[name]) for name in ENTRY)
            check(same(entry, stated) and fits and moment(entry["at"]), f"entry {seq}")
        *tokens, rest = self.read(6, f"{folder}heads.jws").decode().split("\n")
        seq = 0
        for token in tokens:
            seq, before = parse(decode(token.split(".")[1]))["seq"], seq
            stated = own | {"hash": hashes[seq], "seq": seq}
            self.signed(token, "testamur-head+jws", "signed_at", stated)
            check(before < seq)
        check(0 < seq == len(entries) and not rest)
        check(same(portfolio["trail"], {"entries": seq, "hash": hashes[seq]}))
        secret = parse(self.read(6, f"{folder}commitments.json"))
        key, texts, made = secret["key"], secret["texts"], defaultdict(dict)
        for event, name in ((event, name) for event in texts for name in texts[event]):
            said = f"{event}\n{name}\n".encode() + texts[event][name].encode()
            made[event][name] = hmac.digest(bytes.fromhex(key), said, "sha256").hex()
        commitments = {e["event"]: e["commitments"] for e in entries if e["commitments"] != {}}
        check(
            same(made, commitments)
            and re.fullmatch(HEX, key)
            and len(secret) == 2
            and made.keys() == texts.keys()
        )
        self.place = f"section 6, {folder + 'audit.jsonl'!a}"
        told, done, states, issued = [], Counter(), {}, []
        for entry in entries:
            kind, facts = entry["kind"], entry["facts"]
            of = [facts.get("page_id"), facts.get("number"), entry["on"]]
            if kind == "contribution.signed":
                of.append(facts.get("item_id"))
            elif kind == "attachment.flagged":
                of = [facts.get("attachment_id")]
            elif kind in STATES:
                of = [facts.get("issue"), entry["on"]]
                states[canonical(of[0])] = STATES[kind]
                issued += [canonical(of)] * (kind == "certificate.issued")
            done[canonical([kind, *of])] += 1
            if kind in ACTS:
                said = (
                    facts
                    | {"feedback": "", "reason": "", "note": ""}
                    | texts.get(entry["event"], {})
                )
                said |= entry | {"id": facts.get("verification_id")}
                shared = [said[name.partition("=")[0]] for name in ACTS[kind].split()[1:]]
                told.append(canonical([kind, *of, *shared]))
                check(
                    done[canonical(["attempt.signed", *of])],
                    "an attempt that was not signed before",
                )
        check(sorted(told) == sorted(claims), "it does not bear out the portfolio")
        check(all(done[each] == 1 for each in contributed), "a contribution is not signed once")
        check(all(done[canonical(["attachment.flagged", each])] for each in withheld))
        # 7. The certificates
        for issue, stated in enumerate(rows(portfolio["certificates"]), 1):
            name = f"certificates/{issue:04}/certificate.json"
            data = self.read(7, folder + name)
            issued.remove(canonical([issue, sha256(data).hexdigest()]))
            found = {"issue": issue, "file": name, "record": parse(data)}
            check(same(stated, stated | found | {"state": states[canonical(issue)]}))
            for page in rows(stated["record"]["pages"]):
                of = [page["id"], page["attempt"], page["content_hash"]]
                check(canonical(of) in competent, "an attempt was not judged competent")
        check(not issued, "a certificate was issued that is not there")
        self.counts.update(attempts=len(told), entries=len(entries), certificates=len(states))

    def sample(self, name: str, centre_id: str) -> None:
        # 8. The samples: the draw is made anew.
        plan = parse(self.read(8, name))
        seed, ranks, drawn = plan["seed"], defaultdict(list), []
        stated = {each: plan[each] for each in ("centre_id", "commitment", "plan_id")}
        self.signed(plan["statement"], "testamur-draw+jws", "committed_at", stated)
        made = sha256(f"testamur-draw-1\n{plan['plan_id']}\n{seed}".encode()).hexdigest()
        check(same(plan, plan | {"centre_id": centre_id}) and re.fullmatch(HEX, plan["commitment"]))
        check(seed == "" or (re.fullmatch(HEX, seed) and plan["commitment"] == made))
        strata = {each["name"]: (each["rate"], each["least"]) for each in rows(plan["strata"])}
        check(
            name == f"data/sampling/{plan['plan_id']}.json" and len(strata) == len(plan["strata"])
        )
        units = [each["unit"] for each in rows(plan["frame"])]
        check(units == sorted({*units}) and (seed or not units))
        for each in plan["frame"]:
            rank = hmac.digest(bytes.fromhex(seed), each["unit"].encode(), "sha256")
            ranks[each["stratum"]].append((rank, each["unit"]))
            check(re.fullmatch(f"{PART}/{PART}/[0-9]+", each["unit"]) and each["stratum"] in strata)
        for stratum, (rate, least) in strata.items():
            check(
                type(rate) is type(least) is int
                and 0 <= rate <= 100
                and least >= 0
                and type(stratum) is str
            )
            many = max(least, -(-len(ranks[stratum]) * rate // 100))
            drawn += [unit for _, unit in sorted(ranks[stratum])[:many]]
        check(same(plan["drawn"], sorted(drawn)), "others were drawn than the seed draws")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Verify an export of evidence portfolios.")
    parser.add_argument("export", metavar="EXPORT.zip")
    parser.add_argument("--key", metavar="THUMBPRINT", help="of the key that you trust")
    given = parser.parse_args()
    verifier = Verifier(open(given.export, "rb"), given.key)
    try:
        verifier.verify()
    except Exception as error:
        sys.exit(f"NOT VERIFIED: {verifier.place} of VERIFY.md: {error!a}")
    print("Verified:", ", ".join(f"{count} {what}" for what, count in verifier.counts.items()))
    if not given.key:
        print(
            f"No thumbprint was given: who made it is not shown. Its keys: {', '.join(verifier.keys)}"
        )
