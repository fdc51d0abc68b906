"""The container of an export: a ZIP in which names and contents determine every other byte.

`verifier/VERIFY.md`, section 1, says what it is. Nothing is packed: what is stored as it is can be
copied inside S3, and sizes in front of the content let every reader take it as a stream.
"""

import re
import struct
from collections.abc import Iterable, Iterator, Sequence

from chalicelib.domain.archives import Member, Piece, Plan, Slice

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
OFFSET = struct.Struct("<2HQ")
END64 = struct.Struct("<4sQ2H2I4Q")
LOCATOR = struct.Struct("<4sIQI")
END = struct.Struct("<4s4H2IH")
CLASSIC, ZIP64 = 20, 45  # versions that readers need
DATE = 33  # 1 January 1980, the first day that there is
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF  # the number stands elsewhere, in 64 bits
CHUNK = 64 * 1024  # bytes of central headers at a time
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
NAME_LIMIT = 0xFFFF  # characters


def plan(members: Sequence[Member]) -> Plan:
    """Plan a ZIP of these members, in their order, to be put together inside S3.

    Raises ValueError for members that it cannot have, and AssemblyError for too many bytes.
    """
    _require_possible(members)
    return Plan(lambda: pieces(members))


def pieces(members: Sequence[Member]) -> Iterator[Piece]:
    """Return what a ZIP of these members is made of."""
    for member in members:
        yield local_header(member)
        yield Slice(member, 0, member.size)
    yield from directory(members)


def local_header(member: Member) -> bytes:
    """Return what stands before the content of a member."""
    name = member.name.encode("ascii")
    fixed = (b"PK\3\4", CLASSIC, 0, 0, 0, DATE, member.crc32, member.size, member.size)
    return LOCAL.pack(*fixed, len(name), 0) + name


def directory(members: Iterable[Member]) -> Iterator[bytes]:
    """Return what stands after the last content: the central headers, and the end records."""
    offset = count = length = 0
    chunk = bytearray()
    for member in members:
        chunk += _central_header(member, offset)
        offset += LOCAL.size + len(member.name) + member.size
        count += 1
        if len(chunk) >= CHUNK:
            length += len(chunk)
            yield bytes(chunk)
            chunk.clear()
    length += len(chunk)
    yield bytes(chunk) + _end(count, length, offset)


def _central_header(member: Member, offset: int) -> bytes:
    name = member.name.encode("ascii")
    far = offset >= FULL32
    version = ZIP64 if far else CLASSIC
    extra = OFFSET.pack(1, 8, offset) if far else b""
    fixed = (b"PK\1\2", version, version, 0, 0, 0, DATE, member.crc32, member.size, member.size)
    rest = (len(name), len(extra), 0, 0, 0, 0, min(offset, FULL32))
    return CENTRAL.pack(*fixed, *rest) + name + extra


def _end(count: int, length: int, offset: int) -> bytes:
    """Return the end records of so many central headers, of that length, that begin there."""
    files, size, start = min(count, FULL16), min(length, FULL32), min(offset, FULL32)
    end = END.pack(b"PK\5\6", 0, 0, files, files, size, start, 0)
    if files < FULL16 and size < FULL32 and start < FULL32:
        return end
    rest = END64.size - 12  # bytes that follow the number itself
    far = END64.pack(b"PK\6\6", rest, ZIP64, ZIP64, 0, 0, count, count, length, offset)
    return far + LOCATOR.pack(b"PK\6\7", 0, offset + length, 1) + end


def _require_possible(members: Iterable[Member]) -> None:
    """Refuse names that could lead elsewhere, or be the same to a reader, and what is too large."""
    seen = set()
    for member in members:
        name = member.name
        if not NAME.fullmatch(name) or {"", ".", ".."} & {*name.split("/")}:
            message = f"no name for a file of an archive: {name!r}"
            raise ValueError(message)
        if name.lower() in seen or len(name) > NAME_LIMIT:
            message = f"a name that comes twice, or is too long: {name!r}"
            raise ValueError(message)
        if member.size >= FULL32:
            message = f"too large for a file of an archive: {name}"
            raise ValueError(message)
        seen.add(name.lower())
