"""Lists of enrolments, for operators. The local cloud is meant unless a stage is named."""

import typer

from chalicelib.usecases.enrolment_imports import import_enrolments
from cli.cloud import HOME
from cli.console import Json
from cli.imports import Apply, File, OfCentre, run_import
from cli.stages import LOCAL, Home, Stage

app = typer.Typer(help="The enrolments of a centre.")


@app.callback()
def _root() -> None:
    """Keep `import` below its name, even while it is the only command."""


@app.command("import")
def import_list(
    path: File,
    centre: OfCentre,
    stage: Stage = LOCAL,
    home: Home = HOME,
    *,
    apply: Apply = False,
    as_json: Json = False,
) -> None:
    """Enrol whom a list names. The same list again changes nothing."""
    run_import(
        import_enrolments, "enrolment_id", path, centre, stage, home, apply=apply, as_json=as_json
    )
