"""Which stage an operator's command works on, and how it answers."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import DomainError, NotFound, Unavailable
from chalicelib.runtime import Runtime, Settings, build_runtime
from cli.cloud import local_client
from cli.console import PROBLEMS, print_json, wrong_usage

SERVED = "served.json"  # written by `make serve` beside its state: what it serves, and where
LOCAL = "local"

Stage = Annotated[
    str, typer.Option(help="The stage: local (a running `make serve`), or one deployed to AWS.")
]
Home = Annotated[Path, typer.Option(hidden=True, help="Where the local cloud keeps its state.")]


def runtime_of(stage: str, home: Path) -> Runtime:
    """Build the runtime with which an operator uses the use cases on a stage."""
    if stage == LOCAL:
        if not (home / SERVED).exists():
            wrong_usage("nothing is served here; run `make serve` in another terminal first.")
        served = json.loads((home / SERVED).read_text())
        return build_runtime(
            Settings(table=served["table"]),
            lambda service: local_client(service, served["endpoint"]),
        )
    session = boto3.session.Session()
    try:
        formation = session.client("cloudformation")
        found = formation.describe_stack_resource(
            StackName=f"testamur-{stage}", LogicalResourceId="Table"
        )
    except (BotoCoreError, ClientError) as error:
        wrong_usage(f"the stage {stage} cannot be reached on AWS: {error}")
    table = found["StackResourceDetail"].get("PhysicalResourceId", "")

    def client(service: Any) -> Any:  # noqa: ANN401 (boto3 makes clients at run time)
        return session.client(service)

    return build_runtime(Settings(table=table), client)


def tell(made: dict[str, Any], *, as_json: bool) -> None:
    """Say what was made."""
    if as_json:
        print_json(made)
    else:
        typer.echo("\n".join(_lines(made)))


def _lines(made: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in made.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{above}{name}.")
        else:
            yield f"{above}{name}: {value}"


def refuse(error: DomainError, *, as_json: bool) -> NoReturn:
    """Say what stands in the way, and end."""
    if isinstance(error, Unavailable):
        wrong_usage("the table cannot be reached; locally, run `make serve` in another terminal.")
    if isinstance(error, NotFound):
        wrong_usage("there is no such centre; `centre create` makes one.")
    flaws = [{"pointer": f.pointer, "code": f.code, "detail": f.detail} for f in error.flaws]
    if as_json:
        print_json({"code": error.code, "detail": error.detail, "errors": flaws})
    else:
        typer.echo(error.detail, err=True)
        for flaw in flaws:
            typer.echo(f"  {flaw['pointer']}: {flaw['detail']}", err=True)
    raise typer.Exit(PROBLEMS)
