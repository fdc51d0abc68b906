"""Recordings built by hand: a tone, silence, and films of two still pictures."""

import math
import struct
import wave
from io import BytesIO

from PIL import Image

from cli.sample_pictures import scene

WIDTH, HEIGHT = 320, 240  # whole blocks of 16
SECONDS = 2
RATE = 8000  # samples of the tone in a second
SILENCE = bytes.fromhex("00c800802380")  # AAC, low complexity, one channel, 1024 samples
AAC_RATE, AAC_SAMPLES = 44100, 1024
UNITS = 1000  # of time in a second, in films
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)  # upright


def wav() -> bytes:
    """Record a tone."""
    written = BytesIO()
    with wave.open(written, "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(RATE)
        tone = (int(6000 * math.sin(math.tau * 440 * at / RATE)) for at in range(RATE * SECONDS))
        opened.writeframes(b"".join(struct.pack("<h", value) for value in tone))
    return written.getvalue()


def mp3() -> bytes:
    """Record silence: 40 frames of MPEG 1, layer III, 128 kbit/s, 44.1 kHz, after an ID3 tag."""
    title = b"\x03Reflection"
    frame = b"TIT2" + struct.pack(">IH", len(title), 0) + title
    tag = b"ID3\x04\0\0" + struct.pack(">I", len(frame)) + frame
    return tag + (b"\xff\xfb\x90\xc4" + bytes(413)) * 40


def m4a() -> bytes:
    """Record silence: AAC."""
    esds = (  # ISO/IEC 14496-1: a stream, its decoder, and what the decoder has to know
        b"\x03\x19\0\0\0\x04\x11\x40\x15" + bytes(11) + b"\x05\x02\x12\x08\x06\x01\x02"
    )
    entry = _box(
        b"mp4a",
        bytes(6) + struct.pack(">HQHHIHH", 1, 0, 1, 16, 0, AAC_RATE, 0),
        _full(b"esds", esds),
    )
    frames = [SILENCE] * (AAC_RATE * SECONDS // AAC_SAMPLES)
    return _film(b"M4A isommp42", b"soun", entry, frames, AAC_RATE, AAC_SAMPLES)


def mp4() -> bytes:
    """Film two pictures: H.264, where each block is kept as it is."""
    return _h264(b"isomavc1mp41")


def mov() -> bytes:
    """Film the same, as an iPhone wraps it."""
    return _h264(b"qt  ")


def _h264(brands: bytes) -> bytes:
    sets = (_sequence(), _picture())
    avcc = b"\x01" + sets[0][1:4] + b"\xff\xe1" + _sized(sets[0]) + b"\x01" + _sized(sets[1])
    entry = _video_entry(b"avc1", _box(b"avcC", avcc))
    slices = [_slice(_frame(number), number) for number in range(SECONDS)]
    frames = [struct.pack(">I", len(each)) + each for each in slices]
    return _film(brands, b"vide", entry, frames, UNITS, UNITS)


def webm() -> bytes:
    """Film two pictures: VP8, of which a WebP holds one each."""
    header = b"".join(
        (
            _element("4286", b"\x01"),  # version, and the least that reads it
            _element("42f7", b"\x01"),
            _element("42f2", b"\x04"),  # longest id and length
            _element("42f3", b"\x08"),
            _element("4282", b"webm"),
            _element("4287", b"\x02"),
            _element("4285", b"\x02"),
        )
    )
    size = _element("b0", struct.pack(">H", WIDTH)) + _element("ba", struct.pack(">H", HEIGHT))
    track = b"".join(
        (
            _element("d7", b"\x01"),  # number, id, and that it is a film
            _element("73c5", b"\x01"),
            _element("83", b"\x01"),
            _element("86", b"V_VP8"),
            _element("e0", size),
        )
    )
    about = b"".join(
        (
            _element("2ad7b1", struct.pack(">I", 1_000_000)),  # nanoseconds of a unit of time
            _element("4489", struct.pack(">d", UNITS * SECONDS)),
            _element("4d80", b"Testamur"),
            _element("5741", b"Testamur"),
        )
    )
    blocks = b"".join(
        _element("a3", b"\x81" + struct.pack(">hB", number * UNITS, 0x80) + _vp8(_frame(number)))
        for number in range(SECONDS)
    )
    segment = b"".join(
        (
            _element("1549a966", about),
            _element("1654ae6b", _element("ae", track)),
            _element("1f43b675", _element("e7", b"\0") + blocks),
        )
    )
    return _element("1a45dfa3", header) + _element("18538067", segment)


def _frame(number: int) -> Image.Image:
    """Draw what the film shows: first the room, then a closer look."""
    whole = scene()
    closer = whole.crop((0, 200, 1200, 1100)) if number % 2 else whole
    return closer.resize((WIDTH, HEIGHT))


def _vp8(picture: Image.Image) -> bytes:
    """Take the frame out of a WebP: RIFF, its length, WEBP, then `VP8 ` with its own length."""
    written = BytesIO()
    picture.save(written, "WEBP", quality=70)
    webp = written.getvalue()
    return webp[20 : 20 + int.from_bytes(webp[16:20], "little")]


def _element(identity: str, content: bytes) -> bytes:
    """Write an element of EBML, with a length of eight bytes."""
    return bytes.fromhex(identity) + struct.pack(">Q", len(content) | 1 << 56) + content


def _box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I", 8 + len(content)) + kind + content


def _full(kind: bytes, *contents: bytes, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", flags), *contents)


def _film(
    brands: bytes, handler: bytes, entry: bytes, frames: list[bytes], scale: int, each: int
) -> bytes:
    """Write a file of one track: its brand, the frames, and last (as cameras do) the index."""
    kind = _box(b"ftyp", brands[:4], struct.pack(">I", 512), brands)
    start = len(kind) + 8
    length = each * len(frames)
    lengths = b"".join(struct.pack(">I", len(frame)) for frame in frames)
    table = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), entry),
        _full(b"stts", struct.pack(">3I", 1, len(frames), each)),
        _full(b"stsc", struct.pack(">4I", 1, 1, len(frames), 1)),
        _full(b"stsz", struct.pack(">2I", 0, len(frames)), lengths),
        _full(b"stco", struct.pack(">2I", 1, start)),
    )
    sound = handler == b"soun"
    about = _full(b"smhd", bytes(4)) if sound else _full(b"vmhd", bytes(8), flags=1)
    source = _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1)))
    media = _box(
        b"mdia",
        _full(b"mdhd", struct.pack(">4I2H", 0, 0, scale, length, 0x55C4, 0)),
        _full(b"hdlr", struct.pack(">I4s12x", 0, handler), b"Testamur\0"),
        _box(b"minf", about, source, table),
    )
    shown = (0, 0) if sound else (WIDTH << 16, HEIGHT << 16)
    volume = 0x100 if sound else 0
    told = struct.pack(">5I8x4H", 0, 0, 1, 0, length, 0, 0, volume, 0)
    track = _box(b"trak", _full(b"tkhd", told, MATRIX, struct.pack(">2I", *shown), flags=3), media)
    header = struct.pack(">4IIH10x", 0, 0, scale, length, 0x10000, 0x100)
    movie = _box(b"moov", _full(b"mvhd", header, MATRIX, bytes(24), struct.pack(">I", 2)), track)
    return kind + _box(b"mdat", *frames) + movie


def _video_entry(kind: bytes, *boxes: bytes) -> bytes:
    about = struct.pack(">H16x2H2IIH32xHh", 1, WIDTH, HEIGHT, 72 << 16, 72 << 16, 0, 1, 24, -1)
    return _box(kind, bytes(6), about, *boxes)


class _Bits:
    """Bits in a row, as H.264 writes them (ITU-T H.264, 7.2 and 9.1)."""

    def __init__(self) -> None:
        self._bits = ""

    def write(self, *values: int) -> "_Bits":
        """Write numbers by Exp-Golomb."""
        for value in values:
            code = f"{value + 1:b}"
            self._bits += "0" * (len(code) - 1) + code
        return self

    def raw(self, bits: str) -> "_Bits":
        """Write bits as they are."""
        self._bits += bits
        return self

    def align(self) -> "_Bits":
        """Fill up the byte."""
        return self.raw("0" * (-len(self._bits) % 8))

    def __bytes__(self) -> bytes:
        return int(self._bits, 2).to_bytes(len(self._bits) // 8, "big")


def _unit(kind: int, bits: _Bits, content: bytes = b"") -> bytes:
    """Close a unit, and keep what would look like the beginning of another from doing so."""
    raw = bytes(bits.align()) + content + b"\x80" if content else bytes(bits.raw("1").align())
    safe = bytearray()
    for byte in raw:
        if safe[-2:] == b"\0\0" and byte <= 3:  # noqa: PLR2004 (7.4.1)
            safe.append(3)
        safe.append(byte)
    return bytes([kind]) + bytes(safe)


def _sequence() -> bytes:
    bits = _Bits().raw(f"{66:08b}{0xC0:08b}{30:08b}").write(0, 0, 2, 0).raw("0")
    return _unit(0x67, bits.write(WIDTH // 16 - 1, HEIGHT // 16 - 1).raw("1100"))


def _picture() -> bytes:
    bits = _Bits().write(0, 0).raw("00").write(0, 0, 0).raw("000").write(0, 0, 0)
    return _unit(0x68, bits.raw("100"))


def _slice(picture: Image.Image, number: int) -> bytes:
    """Write a picture as one slice of blocks that are not compressed."""
    luma, *colours = picture.convert("YCbCr").split()
    colours = [colour.resize((WIDTH // 2, HEIGHT // 2)) for colour in colours]
    head = _Bits().write(0, 7, 0).raw("0000").write(number % 2).raw("00").write(0, 1)
    content = b""
    for y in range(0, HEIGHT, 16):
        for x in range(0, WIDTH, 16):
            half = (x // 2, y // 2, x // 2 + 8, y // 2 + 8)
            content += b"" if not (x or y) else b"\x0d\0"  # that another one follows
            content += luma.crop((x, y, x + 16, y + 16)).tobytes()
            content += b"".join(colour.crop(half).tobytes() for colour in colours)
    return _unit(0x65, head.write(25), content)


def _sized(unit: bytes) -> bytes:
    return struct.pack(">H", len(unit)) + unit
