"""The candidate's app in front of a centre, and an issuer where its people sign in."""

import base64
import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, expect

from chalicelib.domain.access import Actor
from chalicelib.domain.answers import documents, from_documents
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.modules import Module
from chalicelib.domain.people import Identity, Role
from chalicelib.usecases import attempts, enrolments, pages
from chalicelib.usecases.attempts import SignedAttempt
from cli.candidate import Site
from cli.candidate import serving as serving_site
from tests.api.tokens import claims, key_set, rsa_key, signed
from tests.browser.centre import NAME, Centre
from tests.browser.gateway import STAGE
from tests.world import ISSUER

MODULE = """---
format: 1
id: every-kind
number: M2
title: A page of every kind
version: 1
language: en-GB
standards: SFJGB4
---

# Element: Every kind {#every}

## Page: A bit of everything {#every-1}
Answer in your own words.

> I keep to what was agreed. {#s1}

> I ask before I share. {#s2}

### Group: What would you do?
One answer, unless it says more.

? What comes first? {#c1}
- [ ] Wait
- [x] Ask
- [ ] Tell
- [ ] Leave

? Which of these help? {#c2 choose: 2}
- [x] Listening
- [x] Writing it down
- [ ] Guessing
- [ ] Hurrying

?? Why does a person's own view matter? (5-40 words) {#q1}

?? Who do you tell, and when? {#q2}

## Page: One more {#every-2}

> I look back at what I learnt. {#s3}
"""
PAGE = "every-1"


class _Issuer(ThreadingHTTPServer):
    """Signs people in by the code flow with PKCE; nobody has to type who they are."""

    daemon_threads = True

    def __init__(self, centre: Centre) -> None:
        super().__init__(("127.0.0.1", 0), _IssuerHandler)
        self.centre = centre
        self.subject = ""
        self.codes: dict[str, tuple[str, str]] = {}

    def token(self, subject: str) -> str:
        now = int(self.centre.world.clock().timestamp())
        return signed(claims(subject, iat=now, exp=now + 3600))


class _IssuerHandler(BaseHTTPRequestHandler):
    server: _Issuer

    def do_GET(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        code = uuid.uuid4().hex
        self.server.codes[code] = self.server.subject, asked["code_challenge"]
        back = urlencode({"code": code, "state": asked["state"]})
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{back}")
        self.end_headers()

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        subject, challenge = self.server.codes.pop(form["code"][0])
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        fits = base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge
        self.send_response(200 if fits else 400)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(json.dumps({"id_token": self.server.token(subject)}).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Enrolled:
    """A candidate with an enrolment, and what stands in the table of it."""

    centre: Centre
    person: Actor
    enrolment: Enrolment
    subject: str

    def draft(self, page_id: str = PAGE) -> dict[str, Any]:
        runtime = self.centre.world.runtime
        found = pages.get_page(runtime, self.person, self.enrolment.id, page_id)
        return documents(found.draft.answers)

    def save(self, answers: dict[str, Any], page_id: str = PAGE) -> None:
        """Save as if by another device."""
        of = (self.centre.world.runtime, self.person, self.enrolment.id, page_id)
        pages.save_draft(*of, from_documents(answers), pages.get_page(*of).etag)

    def attempts(self, page_id: str = PAGE) -> list[SignedAttempt]:
        runtime = self.centre.world.runtime
        of = (runtime, self.person, self.enrolment.id, page_id)
        signed = enrolments.attempts(runtime, self.enrolment, page_id)
        return [attempts.get_attempt(*of, each.number) for each in signed]


@dataclass(frozen=True)
class App:
    """The app, as people open it."""

    centre: Centre
    site: Site
    issuer: _Issuer
    module: Module

    def enrol(self, module: Module | None = None) -> Enrolled:
        chosen = module or self.module
        subject = uuid.uuid4().hex
        identity = Identity(ISSUER.issuer, subject)
        world = self.centre.world
        person = world.person(NAME, Role.CANDIDATE, identity=identity)
        enrolment = world.enrol(
            candidate_id=person.id, module_id=chosen.id, module_version=chosen.version
        )
        return Enrolled(self.centre, person, enrolment, subject)

    def sign_in(self, device: BrowserContext, who: Enrolled) -> Page:
        """Open the app on a device, and sign in."""
        self.issuer.subject = who.subject
        tab = device.new_page()
        tab.goto(self.site.address)
        tab.get_by_role("button", name="Sign in").click()
        expect(tab.get_by_role("heading", name="Your modules")).to_be_visible()
        return tab

    def open(self, tab: Page, who: Enrolled, page_id: str = PAGE) -> Page:
        """Go to a page, as a bookmark does."""
        enrolment = who.enrolment
        tab.goto(f"{self.site.address}#/{enrolment.centre_id}/{enrolment.id}/{page_id}")
        expect(tab.locator(".bar")).to_be_attached()
        return tab


@contextmanager
def opened(centre: Centre) -> Iterator[App]:
    """Serve the app for a centre."""
    world = centre.world
    world.keys = key_set(rsa_key())
    with ExitStack() as stack:
        site = stack.enter_context(serving_site())
        issuer = stack.enter_context(_Issuer(centre))
        thread = Thread(target=issuer.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        stack.callback(thread.join)
        stack.callback(issuer.shutdown)
        where = f"http://127.0.0.1:{issuer.server_port}"
        site.config = {
            "api": centre.gateway.origin + STAGE,
            "authorization_endpoint": f"{where}/authorize",
            "token_endpoint": f"{where}/token",
            "client_id": ISSUER.audience,
            "scope": "openid",
            "token": "id_token",
        }
        origins = (site.address.rstrip("/"),)
        world.runtime = replace(
            world.runtime, settings=replace(world.runtime.settings, cors_origins=origins)
        )
        yield App(centre, site, issuer, centre.publish(MODULE))


def status(tab: Page) -> Locator:
    """Find what the app says of what was typed."""
    return tab.locator(".bar").get_by_role("status")


def item(tab: Page, text: str) -> Locator:
    """Find an item by what it asks."""
    return tab.get_by_role("group", name=text)
