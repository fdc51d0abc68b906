"""A training centre at work, for the browser: candidates sign, and links arrive by mail."""

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import ConnectTimeoutError

from app import build_app
from chalicelib.domain.access import Actor
from chalicelib.domain.answers import from_documents
from chalicelib.domain.attempts import CURRENT_DECLARATION, Attempt, Signature
from chalicelib.domain.contributions import CURRENT_DECLARATION as CONTRIBUTED
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.judgements import Appraisal, Decision, Judgement, asking
from chalicelib.domain.modules import ChoiceItem, EvidenceRequest, Module, Page
from chalicelib.domain.people import Identity, Role
from chalicelib.domain.testimony import Witness
from chalicelib.usecases import (
    attempts,
    certificates,
    contributions,
    links,
    modules,
    pages,
    testimony,
)
from chalicelib.usecases.testimony import Account
from cli.answering import complete_answers, complete_evidence
from tests.attachments import picture
from tests.browser.gateway import STAGE, Gateway, serving
from tests.world import ISSUER, World, new_world, request

DEMO = Path("modules/working-relationships.md")
CHOICES = "establish-3"  # a page of five choice items
STATEMENTS = "establish-1"  # the statements that they test
NAME = "Zoë Nguyễn"
PHOTO = {
    "name": "room.jpg",
    "media_type": "image/jpeg",
    "caption": "Where we meet, before anybody came in",
    "alt_text": "An empty room with a bed",
}
STATUS = {"relationship": "line manager", "status": "Registered nurse"}
FINE = Appraisal(valid=True, authentic=True, current=True, sufficient=True, reliable=True)

Answers = Mapping[str, dict[str, Any]]


@dataclass(frozen=True)
class Signed:
    """A signed page, and the link that was mailed for it."""

    enrolment: Enrolment
    attempt: Attempt
    candidate: Actor
    link: str


@dataclass
class Centre:
    """A world whose application is served to the browser."""

    world: World
    gateway: Gateway

    @property
    def module(self) -> Module:
        return self.world.module

    def publish(self, source: str) -> Module:
        """Publish another module."""
        administrator = self.world.administrator
        return modules.publish(self.world.runtime, administrator, source, request(administrator))

    def enrol(
        self, name: str = NAME, module: Module | None = None, **more: Any
    ) -> tuple[Enrolment, Actor]:
        """Enrol somebody new."""
        identity = Identity(ISSUER.issuer, uuid.uuid4().hex)
        candidate = self.world.person(name, Role.CANDIDATE, identity=identity)
        chosen = module or self.module
        enrolment = self.world.enrol(
            candidate_id=candidate.id, module_id=chosen.id, module_version=chosen.version, **more
        )
        return enrolment, candidate

    def sign(
        self,
        page_id: str,
        *,
        answers: Answers | None = None,
        name: str = NAME,
        module: Module | None = None,
        by: tuple[Enrolment, Actor] | None = None,
    ) -> Signed:
        """Have a page answered, all right unless said otherwise, signed, and its link mailed."""
        runtime = self.world.runtime
        enrolment, candidate = by or self.enrol(name, module)
        page = (module or self.module).page(page_id)
        assert page
        files = self._evidence(enrolment, candidate, page) if page in self.module.pages else []
        given = complete_answers(page, "ZN", files) | dict(answers or {})
        etag = pages.get_page(runtime, candidate, enrolment.id, page_id).etag
        draft = pages.save_draft(
            runtime, candidate, enrolment.id, page_id, from_documents(given), etag
        )
        attempt = attempts.sign(
            runtime,
            candidate,
            enrolment.id,
            page_id,
            signature=Signature(CURRENT_DECLARATION, candidate.membership.name),
            if_match=draft.etag,
            request=request(candidate),
        )
        return Signed(enrolment, attempt, candidate, self.mailed(enrolment, attempt))

    def judge(self, signed: Signed, *, competent: bool = True, feedback: str = "") -> None:
        """Have an attempt judged; whatever the assessor is asked about its evidence is well."""
        enrolment, attempt = signed.enrolment, signed.attempt
        if attempt.departures and competent:
            self.world.review_departures(enrolment, attempt.page_id)
        page = self.module.page(attempt.page_id)
        evidence = {item.id: FINE for item in asking(page)} if page else {}
        decision = Decision(
            competent=competent, initials="AE", feedback=feedback, evidence=evidence
        )
        self.world.judge(enrolment, attempt, decision=decision)

    def _evidence(self, enrolment: Enrolment, candidate: Actor, page: Page) -> list[str]:
        """Have others contribute to a page, and return what the candidate has to name: files."""
        requests = [item for item in page.items if isinstance(item, EvidenceRequest)]
        for item in requests:
            if item.by == "assessor":
                self.world.contribute(enrolment, page.id, item.id)
            elif item.by == "witness":
                self._testify(enrolment, candidate, page, item)
        count = max((item.least_files + 1 for item in requests if item.least_files), default=0)
        files = [self.world.attach(picture(), who=candidate, **PHOTO) for _ in range(count)]
        return [each.id for each in files]

    def _testify(
        self, enrolment: Enrolment, candidate: Actor, page: Page, item: EvidenceRequest
    ) -> None:
        runtime, of = self.world.runtime, (enrolment.id, page.id, item.id)
        witness = Witness(name="Will Ness", address="w@example.org", **STATUS)
        testimony.invite(runtime, candidate, *of, witness, request(candidate))
        assert testimony.mail_invitation(runtime, enrolment.centre_id, *of)
        token = self.world.outbox.sent[-1][2].split("/v1/testimony/")[1].split()[0]
        answer = from_documents({item.id: complete_evidence(item)})[item.id]
        signature = Signature(CONTRIBUTED, witness.name)
        given = Account(answer, witness.status, signature)
        testimony.sign_by_link(runtime, token, given, "form")

    def mailed(self, enrolment: Enrolment, attempt: Attempt) -> str:
        """Send the mail that is due for an attempt, and take the link out of it."""
        runtime = self.world.runtime
        where = (enrolment.centre_id, enrolment.id, attempt.page_id, attempt.number)
        assert links.mail_link(runtime, *where)
        found = re.search(r"http\S+", self.world.outbox.sent[-1][2])
        assert found
        return found[0]

    def judgement(self, signed: Signed) -> Judgement | None:
        """Read what is recorded for an attempt."""
        runtime, attempt = self.world.runtime, signed.attempt
        found = attempts.read(
            runtime, self.world.centre.id, signed.enrolment.id, attempt.page_id, attempt.number
        )
        assert found
        return found.attempt.judgement

    def texts(self, signed: Signed) -> list[str]:
        """Return what the candidate wrote in an attempt, and others for it."""
        attempt = signed.attempt
        of = (self.world.centre.id, signed.enrolment.id, attempt.page_id)
        found = attempts.read(self.world.runtime, *of, attempt.number)
        assert found
        parts = [
            contributions.read_part(self.world.runtime, *of, each["item_id"], each["number"])
            for each in found.document.get("contributions", ())
        ]
        given = [*found.document["answers"].values(), *(part.document for part in parts if part)]
        values = [value for each in given for value in each.get("values", {}).values()]
        written = [value for value in values if isinstance(value, str) and " " in value]
        return written + [each["text"] for each in given if "text" in each]

    @contextmanager
    def out_of_order(self) -> Iterator[None]:
        """Have every call to DynamoDB fail on its way."""

        def fail(**_: Any) -> None:
            raise ConnectTimeoutError(endpoint_url="dynamodb")

        events = self.world.client.meta.events
        events.register("before-send.dynamodb", fail)
        try:
            yield
        finally:
            events.unregister("before-send.dynamodb", fail)

    def withdraw(self, signed: Signed) -> None:
        """Have the candidate take back what they signed."""
        number = signed.attempt.number
        attempts.withdraw(
            self.world.runtime,
            signed.candidate,
            signed.enrolment.id,
            signed.attempt.page_id,
            number,
        )

    def certificate(self, module: Module | None = None, **between: float) -> tuple[str, Enrolment]:
        """Have somebody work through a whole module; return their certificate's address."""
        by = self.enrol(module=module)
        for page in (module or self.module).pages:
            self.judge(self.sign(page.id, module=module, by=by))
            self.world.clock.forward(**between)
        issued = certificates.finalise(self.world.runtime, by[0].centre_id, by[0].id)
        assert issued
        return f"{self.gateway.origin}{STAGE}/v1/certificates/{issued.id}", by[0]


def wrong(page: Page, *numbers: int) -> Answers:
    """Answer these choice items of a page, counted from one, with what is not right."""
    items = [page.items[number - 1] for number in numbers]
    return {
        item.id: {
            "chosen": [option.id for option in item.options if not option.right][: item.choose]
        }
        for item in items
        if isinstance(item, ChoiceItem)
    }


@contextmanager
def at_work() -> Iterator[Centre]:
    """Open a centre with the demo module, on moto."""
    with new_world(DEMO.read_text(encoding="utf-8")) as world, serving() as gateway:
        settings = replace(world.runtime.settings, public_url=gateway.origin + STAGE)
        world.runtime = replace(world.runtime, settings=settings)
        gateway.application = build_app(lambda: world.runtime)
        yield Centre(world, gateway)
