"""What an assessor and a witness provide for a candidate's page, each as it is done by them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain.contributions import CURRENT_DECLARATION
from chalicelib.domain.people import Role
from cli.cast import NAMES
from cli.playing import SEE_OTHER, Play, expect, found_in, open_link, post_form, wait_for

TESTIMONY = re.compile(r"http://\S+/v1/testimony/\S+")
WITNESS = {"name": "Will Ness", "relationship": "line manager", "status": "Registered nurse"}


def observe(play: Play, path: str, answer: dict[str, Any]) -> None:
    """Have the assessor write and sign a contribution."""
    assessor = play.client(Role.ASSESSOR)
    shown = assessor.ask("GET", path)
    saved = assessor.ask("PUT", path, answer, if_match=shown.headers["etag"])
    signature = {
        "declaration": shown.json()["declaration"]["version"],
        "signature": NAMES[Role.ASSESSOR],
    }
    assessor.ask("POST", f"{path}/signatures", signature, if_match=saved.headers["etag"])


def testify(play: Play, path: str, answer: dict[str, Any]) -> None:
    """Ask a witness, who opens the link in their mail and sends the form behind it."""
    address = play.cast.username("witness")
    read_mail = play.stack.cloud.read_mail
    before = len(read_mail(address))
    candidate = play.client(Role.CANDIDATE)
    candidate.ask("POST", f"{path}/invitations", {**WITNESS, "address": address})
    (mail,) = wait_for(lambda: read_mail(address)[before:], "the mail to the witness")
    link = found_in(mail, TESTIMONY)
    expect(open_link(link), "the link to the witness")
    own = {
        "status": WITNESS["status"],
        "declaration": CURRENT_DECLARATION,
        "signature": WITNESS["name"],
    }
    expect(post_form(link, dict(_fields(answer)) | own), "the form of the witness", SEE_OTHER)


def _fields(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Write a record as the form of a page sends it."""
    for name, value in answer["values"].items():
        match value:
            case bool():
                yield f"values.{name}", "yes" if value else "no"
            case list():
                yield from ((f"values.{name}.{option}", "yes") for option in value)
            case _:
                yield f"values.{name}", str(value)
    for rule, reason in answer["reasons"].items():
        yield f"reasons.{rule}", reason
