"""How every command reads, writes and speaks: plain lines for people, JSON for programs.

Exit codes are 0 for fine, 1 for problems found in a document, 2 for wrong usage.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from chalicelib.formats.remarks import Remark

PROBLEMS = 1
WRONG_USAGE = 2

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


def wrong_usage(message: str) -> NoReturn:
    """Say what cannot be done and what to do instead, and end."""
    typer.echo(f"testamur: {message}", err=True)
    raise typer.Exit(WRONG_USAGE)


def read_text(path: Path) -> str:
    """Read a file of UTF-8 text, or end with a message."""
    try:
        # Not read_text, which would turn line ends around before a reader can count them.
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        wrong_usage(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8.")
    except OSError as error:
        wrong_usage(f"{path} cannot be read: {error.strerror}.")


def write_text(path: Path, text: str) -> None:
    """Write a file of UTF-8 text with LF line ends, or end with a message."""
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        wrong_usage(f"{path} cannot be written: {error.strerror}.")


def refuse_same(source: Path, out: Path) -> None:
    """Refuse to write over the very file that was read."""
    if out.exists() and source.exists() and out.samefile(source):
        wrong_usage(f"{out} is the file to be read; name another one to write.")


def print_json(answer: Mapping[str, Any]) -> None:
    """Print an answer for programs."""
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def print_remarks(path: Path, remarks: Iterable[Remark]) -> None:
    """Print remarks the way compilers do, so that editors can jump to the lines."""
    for remark in remarks:
        warning = "" if remark.error else " (warning)"
        typer.echo(f"{path}:{remark.line}: {remark.code}: {remark.detail}{warning}")


def remarks_json(remarks: Iterable[Remark]) -> list[dict[str, object]]:
    """Give remarks as JSON values."""
    return [
        {"line": r.line, "code": str(r.code), "detail": r.detail, "error": r.error} for r in remarks
    ]


def counts_line(counts: Mapping[str, int]) -> str:
    """Say on one line how much there is of what."""
    return ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items())
