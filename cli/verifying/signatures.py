"""Section 3, the signature: who says all this, of what, and whether it is they who said it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chalicelib.domain.seals import ALGORITHM, EXPORT, PUBLIC_BYTES, encoded, public_jwk
from cli.verifying.container import SIGNATURE, TAG_MANIFEST, Archive
from cli.verifying.documents import Place, read

SECTION = 3
EXPORT_FILE, KEYS_FILE = "data/export.json", "data/jwks.json"
ENROLMENTS = "data/enrolments/"
FORMAT = 1
PARTS = 3  # of a JWS


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of the archive by their thumbprints; where one is trusted, no other counts."""

    known: dict[str, Ed25519PublicKey]
    trusted: str

    def opened(self, jws: Place, kind: str, **said: Any) -> Place:  # noqa: ANN401 (any JSON)
        """Return the payload of a signature; `said` are members that it has, with their values."""
        # 1. Three parts, each in the one spelling of its bytes.
        jws.require(isinstance(jws.value, str), "This is no signature.")
        parts = jws.value.split(".")
        jws.require(len(parts) == PARTS, "A signature has three parts.")
        header, payload, seal = (_decoded(jws, part) for part in parts)

        # 2. The header names the kind of statement, and a key of this archive.
        said_by = read(header, jws.section, f"{jws.file} {jws.pointer} header".replace("  ", " "))
        said_by.exactly("alg", "kid", "typ")
        said_by.tells(alg=ALGORITHM, typ=kind)
        kid = said_by.text("kid")
        if self.trusted:
            other = f"This is signed by the key {kid}, not by the key you gave."
            said_by.member("kid").require(kid == self.trusted, other)
        said_by.require(kid in self.known, f"The key {kid} is not in {KEYS_FILE}.")

        # 3. That key has signed header and payload.
        signed = f"{parts[0]}.{parts[1]}".encode()
        try:
            self.known[kid].verify(seal, signed)
        except InvalidSignature:
            jws.fail("This is not signed by the key that it names.")
        statement = read(payload, jws.section, f"{jws.file} {jws.pointer}".rstrip())
        statement.tells(**said)
        return statement


@dataclass(frozen=True, slots=True)
class Export:
    """What the archive says of itself."""

    export_id: str
    centre_id: str
    created_at: str
    enrolments: Sequence[str]
    kid: str


def check_signature(archive: Archive, trusted: str) -> tuple[Keys, Export]:
    """Check who signed what, and which enrolments the archive is about."""
    # 1. Every key goes by its thumbprint, and is nothing but a public key.
    jwks = read(archive.read(KEYS_FILE, SECTION), SECTION, KEYS_FILE)
    jwks.exactly("keys")
    keys = Keys(_known(jwks), trusted)

    # 2. The signature is of the manifest that leads to all other files, and of this export.
    export = read(archive.read(EXPORT_FILE, SECTION), SECTION, EXPORT_FILE)
    export.tells(format=FORMAT)
    said = {name: export.text(name) for name in ("export_id", "centre_id")}
    said["created_at"] = export.moment("created_at")
    jws = archive.read(SIGNATURE, SECTION).decode("utf-8", "replace")
    statement = keys.opened(
        Place(jws, SECTION, SIGNATURE),
        EXPORT,
        format=FORMAT,
        tagmanifest_sha256=archive.files[TAG_MANIFEST].digest,
        **said,
    )
    statement.exactly("format", "tagmanifest_sha256", *said)

    # 3. Every enrolment is named once, in order, and has its folder; no folder is of another.
    named = [each.text("enrolment_id") for each in export.list("enrolments")]
    export.require(named == sorted(set(named)), "The enrolments are not sorted, each once.")
    folders = {_folder(export, name) for name in archive.within(ENROLMENTS)}
    for folder in sorted(folders ^ set(named)):
        missing = "has no folder" if folder in named else "is not named, but has a folder"
        export.fail(f"The enrolment {folder} {missing}.")
    header = read(_decoded(export, jws.split(".")[0]), SECTION, SIGNATURE)
    return keys, Export(**said, enrolments=named, kid=header.text("kid"))


def _known(jwks: Place) -> dict[str, Ed25519PublicKey]:
    known = dict[str, Ed25519PublicKey]()
    for key in jwks.list("keys"):
        public = _decoded(key, key.text("x"))
        key.require(len(public) == PUBLIC_BYTES, "x is not the 32 bytes of a key.")
        expected = public_jwk(public)
        key.exactly(*expected)
        key.tells(**expected)
        key.require(expected["kid"] not in known, "This key comes twice.")
        known[expected["kid"]] = Ed25519PublicKey.from_public_bytes(public)
    jwks.require(known, "There is no key.")
    return known


def _decoded(place: Place, text: str) -> bytes:
    """Read base64url without padding; writing it again has to give the same."""
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        content = b""
    place.require(encoded(content) == text, "This is not base64url in its one spelling.")
    return content


def _folder(export: Place, name: str) -> str:
    folder, slash, _ = name.removeprefix(ENROLMENTS).partition("/")
    export.require(slash, f"{name} is in no folder of an enrolment.")
    return folder
