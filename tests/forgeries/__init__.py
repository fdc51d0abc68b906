"""Archives that a verifier has to refuse, and why: by the section of VERIFY.md they offend against.

Whoever forged the `forgeries` holds the key: all that follows from what was changed was made anew,
so that one rule alone can tell. The `damaged` are what an archive becomes without the key. Every
one is to be checked with the thumbprint `archives.THUMBPRINT`.
"""

import json
from itertools import chain
from typing import Any

from tests.archives import Entries, build, zipped
from tests.forgeries.acts import acts
from tests.forgeries.attachments import attachments
from tests.forgeries.bags import bags
from tests.forgeries.certificates import certificates
from tests.forgeries.changes import IN_ONE, Named, places, put, rechained, settled, together, told
from tests.forgeries.containers import containers, header_bytes
from tests.forgeries.samples import samples
from tests.forgeries.signatures import signatures
from tests.forgeries.signed import signed
from tests.forgeries.trails import trails

ADDED = (f"{IN_ONE}note.txt", b"x")
VALUES: tuple[Any, ...] = (None, True, 7, "text", [], {}, [[]], [{}], {"": ""})


def forgeries() -> Named:
    """Yield each forgery, by a name that begins with the section that it offends against."""
    sections = (
        containers(),
        bags(),
        signatures(),
        signed(),
        attachments(),
        chain(trails(), acts()),
        certificates(),
        samples(),
    )
    for section, made in enumerate(sections, 1):
        for name, content in made:
            yield f"{section} {name}", content


def damaged(step: int = 1) -> Named:
    """Yield the valid archive cut, with a byte flipped, and with entries moved about.

    Every byte of a header is flipped, and of the others every one in `step`; so are the cuts.
    """
    valid = build()
    for at in sorted({*range(0, len(valid), step), *header_bytes(valid)}):
        yield f"byte {at} flipped", valid[:at] + bytes([valid[at] ^ 1]) + valid[at + 1 :]
    for at in range(0, len(valid), step):
        yield f"cut at {at}", valid[:at]
    entries: Entries = []
    build(entries=entries.extend)
    for index, (name, content) in enumerate(entries):
        before, this, after = entries[:index], entries[index], entries[index + 1 :]
        yield f"{name} dropped", zipped([*before, *after])
        yield f"{name} twice", zipped([*before, this, this, *after])
        yield f"{name} emptied", zipped([*before, (name, b""), *after])
        yield f"{name} longer", zipped([*before, (name, content + b"\n"), *after])
        yield f"another before {name}", zipped([*before, ADDED, this, *after])
        for other in range(index):
            moved = list(entries)
            moved[index], moved[other] = moved[other], moved[index]
            yield f"{name} swapped with {entries[other][0]}", zipped(moved)
            if content != entries[other][1]:
                names = [name for name, _ in entries]
                exchanged = list(zip(names, (content for _, content in moved), strict=True))
                yield f"{name} told as {entries[other][0]}", zipped(exchanged)


def retyped(step: int = 1) -> Named:
    """Yield archives with a value of another type in every place of a document.

    A verifier may accept those where the place is free; it must never break.
    """
    files: dict[str, bytes] = {}
    build(files=files.update)
    names = (name for name in files if name.endswith(".json") and name != "data/schema.json")
    found = [(place, name) for name in names for place in places(json.loads(files[name]))]
    for folder in settled().folders.values():
        lines = f"folders/{folder.id}/entries/"
        found += [(lines + place, "") for place in places(folder.entries) if "/" in place]
    for index, (place, name) in enumerate(found):
        for value in VALUES[index % step :: step]:
            change = put(place, value)
            made = (
                build(files=told(change, name))
                if name
                else build(papers=together(change, rechained))
            )
            yield f"{name} {place} is {json.dumps(value)}", made
