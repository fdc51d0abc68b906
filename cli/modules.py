"""Commands for authors of modules: check a file, preview it, import a paper workbook."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.domain.forms import Form
from chalicelib.domain.law import dated_law
from chalicelib.domain.modules import ChoiceItem, EvidenceRequest, Item, Module
from chalicelib.formats.modules import (
    ReadModule,
    publication_remarks,
    read_module,
    write_ids,
    write_module,
)
from chalicelib.formats.remarks import Remark, UnreadableDocumentError
from chalicelib.formats.workbooks import ImportedWorkbook, apply_key, read_workbook
from cli import console
from cli.preview import preview

DATED_LAW = "dated-law"

app = typer.Typer(no_args_is_help=True, help="Write, check and import modules.")

File = Annotated[Path, typer.Argument(help="The file to read.", metavar="FILE")]


@app.command("check")
def check_module(
    file: File,
    *,
    write_missing_ids: Annotated[
        bool, typer.Option("--write-ids", help="Write ids into the file where it has none.")
    ] = False,
    as_json: console.Json = False,
) -> None:
    """Say what is wrong with a module file, and what stands between it and publication."""
    source = console.read_text(file)
    read = _read(file, source, as_json=as_json)
    written = len(read.derived_ids) if write_missing_ids else 0
    if written:
        source = write_ids(source, read.derived_ids)
        console.write_text(file, source)
        read = read_module(source)
    problems = publication_remarks(read)
    warnings = (*read.warnings, *_dated_law(read))
    if as_json:
        console.print_json(_check_json(file, read, problems, warnings) | {"ids_written": written})
    else:
        _print_check(file, read, problems, warnings)
        if written:
            typer.echo(f"Wrote {written} ids into {file}.")
    raise typer.Exit(console.PROBLEMS if problems else 0)


@app.command("preview")
def preview_module(
    file: File,
    *,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Where to write the page.")
    ] = None,
    as_json: console.Json = False,
) -> None:
    """Make a page of HTML that shows the module as the candidate sees it."""
    module = _read(file, console.read_text(file), as_json=as_json).module
    page = preview(module)
    if out:
        console.refuse_same(file, out)
        console.write_text(out, page)
    if as_json:
        where = {"out": str(out)} if out else {"html": page}
        console.print_json({"file": str(file), "counts": module.counts()} | where)
    elif out:
        typer.echo(f"Wrote {out}.")
    else:
        typer.echo(page, nl=False)


@app.command("import-workbook")
def import_workbook(
    file: File,
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The module file to write.")],
    key: Annotated[
        Path | None, typer.Option("--key", help="The answer key as CSV; without it none is marked.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an existing file.")] = False,
    as_json: console.Json = False,
) -> None:
    """Make a module file of the text of a paper workbook, and say what was left out and why."""
    text = console.read_text(file)
    console.refuse_same(file, out)
    if out.exists() and not force:
        console.wrong_usage(f"{out} exists already; name another file, or add --force.")
    workbook, module = _import(file, text, key, as_json=as_json)
    console.write_text(out, write_module(module))
    if as_json:
        console.print_json(_import_json(file, out, workbook, module))
    else:
        _print_import(file, out, workbook, module)
    raise typer.Exit(console.PROBLEMS if any(r.error for r in workbook.remarks) else 0)


def _read(file: Path, source: str, *, as_json: bool) -> ReadModule:
    try:
        return read_module(source)
    except UnreadableDocumentError as error:
        _refuse(file, error, as_json=as_json)
        raise typer.Exit(console.PROBLEMS) from error


def _import(
    file: Path, text: str, key: Path | None, *, as_json: bool
) -> tuple[ImportedWorkbook, Module]:
    reading = file
    try:
        workbook = read_workbook(text)
        if key is None:
            return workbook, workbook.module
        marks, reading = console.read_text(key), key
        return workbook, apply_key(workbook.module, marks)
    except UnreadableDocumentError as error:
        _refuse(reading, error, as_json=as_json)
        raise typer.Exit(console.PROBLEMS) from error


def _refuse(file: Path, error: UnreadableDocumentError, *, as_json: bool) -> None:
    if as_json:
        remarks = console.remarks_json(error.remarks)
        console.print_json({"file": str(file), "readable": False, "remarks": remarks})
    else:
        console.print_remarks(file, error.remarks)
        typer.echo(f"Errors: {len(error.remarks)}.")


def _dated_law(read: ReadModule) -> Iterator[Remark]:
    """Warn of law that has been superseded wherever candidates read it on a page."""
    for element in read.module.elements:
        yield from _dated(read.lines[element.id], element.instructions)
        for page in element.pages:
            instructions = [page.instructions, *(group.instructions for group in page.groups)]
            yield from _dated(read.lines[page.id], "\n\n".join(instructions))
            for item in page.items:
                if not item.accepted:
                    yield from _dated(read.lines[item.id], _printed(item))


def _dated(line: int, text: str) -> Iterator[Remark]:
    for law in dated_law(text):
        detail = (
            f"{law.name} ({law.jurisdiction}): {law.remark} Mend the text, or let an item stand "
            "with `accepted: reason`."
        )
        yield Remark(line, DATED_LAW, detail, error=False)


def _printed(item: Item) -> str:
    options = item.options if isinstance(item, ChoiceItem) else ()
    blank = item.blank if isinstance(item, EvidenceRequest) else None
    form = tuple(_printed_form(blank)) if blank else ()
    return "\n\n".join((item.text, *(option.text for option in options), *form))


def _printed_form(form: Form) -> Iterator[str]:
    yield from (form.title, form.instructions)
    for field in form.fields:
        yield from (field.label, field.hint, *(option.text for option in field.options))
    yield from (rule.text for rule in form.rules)


def _by_line(*remarks: tuple[Remark, ...]) -> list[Remark]:
    return sorted(chain.from_iterable(remarks), key=lambda remark: remark.line)


def _print_check(
    file: Path, read: ReadModule, problems: tuple[Remark, ...], warnings: tuple[Remark, ...]
) -> None:
    console.print_remarks(file, _by_line(problems, warnings))
    typer.echo(console.counts_line(read.module.counts()))
    if read.derived_ids:
        typer.echo(
            f"Ids not written in the file: {len(read.derived_ids)}; they change when items move. "
            "--write-ids writes them."
        )
    verdict = "It can be published." if not problems else "It cannot be published yet."
    typer.echo(f"Problems: {len(problems)}, warnings: {len(warnings)}. {verdict}")


def _check_json(
    file: Path, read: ReadModule, problems: tuple[Remark, ...], warnings: tuple[Remark, ...]
) -> dict[str, Any]:
    return {
        "file": str(file),
        "readable": True,
        "publishable": not problems,
        "id": read.module.id,
        "version": read.module.version,
        "title": read.module.title,
        "counts": read.module.counts(),
        "remarks": console.remarks_json(_by_line(problems, warnings)),
        "derived_ids": [{"line": line, "id": identifier} for line, identifier in read.derived_ids],
    }


def _print_import(file: Path, out: Path, workbook: ImportedWorkbook, module: Module) -> None:
    for left in workbook.left_out:
        typer.echo(f"{file}:{left.line}: left out ({left.reason}): {left.text}")
    console.print_remarks(file, workbook.remarks)
    typer.echo(console.counts_line(module.counts()))
    typer.echo(
        f"Wrote {out}. Lines left out: {len(workbook.left_out)}, remarks: {len(workbook.remarks)}."
    )


def _import_json(
    file: Path, out: Path, workbook: ImportedWorkbook, module: Module
) -> dict[str, Any]:
    return {
        "file": str(file),
        "out": str(out),
        "readable": True,
        "id": module.id,
        "title": module.title,
        "counts": module.counts(),
        "left_out": [
            {"line": left.line, "text": left.text, "reason": left.reason}
            for left in workbook.left_out
        ],
        "remarks": console.remarks_json(workbook.remarks),
    }
