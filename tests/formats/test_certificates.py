"""The certificate as PDF: names survive in any script, and nothing makes it fail."""

import hashlib
import io
import json
import os
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import uharfbuzz  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from chalicelib.domain.certificates import SCOPE
from chalicelib.formats import lettering
from chalicelib.formats.certificates import render_pdf
from chalicelib.formats.lettering import Run, clean, drawable, is_rtl, letters, runs
from chalicelib.formats.typesetting import Sheets, Style

ID = "01JABCDEFGHJKMNPQRSTVWXYZ0"
BOXES = "A box stands for a letter"
LINE = st.text(max_size=60)  # of anything: controls and lone surrogates too


def a_record(name: str = "Zoë Núñez", *, pages: int = 1, **texts: str) -> dict[str, Any]:
    return {
        "format": 1,
        "certificate_id": ID,
        "address": f"https://testamur.example/v1/certificates/{ID}",
        "issue": 1,
        "issued_at": "2026-06-30T23:30:00.000Z",
        "scope": SCOPE,
        "centre": {
            "id": "c",
            "name": texts.get("centre", "Harbour Lane Training"),
            "time_zone": texts.get("time_zone", "Europe/London"),
        },
        "holder": {"person_id": "p", "name": name},
        "enrolment_id": "e",
        "module": {
            "id": "m",
            "version": 3,
            "number": texts.get("number", "12"),
            "title": "Relationships",
            "certificate_title": texts.get("title", "Working relationships"),
            "programme": texts.get("programme", "Training for care staff"),
            "standards": ["SFJGB4"],
            "digest": "d",
        },
        "pages": [
            {
                "id": f"p{number}",
                "title": texts.get("page", f"Boundaries, part {number}"),
                "attempt": 2,
                "content_hash": "h",
                "signed_at": "2026-02-01T09:30:00.000Z",
                "judged_at": "2026-02-03T09:30:00.000Z",
                "judged_by": "a",
                "initials": "AB",
                "method": "link",
                "authorisation_id": "z",
                "qualification": "",
                "countersigned_by": "",
            }
            for number in range(1, pages + 1)
        ],
    }


def read(document: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(document), strict=True)


def pages_of(document: bytes) -> list[str]:
    return [page.extract_text() for page in read(document).pages]


def squeezed(text: str) -> str:
    """Compare letters, not where lines break and marks are placed."""
    return "".join(unicodedata.normalize("NFC", text).split())


def readings(document: bytes) -> list[str]:
    """Return what the shaped glyphs of the first page are to be read as."""
    spans = read(document).pages[0].get_contents()
    assert spans is not None
    marks = spans.get_data().split(b"/ActualText <")[1:]
    return [bytes.fromhex(mark.split(b">")[0].decode()).decode("utf-16") for mark in marks]


def test_the_first_page_says_what_is_certified() -> None:
    front, schedule = pages_of(render_pdf(a_record()))

    for words in (
        "Harbour Lane Training",
        "certifies that",
        "Zoë Núñez",
        "has met the competence requirement of",
        "Working relationships",
        "12, version 3",
        "Training for care staff",
        "SFJGB4",
        ID,
        f"https://testamur.example/v1/certificates/{ID}",
        "Page 1 of 2",
    ):
        assert words in front
    assert squeezed(SCOPE) in squeezed(front)
    assert BOXES not in front
    assert "Boundaries, part 1" in schedule
    assert "3 February 2026" in schedule


def test_dates_are_those_of_the_centre() -> None:
    assert "1 July 2026 (Europe/London)" in pages_of(render_pdf(a_record()))[0]
    record = a_record(time_zone="America/New_York")
    assert "30 June 2026 (America/New_York)" in pages_of(render_pdf(record))[0]


def test_what_the_module_lacks_is_left_out() -> None:
    front = pages_of(render_pdf(a_record(number="", programme="")))[0]
    assert "Programme" not in front
    assert "version 3" in front
    assert ", version" not in front


def test_it_says_what_it_is_to_machines() -> None:
    pdf = read(render_pdf(a_record(centre="Żółć & Söhne <GmbH>")))
    assert str(pdf.root_object["/Lang"]) == "en-GB"
    assert "/OutputIntents" in pdf.root_object
    about = pdf.xmp_metadata
    assert about is not None
    assert about.dc_title == {"x-default": f"Certificate {ID}: Working relationships"}
    assert about.dc_creator == ["Żółć & Söhne <GmbH>"]
    assert about.dc_language == ["en-GB"]
    assert about.xmp_create_date == about.xmp_modify_date == datetime(2026, 6, 30, 23, 30)  # noqa: DTZ001


def test_the_same_record_gives_the_same_bytes_in_every_process() -> None:
    name = "Nguyễn 王小明 علي"
    code = (
        "import hashlib, json, sys\n"
        "from chalicelib.formats.certificates import render_pdf\n"
        "print(hashlib.sha256(render_pdf(json.loads(sys.argv[1]))).hexdigest())"
    )
    elsewhere = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, json.dumps(a_record(name))],
        env=os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = render_pdf(a_record(name))
    assert elsewhere.stdout.strip() == hashlib.sha256(here).hexdigest()
    assert render_pdf(a_record(name)) != render_pdf(a_record("Nguyễn 王小明"))


@pytest.mark.parametrize(
    "names",
    [
        ["Οδυσσέας Ελύτης", "Юлія Ґалаґан", "Nguyễn Thị Ngọc Ánh", "Grzegorz Brzęczyszczykiewicz"],
        ["Þórbjörg Ægisdóttir O\u2019Brien", "{nb} **bold** __it__ <b>&amp;</b> [a](b) %s \\("],
        ["王小明", "山田 花子", "김철수", "Նարեկ Սարգսյան", "გიორგი ბერიძე", "ሰላማዊት"],
        ["عبد الرحمن بن خالد"],
        ["דוד בן גוריון"],
    ],
)
def test_names_of_many_scripts_survive(names: list[str]) -> None:
    front = pages_of(render_pdf(a_record(" ".join(names))))[0]
    assert all(squeezed(name) in squeezed(front) for name in names)
    assert BOXES not in front


def test_names_of_shaped_letters_are_read_as_written() -> None:
    names = [
        "Ọlá Ẹ̀jẹ́",  # composed as far as there is a code for it
        "x\u0327\u030c m\u0303",  # no composed code at all
        "श्रीमती क्षितिजा",
        "রবীন্দ্রনাথ",
        "ਗੁਰਪ੍ਰੀਤ",
        "பிரியா",
        "สมชาย",
    ]
    document = render_pdf(a_record(" ".join(names)))
    read_as = squeezed("".join(readings(document)))
    assert all(squeezed(name) in read_as for name in names)
    assert BOXES not in pages_of(document)[0]


@pytest.mark.parametrize("name", ["བོད་ 🙂", "\U00020bb7野", "A\x00 \ud800\ue000"])
def test_what_cannot_be_drawn_is_a_box_and_said_to_be(name: str) -> None:
    front = pages_of(render_pdf(a_record(name)))[0]
    assert BOXES in front
    assert "?" not in front
    assert "\ufffd" not in front


def test_sixty_pages_and_long_texts_are_all_there() -> None:
    title = "A long title of a page " * 8
    long_name = "Wolfeschlegelsteinhausenbergerdorff " * 5 + "Maximiliana-Theodora"
    front, *rest = pages_of(render_pdf(a_record(long_name, pages=60, page=title)))

    assert squeezed(long_name) in squeezed(front)
    assert squeezed("".join(rest)).count("longtitle") == 60 * 8
    assert all("Judged on" in page for page in rest)
    assert f"Page {len(rest) + 1} of {len(rest) + 1}" in rest[-1]


def test_no_line_is_wider_than_it_may_be_and_nothing_is_lost() -> None:
    style, width = Style(12, bold=True), 60.0
    with Sheets(title="", author="", made_at=datetime.now(UTC)) as sheets:
        for word in ("W" * 200, "界" * 200, "x\u0301" * 90, "ي" * 200, "🙂" * 200, "two words"):
            text = clean(f"a {word} b")
            lines = sheets.wrap(text, style, width)
            assert max(sheets.measure(line, style) for line in lines) <= width
            assert squeezed("".join(lines)) == squeezed(text)


def test_a_text_longer_than_a_page_goes_on() -> None:
    record = a_record("long " * 900, page="word " * 1500, programme="more " * 900)
    text = "".join(pages_of(render_pdf(record)))
    assert [text.count(word) for word in ("long", "word", "more")] == [900, 1500, 900]


def test_no_name_rearranges_the_line() -> None:
    assert clean("John \u202eelpmaS\u202c\nSmith\t\u2066x") == "John elpmaS Smith x"


def test_marks_beyond_reason_do_not_pile_up() -> None:
    assert letters("Z" + "\u0316" * 6) == ["Z" + "\u0316" * 4, "\u25cc" + "\u0316" * 2]


def test_a_line_of_both_directions_is_set_as_unicode_says() -> None:
    hebrew, arabic = "שלום", "سلام"
    # A number within Hebrew is read from left to right, with the Hebrew on its right before it.
    assert [run.text for run in runs(f"ab {hebrew} 12 אב cd", rtl=False)] == [
        "ab ",
        "אב",
        " ",
        "12",
        f"{hebrew} ",
        " cd",
    ]
    # Two fonts within one stretch: the first is on the right.
    assert [run.text for run in runs(f"{hebrew} {arabic}", rtl=True)] == [arabic, f"{hebrew} "]


@given(LINE, st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_every_letter_is_set_once_and_has_a_glyph(text: str, rtl: bool, bold: bool) -> None:  # noqa: FBT001
    line = clean(text)
    set_runs = runs(line, rtl=rtl, bold=bold)

    assert sorted(letter for run in set_runs for letter in run.letters) == sorted(letters(line))
    assert drawable(line) == all(run.font for run in set_runs)
    assert all(0 not in glyphs(run) for run in set_runs if run.font)
    assert clean(line) == line


@given(LINE, LINE, LINE, LINE)
@settings(max_examples=12, deadline=None)
def test_nothing_that_is_written_makes_it_fail(
    name: str, centre: str, title: str, page: str
) -> None:
    record = a_record(name, centre=centre, title=title, page=page)
    assert render_pdf(record).startswith(b"%PDF-1.7")


@given(
    st.lists(
        st.text(
            st.characters(max_codepoint=0x1EF9, categories=["Lu", "Ll"]).filter(
                lambda char: drawable(char) and unicodedata.is_normalized("NFC", char)
            ),
            min_size=1,
            max_size=12,
        ),
        min_size=1,
        max_size=4,
    ).map(" ".join)
)
@settings(max_examples=12, deadline=None)
def test_names_survive(name: str) -> None:
    assert is_rtl(name) is False
    assert squeezed(name) in squeezed(pages_of(render_pdf(a_record(name)))[0])


@cache
def font(name: str) -> Any:
    return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(lettering.path(name))))


def glyphs(run: Run) -> list[int]:
    """Shape a run as the typesetter does; 0 is the glyph of what a font has not."""
    buffer = uharfbuzz.Buffer()
    buffer.add_str(run.text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if run.rtl else "ltr"
    uharfbuzz.shape(font(run.font), buffer)
    return [info.codepoint for info in buffer.glyph_infos]
