"""`make serve`: the local cloud and the candidate's app, kept running."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chalicelib.domain.modules import Module
from chalicelib.domain.people import Role
from chalicelib.formats.modules import read_module
from cli.candidate import serving
from cli.cast import (
    NAMES,
    NEWCOMER,
    NEWCOMERS_NAME,
    Cast,
    create_cast,
    create_newcomer,
    operator_runtime,
)
from cli.cloud import HOME, CloudError, running
from cli.demo import DEMO_MODULE
from cli.playing import LINK, Play
from cli.portfolios import Portfolio
from cli.stack import PASSWORD, Stack, deploy
from cli.stages import SERVED
from infra.package import PackagingError, package


def main() -> int:
    """Serve until Ctrl-C and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--home", type=Path, default=HOME, help="where the state is kept")
    given = parser.parse_args()
    try:
        packaged = package()
        # The app has the next port: what a browser keeps for it, it keeps by its address.
        app_port = given.port + 1 if given.port else 0
        with running(given.home, given.port) as cloud, serving(app_port) as site:
            stack = deploy(cloud, packaged)
            play = _resumed(stack) or _begun(stack)
            site.config = _config(play, site.address)
            _write_down(play)
            print(_board(play, site.address), flush=True)
            try:
                cloud.wait()
            except KeyboardInterrupt:
                print("\nStopping; this takes a moment, in which the state is kept.", flush=True)
                raise
    except KeyboardInterrupt:
        print("Stopped; the state is kept. `make serve` goes on from here, `make reset` clears it.")
        return 0
    except (CloudError, PackagingError) as error:
        print(f"The local cloud cannot serve: {error}", file=sys.stderr)
        return 1


def _resumed(stack: Stack) -> Play | None:
    """Take up what was served before, if anything was."""
    served = stack.cloud.home / SERVED
    if not served.exists():
        return None
    known: dict[str, Any] = json.loads(served.read_text())
    return Play(stack, Cast(**known["cast"]), _demo_module(), known["enrolment_id"])


def _begun(stack: Stack) -> Play:
    """Play the main job up to the last page."""
    print("Preparing a centre, and a candidate at the last page")
    play = Play(stack, create_cast(stack), _demo_module())
    play.publish(DEMO_MODULE.read_text(encoding="utf-8"))
    play.enrol()
    play.enrol_also(create_newcomer(stack, play.cast))
    portfolio = Portfolio(play)
    pages = [page.id for page in play.module.pages]
    for page_id in pages[:-1]:
        portfolio.sign(page_id)
    for link in play.links(len(pages) - 1):
        play.judge(link, competent=True)
    portfolio.sign(pages[-1])
    list(play.links(len(pages)))  # the mail with the last link has come
    return play


def _write_down(play: Play) -> None:
    """Write down what is served, for the next start, and where, for the command line."""
    known = {
        "cast": asdict(play.cast),
        "enrolment_id": play.enrolment_id,
        "endpoint": play.stack.cloud.endpoint,
        "table": play.stack.resources["Table"],
    }
    (play.stack.cloud.home / SERVED).write_text(json.dumps(known, indent=1))


def _config(play: Play, address: str) -> dict[str, Any]:
    """Tell the candidate's app where everything is, and whom one can be."""
    people = [
        (NEWCOMERS_NAME, "has everything still to do", NEWCOMER),
        (NAMES[Role.CANDIDATE], "has signed the last page", Role.CANDIDATE),
    ]
    return {
        "api": play.stack.api,
        **play.stack.let_sign_in(address),
        "files": {"quarantine": play.stack.cloud.endpoint, "evidence": play.stack.cloud.endpoint},
        "local": {
            "form": f"{play.stack.cloud.endpoint}/login",
            "people": [
                {
                    "name": name,
                    "about": about,
                    "username": play.cast.username(role),
                    "password": PASSWORD,
                }
                for name, about, role in people
            ],
        },
    }


def _board(play: Play, app: str) -> str:
    """Say what stands where."""
    progress = play.progress()
    link = _last_link(play)
    people = [f"  {role:<18} {person}" for role, person in play.cast.people.items()]
    tokens = [f"  {role:<18} {play.client(role).token}" for role in play.cast.people]
    lines = [
        "",
        f"Candidate's app  {app}",
        f"  a button each: {NEWCOMERS_NAME} (all still to do), {NAMES[Role.CANDIDATE]}",
        "",
        f"API          {play.stack.api}/v1",
        f"Issuer       {play.stack.trusted['issuer']}",
        f"Description  {play.stack.api}/v1/docs",
        f"Mail         {play.stack.cloud.endpoint}/_ministack/ses/messages",
        f"Scanning     {_scanning(play.stack)}",
        f"Centre       {play.cast.centre_id}",
        f"Enrolment    {play.enrolment_id}",
        f"Progress     {progress['pages_competent']} of {len(progress['pages'])} pages competent",
        "",
        "People, by role:",
        *people,
        "",
        "Bearer tokens, for a day:",
        *tokens,
        "",
    ]
    if progress["state"] == "complete":
        certificate = play.certificate()
        page = f"{play.stack.api}/v1/certificates/{certificate['certificate_id']}"
        lines += ["The module is finalised. Its certificate:", f"  {page}"]
    elif link:
        # The mail may have been sent when the cloud was at another port.
        address = f"{play.stack.api}/v1/review/{link}"
        lines += ["The assessor's signed link for the last page, from that mail:", f"  {address}"]
    return "\n".join([*lines, "", "Ctrl-C stops it and keeps the state; `make reset` clears it."])


def _scanning(stack: Stack) -> str:
    """Say what looks at files for malware."""
    scanner = stack.environment("promote")["SCANNER"]
    return "off in this stage: only types and structures of files" if scanner == "off" else scanner


def _last_link(play: Play) -> str:
    """Find the token of the last link that was mailed for this very enrolment."""
    signer = operator_runtime(play.stack).signer
    for mail in reversed(play.stack.cloud.read_mail(play.cast.username(Role.ASSESSOR))):
        found = LINK.search(mail.text)
        token = found[0].rpartition("/")[2] if found else ""
        link = signer.read(token)
        if link and link.enrolment_id == play.enrolment_id:
            return token
    return ""


def _demo_module() -> Module:
    return read_module(DEMO_MODULE.read_text(encoding="utf-8")).module


if __name__ == "__main__":
    sys.exit(main())
