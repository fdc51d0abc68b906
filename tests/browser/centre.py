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
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.judgements import Judgement
from chalicelib.domain.modules import ChoiceItem, Module, Page
from chalicelib.domain.people import Identity, Role
from chalicelib.usecases import attempts, certificates, links, modules, pages
from cli.answering import complete_answers
from tests.browser.gateway import STAGE, Gateway, serving
from tests.world import ISSUER, World, new_world, request

DEMO = Path("modules/working-relationships.md")
CHOICES = "establish-3"  # a page of five choice items
STATEMENTS = "establish-1"  # the statements that they test
NAME = "Zoë Nguyễn"

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
        given = complete_answers(page, "ZN") | dict(answers or {})
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
        """Return what the candidate wrote in an attempt."""
        attempt = signed.attempt
        found = attempts.read(
            self.world.runtime,
            self.world.centre.id,
            signed.enrolment.id,
            attempt.page_id,
            attempt.number,
        )
        assert found
        return [each["text"] for each in found.document["answers"].values() if "text" in each]

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
            self.world.judge(by[0], self.sign(page.id, module=module, by=by).attempt)
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
