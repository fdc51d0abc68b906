"""The check of the real documents says what is missing or different; they are not needed here."""

from pathlib import Path

import pytest

from cli.seeds import main
from tests.formats.workbook_text import workbook


def test_a_folder_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err


def test_a_missing_document_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "000_*.txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (workbook().encode(), "counts of the workbook"),
        (b"Another document", "no workbook"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_what_is_different_is_named(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "000_workbook.txt").write_bytes(content)
    assert main([str(tmp_path)]) == 1
    assert said in capsys.readouterr().err
