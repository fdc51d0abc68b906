"""Having a portfolio exported over the API, and verifying the archive as its reader would."""

import time
from pathlib import Path
from typing import Any

from rich.progress import Progress

from chalicelib.domain.people import Role
from cli.cloud import CloudError, http
from cli.playing import Client, Play
from cli.verifying.checks import Report, check
from cli.verifying.faults import Fault

PATIENCE = 300  # seconds for an archive
PAUSE = 0.5  # seconds between two looks at how far it is
CHUNK = 1024 * 1024  # bytes written at a time


def export(play: Play, out: Path, bar: Progress) -> dict[str, Any]:
    """Have the enrolment's portfolio exported, download the archive, and return the export."""
    administrator = play.client(Role.ADMINISTRATOR)
    asked = {"enrolment_ids": [play.enrolment_id], "purpose": "Demonstration"}
    started = administrator.ask("POST", f"{play.centre}/exports", asked).json()
    task = bar.add_task("administrator: portfolio exported", total=started["progress"]["pages"])
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found: dict[str, Any] = administrator.ask(
            "GET", f"{play.centre}/exports/{started['id']}"
        ).json()
        bar.update(task, completed=found["progress"]["pages_done"])
        if found["error"]:
            message = f"the export failed: {found['error']['detail']}"
            raise CloudError(message)
        if found["url"]:
            _download(found["url"], out)
            return found
        time.sleep(PAUSE)
    message = f"the export was not ready after {PATIENCE} s"
    raise CloudError(message)


def verified(play: Play, archive: Path) -> Report:
    """Verify an archive, with the key that the stage says is its own."""
    (key,) = Client(play.stack.api).ask("GET", "/v1/keys").json()["keys"]
    try:
        with archive.open("rb") as source:
            return check(source, key["kid"], lambda _: None)
    except Fault as fault:
        message = f"the archive does not verify: {fault}"
        raise CloudError(message) from fault


def _download(url: str, out: Path) -> None:
    answer = http.request("GET", url, preload_content=False)
    with out.open("wb") as file:
        for chunk in answer.stream(CHUNK):
            file.write(chunk)
    answer.release_conn()
    if answer.status != 200:  # noqa: PLR2004 (OK)
        message = f"the archive could not be downloaded: {answer.status}"
        raise CloudError(message)
