"""The command line for operators and authors. A sub-command is a typer app in a file of its own."""

import sys
from collections.abc import Mapping
from io import TextIOWrapper

import typer

from cli import centres, enrolments, modules, people, verify

SUB_COMMANDS: Mapping[str, typer.Typer] = {
    "centre": centres.app,
    "enrolment": enrolments.app,
    "module": modules.app,
    "people": people.app,
}

# Plain text can be compared, piped and searched; boxes and colours cannot.
app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Testamur for operators and authors. Exit codes: 0 fine, 1 problems found, 2 wrong usage.",
)
for name, sub_command in SUB_COMMANDS.items():
    app.add_typer(sub_command, name=name)
app.command("verify")(verify.verify)


@app.callback()
def _root() -> None:
    """Keep sub-commands below their names, even while there is only one."""


def main() -> None:
    """Run the command line; a terminal that lacks a character gets its code, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="testamur")


if __name__ == "__main__":
    main()
