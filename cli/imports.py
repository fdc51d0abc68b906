"""Lists for operators: what every command that imports one says and answers."""

from pathlib import Path
from typing import Annotated

import typer

from chalicelib.domain.errors import DomainError
from chalicelib.usecases.imports import Effect, Import, Report
from cli.console import PROBLEMS, counts_line, print_json, wrong_usage
from cli.stages import Home, Stage, refuse, runtime_of

ROWS_LIMIT = 1_000

File = Annotated[Path, typer.Argument(help="A CSV file; docs/people.md has the columns.")]
OfCentre = Annotated[str, typer.Option(help="The centre.")]
Apply = Annotated[bool, typer.Option(help="Do it; else only say what would be done.")]


def run_import(
    doing: Import,
    name: str,
    path: Path,
    centre: str,
    stage: Stage,
    home: Home,
    *,
    apply: bool,
    as_json: bool,
) -> None:
    """Import a list, or say what that would do; JSON names what a line is of so."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        wrong_usage(f"{path} cannot be read: {error.strerror}.")
    runtime = runtime_of(stage, home)
    try:
        report = doing(runtime, centre, None, raw, limit=ROWS_LIMIT, apply=apply)
    except DomainError as error:
        refuse(error, as_json=as_json)
    counts = {str(each): report.count(each) for each in Effect}
    if as_json:
        print_json(_written(report, name) | {"counts": counts})
    else:
        _print(path, report, counts)
    if report.flaws or report.count(Effect.FAILED):
        raise typer.Exit(PROBLEMS)


def _print(path: Path, report: Report, counts: dict[str, int]) -> None:
    for flaw in report.flaws:
        column = f" {flaw.column}:" if flaw.column else ""
        typer.echo(f"{path}:{flaw.line}:{column} {flaw.code}: {flaw.detail}")
    if report.more_flaws:
        typer.echo(f"and {report.more_flaws} more")
    for line in report.lines:
        if line.outcome is not Effect.CREATED and line.outcome is not Effect.UNCHANGED:
            typer.echo(f"{path}:{line.line}: {line.outcome}: {', '.join(line.fields)}".rstrip(": "))
    done = "" if report.applied else " (nothing was written; --apply does it)"
    typer.echo(f"read as {report.encoding}; {counts_line(counts)}{done}")


def _written(report: Report, name: str) -> dict[str, object]:
    return {
        "encoding": report.encoding,
        "applied": report.applied,
        "lines": [
            {
                "line": each.line,
                "outcome": str(each.outcome),
                name: each.id,
                "fields": list(each.fields),
            }
            for each in report.lines
        ],
        "errors": [
            {"line": each.line, "column": each.column, "code": each.code, "detail": each.detail}
            for each in report.flaws
        ],
        "more_errors": report.more_flaws,
    }
