"""Section 3: what is signed by the wrong key, of something else, or in a wrong way."""

from typing import Any

from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.seals import EXPORT, HEAD, encoded
from chalicelib.storage.sealing import LocalSealer
from tests.archives import (
    CENTRE,
    STRANGER,
    Documents,
    build,
    moment,
)
from tests.forgeries.changes import (
    BOTH_KEYS,
    IN_ONE,
    Named,
    drop,
    drop_file,
    edit,
    put,
    put_file,
    twice,
)
from tests.forgeries.spellings import forged_jws, odd_json


def signatures() -> Named:
    payload = {"centre_id": CENTRE, "created_at": moment(500), "export_id": "export-1", "format": 1}
    payload["tagmanifest_sha256"] = _tag_manifest_digest()
    for name, forged in forged_jws(EXPORT, HEAD, payload):
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

    for name, raw in odd_json(b'"format":1').items():
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


def _tag_manifest_digest(**changes: Any) -> str:
    caught: list[bytes] = []

    def catch(made: bytes) -> bytes:
        caught.append(made)
        return made

    build(tag_manifest=catch, **changes)
    return digest(caught[0])


def _kid(key: Documents) -> Documents:
    thumbprint = canonical({name: key[name] for name in ("crv", "kty", "x")})
    return key | {"kid": encoded(bytes.fromhex(digest(thumbprint)))}


def _format_1(payload: Documents) -> None:
    payload["format"] = 1
