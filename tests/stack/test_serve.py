"""`make serve`: stopped with Ctrl-C and started again, it goes on where it was."""

import hashlib
import json
import re
import signal
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cli.cloud import http
from cli.playing import LINK, Client, boxes, open_link, send_form, wait_for

pytestmark = pytest.mark.xdist_group("serve")


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Run the command until it says that it is ready, then stop it as a person does."""
    command = [sys.executable, "-m", "cli.serve", "--home", str(home)]
    with subprocess.Popen(  # noqa: S603 (our own command)
        command, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        try:
            yield said
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=60)[0]
        assert "state is kept" in rest
        assert process.returncode == 0


def operate(home: Path, *arguments: str) -> dict[str, str]:
    """Run the operator's command line against what is served."""
    command = [sys.executable, "-m", "cli.main", *arguments, "--home", str(home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (ours)
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


def found(pattern: str, said: str) -> str:
    match = re.search(pattern, said)
    assert match, said
    return match[1]


def signed_in(app: str) -> str:
    """Press the first button of the candidate's app; return the token that it gets."""
    page = http.request("GET", app)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    config = http.request("GET", f"{app}config.json").json()
    verifier = "v" * 43
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    person = config["local"]["people"][0]
    client = {"client_id": config["client_id"], "redirect_uri": app}
    request = {
        **client,
        "response_type": "code",
        "scope": config["scope"],
        "state": "here",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    asked = http.request("GET", config["authorization_endpoint"], fields=request)
    assert b"password" in asked.data
    form = request | {"username": person["username"], "password": person["password"]}
    back = http.request(
        "POST", config["local"]["form"], fields=form, encode_multipart=False, redirect=False
    )
    assert back.headers["location"].startswith(app)
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    trade = {
        **client,
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
    }
    traded = http.request("POST", config["token_endpoint"], fields=trade, encode_multipart=False)
    token: str = traded.json()[config["token"]]
    return token


def test_the_candidate_at_the_last_page_is_still_there_after_a_restart(tmp_path: Path) -> None:
    with served(tmp_path) as first:
        assert "17 of 18 pages competent" in first
    with served(tmp_path) as second:
        assert "17 of 18 pages competent" in second
        assert found(r"Enrolment +(\S+)", first) == found(r"Enrolment +(\S+)", second)
        api = found(r"API +(\S+)/v1\n", second)
        newcomer = Client(api, signed_in(found(r"app +(\S+)\n", second)))
        (membership,) = newcomer.ask("GET", "/v1/me").json()["memberships"]
        assert (membership["name"], membership["roles"]) == ("Tomasz Eze", ["candidate"])
        enrolments = f"/v1/centres/{membership['centre_id']}/enrolments"
        (enrolment,) = newcomer.ask("GET", enrolments).json()["items"]
        assert enrolment["candidate_id"] == membership["person_id"]
        candidate = Client(api, found(r"candidate +(ey\S+)\n", second))
        link = LINK.search(second)
        assert link
        opened = open_link(link[0])
        assert opened.status == 200
        assert b"agreement.docx" in opened.body
        assert send_form(link[0], competent=True, **boxes(opened)).status == 303
        made = operate(tmp_path, "centre", "create", "Quayside Training", "--links", "off")
        rule = "evidence=certificate-issued+84,hold"
        changed = operate(
            *(tmp_path, "centre", "change", made["centre_id"], "--time-zone", "Asia/Kolkata"),
            *("--retention", rule, "--public-name", "Quayside"),
        )
        assert operate(tmp_path, "centre", "show", made["centre_id"]) == changed
        assert (changed["links"], changed["time_zone"]) == ("off", "Asia/Kolkata")
        person = operate(
            *(tmp_path, "centre", "add-person", made["centre_id"], "Ann Other"),
            *("--role", "administrator", "--issuer", "https://issuer.example", "--subject", "1"),
        )
        assert person["person_id"]

        path = (
            f"/v1/centres/{found(r'Centre +([0-9A-Z]+)', second)}"
            f"/enrolments/{found(r'Enrolment +([0-9A-Z]+)', second)}/certificate"
        )
        certificate = wait_for(
            lambda: (reply := candidate.send("GET", path)).status == 200 and reply.json(),
            "the certificate",
        )
    with served(tmp_path) as third:
        assert "18 of 18 pages competent" in third
        assert certificate["certificate_id"] in third
