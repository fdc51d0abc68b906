"""What a file looks like, by its first bytes; and what it may be taken for beside that."""

import re
import struct

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Office before 2007, and any package with a password
PDF = b"%PDF-"
NEAR = 1024  # bytes in which readers of PDF look for its beginning
ZIP_END = b"PK\x05\x06"
ZIP_ENTRY = b"PK\x01\x02"
ZIP_END_REACH = 22 + 0xFFFF  # bytes before the end in which a ZIP's own end may begin

# The beginning says all. Order matters where one is the beginning of another.
BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (PDF, "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (OLE, "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-elf"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
)
RIFFS = {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}
# Brands of ISO base media files (ISO/IEC 14496-12), by what they stand for.
BRANDS: tuple[tuple[frozenset[bytes], str], ...] = (
    (frozenset({b"avif", b"avis"}), "image/avif"),
    (
        frozenset(
            {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
            | {b"mif1", b"mif2", b"msf1"}
        ),
        "image/heic",
    ),
    (frozenset({b"qt  "}), "video/quicktime"),
    (frozenset({b"M4A ", b"M4B "}), "audio/mp4"),
    (
        frozenset(
            {b"isom", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4VH", b"M4VP", b"dash", b"MSNV"}
            | {b"iso%d" % number for number in range(2, 10)}
            | {b"3gp%d" % number for number in range(4, 8)}
            | {b"3gg6", b"3gs7", b"3g2a", b"3g2b", b"3g2c", b"XAVC", b"mmp4", b"NDSC", b"NDSH"}
        ),
        "video/mp4",
    ),
)
# A frame of MPEG audio (ISO/IEC 11172-3 and 13818-3), as the bits of its header have it.
FRAME_HEADER = 4  # bytes
FRAME_SYNC, LAYER_III = 0xFF, 0xE2
MPEG_1, MPEG_2, MPEG_2_5 = 3, 2, 0
HERTZ = (44100, 48000, 32000)
HALVED = {MPEG_1: 0, MPEG_2: 1, MPEG_2_5: 2}  # how often, for the later ones
FREE_OR_BAD = {0, 15}  # rates that say nothing of a length
KILOBITS_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
KILOBITS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
BLANK = re.compile(rb"\A(?:\xef\xbb\xbf)?[\s\0]*")
SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)
XML = re.compile(rb"<\?xml[\s?]", re.IGNORECASE)
# What makes a browser that guesses take a file for a page.
MARKUP = re.compile(
    rb"<!doctype\s|<(?:html|head|body|script|iframe|svg|title|style|table|a|meta|img|object)[\s/>]"
    rb"|<!--",
    re.IGNORECASE,
)
# The same anywhere: long enough not to turn up by chance among compressed bytes.
PAGE = re.compile(rb"<!doctype\s+html|<html[\s>]|<script[\s>]|<svg\s+xmlns", re.IGNORECASE)


def recognise(head: bytes) -> str:
    """Return the media type that a file looks like, empty if it looks like nothing known.

    Of containers that take a look inside (ZIP), only the container is told.
    """
    if head[4:8] == b"ftyp":
        return brand_type(head)
    if head[:4] == b"RIFF":
        return RIFFS.get(head[8:12], "")
    for beginning, media_type in BEGINNINGS:
        if head.startswith(beginning):
            return media_type
    return "audio/mpeg" if begins_mp3(head) else markup_type(head)


def brand_type(head: bytes) -> str:
    """Tell what an ISO base media file is, by its major brand, else by those it goes along with."""
    length = min(int.from_bytes(head[:4], "big"), NEAR)
    compatible = [head[at : at + 4] for at in range(16, length, 4)]
    for brand in (head[8:12], *compatible):
        for brands, media_type in BRANDS:
            if brand in brands:
                # `mif1` says only how pictures are kept, not how they are coded.
                avif = media_type == "image/heic" and {b"avif", b"avis"} & {*compatible}
                return "image/avif" if avif else media_type
    return ""


def markup_type(head: bytes) -> str:
    """Tell which markup a file begins with, after blanks and a byte order mark."""
    bare = BLANK.sub(b"", head[:NEAR], count=1)
    if not (MARKUP.match(bare) or XML.match(bare)):
        return ""
    if SVG.search(bare):
        return "image/svg+xml"
    return "application/xml" if XML.match(bare) else "text/html"


def begins_mp3(head: bytes) -> bool:
    """Tell whether frames of MPEG audio, layer III, stand at the beginning."""
    length = _frame_length(head[:4])
    return bool(length) and bool(_frame_length(head[length : length + 4]))


def ends_as_zip(tail: bytes, size: int) -> bool:
    """Tell whether a reader of ZIP would find one at the end of a file of this size.

    Four bytes turn up by chance; with a directory where they say, they do not.
    """
    start = size - len(tail)  # where the tail begins in the file
    least = max(0, len(tail) - ZIP_END_REACH)
    for match in re.finditer(re.escape(ZIP_END), tail[least:]):
        at = least + match.start()
        if len(tail) < at + 22:
            continue
        disk, first, here, all_, length, offset = struct.unpack_from("<4H2I", tail, at + 4)
        plausible = disk == first == 0 and here == all_ and length + offset <= start + at
        directory = tail[at - length :][:4] if length <= at else b""
        if plausible or directory == ZIP_ENTRY:
            return True
    return False


def _frame_length(header: bytes) -> int:
    """Return the length of a frame of MPEG audio, layer III; 0 where there is none."""
    if len(header) < FRAME_HEADER or header[0] != FRAME_SYNC or header[1] & 0xE6 != LAYER_III:
        return 0
    version = header[1] >> 3 & 3
    rate, frequency = header[2] >> 4, header[2] >> 2 & 3
    if version not in HALVED or rate in FREE_OR_BAD or frequency >= len(HERTZ):
        return 0
    first = version == MPEG_1
    kilobits = (KILOBITS_1 if first else KILOBITS_2)[rate - 1]
    samples = 144 if first else 72
    hertz = HERTZ[frequency] >> HALVED[version]
    return samples * kilobits * 1000 // hertz + (header[2] >> 1 & 1)
