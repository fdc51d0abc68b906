"""Section 1: containers in which a byte does not follow from the files."""

import io
import struct
import zipfile
from collections.abc import Iterator
from functools import partial

from tests.archives import (
    SIGNATURE,
    TAG_MANIFEST,
    Entries,
    build,
    zipped,
)
from tests.forgeries.changes import (
    Named,
    put_file,
)

LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"


def containers() -> Named:
    for name in ("é", "a b", "a%20b", "a\\b", "a//b", "./b", "../b", "a/", "a:b", "a\nb", "a\0b"):
        yield f"a file named data/{name!r}", build(files=put_file(f"data/{name}", b"x"))
    for name in (".hidden", "-option", "_name", "/absolute", "../up"):
        yield f"a file named {name}", build(files=put_file(name, b"x"))
    twins = put_file("data/Schema.json", b"{}")
    yield "two names that differ in case alone", build(files=twins)

    yield "all names by their bytes", build(order=sorted)
    yield "the payload backwards", build(order=lambda names: [names[0], *names[:0:-1]])
    yield "the signature first", build(order=lambda names: [names[-1], *names[:-1]])
    yield "the tag manifest before the tags", build(order=partial(_moved, TAG_MANIFEST, 20))
    yield "a tag file before the payload", build(order=partial(_moved, "index.html", 1))
    yield "bagit.txt among the tags", build(order=partial(_moved, "bagit.txt", 35))
    lower = partial(sorted, key=lambda name: (name != "bagit.txt", _rank(name), name.lower()))
    mixed = build(files=put_file("data/Zoo.txt", b"x"), order=lower)
    yield "the payload in the order of a dictionary", mixed

    yield "a date", build(pack=partial(zipped, date=34))
    yield "a flag for UTF-8", build(pack=partial(zipped, flags=0x800))
    yield "a flag for encryption", build(pack=partial(zipped, flags=1))
    yield "an extra field", build(pack=partial(zipped, extra=struct.pack("<2H", 0xCAFE, 0)))
    yield "a comment", build(pack=partial(zipped, comment=b"x"))
    yield "no file at all", build(pack=lambda _: zipped([]))
    yield "nothing", b""
    yield "some text", b"This is not an archive.\n" * 9
    yield "as Python writes it", build(pack=partial(_by_python, zipfile.ZIP_STORED))
    yield "deflated", build(pack=partial(_by_python, zipfile.ZIP_DEFLATED))
    yield "a central directory in another order", build(pack=_another_directory)
    yield "a file that the directory hides", build(pack=_hidden_file)
    yield "a file of which only the directory tells", build(pack=_only_in_directory)
    yield "something before it", build(packed=lambda made: b"#!/bin/sh\n" + made)
    yield "something before it, all offsets shifted", build(packed=partial(_shifted, b"#!/bin/sh"))
    yield "something after it", build(packed=lambda made: made + b"\n")
    yield "itself after it", build(packed=lambda made: made + made)
    yield "something before the directory", build(packed=_gap)
    yield "ZIP64 records that are not needed", build(packed=_zip64)
    for name, place, raw in (
        ("a huge size", 18, b"\xfe\xff\xff\xff" * 2),
        ("a size for ZIP64", 18, b"\xff\xff\xff\xff" * 2),
        ("a huge name", 26, b"\xff\xff"),
        ("another size unpacked", 22, b"\x00\x00\x00\x00"),
    ):
        yield name, build(packed=partial(_patched, LOCAL, place, raw))
    for name, place, raw in (
        ("another system", 5, b"\x03"),
        ("a higher version", 6, b"\x2d\x00"),
        ("rights of a file", 38, b"\x00\x00\xa4\x81"),
        ("a text file", 36, b"\x01\x00"),
        ("a second disk", 34, b"\x01\x00"),
    ):
        yield name, build(packed=partial(_patched, CENTRAL, place, raw))
    yield "another number of files", build(packed=partial(_patched, END, 8, b"\x01\x00\x01\x00"))


def _rank(name: str) -> int:
    if name in {TAG_MANIFEST, SIGNATURE}:
        return 2 + (name == SIGNATURE)
    return int(not name.startswith("data/"))


def _moved(name: str, index: int, names: list[str]) -> list[str]:
    names.remove(name)
    names.insert(index, name)
    return names


def _by_python(method: int, entries: Entries) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return made.getvalue()


def _parts(entries: Entries) -> tuple[bytes, bytes]:
    made = zipped(entries)
    at = struct.unpack("<I", made[-6:-2])[0]
    return made[:at], made[at:]


def _another_directory(entries: Entries) -> bytes:
    local, rest = _parts(entries)
    central = rest[:-22]
    split = central.index(CENTRAL, 4)
    return local + central[split:] + central[:split] + rest[-22:]


def _end(count: int, length: int, offset: int) -> bytes:
    return END + struct.pack("<4H2IH", 0, 0, count, count, length, offset, 0)


def _hidden_file(entries: Entries) -> bytes:
    local, _ = _parts([*entries, ("z.txt", b"hidden")])
    central = _parts(entries)[1][:-22]
    return local + central + _end(len(entries), len(central), len(local))


def _only_in_directory(entries: Entries) -> bytes:
    local = _parts(entries)[0]
    central = _parts([*entries, ("z.txt", b"")])[1][:-22]
    return local + central + _end(len(entries) + 1, len(central), len(local))


def _shifted(stub: bytes, made: bytes) -> bytes:
    by, result, at = len(stub), bytearray(made), made.index(CENTRAL)
    while result[at : at + 4] == CENTRAL:
        _add(result, at + 42, by)
        at += 46 + struct.unpack_from("<H", result, at + 28)[0]
    _add(result, at + 16, by)
    return stub + bytes(result)


def _gap(made: bytes) -> bytes:
    at, result = made.index(CENTRAL), bytearray(made)
    _add(result, len(result) - 6, 4)
    return bytes(result[:at] + b"gap!" + result[at:])


def _add(content: bytearray, at: int, by: int) -> None:
    struct.pack_into("<I", content, at, struct.unpack_from("<I", content, at)[0] + by)


def _zip64(made: bytes) -> bytes:
    count, length, offset = struct.unpack("<H2I", made[-12:-2])
    sizes = struct.pack("<4Q", count, count, length, offset)
    records = b"PK\6\6" + struct.pack("<Q2H2I", 44, 45, 45, 0, 0) + sizes
    records += b"PK\6\7" + struct.pack("<IQI", 0, offset + length, 1)
    return made[:-22] + records + made[-22:]


def _patched(signature: bytes, place: int, raw: bytes, made: bytes) -> bytes:
    """Write over some bytes of the second header with a signature, or the only one."""
    first = made.index(signature)
    at = made.find(signature, first + 1)
    at = (first if at < 0 else at) + place
    assert made[at : at + len(raw)] != raw
    return made[:at] + raw + made[at + len(raw) :]


def header_bytes(made: bytes) -> Iterator[int]:
    at = 0
    while made[at : at + 4] == LOCAL:
        size, name = struct.unpack_from("<I", made, at + 22)[0], made[at + 26] + 256 * made[at + 27]
        yield from range(at, at + 30 + name)
        at += 30 + name + size
    yield from range(at, len(made))
