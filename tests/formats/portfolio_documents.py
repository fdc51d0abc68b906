"""Portfolio documents as exports carry them, built by hand from a module's source."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.domain.answers import from_documents
from chalicelib.domain.attachments import MEDIA_TYPES, Attachment, AttachmentState
from chalicelib.domain.attempts import Signing, signed_document
from chalicelib.domain.certificates import SCOPE
from chalicelib.domain.contributions import Author, PartSigning, part_document
from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.enrolments import PageState
from chalicelib.domain.modules import EvidenceRequest, Page
from chalicelib.domain.portfolios import coverage
from chalicelib.domain.times import stamp
from chalicelib.domain.views import module_digest, module_view, page_digest
from chalicelib.formats.module_reader import read_module
from cli.answering import complete_answers, complete_evidence

DEMO = Path("modules/working-relationships.md")
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FEEDBACK = "Tell me about one time when you did this, and what came of it."
ARABIC, CHINESE = "ليلى بنت خالد", "王小明"
FINE = dict.fromkeys(("valid", "authentic", "current", "sufficient", "reliable"), True)
RICH_MODULE = """---
format: 1
id: showing-work
number: M2
title: Showing how people are moved
programme: Care at home
version: 3
language: en-GB
standards: SFJGB4, CC=urn:example:care-certificate
verification: sample
---

# Form: Handover {#handover}

- **Day**: {#day type: date}
- **Place**: {#place}
- **What was said**: {#said type: text}
- **Minutes**: {#minutes type: number least: 1 most: 60}
- **Colleague present**: {#present type: yes-no}
- **How it was done**: {#how type: choices}
- [ ] aloud
- [ ] in writing

! A colleague is present. {#with-a-colleague needs: present is yes}

# Element: Plan the move {#plan}

## Page: Before the move {#plan-1}

Answer in your own words.

> Nothing is moved before the plan has been read. [P1, CC:2.1] {#plan-s1}

> A second person is asked where the plan says so. [P2] {#plan-s2}

### Group: What would you do?

One answer, unless it says more.

? Choose one of three [P10] {#plan-c1}
- [ ] I start, and read the plan later.
- [x] I read the plan and ask what has changed.
- [ ] I looked at it last month.
: PLANTED-GUIDANCE The plan is read each time.

? Which of these help? [P2] {#plan-c2 choose: 2}
- [x] Listening
- [x] Writing it down
- [ ] Guessing

?? Why does a person's own view matter? [K6] (3-300 words) {#plan-q1}
: PLANTED-GUIDANCE Look for choice and dignity.

# Element: Show it {#show}

## Page: What was done {#show-1}

!! Pictures of the room, prepared. [P1] {#pictures files: 1-5, vacsr: yes}
: PLANTED-GUIDANCE Look for the floor.

!! A handover of yours. [P10] {#handed form: handover}

## Page: What others saw {#show-2}

!! A move, observed. [P2, CC:2.1] {#observed form: observation, vacsr: yes}

!! What a colleague saw. {#told form: witness-testimony}

## Page: Looking back {#show-3}

> I look back at what I learnt. [CC:2.10] {#show-s1}
"""


class Portfolio:
    """A portfolio that grows: attachments, attempts and what became of them, by a clock."""

    def __init__(self, source: str = RICH_MODULE, candidate: str = "Zoë Nguyễn") -> None:
        self.module = read_module(source).module
        self.clock = START
        self.people = {
            "candidate": candidate,
            "assessor": "Asa Essor",
            "trainee": "Tra Inee",
            "verifier": "Ivy Verifier",
            "administrator": "Ada Admin",
        }
        self.state = "active"
        self.changes: list[dict[str, Any]] = []
        self.attachments: list[dict[str, Any]] = []
        self.certificates: list[dict[str, Any]] = []
        self.attempts: dict[str, list[dict[str, Any]]] = {page.id: [] for page in self.module.pages}

    def now(self) -> str:
        self.clock += timedelta(hours=5)
        return stamp(self.clock)

    def page(self, page_id: str) -> Page:
        page = self.module.page(page_id)
        assert page
        return page

    def attach(self, media_type: str = "image/jpeg", **more: Any) -> str:
        """Add a file, and return its id."""
        number = len(self.attachments) + 1
        attachment_id = f"01JFILE{number:019}"
        extension = MEDIA_TYPES[media_type].extensions[0]
        pictured = media_type.startswith("image/")
        self.attachments.append(
            {
                "id": attachment_id,
                "number": number,
                "name": f"room-{number}.{extension}",
                "media_type": media_type,
                "size": 48_213 * number,
                "sha256": digest(attachment_id.encode()),
                "caption": "Where we meet, before anybody came in",
                "alt_text": "An empty room with a bed and a clear floor" if pictured else "",
                "file": f"attachments/{number:04}-{attachment_id}.{extension}",
                "thumbnail": f"thumbnails/{attachment_id}.jpg" if pictured else "",
                "withheld": False,
                "replaced_by": "",
                "redacts": "",
                **more,
            }
        )
        return attachment_id

    def withhold(self, attachment_id: str, instead: str = "") -> None:
        """Withhold a file, and show another one in its place."""
        for each in self.attachments:
            if each["id"] == attachment_id:
                each |= {"withheld": True, "file": "", "thumbnail": "", "replaced_by": instead}
            if each["id"] == instead:
                each["redacts"] = attachment_id

    def sign(
        self, page_id: str, *files: str, answers: Mapping[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Sign a page, answered by key unless said otherwise, with what others contribute."""
        page = self.page(page_id)
        given = complete_answers(page, "ZN", files) | dict(answers or {})
        number = len(self.attempts[page_id]) + 1
        parts = [self._part(page, item, number) for item in _contributed(page)]
        signed_at = self.now()
        document = signed_document(
            Signing(
                salt="s" * 43,
                centre_id="centre",
                candidate_id="candidate",
                enrolment_id="enrolment",
                page_id=page_id,
                attempt=number,
                module_id=self.module.id,
                module_version=self.module.version,
                page_digest=page_digest(page),
                declaration="1",
                signature=self.people["candidate"],
                signed_at=self.clock,
                attachments=[self._named(each).document() for each in files],
                contributions=[
                    {name: part[name] for name in ("item_id", "number", "content_hash")}
                    for part in parts
                ],
            ),
            from_documents(given),
        )
        attempt: dict[str, Any] = {
            "number": number,
            "file": f"attempts/{page_id}/{number:04}.json",
            "content_hash": digest(canonical(document)),
            "signed_at": signed_at,
            "assessor_id": "assessor",
            "departures": 0,
            "withdrawn_at": "",
            "document": document,
            "contributions": parts,
            "judgement": None,
            "countersignature": None,
            "set_aside": None,
            "departure_review": None,
            "verifications": [],
        }
        attempt |= more
        self.attempts[page_id].append(attempt)
        return attempt

    def judge(self, attempt: dict[str, Any], *, competent: bool = True, **more: Any) -> None:
        attempt["judgement"] = {
            "competent": competent,
            "initials": "AE",
            "feedback": "" if competent else FEEDBACK,
            "judged_by": "assessor",
            "judged_at": self.now(),
            "method": "link",
            "address": "assessor@example.org",
            "authorisation_id": "01JAUTHORISATION0000000000",
            "qualification": "CAVA",
            "countersigner_id": "",
            "occurred_on": "",
            "evidence": {},
            **more,
        }

    def countersign(self, attempt: dict[str, Any]) -> None:
        found = {"by": "assessor", "at": self.now(), "occurred_on": "2026-03-04"}
        attempt["countersignature"] = found

    def set_aside(self, attempt: dict[str, Any], reason: str) -> None:
        found = {"by": "verifier", "at": self.now(), "reason": reason, "occurred_on": ""}
        attempt["set_aside"] = found

    def verify(self, attempt: dict[str, Any], note: str = "") -> None:
        """Uphold a judgement, or object to it by a note."""
        attempt["verifications"].append(
            {
                "id": f"01JVERIFIED{len(attempt['verifications']):015}",
                "outcome": "action-required" if note else "upheld",
                "verified_by": "verifier",
                "verified_at": self.now(),
                "note": note,
                "occurred_on": "",
                "qualification": "IQA",
            }
        )

    def review_departures(self, attempt: dict[str, Any], note: str) -> None:
        attempt["departures"] = 1
        attempt["departure_review"] = {"by": "verifier", "at": self.now(), "note": note}

    def change(self, before: dict[str, Any], after: dict[str, Any], reason: str = "") -> None:
        self.changes.append(
            {
                "revision": len(self.changes) + 1,
                "changed_at": self.now(),
                "changed_by": "administrator",
                "reason": reason,
                "before": before,
                "after": after,
                "occurred_on": "",
            }
        )

    def certify(self, state: str = "valid", reason: str = "", superseded_by: str = "") -> None:
        issue = len(self.certificates) + 1
        issued_at = self.now()
        self.certificates.append(
            {
                "issue": issue,
                "id": f"01JCERTIFICATE{issue:012}",
                "state": state,
                "reason": reason,
                "issued_at": issued_at,
                "superseded_by": superseded_by,
                "file": f"certificates/{issue:04}/certificate.json",
                "record": self._record(issue, issued_at),
            }
        )

    def document(self) -> dict[str, Any]:
        states = {page_id: _state(found) for page_id, found in self.attempts.items()}
        return {
            "format": 1,
            "export_id": "01JEXPORT00000000000000000",
            "created_at": self.now(),
            "centre": {
                "id": "centre",
                "name": "Harbour Care Training",
                "time_zone": "Europe/London",
            },
            "people": {person_id: {"name": name} for person_id, name in self.people.items()},
            "enrolment": {
                "id": "enrolment",
                "candidate_id": "candidate",
                "assessor_id": "assessor",
                "page_assessors": {},
                "state": self.state,
                "created_at": stamp(START),
                "created_by": "administrator",
                "due_on": "2026-09-30",
                "occurred_on": "",
                "completed_at": stamp(self.clock) if self.state == "complete" else "",
                "renews": "",
            },
            "changes": self.changes,
            "module": module_view(self.module, with_key=False),
            "pages": [
                {"page_id": page_id, "state": str(states[page_id]), "attempts": found}
                for page_id, found in self.attempts.items()
            ],
            "attachments": self.attachments,
            "certificates": self.certificates,
            "coverage": coverage(self.module, states),
            "trail": {"entries": 41, "hash": digest(b"trail")},
        }

    def _part(self, page: Page, item: EvidenceRequest, number: int) -> dict[str, Any]:
        witness = item.by == "witness"
        self.now()
        signing = PartSigning(
            salt="s" * 43,
            centre_id="centre",
            candidate_id="candidate",
            enrolment_id="enrolment",
            page_id=page.id,
            item_id=item.id,
            number=number,
            module_id=self.module.id,
            module_version=self.module.version,
            page_digest=page_digest(page),
            author=Author(name="Wanda Witness", status="Nurse", relationship="line manager")
            if witness
            else Author(name="Asa Essor", status="CAVA", person_id="assessor"),
            declaration="1",
            signature="Wanda Witness" if witness else "Asa Essor",
            signed_at=self.clock,
            invited_by="candidate" if witness else "",
        )
        document = part_document(
            signing, from_documents({item.id: complete_evidence(item)})[item.id], []
        )
        return {
            "item_id": item.id,
            "number": number,
            "content_hash": digest(canonical(document)),
            "file": f"contributions/{page.id}/{item.id}/{number:04}.json",
            "document": document,
        }

    def _named(self, attachment_id: str) -> Attachment:
        (found,) = [each for each in self.attachments if each["id"] == attachment_id]
        names = ("id", "number", "name", "media_type", "size", "sha256", "caption", "alt_text")
        return Attachment(
            **{name: found[name] for name in names},
            centre_id="centre",
            candidate_id="candidate",
            state=AttachmentState.CLEAN,
            created_at=self.clock,
            created_by="candidate",
            version="v1",
        )

    def _record(self, issue: int, issued_at: str) -> dict[str, Any]:
        module = self.module
        return {
            "format": 1,
            "certificate_id": f"01JCERTIFICATE{issue:012}",
            "address": "https://testamur.example/v1/certificates/01J",
            "issue": issue,
            "issued_at": issued_at,
            "scope": SCOPE,
            "centre": {
                "id": "centre",
                "name": "Harbour Care Training",
                "time_zone": "Europe/London",
            },
            "holder": {"person_id": "candidate", "name": self.people["candidate"]},
            "enrolment_id": "enrolment",
            "module": {
                "id": module.id,
                "version": module.version,
                "number": module.number,
                "title": module.title,
                "certificate_title": module.certificate_title or module.title,
                "programme": module.programme,
                "standards": [each.urn for each in module.standards],
                "digest": module_digest(module),
            },
            "verification": {"policy": str(module.verification), "pages_verified": 1},
            "pages": [
                self._certified(page, self.attempts[page.id][-1])
                for page in module.pages
                if self.attempts[page.id]
            ],
        }

    def _certified(self, page: Page, attempt: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": page.id,
            "title": page.title,
            "attempt": attempt["number"],
            "content_hash": attempt["content_hash"],
            "signed_at": attempt["signed_at"],
            "judged_at": attempt["signed_at"],
            "judged_by": "assessor",
            "initials": "AE",
            "method": "link",
            "authorisation_id": "01JAUTHORISATION0000000000",
            "qualification": "CAVA",
            "countersigned_by": "",
            "verified_by": "",
            "verified_at": "",
            "verification_id": "",
        }


def _contributed(page: Page) -> Sequence[EvidenceRequest]:
    return [
        item for item in page.items if isinstance(item, EvidenceRequest) and item.by != "candidate"
    ]


def _state(attempts: Sequence[Mapping[str, Any]]) -> PageState:
    last = attempts[-1] if attempts else None
    if last is None or last["withdrawn_at"] or last["set_aside"]:
        return PageState.OPEN
    if last["judgement"] is None:
        return PageState.SIGNED
    return PageState.COMPETENT if last["judgement"]["competent"] else PageState.RETURNED


def empty() -> dict[str, Any]:
    """Nothing signed, nothing attached, nothing certified."""
    return Portfolio().document()


def rich(candidate: str = "Zoë Nguyễn") -> dict[str, Any]:
    """Something of everything, in a portfolio that was certified, and reopened."""
    made = Portfolio(candidate=candidate)
    people = {"assessor_id": "trainee"}, {"assessor_id": "assessor"}
    made.change(*people, "Tra is away for a month.")
    first = made.sign("plan-1", answers={"plan-q1": {"text": "Because."}})
    made.judge(first, competent=False)
    second = made.sign("plan-1", answers={"plan-s2": {"understood": False, "initials": "ZN"}})
    made.judge(second, judged_by="trainee", countersigner_id="assessor", method="token")
    made.countersign(second)
    made.verify(second, "Ask about the second statement.")
    made.verify(second)
    rooms = [made.attach(), made.attach(), made.attach("application/pdf", name="plan.pdf")]
    made.withhold(rooms[0], made.attach(name="room-covered.jpg", caption="The same, covered"))
    handed = {
        "values": {
            "day": "2026-02-27",
            "place": "The ward",
            "said": "What had changed.",
            "minutes": 10,
            "present": False,
            "how": ["a", "b"],
        },
        "reasons": {"with-a-colleague": "She was called away."},
    }
    third = made.sign("show-1", *rooms, answers={"handed": handed})
    made.review_departures(third, "Right in this case.")
    made.judge(third, evidence={"pictures": FINE}, feedback="A clear floor.")
    fourth = made.sign("show-2")
    made.judge(fourth, evidence={"observed": FINE}, occurred_on="2026-03-05")
    made.certify("suspended", "A judgement that it rests on has been set aside.")
    made.set_aside(fourth, "Nobody may judge what they observed alone.")
    made.sign("show-2", withdrawn_at=made.now())
    made.sign("show-2")
    return made.document()


def demo(candidate: str = "Zoë Nguyễn") -> dict[str, Any]:
    """Have the module that ships worked through but for its last pages."""
    made = Portfolio(DEMO.read_text(encoding="utf-8"), candidate)
    pages = made.module.pages
    for number, page in enumerate(pages[:15], start=1):
        wanted = max((getattr(item, "least_files", 0) for item in page.items), default=0)
        files = [made.attach() for _ in range(wanted + 1)] if wanted else []
        if number == 2:
            made.judge(made.sign(page.id, *files), competent=False)
        attempt = made.sign(page.id, *files)
        if number == 14:
            made.judge(attempt, competent=False)
        elif number < 14:
            made.judge(attempt)
        if number in {2, 5}:
            made.verify(attempt)
    return made.document()


def large(pages: int = 90, attempts: int = 100) -> dict[str, Any]:
    """As many pages as a module may have, the first of them signed as often as it may be."""
    source = RICH_MODULE.partition("# Element")[0] + "# Element: Many {#many}\n"
    for number in range(1, pages + 1):
        source += f"\n## Page: Page {number} {{#page-{number}}}\n"
        source += "".join(
            f"\n?? What of it? [P{number}] {{#page-{number}-q{item}}}\n" for item in range(1, 6)
        )
    made = Portfolio(source)
    for number, page in enumerate(made.module.pages):
        for attempt in range(1 if number else attempts):
            texts = {
                item.id: {"text": f"{attempt} {item.id} " + "I asked what matters first. " * 60}
                for item in page.items
            }
            made.judge(made.sign(page.id, answers=texts), competent=False)
    return made.document()
