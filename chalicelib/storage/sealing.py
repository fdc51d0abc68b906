"""Who seals: a key in KMS that never leaves it, or one that is at hand."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chalicelib.domain.seals import PUBLIC_BYTES, public_jwk, sealed, signing_input

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class Sealer(Protocol):
    """Seals statements with the key of this stage."""

    @property
    def jwk(self) -> dict[str, str]:
        """The public key, as a JWK."""

    def seal(self, kind: str, payload: Mapping[str, Any]) -> str:
        """Return the statement, sealed."""


class KmsSealer:
    """Seals with an Ed25519 key in KMS, whose public half is asked for once."""

    def __init__(self, client: Callable[[], "KMSClient"], key: str) -> None:
        self._client = client
        self._key = key
        self._jwk: dict[str, str] | None = None

    @property
    def jwk(self) -> dict[str, str]:
        """The public key, as a JWK."""
        if self._jwk is None:
            # In its SubjectPublicKeyInfo (RFC 8410, section 4) the key itself comes last.
            answer = self._client().get_public_key(KeyId=self._key)
            self._jwk = public_jwk(answer["PublicKey"][-PUBLIC_BYTES:])
        return self._jwk

    def seal(self, kind: str, payload: Mapping[str, Any]) -> str:
        """Return the statement, sealed."""
        signed = signing_input(self.jwk["kid"], kind, payload)
        answer = self._client().sign(
            KeyId=self._key,
            Message=signed,
            MessageType="RAW",  # Ed25519 over the message as it is
            SigningAlgorithm="ED25519_SHA_512",
        )
        return sealed(signed, answer["Signature"])


class LocalSealer:
    """Seals with a key at hand."""

    def __init__(self, private: bytes) -> None:
        """`private` are the 32 bytes of an Ed25519 key (RFC 8032, section 5.1.5)."""
        self._private = Ed25519PrivateKey.from_private_bytes(private)

    @property
    def jwk(self) -> dict[str, str]:
        """The public key, as a JWK."""
        return public_jwk(self._private.public_key().public_bytes_raw())

    def seal(self, kind: str, payload: Mapping[str, Any]) -> str:
        """Return the statement, sealed."""
        signed = signing_input(self.jwk["kid"], kind, payload)
        return sealed(signed, self._private.sign(signed))
