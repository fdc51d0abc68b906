"""The container: what VERIFY.md says of it, to the byte, and what a stranger reads in it."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.archives import Member, Slice, Source
from chalicelib.formats import zips
from tests.members import plain

NOWHERE = Source("", "", "", 0)
FAR = 0xFFFFFFFF  # what an offset of 32 bits cannot say
NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}(/[a-z0-9][a-z0-9._-]{0,8})?", fullmatch=True)


def member(name: str, size: int = 0) -> Member:
    return Member(name, size, 0, NOWHERE)


def test_a_file_to_the_byte() -> None:
    crc = struct.pack("<I", zlib.crc32(b"Noted."))
    size, name = b"\6\0\0\0", b"data/a.txt"
    local = b"PK\3\4\x14\0\0\0\0\0\0\0\x21\0" + crc + size + size
    local += b"\x0a\0\0\0" + name
    central = b"PK\1\2\x14\0\x14\0\0\0\0\0\0\0\x21\0" + crc + size + size
    central += b"\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" + name
    end = b"PK\5\6\0\0\0\0\1\0\1\0\x38\0\0\0\x2e\0\0\0\0\0"
    assert plain({"data/a.txt": b"Noted."}) == local + b"Noted." + central + end


@given(st.dictionaries(NAMES, st.binary(max_size=50), max_size=20))
def test_strangers_read_what_was_put_in_and_nothing_else(contents: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(plain(contents))) as archive:
        assert {info.filename: archive.read(info) for info in archive.infolist()} == contents
        assert archive.namelist() == [*contents], "they come in the order in which they were given"
        for info in archive.infolist():
            assert (info.compress_type, info.flag_bits, info.extra) == (0, 0, b"")
            assert (info.date_time, info.comment) == ((1980, 1, 1, 0, 0, 0), b"")


@pytest.mark.parametrize("count", [65_534, 65_535, 65_536, 100_000])
def test_many_files_are_counted_in_64_bits(count: int) -> None:
    written = plain(dict.fromkeys(map(str, range(count)), b""))
    assert (b"PK\6\6" in written) is (count >= 65_535)
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert len(archive.namelist()) == count


def test_the_headers_of_many_files_are_made_in_pieces() -> None:
    chunks = [*zips.directory([member(f"data/{number:06}") for number in range(100_000)])]
    assert sum(map(len, chunks)) == 100_000 * 57 + 56 + 20 + 22
    assert max(map(len, chunks)) < 128 * 1024


def test_a_file_beyond_four_gibibytes_is_found(tmp_path: Path) -> None:
    """The file has a hole where nothing is read: it takes hardly any room."""
    small = b"Noted."
    behind = Member("data/b", len(small), zlib.crc32(small), NOWHERE)
    with (tmp_path / "far.zip").open("wb") as file:
        for piece in zips.pieces([member("data/a", FAR - 1), behind]):
            match piece:
                case Slice(of) if of is behind:
                    file.write(small)
                case Slice():
                    file.seek(len(piece), io.SEEK_CUR)
                case _:
                    file.write(piece)
    with zipfile.ZipFile(tmp_path / "far.zip") as archive:
        assert archive.read("data/b") == small
        assert archive.getinfo("data/b").header_offset == 30 + 6 + FAR - 1


@pytest.mark.parametrize(("before", "far"), [(FAR - 37, False), (FAR - 36, True)])
def test_an_offset_is_written_in_64_bits_from_the_first_that_needs_it(
    before: int, *, far: bool
) -> None:
    directory = b"".join(zips.directory([member("data/a", before), member("data/b")]))
    second = directory[52 : 52 + 52 + 12 * far]
    assert second[:4] == b"PK\1\2"
    version, needed = struct.unpack_from("<2H", second, 4)
    (offset,) = struct.unpack_from("<I", second, 42)
    assert (version, needed, offset) == ((45, 45, FAR) if far else (20, 20, FAR - 1))
    assert second[52:] == (struct.pack("<2HQ", 1, 8, FAR) if far else b"")
    # What follows lies behind the second file's header, so that it needs 64 bits in both.
    assert b"PK\6\6" in directory


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "data/../a",
        "data//a",
        "data/./a",
        "data/",
        "../a",
        ".hidden",
        "-a",
        "data\\a",
        "data/é",
        "data/a%20b",
        "data/a b",
        "data/a\n",
        "C:a",
        "a" * 65_536,
    ],
)
def test_no_name_leads_elsewhere(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        zips.plan([member(name)])


def test_no_two_names_are_the_same_to_any_reader() -> None:
    with pytest.raises(ValueError, match="twice"):
        zips.plan([member("data/a"), member("Data/A")])


def test_a_file_has_less_than_four_gibibytes() -> None:
    assert zips.plan([member("data/a", FAR - 1)]).size == FAR - 1 + 36 + 52 + 98
    with pytest.raises(ValueError, match="too large"):
        zips.plan([member("data/a", FAR)])
