"""Centres and their people, for operators. The local cloud is meant unless a stage is named."""

import re
from typing import Annotated, Any

import typer

from chalicelib.domain.centres import Centre, LinkPolicy, RecordClass, Retention, RetentionStart
from chalicelib.domain.errors import DomainError
from chalicelib.domain.people import ALL_MODULES, Authorisation, Role
from chalicelib.domain.times import stamp
from chalicelib.usecases import centres, people
from chalicelib.usecases.centres import CentreSettings
from chalicelib.usecases.people import Identity, NewPerson
from cli.cloud import HOME
from cli.console import Json, wrong_usage
from cli.stages import LOCAL, Home, Stage, refuse, runtime_of, tell

CLASSES, EVENTS = "|".join(RecordClass), "|".join(RetentionStart)
RULE = re.compile(rf"({CLASSES})=({EVENTS})\+(ever|\d{{1,4}})(,hold)?")

app = typer.Typer(help="Centres, and the people that an operator makes known to them.")

CentreId = Annotated[str, typer.Argument(help="The centre.")]
TimeZone = Annotated[
    str | None, typer.Option(help="A zone of the IANA database, for all dates: Europe/London.")
]
MailSender = Annotated[
    str | None,
    typer.Option(
        help="Where its mail comes from, within the mail identity of the stage, which SES refuses "
        "to leave; '' for the stage's own address."
    ),
]
Links = Annotated[LinkPolicy | None, typer.Option(help="May assessors judge by mailed links?")]
PublicName = Annotated[
    str | None, typer.Option(help="The name on certificates and public pages; '' for the name.")
]
Retentions = Annotated[
    list[str] | None,
    typer.Option(
        help="How long a class of records is kept, in months from an event: "
        "evidence=enrolment-closed+36, certificate-register=certificate-issued+ever; with ,hold "
        "nothing of it is deleted. May be given again, for other classes."
    ),
]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="The name, as certificates show it.")],
    time_zone: TimeZone = None,
    mail_sender: MailSender = None,
    links: Links = None,
    public_name: PublicName = None,
    retention: Retentions = None,
    stage: Stage = LOCAL,
    home: Home = HOME,
    *,
    as_json: Json = False,
) -> None:
    """Create a centre."""
    settings = CentreSettings(
        name=name,
        time_zone=time_zone,
        mail_sender=mail_sender,
        links=links,
        public_name=public_name,
        retention=_retention(retention),
    )
    runtime = runtime_of(stage, home)
    try:
        centre = centres.create_centre(runtime, settings)
    except DomainError as error:
        refuse(error, as_json=as_json)
    tell({"centre_id": centre.id}, as_json=as_json)


@app.command("change")
def change(  # noqa: PLR0913 (one argument for each option of the command)
    centre_id: CentreId,
    name: Annotated[str | None, typer.Option(help="The name.")] = None,
    time_zone: TimeZone = None,
    mail_sender: MailSender = None,
    links: Links = None,
    public_name: PublicName = None,
    retention: Retentions = None,
    stage: Stage = LOCAL,
    home: Home = HOME,
    *,
    as_json: Json = False,
) -> None:
    """Change settings of a centre; those not given stay. It takes effect within a minute."""
    settings = CentreSettings(
        name=name,
        time_zone=time_zone,
        mail_sender=mail_sender,
        links=links,
        public_name=public_name,
        retention=_retention(retention),
    )
    runtime = runtime_of(stage, home)
    try:
        centre = centres.change_centre(runtime, centre_id, settings)
    except DomainError as error:
        refuse(error, as_json=as_json)
    tell(_shown(centre), as_json=as_json)


@app.command("show")
def show(
    centre_id: CentreId, stage: Stage = LOCAL, home: Home = HOME, *, as_json: Json = False
) -> None:
    """Show a centre with all its settings."""
    runtime = runtime_of(stage, home)
    try:
        centre = centres.load_centre(runtime, centre_id)
    except DomainError as error:
        refuse(error, as_json=as_json)
    tell(_shown(centre), as_json=as_json)


@app.command("add-person")
def add_person(  # noqa: PLR0913, PLR0917 (one argument for each option of the command)
    centre_id: CentreId,
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
    runtime = runtime_of(stage, home)
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
        refuse(error, as_json=as_json)
    tell({"person_id": membership.person_id}, as_json=as_json)


def _retention(written: list[str] | None) -> dict[RecordClass, Retention]:
    """Read rules of retention as they are written on the command line."""
    rules = {}
    for text in written or ():
        found = RULE.fullmatch(text)
        if found is None:
            wrong_usage(
                f"{text} is no rule of retention; write CLASS=EVENT+MONTHS with a class of "
                f"{CLASSES}, an event of {EVENTS}, and a number of months or `ever`."
            )
        months = None if found[3] == "ever" else int(found[3])
        start = RetentionStart(found[2])
        rules[RecordClass(found[1])] = Retention(start, months, hold=bool(found[4]))
    return rules


def _shown(centre: Centre) -> dict[str, Any]:
    rules = [rule for rule in map(centre.rule, RecordClass) if rule]
    return {
        "centre_id": centre.id,
        "name": centre.name,
        "time_zone": centre.time_zone,
        "mail_sender": centre.mail_sender,
        "links": str(centre.links),
        "public_name": centre.shown_name,
        "retention": {
            str(rule.record_class): {
                "start": str(rule.retention.start),
                "months": rule.retention.months,
                "hold": rule.retention.hold,
                "version": rule.version,
                "since": stamp(rule.since),
            }
            for rule in rules
        },
    }
