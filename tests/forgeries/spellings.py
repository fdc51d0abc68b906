"""The right thing said in the wrong way: signatures, and JSON."""

import base64
import json

from chalicelib.domain.digests import canonical
from chalicelib.domain.seals import DRAW, HEAD, encoded
from chalicelib.storage.sealing import LocalSealer
from tests.archives import (
    SEALER,
    STRANGER,
    THUMBPRINT,
    Documents,
)
from tests.forgeries.changes import (
    IN_ONE,
    Change,
    Named,
    settled,
)


def forged_jws(kind: str, another: str, payload: Documents) -> Named:
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


def odd_json(known: bytes) -> dict[str, tuple[bytes, bytes]]:
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


def sealed_by(sealer: LocalSealer, what: str) -> Change:
    def change(files: dict[str, bytes]) -> None:
        draft = settled()
        if what == "heads":
            heads = [sealer.seal(HEAD, head) for head in draft.folders["enrolment-1"].heads]
            files[f"{IN_ONE}heads.jws"] = "".join(f"{head}\n" for head in heads).encode()
        else:
            plan = draft.plans["plan-1"]
            plan["statement"] = sealer.seal(DRAW, plan["statement"])
            files["data/sampling/plan-1.json"] = canonical(plan)

    return change


def _jws(
    kind: str, payload: bytes, *, header: bytes | None = None, sealer: LocalSealer = SEALER
) -> bytes:
    own = canonical({"alg": "EdDSA", "kid": THUMBPRINT, "typ": kind})
    signed = f"{encoded(own if header is None else header)}.{encoded(payload)}".encode()
    return signed + b"." + encoded(sealer._private.sign(signed)).encode()  # noqa: SLF001


def _unseal(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
