"""The content of a file held against the type that was declared, in one pass and flat memory.

Phones and office programs take liberties, and theirs are taken; what could be read as something
else as well, or does something when it is opened, is not.
"""

import codecs
import hashlib
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.formats.file_signatures import (
    NEAR,
    OLE,
    PAGE,
    PDF,
    begins_mp3,
    ends_as_zip,
    markup_type,
    recognise,
)
from chalicelib.formats.media_boxes import Boxes
from chalicelib.formats.refusals import RefusedContentError
from chalicelib.formats.zip_directories import Entry, zip_entries

HEAD = 64 * 1024  # bytes that are kept of the beginning
TAIL = 1024 * 1024  # bytes that are kept of the end
TEXT = "text/plain"
MP4, M4A, MOV, HEIC = "video/mp4", "audio/mp4", "video/quicktime", "image/heic"
BOXED = frozenset({MP4, M4A, MOV, HEIC})
_OFFICE = "application/vnd.openxmlformats-officedocument"
ODT = "application/vnd.oasis.opendocument.text"
# The main part of a package of Office; the web versions number theirs.
MAIN_PARTS: Mapping[str, re.Pattern[str]] = {
    f"{_OFFICE}.wordprocessingml.document": re.compile(r"word/document\d*\.xml"),
    f"{_OFFICE}.spreadsheetml.sheet": re.compile(r"xl/workbook\d*\.xml"),
    f"{_OFFICE}.presentationml.presentation": re.compile(r"ppt/presentation\d*\.xml"),
}
# Macros of Word, Excel and PowerPoint, those of Excel 4; those of LibreOffice, and its passwords.
ACTIVE = re.compile(
    r"(.*/)?(vbaproject\.bin|vbadata\.xml)|xl/macrosheets/.+"
    r"|basic/[^/]+/(?!script-lb\.xml$|dialog-lb\.xml$).+|scripts/.+|encrypted-package",
    re.IGNORECASE,
)
PASSWORD = "EncryptedPackage".encode("utf-16-le")  # what OLE calls a package with a password
CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
OLD_MOV = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})  # from before `ftyp`


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file is, whatever was said of it: digests in hexadecimal digits, size in bytes."""

    sha256: str
    crc32: str
    size: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What was kept of a file: its beginning, its end, and its outermost boxes if it has such."""

    media_type: str
    head: bytes
    tail: bytes
    size: int
    boxes: Boxes


class Inspector:
    """Holds a file against the type and size that were declared, as it streams by."""

    def __init__(self, media_type: str, size: int) -> None:
        self._media_type = media_type
        self._declared = size
        self._size = 0
        self._sha256 = hashlib.sha256()
        self._crc32 = 0
        self._head = bytearray()
        self._tail = bytearray()
        self._boxes = Boxes()
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises RefusedContentError as soon as it is sure."""
        self._size += len(chunk)
        if self._size > self._declared:
            raise RefusedContentError("too-large")
        self._sha256.update(chunk)
        self._crc32 = zlib.crc32(chunk, self._crc32)
        self._head += chunk[: HEAD - len(self._head)]
        self._tail += chunk[-TAIL:]
        if len(self._tail) > 2 * TAIL:
            del self._tail[:-TAIL]
        if self._media_type in BOXED:
            self._boxes.feed(chunk)
        if self._media_type == TEXT:
            self._read(chunk)

    def finish(self) -> Facts:
        """Judge the whole. Raises RefusedContentError."""
        if self._size < self._declared:
            raise RefusedContentError("too-small")
        if self._media_type == TEXT:
            self._read(b"", last=True)
        tail = bytes(self._tail[-TAIL:])
        seen = Seen(self._media_type, bytes(self._head), tail, self._size, self._boxes)
        CHECKS[self._media_type](seen)
        _require_nothing_else(seen)
        return Facts(self._sha256.hexdigest(), f"{self._crc32:08x}", self._size)

    def _read(self, chunk: bytes, *, last: bool = False) -> None:
        try:
            self._decoder.decode(chunk, final=last)
        except UnicodeDecodeError:
            raise RefusedContentError("not-text", recognise(bytes(self._head))) from None
        if CONTROLS.search(chunk):
            raise RefusedContentError("not-text", recognise(bytes(self._head)))


def _require_nothing_else(seen: Seen) -> None:
    """Refuse what some reader would take for something else."""
    near = seen.head[:NEAR]
    if PAGE.search(near) and seen.media_type != TEXT:  # one may well write about it
        raise RefusedContentError("polyglot", "text/html")
    if PDF in near and seen.media_type != "application/pdf":
        raise RefusedContentError("polyglot", "application/pdf")
    if seen.media_type not in {*MAIN_PARTS, ODT} and ends_as_zip(seen.tail, seen.size):
        raise RefusedContentError("polyglot", "application/zip")
    # Behind the end of these, anything can be put.
    loose = seen.media_type in {"image/jpeg", "image/png"}
    if loose and (PAGE.search(seen.tail) or PDF in seen.tail):
        raise RefusedContentError("polyglot")


def _require_type(seen: Seen) -> None:
    seems = recognise(seen.head)
    if seems != seen.media_type:
        raise RefusedContentError("wrong-type", seems)


def _require(*, whole: bool) -> None:
    if not whole:
        raise RefusedContentError("damaged")


def _jpeg(seen: Seen) -> None:
    _require_type(seen)
    # The end may be followed: phones append films, depth and their own notes.
    _require(whole=b"\xc0" <= seen.head[3:4] <= b"\xfe" and b"\xff\xd9" in seen.tail)


def _png(seen: Seen) -> None:
    _require_type(seen)
    _require(whole=seen.head[8:16] == b"\0\0\0\rIHDR" and b"\0\0\0\0IEND\xaeB`\x82" in seen.tail)


def _webp(seen: Seen) -> None:
    _require_type(seen)
    coded = seen.head[12:16] in {b"VP8 ", b"VP8L", b"VP8X"}
    _require(whole=coded and _riff_size(seen) in {seen.size, seen.size - 1})


def _wav(seen: Seen) -> None:
    _require_type(seen)
    # Recorders that are cut off leave the length open.
    length = _riff_size(seen)
    whole = length <= seen.size + 1 or length == 8 + 0xFFFFFFFF
    _require(whole=whole and b"fmt " in seen.head and seen.size > 44)  # noqa: PLR2004 (its two headers)


def _riff_size(seen: Seen) -> int:
    return 8 + int.from_bytes(seen.head[4:8], "little")


def _pdf(seen: Seen) -> None:
    _require_type(seen)
    version = re.match(rb"%PDF-(1\.\d|2\.0)", seen.head)
    _require(whole=bool(version) and b"%%EOF" in seen.tail[-4096:])


def _boxed(seen: Seen) -> None:
    seems = recognise(seen.head)
    # Recorders of sound call theirs by the brands of films.
    taken = {M4A: {M4A, MP4}}.get(seen.media_type, {seen.media_type})
    old = seen.media_type == MOV and seen.head[4:8] in OLD_MOV
    if seems not in taken and not old:
        raise RefusedContentError("wrong-type", seems)
    listing = b"meta" if seen.media_type == HEIC else b"moov"
    _require(whole=listing in seen.boxes.types and seen.boxes.whole)


def _mp3(seen: Seen) -> None:
    _require_type(seen)
    if seen.head[:3] != b"ID3":
        return
    _require(whole=len(seen.head) > 10 and max(seen.head[6:10]) < 0x80)  # noqa: PLR2004 (ID3v2, 3.1)
    end = 10 + sum(
        byte << shift for byte, shift in zip(seen.head[6:10], (21, 14, 7, 0), strict=True)
    )
    # Taggers leave room behind a tag; a cover in it may reach to the edge of what is kept.
    sound = seen.head[end:].lstrip(b"\0")
    beyond = seen.size > len(seen.head) and len(sound) < NEAR * 2
    _require(whole=end < seen.size and (beyond or begins_mp3(sound)))


def _webm(seen: Seen) -> None:
    if recognise(seen.head) != seen.media_type:
        raise RefusedContentError("wrong-type", recognise(seen.head))
    kind = re.search(rb"\x42\x82[^a-z]{1,8}([a-z]+)", seen.head[:NEAR])  # DocType, its length, it
    if not kind or kind[1] != b"webm":
        raise RefusedContentError("wrong-type", "video/x-matroska" if kind else "")
    _require(whole=b"\x18\x53\x80\x67" in seen.head[:NEAR])  # the segment that all else is in


def _office(seen: Seen) -> None:
    names = [entry.name for entry in _packed(seen)]
    kinds = [
        kind
        for kind, main in MAIN_PARTS.items()
        if any(main.fullmatch(name) for name in names) and "[Content_Types].xml" in names
    ]
    if seen.media_type not in kinds:
        raise RefusedContentError("wrong-type", kinds[0] if kinds else "application/zip")
    if len(kinds) > 1:
        raise RefusedContentError("polyglot")


def _odt(seen: Seen) -> None:
    first, *others = _packed(seen)
    extra = int.from_bytes(seen.head[28:30], "little")
    said = seen.head[38 + extra :][: first.length].decode("ascii", "replace")
    if (first.name, first.method) != ("mimetype", 0) or said != seen.media_type:
        raise RefusedContentError("wrong-type", "application/zip")
    _require(whole={"content.xml", "META-INF/manifest.xml"} <= {other.name for other in others})


def _packed(seen: Seen) -> tuple[Entry, ...]:
    seems = recognise(seen.head)
    if seen.head.startswith(OLE) and (PASSWORD in seen.head or PASSWORD in seen.tail):
        raise RefusedContentError("active-content", seems)
    if seems != "application/zip":
        raise RefusedContentError("wrong-type", seems)
    entries = zip_entries(seen.tail, seen.size)
    if any(entry.encrypted or ACTIVE.fullmatch(entry.name) for entry in entries):
        raise RefusedContentError("active-content")
    return entries


def _text(seen: Seen) -> None:
    seems = recognise(seen.head)
    if seems in {"application/pdf", "application/rtf"} or (seems := markup_type(seen.head)):
        raise RefusedContentError("wrong-type", seems)


CHECKS: Mapping[str, Callable[[Seen], None]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    HEIC: _boxed,
    "image/webp": _webp,
    "application/pdf": _pdf,
    **dict.fromkeys(MAIN_PARTS, _office),
    ODT: _odt,
    M4A: _boxed,
    "audio/mpeg": _mp3,
    "audio/wav": _wav,
    MP4: _boxed,
    MOV: _boxed,
    "video/webm": _webm,
    TEXT: _text,
}
