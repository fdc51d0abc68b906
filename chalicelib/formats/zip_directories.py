"""What a ZIP says is in it, read from its end alone: nothing is ever unpacked."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.formats.file_signatures import ZIP_END, ZIP_END_REACH, ZIP_ENTRY
from chalicelib.formats.refusals import RefusedContentError

ENTRY = struct.Struct("<4s6H3I5H2I")
LOCAL = 30  # bytes of the header before each entry, and then its name
ROOM = 0xFFFF + 24  # bytes that may stand between: extra fields, and a note of the length after it
UTF8 = 0x800  # the flag of a name that is in it
FULL = 0xFFFFFFFF  # the number stands in an extra field instead: more than 4 GiB, never ours


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a ZIP."""

    name: str
    offset: int
    end: int  # what is packed ends here, or a little later
    length: int  # of what is packed
    method: int
    encrypted: bool


def zip_entries(tail: bytes, size: int) -> tuple[Entry, ...]:
    """List the files of a ZIP of `size` bytes in the order in which they stand.

    It has to be a whole one and nothing else: it begins at 0, ends at the end, and nothing overlaps
    or hides behind a name that leads elsewhere. Raises RefusedContentError.
    """
    at = tail.rfind(ZIP_END, max(0, len(tail) - ZIP_END_REACH))
    if at < 0 or at + 22 > len(tail):
        raise RefusedContentError("damaged")
    disk, first, here, count, length, offset, comment = struct.unpack_from("<4H2IH", tail, at + 4)
    if disk or first or here != count or at + 22 + comment != len(tail):
        raise RefusedContentError("damaged")
    end = size - len(tail) + at
    if offset + length != end or length > at:
        # Something stands before it or in between, or the directory is too long to be sensible.
        raise RefusedContentError("polyglot" if offset + length < end else "damaged")
    entries = tuple(sorted(_entries(tail[at - length : at]), key=lambda entry: entry.offset))
    _require_whole(entries, count, offset)
    return entries


def _entries(directory: bytes) -> Iterator[Entry]:
    at = 0
    while at < len(directory):
        try:
            fields = ENTRY.unpack_from(directory, at)
        except struct.error:
            raise RefusedContentError("damaged") from None
        signature, _, _, flags, method, _, _, _, packed, unpacked, name, extra, comment, *rest = (
            fields
        )
        offset = rest[-1]
        if signature != ZIP_ENTRY or FULL in {packed, unpacked, offset}:
            raise RefusedContentError("damaged")
        raw = directory[at + ENTRY.size : at + ENTRY.size + name]
        decoded = raw.decode("utf-8" if flags & UTF8 else "cp437", "replace")
        end = offset + LOCAL + name + packed
        yield Entry(decoded, offset, end, packed, method, bool(flags & 1))
        at += ENTRY.size + name + extra + comment


def _require_whole(entries: tuple[Entry, ...], count: int, directory: int) -> None:
    if not entries or len(entries) != count or len({entry.name for entry in entries}) != count:
        raise RefusedContentError("damaged")
    if entries[0].offset:
        raise RefusedContentError("polyglot")
    following = [*(entry.offset for entry in entries[1:]), directory]
    for entry, after in zip(entries, following, strict=True):
        if not entry.end <= after <= entry.end + ROOM or _leads_elsewhere(entry.name):
            raise RefusedContentError("damaged")


def _leads_elsewhere(name: str) -> bool:
    return name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/")
