"""Section 1, the container: every byte of it follows from names and contents, in their order."""

import hashlib
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

from cli.verifying.faults import Fault

LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
ZIP64_END, ZIP64_LOCATOR = b"PK\6\6", b"PK\6\7"
LOCAL_LENGTH = 30  # of a local header, without its name
VERSION, ZIP64_VERSION = 20, 45
DATE = 33  # 1 January 1980
FULL_COUNT, FULL = 0xFFFF, 0xFFFFFFFF  # numbers that no longer fit
PIECE = 1 << 20  # bytes that are read at once
DOCUMENT_LIMIT = 1 << 29  # bytes of a file that is read whole
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
BAGIT, TAG_MANIFEST, SIGNATURE = "bagit.txt", "tagmanifest-sha256.txt", "signature.jws"
PAYLOAD = "data/"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the archive, read once, and where its bytes are."""

    name: str
    offset: int  # of its local header
    size: int
    crc: int
    digest: str


@dataclass(frozen=True, slots=True)
class Archive:
    """The files of an archive, in their order; small ones can be read again."""

    source: BinaryIO
    size: int
    files: dict[str, File]

    def read(self, name: str, section: int) -> bytes:
        """Return the bytes of a file that has to be there."""
        file = self.files.get(name)
        if file is None:
            raise Fault(section, name, "This file is missing.")
        if file.size > DOCUMENT_LIMIT:
            raise Fault(
                section, name, f"This is too large to be read: over {DOCUMENT_LIMIT} bytes."
            )
        self.source.seek(file.offset + LOCAL_LENGTH + len(name))
        return self.source.read(file.size)

    def within(self, folder: str) -> frozenset[str]:
        """Return the names of the files in a folder; its own name ends with a slash."""
        return frozenset(name for name in self.files if name.startswith(folder))


def open_archive(source: BinaryIO, tell: Callable[[int], object]) -> Archive:
    """Read an archive once, from its first byte to its last; `tell` is told of bytes read."""
    # 1. The files, each behind its header, until something else comes.
    files: dict[str, File] = {}
    lower: set[str] = set()
    at, before = 0, (-1, b"")
    while (start := source.read(LOCAL_LENGTH)).startswith(LOCAL):
        file = _file(source, start, at, tell)
        # Names come in their order, which no name can come twice in, nor in other letters.
        _check_name(file.name)
        if _order(file.name) <= before or file.name.lower() in lower:
            _fail(file.name, "This name comes twice, or not in its place.")
        before = _order(file.name)
        lower.add(file.name.lower())
        files[file.name] = file
        at += LOCAL_LENGTH + len(file.name) + file.size

    if not files:
        _fail("byte 0", "No file begins here: this is no export of portfolios.")

    # 2. What follows is determined by the files: it is made anew, and compared.
    left, end = start, at
    for where, piece in _directory(files, at):
        left += source.read(max(0, len(piece) - len(left)))
        if left[: len(piece)] != piece:
            _fail(where, f"The bytes from {end} on are not those that follow from the files.")
        left, end = left[len(piece) :], end + len(piece)
    if left or source.read(1):
        _fail("the archive", f"There is something after its end, at byte {end}.")
    return Archive(source, end, files)


def _file(source: BinaryIO, start: bytes, at: int, tell: Callable[[int], object]) -> File:
    if len(start) < LOCAL_LENGTH:
        _fail(f"byte {at}", "The archive ends in a header.")
    crc, size, _, length = struct.unpack_from("<3IH", start, 14)
    title = source.read(length)
    name = title.decode("ascii", "backslashreplace")
    if size == FULL:
        _fail(name, "This file is too large.")
    if start + title != LOCAL + struct.pack("<H", VERSION) + _shared(crc, size, length) + title:
        _fail(name, f"The header at byte {at} is not the one that follows from the file.")
    # Read in pieces, however large it is said to be.
    found, digest, left = 0, hashlib.sha256(), size
    while left:
        piece = source.read(min(PIECE, left))
        if not piece:
            _fail(name, "The archive ends in this file.")
        found = zlib.crc32(piece, found)
        digest.update(piece)
        left -= len(piece)
        tell(len(piece))
    if found != crc:
        _fail(name, "The CRC-32 is not that of the content.")
    return File(name, at, size, crc, digest.hexdigest())


def _directory(files: dict[str, File], at: int) -> Iterator[tuple[str, bytes]]:
    """Yield what has to follow the files, which end at a byte, and what each piece is of."""
    length = 0
    for file in files.values():
        header = _central(file)
        length += len(header)
        yield f"{file.name} in the directory", header
    count = len(files)
    if count >= FULL_COUNT or at >= FULL or length >= FULL:
        record = struct.pack("<Q2H2I4Q", 44, *[ZIP64_VERSION] * 2, 0, 0, count, count, length, at)
        yield "the ZIP64 end record", ZIP64_END + record
        yield "the ZIP64 locator", ZIP64_LOCATOR + struct.pack("<IQI", 0, at + length, 1)
    counts = [min(count, FULL_COUNT)] * 2
    record = struct.pack("<4H2IH", 0, 0, *counts, min(length, FULL), min(at, FULL), 0)
    yield "the end record", END + record


def _central(file: File) -> bytes:
    far = file.offset >= FULL
    version = ZIP64_VERSION if far else VERSION
    extra = struct.pack("<2HQ", 1, 8, file.offset) if far else b""
    title = file.name.encode("ascii")
    shared = _shared(file.crc, file.size, len(title), len(extra))
    rest = struct.pack("<3H2I", 0, 0, 0, 0, min(file.offset, FULL))
    return CENTRAL + struct.pack("<2H", version, version) + shared + rest + title + extra


def _shared(crc: int, size: int, name: int, extra: int = 0) -> bytes:
    """Return what both headers of a file have alike: flags, method, time, date, and so on."""
    return struct.pack("<4H3I2H", 0, 0, 0, DATE, crc, size, size, name, extra)


def _check_name(name: str) -> None:
    parts = name.split("/")
    if not NAME.fullmatch(name) or {"", ".", ".."} & set(parts):
        _fail(name, "This is not a name that files have.")


def _order(name: str) -> tuple[int, bytes]:
    last = {BAGIT: 0, TAG_MANIFEST: 3, SIGNATURE: 4}
    return last.get(name, 1 if name.startswith(PAYLOAD) else 2), name.encode("ascii")


def _fail(where: str, what: str) -> NoReturn:
    raise Fault(1, where, what)
