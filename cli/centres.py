"""Centres and their people, for operators. The local cloud is meant unless a stage is named."""

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import DomainError, NotFound, Unavailable
from chalicelib.domain.people import ALL_MODULES, Authorisation, Role
from chalicelib.runtime import Runtime, Settings, build_runtime
from chalicelib.usecases import people
from chalicelib.usecases.people import Identity, NewPerson
from cli.cloud import HOME, local_client
from cli.console import PROBLEMS, Json, print_json, wrong_usage

SERVED = "served.json"  # written by `make serve` beside its state: what it serves, and where
LOCAL = "local"

app = typer.Typer(help="Centres, and the people that an operator makes known to them.")

Stage = Annotated[
    str, typer.Option(help="The stage: local (a running `make serve`), or one deployed to AWS.")
]

Home = Annotated[Path, typer.Option(hidden=True, help="Where the local cloud keeps its state.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="The name, as certificates show it.")],
    time_zone: Annotated[str, typer.Option(help="For printed dates.")] = "Europe/London",
    stage: Stage = LOCAL,
    home: Home = HOME,
    *,
    as_json: Json = False,
) -> None:
    """Create a centre."""
    runtime = _runtime(stage, home)
    try:
        centre = people.create_centre(runtime, name, time_zone)
    except DomainError as error:
        _refuse(error, as_json=as_json)
    _tell({"centre_id": centre.id}, as_json=as_json)


@app.command("add-person")
def add_person(  # noqa: PLR0913, PLR0917 (one argument for each option of the command)
    centre_id: Annotated[str, typer.Argument(help="The centre.")],
    name: Annotated[str, typer.Argument(help="The person's name, in any script.")],
    role: Annotated[list[Role], typer.Option(help="What they are; may be given again.")],
    issuer: Annotated[str, typer.Option(help="Who signs them in: `iss` of their tokens.")],
    subject: Annotated[str, typer.Option(help="Who they are there: `sub` of their tokens.")],
    address: Annotated[str, typer.Option(help="An address that you have verified.")] = "",
    qualification: Annotated[str, typer.Option(help="Authorises an assessor, for")] = "",
    module: Annotated[list[str] | None, typer.Option(help="this module; else for all.")] = None,
    stage: Stage = LOCAL,
    home: Home = HOME,
    *,
    as_json: Json = False,
) -> None:
    """Make somebody known at a centre."""
    runtime = _runtime(stage, home)
    authorisation = Authorisation(
        id="",
        qualification=qualification,
        modules=tuple(module or (ALL_MODULES,)),
        valid_from=runtime.now(),
    )
    new = NewPerson(
        name=name,
        roles=frozenset(role),
        address=address,
        address_verified=bool(address),
        identity=Identity(issuer, subject),
        authorisation=authorisation if qualification else None,
    )
    try:
        membership = people.create_person(runtime, centre_id, new)
    except DomainError as error:
        _refuse(error, as_json=as_json)
    _tell({"person_id": membership.person_id}, as_json=as_json)


def _runtime(stage: str, home: Path) -> Runtime:
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


def _tell(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(made)
    else:
        typer.echo("\n".join(f"{name}: {value}" for name, value in made.items()))


def _refuse(error: DomainError, *, as_json: bool) -> NoReturn:
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
