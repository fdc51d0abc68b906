"""An export as a bag (RFC 8493, BagIt 1.0): its tag files, and the order of all files."""

from collections.abc import Iterable, Mapping
from datetime import date

DECLARATION, INFO = "bagit.txt", "bag-info.txt"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
SIGNATURE = "signature.jws"
PAYLOAD = "data/"
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def rank(name: str) -> tuple[int, str]:
    """Return what files come in the order of (`verifier/VERIFY.md`, section 1)."""
    places = {DECLARATION: 0, TAG_MANIFEST: 3, SIGNATURE: 4}
    return places.get(name, 1 if name.startswith(PAYLOAD) else 2), name


def manifest(digests: Mapping[str, str]) -> bytes:
    """Return the manifest of the payload, of the digests of all files by name."""
    return _lines(digests, (name for name in digests if name.startswith(PAYLOAD)))


def tag_manifest(digests: Mapping[str, str]) -> bytes:
    """Return the manifest of all other files but itself and its signature."""
    apart = {TAG_MANIFEST, SIGNATURE}
    return _lines(
        digests, (name for name in digests if not name.startswith(PAYLOAD) and name not in apart)
    )


def info(
    *, organisation: str, description: str, identifier: str, day: date, size: int, count: int
) -> bytes:
    """Return what a bag says of itself: whose it is, and how many bytes its payload's files have.

    Labels are those of RFC 8493, section 2.2.2.
    """
    labels = {
        "Source-Organization": organisation,
        "External-Description": description,
        "Bagging-Date": day.isoformat(),
        "External-Identifier": identifier,
        "Payload-Oxum": f"{size}.{count}",
    }
    return "".join(
        f"{label}: {' '.join(text.split())}\n" for label, text in labels.items()
    ).encode()


def _lines(digests: Mapping[str, str], names: Iterable[str]) -> bytes:
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(names, key=rank)).encode("ascii")
