"""Verify an export as VERIFY.md says, section by section: verify.py EXPORT.zip [--key THUMBPRINT]."""

import argparse
import base64
import hmac
import json
import re
import zlib
from collections import Counter, defaultdict
from datetime import datetime
from hashlib import sha256
from struct import pack, unpack
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = dict[str, Any]
MAX_16, MAX_32, CHUNK = 0xFFFF, 0xFFFFFFFF, 1 << 20
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAGS = "VERIFY.md bag-info.txt index.html manifest-sha256.txt verify.html verify.py".split()
PART, HEX, ANY = r"(?!\.\.?(/|$))[A-Za-z0-9._-]+", "[0-9a-f]{64}", "(?s:.*)"
NAME, UNIT = f"(?=[A-Za-z0-9]){PART}(/{PART})*", f"{PART}/{PART}/[0-9]+"
METHOD = "token|link|link-with-code|system"
ENTRY = {"event": ANY, "kind": ANY, "at": ANY, "by": ANY, "method": METHOD, "on": f"({HEX})?"}
ACTS = {  # kinds of entries about an attempt: its member that goes with them, and what both say
    "attempt.signed": "number",
    "attempt.judged": "judgement by=judged_by at=judged_at method competent feedback",
    "attempt.withdrawn": "withdrawn_at at=withdrawn_at",
    "judgement.countersigned": "countersignature by at",
    "judgement.set-aside": "set_aside by at reason",
    "judgement.verified": "verifications id by=verified_by at=verified_at outcome note",
}
SIZES = ("sha256", "size")
STATES = ("certificate.issued", "certificate.suspended", "certificate.superseded")
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
rows: Any = list.__iter__  # the items of a list; nothing else has any


def check(holds: object, otherwise: str = "not as it should be") -> None:
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
    check(plain(value) and canonical(value).encode() == data, "not canonical JSON")
    return value


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def check_moment(text: str) -> None:
    read = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").isoformat(timespec="milliseconds")
    check(f"{read}Z" == text, "not a moment")


class Verifier:
    def __init__(self, file: BinaryIO, trusted: str | None) -> None:
        self.file, self.trusted, self.place, self.counts = file, trusted, "", Counter[str]()
        self.files: dict[str, tuple[int, int, str]] = {}  # offset, size and digest, by name
        self.keys: dict[str, Ed25519PublicKey] = {}

    def read(self, section: int, name: str) -> bytes:
        self.place = f"section {section}, {name!a}"
        check(name in self.files, "missing")
        self.file.seek(self.files[name][0])
        return self.file.read(self.files[name][1])

    def check_signature(self, token: str, typ: str, moment: str, payload: Json) -> None:
        header, body, signature = (
            base64.urlsafe_b64decode(f"{each}==") for each in token.split(".")
        )
        check(".".join(map(encode, (header, body, signature))) == token, "base64url misspelled")
        kid, found = parse(header)["kid"], parse(body)
        check(same(parse(header), {"alg": "EdDSA", "kid": kid, "typ": typ}), "another header")
        check(kid in self.keys and self.trusted in (kid, None), "not by the key that you trust")
        self.keys[kid].verify(signature, token.rpartition(".")[0].encode())
        check(same(found, {"format": 1, moment: found[moment]} | payload), "another payload")
        check_moment(found[moment])
        self.counts["signatures"] += 1

    def check_bag(self) -> list[str]:
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
            names.append(name.decode())
            self.files[names[-1]] = offset + 30 + length, size, hashed.hexdigest()
            version, extra = (20, b"") if offset < MAX_32 else (45, pack("<2HQ", 1, 8, offset))
            fields = (version, version, *fields, len(extra), 0, 0, 0, 0, min(offset, MAX_32))
            directory += pack("<4s6H3I5H2I", b"PK\1\2", *fields) + name + extra
            offset = self.file.tell()
        many, size, start = len(names), len(directory), offset
        if many >= MAX_16 or max(start, size) >= MAX_32:
            fields = (44, 45, 45, 0, 0, many, many, size, start)
            directory += pack("<4sQ2H2I4Q", b"PK\6\6", *fields)
            directory += pack("<4sIQI", b"PK\6\7", 0, start + size, 1)
        many, size, start = min(many, MAX_16), min(size, MAX_32), min(start, MAX_32)
        directory += pack("<4s4H2IH", b"PK\5\6", 0, 0, many, many, size, start, 0)
        self.place = "section 1, what follows the files"
        self.file.seek(offset)
        check(self.file.read(len(directory) + 1) == directory)
        self.place = "section 1, the names of the files"
        first, last = ["bagit.txt"], ["tagmanifest-sha256.txt", "signature.jws"]
        payload = sorted(name for name in names if name.startswith("data/"))
        tags = sorted({*names} - {*first, *payload, *last})
        check(
            names == [*first, *payload, *tags, *last] and all(re.fullmatch(NAME, n) for n in names)
        )
        check(len({name.lower() for name in names}) == len(names))
        # 2. The bag
        check(tags == TAGS and self.read(2, "bagit.txt") == BAGIT)
        for manifest, of in (("manifest-sha256.txt", payload), (last[0], first + tags)):
            lines = "".join(f"{self.files[name][2]}  {name}\n" for name in of)
            check(self.read(2, manifest) == lines.encode())
        self.counts.update(files=len(names), bytes=offset + len(directory))
        return payload

    def verify(self) -> None:
        payload = self.check_bag()
        # 3. The signature
        jwks = parse(self.read(3, "data/jwks.json"))
        for key in rows(jwks["keys"]):
            named = {"crv": "Ed25519", "kty": "OKP", "x": key["x"]}
            kid = encode(sha256(canonical(named).encode()).digest())
            public = base64.urlsafe_b64decode(f"{key['x']}==")
            self.keys[kid] = Ed25519PublicKey.from_public_bytes(public)
            check(same(key, named | {"alg": "EdDSA", "kid": kid, "use": "sig"}))
            check(encode(public) == key["x"])
        check(0 < len(self.keys) == len(jwks["keys"]) and len(jwks) == 1)
        token, export = (
            self.read(3, "signature.jws").decode(),
            parse(self.read(3, "data/export.json")),
        )
        stated = {name: export[name] for name in ("centre_id", "created_at", "export_id")}
        stated["tagmanifest_sha256"] = self.files["tagmanifest-sha256.txt"][2]
        self.check_signature(token, "testamur-export+jws", "created_at", stated)
        ids = [each["enrolment_id"] for each in rows(export["enrolments"])]
        folders = defaultdict(set)
        for name in payload:
            if name.startswith("data/enrolments/"):
                folder, slash, rest = name.removeprefix("data/enrolments/").partition("/")
                folders[folder, slash].add(rest)
        check([(each, "/") for each in ids] == sorted(folders) and same(export["format"], 1))
        self.read(4, "data/schema.json")
        for each in ids:
            own = {"centre_id": export["centre_id"], "enrolment_id": each}
            self.check_enrolment(f"data/enrolments/{each}/", folders[each, "/"], own)
        for name in payload:
            if name.startswith("data/sampling/"):
                self.check_sample(name, export["centre_id"])

    def check_enrolment(self, folder: str, names: set[str], own: Json) -> None:
        # 4. What was signed
        portfolio = parse(self.read(4, f"{folder}portfolio.json"))
        check(all(type(portfolio[each]) is dict for each in ("enrolment", "module", "people")))
        check(same(portfolio["enrolment"]["id"], own["enrolment_id"]))
        pages = {each["page_id"]: list(rows(each["attempts"])) for each in rows(portfolio["pages"])}
        check(len(pages) == len(portfolio["pages"]))
        signed, claims, contributed, competent = [], [], set(), set()
        for page_id, number, attempt in (
            (p, *each) for p in pages for each in enumerate(pages[p], 1)
        ):
            here = {"enrolment_id": own["enrolment_id"], "page_id": page_id}
            name = f"attempts/{page_id}/{number:04}.json"
            signed.append((name, attempt, here | {"attempt": number}))
            parts = []
            for part in rows(attempt["contributions"]):
                its = {name: part[name] for name in ("item_id", "number")}
                name = f"contributions/{page_id}/{part['item_id']}/{part['number']:04}.json"
                signed.append((name, part, here | its))
                parts.append(its | {"content_hash": part["content_hash"]})
                contributed.add((page_id, *parts[-1].values()))
            check(same(attempt["document"].get("contributions", []), parts))
            check(same(attempt["number"], number))
            of = [page_id, number, attempt["content_hash"]]
            for kind, act in ACTS.items():
                member, *shared = act.split()
                done = attempt[member]
                if member != "verifications":
                    none = "" if member == "withdrawn_at" else None
                    done = [] if done == none else [done if isinstance(done, dict) else attempt]
                said = [[each[name.rpartition("=")[2]] for name in shared] for each in rows(done)]
                claims += [canonical([kind, *of, *each]) for each in said]
            if attempt["judgement"] and attempt["judgement"]["competent"] is True:
                competent.add(canonical(of))
        attached: list[Json] = []
        for name, stated, within in signed:
            data = self.read(4, folder + name)
            found = parse(data)
            said = {"file": name, "content_hash": sha256(data).hexdigest(), "document": found}
            check(same(stated, stated | said) and same(found, found | within))
            attached += rows(found.get("attachments", []))
        self.place = f"section 4, {folder!a}"
        there = {each for each in names if each.startswith(("attempts/", "contributions/"))}
        check(there == {name for name, *_ in signed})
        # 5. The files
        self.place = f"section 5, {folder!a}"
        listed = {each["id"]: each for each in rows(portfolio["attachments"])}
        kept = {each["file"]: each for each in listed.values() if each["file"] != ""}
        check(len(listed) == len(portfolio["attachments"]))
        check(kept.keys() == {each for each in names if each.startswith("attachments/")})
        check(
            all(same(listed[a["id"]] | {n: a[n] for n in SIZES}, listed[a["id"]]) for a in attached)
        )
        for name in kept:
            _, size, digest = self.files[folder + name]
            check(same(kept[name], kept[name] | {"size": size, "sha256": digest}), f"{name!a}")
        # 6. The audit trail
        *lines, rest = self.read(6, f"{folder}audit.jsonl").split(b"\n")
        hashes = ["0" * 64, *(sha256(line).hexdigest() for line in lines)]
        entries = [parse(line) for line in lines]
        check(not rest and len({each["event"] for each in entries}) == len(entries))
        for seq, entry in enumerate(entries, 1):
            stated = own | {"format": 1, "seq": seq, "previous": hashes[seq - 1]}
            check(
                same(entry, stated | {n: entry[n] for n in (*ENTRY, "facts", "commitments")}),
                f"{seq}",
            )
            check(all(re.fullmatch(ENTRY[name], entry[name]) for name in ENTRY), f"{seq}")
            check_moment(entry["at"])
        *tokens, rest = self.read(6, f"{folder}heads.jws").decode().split("\n")
        last = 0
        for token in tokens:
            seq = parse(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["seq"]
            check(last < seq)
            last, stated = seq, own | {"hash": hashes[seq], "seq": seq}
            self.check_signature(token, "testamur-head+jws", "signed_at", stated)
        check(0 < last == len(entries) and not rest)
        check(same(portfolio["trail"], {"entries": last, "hash": hashes[last]}))
        kept = parse(self.read(6, f"{folder}commitments.json"))
        key, texts = kept["key"], kept["texts"]
        check(re.fullmatch(HEX, key) and len(kept) == 2)
        made: Json = {event: {} for event in texts}
        for event, name, text in (
            (event, *each) for event in texts for each in texts[event].items()
        ):
            said = f"{event}\n{name}\n".encode() + text.encode()
            made[event][name] = hmac.digest(bytes.fromhex(key), said, "sha256").hex()
        check(same(made, {e["event"]: e["commitments"] for e in entries if e["commitments"] != {}}))
        self.place = f"section 6, {folder + 'audit.jsonl'!a}"
        told, done, issued, states = [], Counter(), [], {}
        for entry in entries:
            kind, facts = entry["kind"], entry["facts"]
            of = [facts.get("page_id"), facts.get("number"), entry["on"]]
            said = facts | dict.fromkeys(("feedback", "reason", "note"), "")
            said |= texts.get(entry["event"], {}) | entry | {"id": facts.get("verification_id")}
            if kind in ACTS:
                shared = [said[name.partition("=")[0]] for name in ACTS[kind].split()[1:]]
                told.append(canonical([kind, *of, *shared]))
                check(kind == "attempt.signed" or done[canonical(["attempt.signed", *of])])
            if kind == "contribution.signed":
                of.insert(1, facts.get("item_id"))
            if kind == "attachment.flagged":
                of = [facts.get("attachment_id")]
            done[canonical([kind, *of])] += 1
            if kind in STATES:
                states[canonical(facts.get("issue"))] = kind.partition(".")[2].replace(
                    "issued", "valid"
                )
            if kind == "certificate.issued":
                issued.append(canonical([facts.get("issue"), entry["on"]]))
        check(sorted(told) == sorted(claims))
        check(all(done[canonical(["contribution.signed", *each])] == 1 for each in contributed))
        check(
            all(
                each["file"] or done[canonical(["attachment.flagged", each["id"]])]
                for each in listed.values()
            )
        )
        # 7. The certificates
        for issue, stated in enumerate(rows(portfolio["certificates"]), 1):
            name = f"certificates/{issue:04}/certificate.json"
            record = parse(data := self.read(7, folder + name))
            said = {
                "issue": issue,
                "file": name,
                "record": record,
                "state": states[canonical(issue)],
            }
            check(same(stated, stated | said))
            pages = [
                canonical([each["id"], each["attempt"], each["content_hash"]])
                for each in rows(record["pages"])
            ]
            check({*pages} <= competent)
            issued.remove(canonical([issue, sha256(data).hexdigest()]))
        check(not issued)

    def check_sample(self, name: str, centre_id: str) -> None:
        # 8. The samples
        plan = parse(self.read(8, name))
        seed, ranks, drawn = plan["seed"], defaultdict(list), []
        check(name == f"data/sampling/{plan['plan_id']}.json")
        stated = {
            "centre_id": centre_id,
            "commitment": plan["commitment"],
            "plan_id": plan["plan_id"],
        }
        check(same(plan, plan | stated))
        self.check_signature(plan["statement"], "testamur-draw+jws", "committed_at", stated)
        strata = {each["name"]: (each["rate"], each["least"]) for each in rows(plan["strata"])}
        check(len(strata) == len(plan["strata"]) and all(isinstance(each, str) for each in strata))
        check(
            all(type(r) is type(n) is int and 0 <= r <= 100 and n >= 0 for r, n in strata.values())
        )
        if seed != "":
            made = sha256(f"testamur-draw-1\n{plan['plan_id']}\n{seed}".encode()).hexdigest()
            check(re.fullmatch(HEX, seed) and plan["commitment"] == made)
        check(re.fullmatch(HEX, plan["commitment"]))
        units = [each["unit"] for each in rows(plan["frame"])]
        check(units == sorted({*units}) and (seed or not units))
        for each in plan["frame"]:
            check(re.fullmatch(UNIT, each["unit"]))
            rank = hmac.digest(bytes.fromhex(seed), each["unit"].encode(), "sha256")
            ranks[each["stratum"]].append((rank, each["unit"]))
        for stratum, ranked in ranks.items():
            rate, least = strata[stratum]
            drawn += [
                unit for _, unit in sorted(ranked)[: max(least, -(-len(ranked) * rate // 100))]
            ]
        check(same(plan["drawn"], sorted(drawn)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Verify an export of evidence portfolios.")
    parser.add_argument("export", metavar="EXPORT.zip")
    parser.add_argument("--key", metavar="THUMBPRINT", help="of the key that you trust")
    given = parser.parse_args()
    with open(given.export, "rb") as file:
        verifier = Verifier(file, given.key)
        try:
            verifier.verify()
        except Exception as error:
            raise SystemExit(f"NOT VERIFIED: {verifier.place} of VERIFY.md: {error!r}") from None
    print("Verified:", ", ".join(f"{count} {what}" for what, count in verifier.counts.items()))
