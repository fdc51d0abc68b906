"""The command that verifies an export of portfolios, offline."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from cli import console
from cli.verifying.checks import Report, check
from cli.verifying.faults import Fault

THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


def verify(
    file: Annotated[Path, typer.Argument(help="The archive.", metavar="EXPORT.zip")],
    key: Annotated[
        str, typer.Option(help="The thumbprint of the centre's key, learnt by another way.")
    ] = "",
    *,
    as_json: console.Json = False,
) -> None:
    """Verify an export of portfolios: nothing but the archive is read, nothing is sent.

    Every rule of its VERIFY.md is checked. Exit code 1 with the first one that does not hold.
    """
    if key and not THUMBPRINT.fullmatch(key):
        console.wrong_usage("--key takes a thumbprint, which has 43 letters, digits, - and _.")
    if not file.is_file():
        console.wrong_usage(f"{file} is no file; name the archive.")
    try:
        report = _checked(file, key)
    except OSError as error:
        console.wrong_usage(f"{file} cannot be read: {error.strerror}.")
    except Fault as fault:
        _refuse(file, fault, as_json=as_json)
        raise typer.Exit(console.PROBLEMS) from None
    if as_json:
        console.print_json(_json(file, report, key))
    else:
        _print(file, report, key)


def _checked(file: Path, key: str) -> Report:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    # On a terminal alone, and beside what is printed.
    shown = Console(stderr=True)
    with (
        file.open("rb") as source,
        Progress(*columns, console=shown, transient=True, disable=not sys.stderr.isatty()) as bar,
    ):
        task = bar.add_task(file.name, total=file.stat().st_size)
        return check(source, key, lambda size: bar.advance(task, size))


def _refuse(file: Path, fault: Fault, *, as_json: bool) -> None:
    if as_json:
        found = {"section": fault.section, "where": fault.where, "detail": fault.what}
        console.print_json({"file": str(file), "verified": False, "fault": found})
    else:
        typer.echo(f"{file}: {fault}")
        typer.echo("This archive does not verify; do not rely on it.")


def _print(file: Path, report: Report, key: str) -> None:
    export = report.export
    typer.echo(f"{file}: everything is as VERIFY.md says.")
    typer.echo(f"export {export.export_id} of the centre {export.centre_id}, {export.created_at}")
    typer.echo(console.counts_line(report.counts))
    typer.echo(f"signed by the key {export.kid}")
    typer.echo(
        "That is the key you gave."
        if key
        else "That key was compared with none: ask the centre for its thumbprint by another way, "
        "and add --key THUMBPRINT. Until then, anybody may have made this archive."
    )


def _json(file: Path, report: Report, key: str) -> dict[str, object]:
    export = report.export
    return {
        "file": str(file),
        "verified": True,
        "export_id": export.export_id,
        "centre_id": export.centre_id,
        "created_at": export.created_at,
        "key": export.kid,
        "key_compared": bool(key),
        "counts": report.counts,
    }
