"""The main job, played over HTTP through the deployed API, as front-ends and people do it."""

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode, urljoin

import urllib3

from chalicelib.domain.modules import Module
from chalicelib.domain.people import Role
from cli.answering import complete_answers
from cli.cast import Cast
from cli.cloud import CloudError, Mail, http
from cli.stack import Stack

PATIENCE = 60  # seconds for whatever an event brings
INITIALS = "ZN"
LINK = re.compile(r"http://\S+/v1/review/\S+")
BOX = re.compile(r'name="(evidence/[^"]+)"')
NOTHING: Mapping[str, Any] = {}
OK, CREATED, ACCEPTED, SEE_OTHER = 200, 201, 202, 303


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 (any JSON)
        """Read the body."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody's client of the API."""

    base: str
    token: str = ""

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        **headers: str,
    ) -> Reply:
        """Send a request; header names are given as `if_match` and so on."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            named["authorization"] = f"Bearer {self.token}"
        content = None
        if body is not None:
            named["content-type"] = "application/json"
            content = json.dumps(body)
        if method == "POST":
            named.setdefault("idempotency-key", uuid.uuid4().hex)
        return reply_of(http.request(method, self.base + path, body=content, headers=named))

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """Send a request that has to succeed."""
        reply = self.send(method, path, body, **headers)
        if reply.status not in {OK, CREATED, ACCEPTED}:
            message = f"{method} {path} answered {reply.status}: {reply.body.decode()[:2000]}"
            raise CloudError(message)
        return reply


@dataclass
class Play:
    """One candidate working through one module at one centre."""

    stack: Stack
    cast: Cast
    module: Module
    enrolment_id: str = ""
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, role: str) -> Client:
        """Return the client of whoever has the role, signed in once."""
        if role not in self.clients:
            self.clients[role] = Client(
                self.stack.api, self.stack.sign_in(self.cast.username(role))
            )
        return self.clients[role]

    @property
    def centre(self) -> str:
        """The path of the centre."""
        return f"/v1/centres/{self.cast.centre_id}"

    @property
    def enrolment(self) -> str:
        """The path of the enrolment."""
        return f"{self.centre}/enrolments/{self.enrolment_id}"

    def publish(self, source: str) -> None:
        """Publish the module."""
        administrator = self.client(Role.ADMINISTRATOR)
        administrator.ask("POST", f"{self.centre}/modules", {"source": source})

    def enrol(self) -> None:
        """Enrol the candidate with the assessor."""
        self.enrolment_id = self.enrol_also(self.cast.people[Role.CANDIDATE])

    def enrol_also(self, candidate_id: str) -> str:
        """Enrol somebody else in the same module, and return the enrolment's id."""
        body = {
            "candidate_id": candidate_id,
            "assessor_id": self.cast.people[Role.ASSESSOR],
            "module_id": self.module.id,
            "module_version": self.module.version,
        }
        administrator = self.client(Role.ADMINISTRATOR)
        reply = administrator.ask("POST", f"{self.centre}/enrolments", body)
        enrolment_id: str = reply.json()["id"]
        return enrolment_id

    def sign(self, page_id: str, evidence: Mapping[str, Any] = NOTHING) -> str:
        """Answer a page, with evidence by item, and sign it; return the path of the attempt."""
        candidate = self.client(Role.CANDIDATE)
        path = f"{self.enrolment}/pages/{page_id}"
        page = self.module.page(page_id)
        shown = candidate.ask("GET", path)
        answers = complete_answers(page, INITIALS) | dict(evidence) if page else {}
        saved = candidate.ask("PUT", path, {"answers": answers}, if_match=shown.headers["etag"])
        signature = {
            "declaration": shown.json()["declaration"]["version"],
            "signature": "Zoë Nguyễn",
        }
        receipt = candidate.ask(
            "POST", f"{path}/attempts", signature, if_match=saved.headers["etag"]
        )
        return f"{path}/attempts/{receipt.json()['number']}"

    def links(self, count: int) -> Iterator[str]:
        """Yield the first signed links that reach the assessor's mail, as they come in."""
        for number in range(count):
            mail = wait_for(partial(self._mail, number), "the mail with the signed link")
            yield found_in(mail[0], LINK)

    def _mail(self, first: int) -> list[Mail]:
        return self.stack.cloud.read_mail(self.cast.username(Role.ASSESSOR))[first:]

    def judge(self, link: str, *, competent: bool, feedback: str = "") -> None:
        """Open a signed link as a person does, and send its form."""
        opened = expect(open_link(link), "the signed link")
        sent = send_form(link, competent=competent, feedback=feedback, **boxes(opened))
        expect(sent, "the form of the signed link", SEE_OTHER)
        expect(open_link(urljoin(link, sent.headers["location"])), "the recorded judgement")

    def progress(self) -> dict[str, Any]:
        """Return the enrolment as its candidate sees it."""
        progress: dict[str, Any] = self.client(Role.CANDIDATE).ask("GET", self.enrolment).json()
        return progress

    def certificate(self) -> dict[str, Any]:
        """Wait for the certificate that the event-driven step issues."""
        candidate = self.client(Role.CANDIDATE)

        def issued() -> Any:  # noqa: ANN401 (JSON)
            reply = candidate.send("GET", f"{self.enrolment}/certificate")
            return reply.json() if reply.status == OK else None

        certificate: dict[str, Any] = wait_for(issued, "the certificate")
        return certificate

    def certificate_pdf(self) -> bytes:
        """Download the certificate as PDF, by the link that the API gives."""
        link = self.client(Role.CANDIDATE).ask("GET", f"{self.enrolment}/certificate/pdf").json()
        return download(link["url"])


def wait_for(look: Callable[[], Any], what: str) -> Any:  # noqa: ANN401 (whatever is looked for)
    """Look again and again until there is something, or too much time has gone by."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    message = f"{what} did not come within {PATIENCE} seconds; see cloud.log"
    raise CloudError(message)


def open_link(link: str, method: str = "GET") -> Reply:
    """Open an address as a browser, or a mail scanner, does."""
    return reply_of(http.request(method, link, headers={"accept": "text/html"}))


def boxes(opened: Reply) -> dict[str, str]:
    """Tick all that a review page asks about evidence."""
    return dict.fromkeys(BOX.findall(opened.body.decode()), "Y")


def send_form(link: str, *, competent: bool, feedback: str = "", **ticked: str) -> Reply:
    """Send the form of a review page, with the boxes that are ticked."""
    decided = {"competent": "Y" if competent else "N", "initials": "SK", "feedback": feedback}
    return post_form(link, decided | ticked)


def post_form(link: str, form: Mapping[str, str]) -> Reply:
    """Send a form as a browser does that has no JavaScript."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return reply_of(
        http.request("POST", link, body=urlencode(form), headers=headers, redirect=False)
    )


def download(address: str) -> bytes:
    """Fetch a file."""
    return expect(reply_of(http.request("GET", address)), "the download").body


def expect(reply: Reply, what: str, status: int = OK) -> Reply:
    """Return what came back, if it is what should come back."""
    if reply.status != status:
        message = f"{what} answered {reply.status}"
        raise CloudError(message)
    return reply


def found_in(mail: Mail, link: re.Pattern[str]) -> str:
    """Take a link out of a mail."""
    found = link.search(mail.text)
    if not found:
        message = f"the mail {mail.subject!r} came without its link"
        raise CloudError(message)
    return found[0]


def reply_of(response: urllib3.BaseHTTPResponse) -> Reply:
    """Take what came back."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status, headers, response.data)
