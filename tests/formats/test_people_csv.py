"""Lists of people are read as spreadsheets save them, and nothing in them is executed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.details import KEEP, Details
from chalicelib.domain.people import Identity, Role
from chalicelib.formats.people_csv import COLUMNS, read_people
from chalicelib.formats.sheets import Sheet

WHOLE = (
    f"{','.join(COLUMNS)}\n"
    "Siân Kowalska,assessor internal-verifier,sian@example.org,https://issuer.example,s-1,L-1,R-1,"
    "2026-03-02,2027-03-01,CAVA,m-1 m-2\n"
)


def read(text: str | bytes, limit: int = 10) -> Sheet[Details]:
    return read_people(text.encode() if isinstance(text, str) else text, limit)


def flaws(file: Sheet[Details]) -> list[tuple[int, str, str]]:
    return [(flaw.line, flaw.column, flaw.code) for flaw in file.flaws]


def test_every_column_is_read() -> None:
    file = read(WHOLE)
    assert flaws(file) == []
    (row,) = file.rows
    details = row.entry
    assert (row.line, details.name, details.address) == (2, "Siân Kowalska", "sian@example.org")
    assert details.roles == frozenset({Role.ASSESSOR, Role.INTERNAL_VERIFIER})
    assert details.identities == (Identity("https://issuer.example", "s-1"),)
    assert (details.learner_number, details.registration) == ("L-1", "R-1")
    assert (details.starts_on, details.ends_on) == (date(2026, 3, 2), date(2027, 3, 1))
    assert details.authorisations
    assert [(each.role, each.modules) for each in details.authorisations] == [
        (Role.ASSESSOR, ("m-1", "m-2")),
        (Role.INTERNAL_VERIFIER, ("m-1", "m-2")),
    ]


@pytest.mark.parametrize("column", ["name", "x"])
def test_a_line_of_endless_columns_is_refused_at_once(column: str) -> None:
    text = ",".join([column] * 200_000) + "\nAnn"
    assert flaws(read(text)) == [(1, "", "too-many-columns")]


def test_what_is_empty_says_nothing() -> None:
    (row,) = read("name,roles,address,ends_on\nZoë,candidate,,\n").rows
    assert (row.entry.address, row.entry.ends_on) == (None, KEEP)
    assert row.entry.authorisations is None


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("encoding", "bom", "named"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("utf-16", b"", "utf-16"),
        ("windows-1252", b"", "windows-1252"),
        ("windows-1252", b"\xef\xbb\xbf", "windows-1252"),
    ],
)
def test_files_are_read_as_spreadsheets_save_them(
    separator: str, end: str, encoding: str, bom: bytes, named: str
) -> None:
    lines = ["name,roles,learner_number", "Zoë O\u2019Neill \u2013 Müller,candidate,L-1", "", ""]
    text = end.join(lines).replace(",", separator)
    file = read(bom + text.encode(encoding))
    assert (file.encoding, flaws(file)) == (named, [])
    assert [row.entry.name for row in file.rows] == ["Zoë O\u2019Neill \u2013 Müller"]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+44", "-1", "@SUM(A1)", " =1", '=HYPERLINK(""https://x"")', "\t=1"],
)
@pytest.mark.parametrize("column", ["name", "learner_number"])
def test_formulas_are_refused_by_name(cell: str, column: str) -> None:
    cells = {"name": "Zoë", "roles": "candidate", "learner_number": "L"} | {column: f'"{cell}"'}
    file = read(f"{','.join(cells)}\n{','.join(cells.values())}\n")
    assert flaws(file) == [(2, column, "formula")]
    assert file.rows == ()


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        (",candidate,,,", "name", "invalid-name"),
        ("Zoë,,,,", "roles", "no-role"),
        ("Zoë,teacher,,,", "roles", "unknown-role"),
        ("Z" + "\u0301" * 200 + ",candidate,,,", "name", "invalid-text"),
        ("Zo\x00e,candidate,,,", "name", "invalid-text"),
        ("Zoë,candidate,01/03/2026,,", "starts_on", "invalid-date"),
        ("Zoë,candidate,2026-02-30,,", "starts_on", "invalid-date"),
        ("Zoë,candidate,9999-12-31,,", "starts_on", "invalid-date"),
        ("Zoë,candidate,,https://i.example,", "subject", "missing"),
        ("Zoë,candidate,,,1", "issuer", "missing"),
        ("Zoë,candidate,,,,,,", "", "too-many-cells"),
        ('Zoë,"candidate', "", "unreadable"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column(line: str, column: str, code: str) -> None:
    text = f'name,roles,starts_on,issuer,subject\n"Two\nlines",candidate,,,\n\n{line}\n'
    found = flaws(read(text))
    if code == "unreadable":
        assert [flaw[1:] for flaw in found] == [(column, code)]
    else:
        assert found == [(5, column, code)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [(1, "name", "missing"), (1, "roles", "missing")]),
        ("name\n", [(1, "roles", "missing")]),
        ("name,roles,shoe_size\n", [(1, "shoe_size", "unknown-column")]),
        ("name,roles,name\n", [(1, "name", "given-twice")] * 2),
        ("name,roles\n" + "Zoë,candidate\n" * 11, [(12, "", "too-many-rows")]),
    ],
)
def test_a_file_that_is_no_list(text: str, found: list[tuple[int, str, str]]) -> None:
    assert flaws(read(text)) == found


def test_bytes_that_are_no_text() -> None:
    assert flaws(read(b"name,roles\nZo\x81,candidate\n")) == [(1, "", "unreadable")]


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(raw: bytes) -> None:
    file = read(raw)
    assert file.rows == () or not file.flaws or all(flaw.line > 1 for flaw in file.flaws)


@pytest.mark.parametrize("before", ["\ufeff", "\u200b", " \u2060 ", "", "\u200e"])
@pytest.mark.parametrize("sign", "=+-@＝＋－＠")  # noqa: RUF001 (these are meant)
def test_a_formula_hides_behind_nothing(before: str, sign: str) -> None:
    file = read(f"name,roles\nx{before},candidate\n{before}{sign}1,candidate\n")
    assert (3, "name", "formula") in flaws(file)
