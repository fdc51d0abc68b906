"""Section 2, the bag: its manifests list every file with its digest."""

from collections.abc import Iterable
from itertools import zip_longest

from cli.verifying.container import BAGIT, PAYLOAD, SIGNATURE, TAG_MANIFEST, Archive
from cli.verifying.faults import Fault

SECTION = 2
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST = "manifest-sha256.txt"
TAGS = {BAGIT, MANIFEST, TAG_MANIFEST, SIGNATURE}
TAGS |= {"bag-info.txt", "index.html", "VERIFY.md", "verify.py", "verify.html"}


def check_bag(archive: Archive) -> None:
    """Check the bag."""
    # 1. The files beside the payload are these, no more and no fewer.
    tags = [name for name in archive.files if not name.startswith(PAYLOAD)]
    for name in sorted(TAGS ^ set(tags)):
        what = "This file is missing." if name in TAGS else "This file does not belong here."
        raise Fault(SECTION, name, what)

    # 2. The bag says what it is.
    if archive.read(BAGIT, SECTION) != DECLARATION:
        raise Fault(SECTION, BAGIT, "This is not the declaration of a bag, version 1.0.")

    # 3. One manifest lists the payload, the other one the rest.
    _check_manifest(archive, MANIFEST, (name for name in archive.files if name not in tags))
    rest = (name for name in tags if name not in {TAG_MANIFEST, SIGNATURE})
    _check_manifest(archive, TAG_MANIFEST, rest)


def _check_manifest(archive: Archive, manifest: str, names: Iterable[str]) -> None:
    """Write the manifest anew, and compare."""
    expected = "".join(f"{archive.files[name].digest}  {name}\n" for name in names).encode()
    found = archive.read(manifest, SECTION)
    if found == expected:
        return
    lines = zip_longest(found.split(b"\n"), expected.split(b"\n"), fillvalue=b"no line")
    for number, (line, right) in enumerate(lines, 1):
        if line != right:
            told, meant = line.decode("utf-8", "replace"), right.decode()
            raise Fault(SECTION, f"{manifest}, line {number}", f"It says {told!r}, not {meant!r}.")
