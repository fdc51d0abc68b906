"""Verify an export. Short, to be read: `./testamur verify` and verify.html check all rules."""

import argparse
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from hashlib import sha256
from mmap import ACCESS_READ, mmap
from struct import pack, unpack_from
from typing import Any
from zlib import crc32

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_16, MAX_32, PART = 0xFFFF, 0xFFFFFFFF, ("item_id", "number", "content_hash")
TAGS = "VERIFY.md bag-info.txt index.html manifest-sha256.txt verify.html verify.py".split()
# A kind of entry, the member of an attempt that goes with it, and what both tell.
TABLE = """attempt.signed number
attempt.judged judgement by=judged_by at=judged_at method competent feedback
attempt.withdrawn withdrawn_at at=withdrawn_at
judgement.countersigned countersignature by at
judgement.set-aside set_aside by at reason
judgement.verified verifications verification_id=id by=verified_by at=verified_at outcome note"""
ACTS = {kind: shared for kind, *shared in map(str.split, TABLE.splitlines())}
ABOUT = {"contribution.signed": ("page_id", "item_id", "number"), "certificate.issued": ("issue",)}
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def check(found: object, expected: object = True, otherwise: str = "not as VERIFY.md says") -> None:
    if canonical(found) != canonical(expected):  # to Python itself, True equals 1
        raise ValueError(otherwise)


def parse(data: bytes) -> Any:
    value = json.loads(data, parse_float=int, parse_constant=int)  # refuse what is no integer
    check(canonical(value).encode() == data, otherwise="it is not canonical JSON")
    return value


def keyed(key: str, text: str) -> str:
    return hmac.digest(bytes.fromhex(key), text.encode(), "sha256").hex()


def verify(archive: mmap, trusted: str | None, at: list[Any]) -> None:
    files, digests, keys = dict[str, memoryview](), dict[str, str](), dict[str, Ed25519PublicKey]()

    def read(section: int, name: str) -> bytes:
        at[:] = section, name
        return bytes(files[name])

    def signed(token: str, typ: str) -> Any:
        header, payload, signature = (urlsafe_b64decode(f"{part}==") for part in token.split("."))
        check(own := parse(header), {"alg": "EdDSA", "kid": own["kid"], "typ": typ})
        parts = (urlsafe_b64encode(part).decode() for part in (header, payload, signature))
        check(token, ".".join(part.rstrip("=") for part in parts))
        check(trusted in (own["kid"], None), otherwise="not by the key that you trust")
        keys[own["kid"]].verify(signature, token.rpartition(".")[0].encode())
        return parse(payload)

    # 1. The container: all but names and contents is made anew, and compared.
    directory, offset = bytearray(), 0
    while archive[offset : offset + 4] == b"PK\3\4":
        size, length = unpack_from("<18xI4xH", archive, offset)
        start = offset + 30 + length
        name, content = archive[offset + 30 : start].decode(), memoryview(archive)[start:][:size]
        check(name not in files and ".." not in name.split("/") and len(content) == size < MAX_32)
        common = (0, 0, 0, 33, crc32(content), size, size, length)
        check(archive[offset : offset + 30] == pack("<4s5H3I2H", b"PK\3\4", 20, *common, 0))
        version, extra = (20, b"") if offset < MAX_32 else (45, pack("<2HQ", 1, 8, offset))
        central = (version, version, *common, len(extra), 0, 0, 0, 0, min(offset, MAX_32))
        directory += pack("<4s6H3I5H2I", b"PK\1\2", *central) + name.encode() + extra
        files[name], digests[name], offset = content, sha256(content).hexdigest(), start + size
    many, size = len(files), len(directory)
    if many >= MAX_16 or max(offset, size) >= MAX_32:
        directory += pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, many, many, size, offset)
        directory += pack("<4sIQI", b"PK\6\7", 0, offset + size, 1)
    ends = (min(many, MAX_16), min(many, MAX_16), min(size, MAX_32), min(offset, MAX_32))
    check(archive[offset:] == directory + pack("<4s4H2IH", b"PK\5\6", 0, 0, *ends, 0))
    payload, tags = sorted(name for name in files if name.startswith("data/")), ["bagit.txt", *TAGS]
    check([*files], ["bagit.txt", *payload, *TAGS, "tagmanifest-sha256.txt", "signature.jws"])

    # 2. The bag: its manifests are made anew.
    for manifest, covered in ("manifest-sha256.txt", payload), ("tagmanifest-sha256.txt", tags):
        check(read(2, manifest) == "".join(f"{digests[it]}  {it}\n" for it in covered).encode())

    # 3. The signature
    for key in parse(read(3, "data/jwks.json"))["keys"]:
        public, kid = {"crv": "Ed25519", "kty": "OKP", "x": key["x"]}, key["kid"]
        check(key, public | {"alg": "EdDSA", "kid": kid, "use": "sig"})
        check(urlsafe_b64decode(f"{kid}=") == sha256(canonical(public).encode()).digest())
        keys[kid] = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(f"{key['x']}=="))
    export = parse(read(3, "data/export.json"))
    stated = {name: export[name] for name in ("centre_id", "created_at", "export_id", "format")}
    stated["tagmanifest_sha256"] = digests["tagmanifest-sha256.txt"]
    check(signed(read(3, "signature.jws").decode(), "testamur-export+jws"), stated)
    ids = sorted({name.split("/")[2] for name in payload if name.startswith("data/enrolments/")})
    check([export["format"], [each["enrolment_id"] for each in export["enrolments"]]], [1, ids])

    for enrolment in ids:
        # 4. What was signed: each file is made anew from what portfolio.json tells of it.
        folder = f"data/enrolments/{enrolment}/"
        portfolio = parse(read(4, f"{folder}portfolio.json"))
        check(portfolio["enrolment"]["id"], enrolment)
        documents, attached, competent, claims = [], [], {}, Counter[str]()
        for page in portfolio["pages"]:
            for number, attempt in enumerate(page["attempts"], 1):
                of = [page["page_id"], number, attempt["content_hash"]]
                place = {"enrolment_id": enrolment, "page_id": page["page_id"]}
                documents.append((attempt, {"number": number}, place | {"attempt": number}))
                named = attempt["document"].get("contributions", [])
                for part, facts in zip(attempt["contributions"], named, strict=True):
                    documents.append((part, facts, place | {it: facts[it] for it in PART[:2]}))
                    claims[canonical(["contribution.signed", of[0], *map(facts.get, PART)])] = 1
                for kind, (member, *shared) in ACTS.items():
                    found = attempt[member] or []
                    for act in found if isinstance(found, list) else [found]:
                        says = act if isinstance(act, dict) else attempt
                        told = [says[name.rpartition("=")[2]] for name in shared]
                        claims[canonical([kind, *of, *told])] += 1
                competent[canonical(of)] = (attempt["judgement"] or {}).get("competent")
        for stated, facts, place in documents:
            path, document = folder + stated["file"], stated["document"]
            check(read(4, path) == canonical(document | place).encode())
            check(stated, stated | facts | {"content_hash": digests[path]})
            attached += document.get("attachments", [])

        # 5. The files: those that are signed for are there, and no others.
        held = {it["id"]: [it["file"], it["size"], it["sha256"]] for it in portfolio["attachments"]}
        used = {stated["file"] for stated, *_ in documents} | {file for file, *_ in held.values()}
        kinds = tuple(folder + kind for kind in ("attempts/", "contributions/", "attachments/"))
        check(used - {""} == {name[len(folder) :] for name in payload if name.startswith(kinds)})
        for file, *told in (row for row in held.values() if row[0]):
            check(told, [len(read(5, folder + file)), digests[folder + file]])
        check(all(held[each["id"]][1:] == [each["size"], each["sha256"]] for each in attached))

        # 6. The audit trail: it tells the same as portfolio.json.
        kept = parse(read(6, f"{folder}commitments.json"))
        *tokens, rest = read(6, f"{folder}heads.jws").decode().split("\n")
        *lines, end = read(6, f"{folder}audit.jsonl").decode().split("\n")
        sums, seq = ["0" * 64, *(sha256(line.encode()).hexdigest() for line in lines)], 0
        own = {"centre_id": export["centre_id"], "enrolment_id": enrolment, "format": 1}
        for token in tokens:
            head = signed(token, "testamur-head+jws")
            seq = sums.index(head["hash"], seq + 1)
            check(head, own | {"hash": sums[seq], "seq": seq, "signed_at": head["signed_at"]})
        check([seq, rest + end], [len(lines), ""], "its last entry is not signed")
        check(portfolio["trail"], {"entries": seq, "hash": sums[seq]})
        done, states, acts = Counter[str](), {}, set()
        for seq, entry in enumerate((parse(line.encode()) for line in lines), 1):
            kind, event, facts = entry["kind"], entry["event"], entry["facts"]
            texts = kept["texts"].pop(event, {})
            made = {name: keyed(kept["key"], f"{event}\n{name}\n{texts[name]}") for name in texts}
            check(entry, entry | own | {"commitments": made, "previous": sums[seq - 1], "seq": seq})
            said = {"feedback": "", "note": "", "reason": ""} | texts | facts | entry
            about = (*ABOUT.get(kind, ("page_id", "number")), "on", *ACTS.get(kind, [""])[1:])
            act = canonical([kind, *(said.get(name.partition("=")[0]) for name in about)])
            done[act] += kind in ACTS or kind == "certificate.issued" or act in claims
            acts.add((kind, facts.get("attachment_id")))
            if kind in ("certificate.issued", "certificate.suspended", "certificate.superseded"):
                states[str(facts["issue"])] = kind.partition(".")[2].replace("issued", "valid")
        check({("attachment.flagged", it) for it in held if not held[it][0]} <= acts)

        # 7. The certificates
        for issue, stated in enumerate(portfolio["certificates"], 1):
            path, record = folder + stated["file"], stated["record"]
            check(read(7, path) == canonical(record).encode())
            check(stated, stated | {"issue": issue, "state": states[str(issue)]})
            claims[canonical(["certificate.issued", issue, digests[path]])] += 1
            for page in record["pages"]:
                check(competent[canonical([page["id"], page["attempt"], page["content_hash"]])])
        check([+done, kept["texts"]], [claims, {}], "the audit trail does not bear this out")

    # 8. The samples: the draws are made anew.
    for name in (name for name in payload if name.startswith("data/sampling/")):
        plan, drawn = parse(read(8, name)), []
        said, seed = signed(plan["statement"], "testamur-draw+jws"), plan["seed"]
        stated = {name: plan[name] for name in ("centre_id", "commitment", "plan_id")}
        check(said, stated | {"committed_at": said["committed_at"], "format": 1})
        opened = sha256(f"testamur-draw-1\n{plan['plan_id']}\n{seed}".encode()).hexdigest()
        check(opened == plan["commitment"] if seed else plan["frame"] == [])
        frame = sorted((keyed(seed, it["unit"]), it["unit"], it["stratum"]) for it in plan["frame"])
        for stratum in plan["strata"]:
            units = [unit for _, unit, name in frame if name == stratum["name"]]
            drawn += units[: max(stratum["least"], -(-len(units) * stratum["rate"] // 100))]
        check({name for *_, name in frame} <= {stratum["name"] for stratum in plan["strata"]})
        check(plan, plan | {"centre_id": export["centre_id"], "drawn": sorted(drawn)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", metavar="EXPORT.zip")
    parser.add_argument("--key", metavar="THUMBPRINT", help="of the key that you trust")
    given, at = parser.parse_args(), [1, "the archive"]
    try:
        with open(given.export, "rb") as file:
            verify(mmap(file.fileno(), 0, access=ACCESS_READ), given.key, at)
    except Exception as error:
        parser.exit(1, f"NOT VERIFIED: section {at[0]} of VERIFY.md, {at[1]!a}: {error!a:.200}\n")
    print("Verified." if given.key else "Whole, but who made it is not shown: you gave no --key.")
