"""What an archive carries so that anybody can verify it: the description, and two programs."""

from pathlib import Path

FOLDER = Path(__file__).parent / "verifier"
NAMES = ("VERIFY.md", "verify.html", "verify.py")


def verifiers() -> dict[str, bytes]:
    """Return the files by their names."""
    return {name: (FOLDER / name).read_bytes() for name in NAMES}
