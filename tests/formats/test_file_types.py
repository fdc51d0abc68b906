"""What a file is, held against what was said of it: taken as programs write it, or refused."""

import hashlib
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.attachments import MEDIA_TYPES
from chalicelib.formats.file_types import Facts, Inspector
from chalicelib.formats.refusals import RefusedContentError
from cli.evidence import SAMPLES
from cli.sample_documents import zipped

JPEG, PNG, HEIC, WEBP, PDF = (
    "image/jpeg",
    "image/png",
    "image/heic",
    "image/webp",
    "application/pdf",
)
DOCX, XLSX, PPTX = (
    f"application/vnd.openxmlformats-officedocument.{kind}"
    for kind in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
)
ODT = "application/vnd.oasis.opendocument.text"
M4A, MP3, WAV, MP4, MOV, WEBM = (
    *("audio/mp4", "audio/mpeg", "audio/wav"),
    *("video/mp4", "video/quicktime", "video/webm"),
)
TEXT = "text/plain"
BINARY = [kind for kind in MEDIA_TYPES if kind != TEXT]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
# Recorders write sound alone as a film without pictures, and call it M4A.
AMBIGUOUS = {(MP4, M4A)}
XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta '
    b'xmlns:x="adobe:ns:meta/"><rdf:RDF><dc:title>My room</dc:title></rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)
PAGE = b"<html><script>alert(1)</script></html>"


@cache
def sample(media_type: str) -> bytes:
    return SAMPLES[media_type].make()


def inspect(media_type: str, data: bytes, size: int | None = None, step: int = 65536) -> Facts:
    inspector = Inspector(media_type, len(data) if size is None else size)
    for start in range(0, len(data), step):
        inspector.feed(data[start : start + step])
    return inspector.finish()


def refusal(media_type: str, data: bytes, size: int | None = None) -> tuple[str, str]:
    with pytest.raises(RefusedContentError) as caught:
        inspect(media_type, data, size)
    return caught.value.code, caught.value.seems


def test_there_is_a_sample_of_every_type() -> None:
    assert SAMPLES.keys() == MEDIA_TYPES.keys()
    for media_type, each in SAMPLES.items():
        assert each.name.rpartition(".")[2].lower() in MEDIA_TYPES[media_type].extensions


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_sample_is_the_same_every_time(media_type: str) -> None:
    assert SAMPLES[media_type].make() == sample(media_type)


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("step", [1, 7, 4096, 1024 * 1024])
def test_every_sample_is_taken_in_chunks_of_any_size(media_type: str, step: int) -> None:
    data = sample(media_type)
    expected = Facts(hashlib.sha256(data).hexdigest(), f"{zlib.crc32(data):08x}", len(data))
    assert inspect(media_type, data, step=step) == expected


@pytest.mark.parametrize("declared", MEDIA_TYPES)
@pytest.mark.parametrize("actual", MEDIA_TYPES)
def test_a_sample_is_refused_as_anything_else(actual: str, declared: str) -> None:
    if actual == declared or (actual, declared) in AMBIGUOUS:
        return
    code, seems = refusal(declared, sample(actual))
    if declared == TEXT:
        assert code == "not-text"
    else:
        assert code == "wrong-type"
    packed = actual in {DOCX, XLSX, PPTX, ODT} and seems == "application/zip"
    assert packed or seems == (actual if actual != TEXT else "")


@pytest.mark.parametrize("media_type", BINARY)
def test_a_file_that_was_cut_off_is_refused(media_type: str) -> None:
    data = sample(media_type)
    if media_type in {MP3, WEBM}:  # they are streams: what has arrived can be played
        return
    for keep in (len(data) // 2, len(data) * 9 // 10):
        assert refusal(media_type, data[:keep])[0] in {"damaged", "wrong-type"}
    assert refusal(media_type, data[:4])[0] in {"damaged", "wrong-type"}


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_the_declared_size_counts(media_type: str) -> None:
    data = sample(media_type)
    assert refusal(media_type, data, len(data) + 1)[0] == "too-small"
    assert refusal(media_type, data, len(data) - 1)[0] == "too-large"


def test_more_than_declared_is_not_read_to_its_end() -> None:
    inspector = Inspector(TEXT, 10)
    with pytest.raises(RefusedContentError, match="too-large"):
        inspector.feed(b"a" * 11)


@pytest.mark.parametrize("media_type", BINARY)
def test_nothing_is_not_a_file(media_type: str) -> None:
    assert refusal(media_type, b"")[0] == "wrong-type"


# What phones and programs really write.


def test_what_phones_put_behind_a_picture_is_taken() -> None:
    film, samsung = sample(MP4), b"\0\0\x01\x0aImage_UTC_Data1700000000SEFHj\0\0\0SEFT"
    noise = random.Random(4).randbytes(3 * 1024 * 1024)  # noqa: S311 (the inside of a film)
    for behind in (film, samsung, film + samsung, noise + samsung):
        inspect(JPEG, sample(JPEG) + behind)


def test_metadata_in_xml_is_taken_for_what_it_is() -> None:
    jpeg, png = sample(JPEG), sample(PNG)
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    inspect(JPEG, jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(xmp)) + xmp + jpeg[2:])
    inspect(PNG, png[:33] + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP) + png[33:])
    uuid = struct.pack(">I", 24 + len(XMP)) + b"uuid" + bytes(16) + XMP
    inspect(MP4, sample(MP4) + uuid)


def test_a_pdf_may_say_more_after_its_end() -> None:
    inspect(PDF, sample(PDF) + b"\r\n\0\0")
    inspect(PDF, sample(PDF) + b"\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n")
    inspect(PDF, b"%PDF-2.0" + sample(PDF)[8:])
    assert refusal(PDF, b"%PDF-9.3" + sample(PDF)[8:])[0] == "damaged"


@pytest.mark.parametrize(
    ("media_type", "brands"),
    [
        (HEIC, b"mif1\0\0\0\0mif1heicmiaf"),
        (HEIC, b"heix\0\0\0\0mif1heix"),
        (MP4, b"mp42\0\0\0\0isommp42"),
        (MP4, b"3gp4\0\0\0\0isom3gp4"),
        (MP4, b"XYZ \0\0\0\0isom"),  # its own brand, and one that all know
        (M4A, b"3gp4\0\0\0\0isom3gp4"),
        (MOV, b"qt  \0\0\0\0qt  "),
    ],
)
def test_the_brands_of_many_devices_are_known(media_type: str, brands: bytes) -> None:
    inspect(media_type, branded(media_type, brands))


def test_a_brand_that_is_another_type_is_told() -> None:
    assert refusal(HEIC, branded(HEIC, b"avif\0\0\0\0mif1miaf")) == ("wrong-type", "image/avif")
    assert refusal(HEIC, branded(HEIC, b"mif1\0\0\0\0avifmiaf")) == ("wrong-type", "image/avif")
    assert refusal(HEIC, branded(HEIC, b"crx \0\0\0\0crx ")) == ("wrong-type", "")


def test_an_old_film_of_quicktime_has_no_brand() -> None:
    data = sample(MOV)
    inspect(MOV, data[int.from_bytes(data[:4], "big") :])


def test_a_film_may_have_its_index_first_long_boxes_and_padding() -> None:
    data = sample(MP4)
    kind, media = int.from_bytes(data[:4], "big"), data.index(b"mdat") - 4
    index = data.index(b"moov") - 4
    first = data[:kind] + data[index:] + data[media:index]
    inspect(MP4, first, step=3)
    content = data[media + 8 : index]
    long = b"\0\0\0\x01mdat" + struct.pack(">Q", 16 + len(content)) + content
    inspect(MP4, data[:kind] + long + data[index:], step=5)
    inspect(MP4, data[:kind] + data[index:] + b"\0\0\0\0mdat" + content)  # to the end
    inspect(MP4, data + bytes(4096))
    for behind in (b"\0\0\x01\x0aImage_UTC_Data1700000000", b"SEFHj\0\0\0SEFT", b"\0\0"):
        inspect(MP4, data + behind)
    assert refusal(MP4, data[:index])[0] == "damaged"  # the recorder was switched off


def test_a_sound_may_have_a_cover_or_no_tag_at_all() -> None:
    data = sample(MP3)
    frames = data[data.index(b"\xff\xfb") :]
    inspect(MP3, frames)
    for length in (5000, 65_000, 65_470, 200_000):
        cover = b"\0image/jpeg\0\3\0" + sample(JPEG)[:3] + bytes(length)
        size = len(cover) + 10
        said = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
        apic = b"APIC" + struct.pack(">IH", len(cover), 0) + cover
        inspect(MP3, b"ID3\x03\0\0" + said + apic + frames)
    assert refusal(MP3, b"ID3\x03\0\0\0\0\0\x05abcdefghijklmnop")[0] == "damaged"
    assert refusal(MP3, b"\xff\xf1" + frames[2:]) == ("wrong-type", "")  # AAC


def test_a_recorder_that_was_cut_off_leaves_the_length_of_a_wav_open() -> None:
    data = sample(WAV)
    inspect(WAV, data[:4] + b"\xff\xff\xff\xff" + data[8:])


def test_a_film_for_matroska_is_not_one_for_the_web() -> None:
    data = sample(WEBM).replace(b"\x04webm", b"\x08matroska", 1)
    assert refusal(WEBM, data) == ("wrong-type", "video/x-matroska")


@pytest.mark.parametrize(
    "text",
    [
        "Ich wäre fast gestürzt. 🙂\r\n\tÀ bientôt\f",
        "\ufeffwritten with Notepad",
        "  \n\n",
        "5 < 6, and <b> is a mark; <3",
        "About pages: write <html> and then <script>.",
        "a" * 3_000_000,
    ],
)
def test_text_of_any_script_is_taken(text: str) -> None:
    for step in (1, 2, 1024) if len(text) < 1000 else (1024 * 1024,):
        inspect(TEXT, text.encode(), step=step)


@pytest.mark.parametrize(
    "data",
    [
        *(b"caf\xe9", b"cut \xf0\x9f\x99", b"\xed\xa0\x80", b"\xc0\x80", b"a\0b", b"a\x1b[31mb"),
        *("\ufeffText".encode("utf-16-le"), b"fine " * 100_000 + b"\xff"),
    ],
)
def test_what_is_no_utf_8_is_no_text(data: bytes) -> None:
    assert refusal(TEXT, data) == ("not-text", "")


# What is refused.


@pytest.mark.parametrize(
    ("data", "seems"),
    [
        (b"<!DOCTYPE html><title>x</title>", "text/html"),
        (b"\xef\xbb\xbf \n<HTML>", "text/html"),
        (b"<script>alert(1)</script>", "text/html"),
        (b"<!-- x --><body onload=alert(1)>", "text/html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"<?xml version='1.0'?>\n<!-- x --><svg onload='alert(1)'/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><note/>", "application/xml"),
        (b"<!--" * 5 + b"--><!--" * 200, "text/html"),
    ],
)
def test_markup_is_refused_whatever_it_is_called(data: bytes, seems: str) -> None:
    for media_type in MEDIA_TYPES:
        assert refusal(media_type, data) == ("wrong-type", seems)


@pytest.mark.parametrize(
    ("data", "seems"),
    [
        (b"MZ\x90\0" + bytes(60), "application/vnd.microsoft.portable-executable"),
        (b"\x7fELF\x02" + bytes(60), "application/x-elf"),
        (b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)", "image/gif"),
        (b"Rar!\x1a\x07\x01\0" + bytes(20), "application/vnd.rar"),
        (OLE, "application/x-ole-storage"),
    ],
)
def test_other_files_are_refused_whatever_they_are_called(data: bytes, seems: str) -> None:
    for media_type in MEDIA_TYPES:
        code = "not-text" if media_type == TEXT else "wrong-type"
        assert refusal(media_type, data) == (code, seems)


@pytest.mark.parametrize(
    "media_type", [kind for kind in BINARY if kind not in {DOCX, XLSX, PPTX, ODT}]
)
def test_an_archive_behind_a_file_is_refused(media_type: str) -> None:
    archive = zipped({"Main.class": b"\xca\xfe\xba\xbe" * 100})
    refused = refusal(media_type, sample(media_type) + archive)
    assert refused in {("polyglot", "application/zip"), ("damaged", "")}
    if media_type in {JPEG, PNG, MP3, WAV, PDF, WEBM}:
        assert refused[0] == "polyglot"


def test_an_archive_with_a_comment_behind_a_picture_is_refused() -> None:
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 0, 0, 0, 0, 5000)
    assert refusal(JPEG, sample(JPEG) + end + bytes(5000)) == ("polyglot", "application/zip")


@pytest.mark.parametrize("media_type", [JPEG, PNG])
def test_pages_and_pdfs_in_a_picture_are_refused(media_type: str) -> None:
    data = sample(media_type)
    at = 2 if media_type == JPEG else 33
    for other, seems in ((PAGE, "text/html"), (b"%PDF-1.7 1 0 obj", "application/pdf")):
        comment = (
            b"\xff\xfe" + struct.pack(">H", 2 + len(other)) + other
            if media_type == JPEG
            else chunk(b"tEXt", b"Comment\0" + other)
        )
        assert refusal(media_type, data[:at] + comment + data[at:]) == ("polyglot", seems)
        assert refusal(media_type, data + other)[0] == "polyglot"


def test_a_pdf_begins_with_itself() -> None:
    assert refusal(PDF, b"\n" + sample(PDF))[0] == "wrong-type"
    assert refusal(TEXT, b"About PDF. %PDF-1.4 ...") == ("polyglot", "application/pdf")
    assert refusal(PDF, b"%PDF-1.4\n" + PAGE + sample(PDF)) == ("polyglot", "text/html")


@pytest.mark.parametrize("media_type", [DOCX, XLSX, PPTX, ODT])
def test_nothing_stands_around_a_document(media_type: str) -> None:
    data = sample(media_type)
    assert refusal(media_type, b"MZ" + data)[0] == "wrong-type"
    assert refusal(media_type, data[:30] + data)[0] == "polyglot"  # looks like one, and is not
    assert refusal(media_type, data + b"\0")[0] == "damaged"
    assert refusal(media_type, data + data)[0] == "polyglot"
    end = data.rindex(b"PK\x05\x06")
    assert refusal(media_type, data[:end] + b"hidden" + data[end:])[0] == "polyglot"


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        (DOCX, "word/vbaProject.bin"),
        (DOCX, "word/VBAPROJECT.BIN"),
        (XLSX, "xl/vbaProject.bin"),
        (XLSX, "xl/macrosheets/sheet1.xml"),
        (PPTX, "ppt/vbaProject.bin"),
        (ODT, "Basic/Standard/Module1.xml"),
        (ODT, "Scripts/python/run.py"),
        (ODT, "encrypted-package"),
    ],
)
def test_macros_are_refused(media_type: str, name: str) -> None:
    assert refusal(media_type, with_entry(media_type, name))[0] == "active-content"


def test_what_documents_hold_beside_is_taken() -> None:
    inspect(ODT, with_entry(ODT, "Basic/Standard/script-lb.xml"))
    inspect(DOCX, with_entry(DOCX, "word/embeddings/oleObject1.bin"))
    inspect(DOCX, with_entry(DOCX, "word/media/Foto größer.jpeg"))


def test_a_document_with_a_password_is_refused() -> None:
    with_password = OLE + "EncryptedPackage".encode("utf-16-le") + bytes(480)
    assert refusal(DOCX, with_password) == ("active-content", "application/x-ole-storage")
    data = bytearray(sample(DOCX))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert refusal(DOCX, bytes(data))[0] == "active-content"


@pytest.mark.parametrize("name", ["../evil.xml", "word/../../evil", "/evil", "a\\b"])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert refusal(DOCX, with_entry(DOCX, name))[0] == "damaged"


def test_an_archive_without_the_right_main_part_is_no_document() -> None:
    assert refusal(DOCX, zipped({"word/document.xml": "x"})) == ("wrong-type", "application/zip")
    assert refusal(DOCX, zipped({"a.txt": "x"})) == ("wrong-type", "application/zip")
    assert refusal(DOCX, zipped({}))[0] == "wrong-type"
    assert refusal(DOCX, with_entry(DOCX, "xl/workbook.xml"))[0] == "polyglot"
    late = zipped({"content.xml": "x", "mimetype": ODT, "META-INF/manifest.xml": "x"})
    assert refusal(ODT, late)[0] == "wrong-type"
    other = "application/vnd.oasis.opendocument.spreadsheet"
    assert refusal(ODT, zipped({"mimetype": other, "content.xml": "x"}))[0] == "wrong-type"


@given(data=st.binary(max_size=3000), media_type=st.sampled_from(sorted(MEDIA_TYPES)))
def test_bytes_at_random_are_never_a_file_but_maybe_text(data: bytes, media_type: str) -> None:
    try:
        facts = inspect(media_type, data, step=100)
    except RefusedContentError:
        return
    assert media_type == TEXT
    assert facts.size == len(data.decode().encode())


@given(data=st.data(), media_type=st.sampled_from(sorted(MEDIA_TYPES)))
def test_a_spoiled_file_is_taken_or_refused_and_nothing_else(
    data: st.DataObject, media_type: str
) -> None:
    spoiled = bytearray(sample(media_type))
    for at in data.draw(st.lists(st.integers(-400, 400), max_size=6)):
        spoiled[at % len(spoiled)] = data.draw(st.integers(0, 255))
    try:
        facts = inspect(media_type, bytes(spoiled))
    except RefusedContentError:
        return
    assert facts.sha256 == hashlib.sha256(spoiled).hexdigest()


def test_memory_stays_flat() -> None:
    def film() -> Iterator[bytes]:
        data = sample(MP4)
        yield data
        yield struct.pack(">I", 8 + 64 * len(data)) + b"free"
        for _ in range(64):
            yield data

    inspector = Inspector(MP4, sum(map(len, film())))
    for each in film():
        inspector.feed(each)
        held = sum(len(kept) for kept in vars(inspector).values() if isinstance(kept, bytearray))
        assert held < 3 * 1024 * 1024
    inspector.finish()


def test_a_film_of_more_boxes_than_a_device_writes_is_not_read_to_its_end() -> None:
    """Each costs more time and memory than its eight bytes cost to send."""
    boxes = b"\0\0\0\x08free" * 1000
    inspect(MP4, sample(MP4) + boxes)
    assert refusal(MP4, sample(MP4) + boxes * 1000)[0] == "damaged"


def chunk(kind: bytes, content: bytes) -> bytes:
    """Write a chunk of PNG."""
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def branded(media_type: str, brands: bytes) -> bytes:
    """Say of a sample that it is by other brands."""
    data = sample(media_type)
    rest = data[int.from_bytes(data[:4], "big") :]
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + rest


def with_entry(media_type: str, name: str) -> bytes:
    """Put one more file into a document."""
    with zipfile.ZipFile(BytesIO(sample(media_type))) as archive:
        files = {each: archive.read(each) for each in archive.namelist()}
    return zipped({**files, name: b"content"})
