"""A small world for tests: a centre with its people and a short module, on moto's table."""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config
from moto import mock_aws

from chalicelib.domain.access import Actor
from chalicelib.domain.answers import from_documents
from chalicelib.domain.attachments import Attachment, NewFile
from chalicelib.domain.attempts import Attempt, Signature
from chalicelib.domain.centres import Centre
from chalicelib.domain.certificates import Certificate
from chalicelib.domain.departures import DepartureReview
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.exports import Export, Selection
from chalicelib.domain.judgements import Decision, Judgement
from chalicelib.domain.modules import EvidenceRequest, Module
from chalicelib.domain.people import Authorisation, Identity, Membership, Role
from chalicelib.domain.verifications import Countersignature, Finding, Outcome, Verification
from chalicelib.runtime import Cache, Issuer, Runtime, Settings
from chalicelib.storage import keys
from chalicelib.storage.anchors import Anchors
from chalicelib.storage.archives import Archives
from chalicelib.storage.changes import Change, Check, Item, Update
from chalicelib.storage.evidence import Evidence
from chalicelib.storage.exports import to_export
from chalicelib.storage.files import Files
from chalicelib.storage.quarantine import Quarantine
from chalicelib.storage.receivers import Receivers
from chalicelib.storage.scanners import Off
from chalicelib.storage.sealing import LocalSealer
from chalicelib.storage.signing import LinkSigner
from chalicelib.storage.table import Table
from chalicelib.usecases import (
    archives,
    attachments,
    attempts,
    centres,
    certificates,
    contributions,
    departures,
    enrolment_changes,
    enrolments,
    exports,
    judgements,
    memberships,
    modules,
    pages,
    people,
    promotions,
    uploads,
    verifications,
)
from chalicelib.usecases.centres import CentreSettings
from chalicelib.usecases.contributions import Part
from chalicelib.usecases.enrolment_changes import Changes
from chalicelib.usecases.enrolments import NewEnrolment
from chalicelib.usecases.judgements import Judging
from chalicelib.usecases.memberships import NewPerson
from chalicelib.usecases.requests import Request
from chalicelib.usecases.uploads import NewUpload, Upload
from chalicelib.usecases.verifications import Looked, SetAside
from cli.answering import complete_answers, complete_evidence

TABLE = "testamur"
BUCKET, QUARANTINE, EVIDENCE = "testamur-files", "testamur-quarantine", "testamur-evidence"
ARCHIVES = "testamur-archives"
AUDIT = "testamur-audit"
REGION = "eu-west-2"
ISSUER = Issuer("https://issuer.example", "testamur", "https://issuer.example/keys")
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SHORT_MODULE = """---
format: 1
id: moving-people
number: M1
title: Moving people safely
version: 1
language: en-GB
standards: SFJGB4
---

# Element: Plan the move {#plan}

## Page: Before the move {#plan-1}

> Nothing is moved before the plan has been read. [P1] {#plan-s1}

> A second person is asked where the plan says so. {#plan-s2}

## Page: Choosing well {#plan-2}

? Choose one of four [P1] {#plan-c1 tests: plan-s1}
- [ ] I start, and read the plan later.
- [x] PLANTED-KEY-OPTION I read the plan and ask what has changed.
- [ ] I looked at it last month.
- [ ] Somebody else knows it.
: PLANTED-GUIDANCE The plan is read each time.

# Knowledge: Knowledge and understanding {#kn}

## Page: Questions {#kn-1}

?? Why does a person's own view matter? [K6] (3-300 words) {#kn-q1}
: PLANTED-GUIDANCE Look for choice and dignity.
"""


EVIDENCE_MODULE = """---
format: 1
id: showing-work
number: M2
title: Showing how people are moved
version: 1
language: en-GB
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

# Element: Show it {#show}

## Page: What was done {#show-1}

!! Pictures of the room, prepared. {#pictures files: 1-3, vacsr: yes}
: PLANTED-GUIDANCE Look for the floor.

!! A handover of yours. {#handed form: handover}

## Page: What others saw {#show-2}

!! A move, observed. {#observed form: observation, vacsr: yes}
"""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class Outbox:
    """Mail that would have been sent; `broken` makes every mail fail."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)  # where a mail is not from the stage
    broken: bool = False

    def send(self, address: str, subject: str, text: str, sender: str = "") -> None:
        if self.broken:
            message = "no mail today"
            raise OSError(message)
        self.sent.append((address, subject, text))
        self.senders += [sender] if sender else []


@dataclass
class Events:
    """The bus, as far as the tests need one; `broken` makes it take nothing."""

    told: list[dict[str, Any]] = field(default_factory=list)
    broken: bool = False

    def put(self, envelopes: Sequence[dict[str, Any]]) -> None:
        if self.broken:
            message = "no bus today"
            raise OSError(message)
        self.told += envelopes


@dataclass
class Waiting:
    """A queue: each message with its wait in seconds; `broken` makes it take nothing."""

    messages: list[tuple[dict[str, Any], float]] = field(default_factory=list)
    broken: bool = False

    def send(self, *messages: dict[str, Any], wait: timedelta = timedelta()) -> None:
        if self.broken:
            message = "no queue today"
            raise OSError(message)
        self.messages += [(message, wait.total_seconds()) for message in messages]

    def take(self) -> list[tuple[dict[str, Any], float]]:
        taken, self.messages = self.messages, []
        return taken


class Inboxes(Receivers):
    """Receivers that write down what they get, and answer with the status that they are told."""

    def __init__(self) -> None:
        super().__init__(resolve=self.look_up)
        self.addresses: dict[str, tuple[str, ...]] = {}
        self.status = 204
        self.got: list[tuple[str, bytes, Mapping[str, str]]] = []

    def look_up(self, host: str, _port: int) -> tuple[str, ...]:
        return self.addresses.get(host, ("8.8.8.8",))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.got.append((url, body, headers))
        return self.status


@dataclass
class Calls:
    """Counts the calls that reach DynamoDB, by a hook on the client."""

    names: list[str] = field(default_factory=list)

    def __call__(self, model: Any, **_: Any) -> None:
        self.names.append(model.name)

    def take(self) -> list[str]:
        taken, self.names = self.names, []
        return taken


class RiggedTable(Table):
    """The real table, but for what a test breaks of it.

    `dropped` names conditions to leave out, by the beginning of the sort key and the attribute;
    `interruption` is done once, between what the next use case reads and what it writes.
    """

    dropped: tuple[str, str] | None = None
    interruption: Callable[[], object] | None = None

    def write(self, *changes: Change) -> Item:
        if self.interruption:
            interruption, self.interruption = self.interruption, None
            interruption()
        broken = map(self._broken, changes)
        return super().write(
            *(each for each in broken if each.conditions or not isinstance(each, Check))
        )

    def _broken(self, change: Change) -> Change:
        if self.dropped is None or not change.key.sk.startswith(self.dropped[0]):
            return change
        kept = tuple(each for each in change.conditions if each.attribute != self.dropped[1])
        return replace(change, conditions=kept)


def create_table(client: Any) -> None:
    """Create the table exactly as the template describes it."""
    properties = _template()["Resources"]["Table"]["Properties"]
    client.create_table(
        TableName=TABLE,
        BillingMode=properties["BillingMode"],
        AttributeDefinitions=properties["AttributeDefinitions"],
        KeySchema=properties["KeySchema"],
        GlobalSecondaryIndexes=properties["GlobalSecondaryIndexes"],
    )


@cache
def _template() -> Any:
    class Loader(yaml.SafeLoader):
        """Reads CloudFormation's short forms as plain values."""

    Loader.add_multi_constructor("!", lambda *_: None)
    text = Path("infra/resources.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader)  # noqa: S506 (a subclass of the safe loader)


def request(actor: Actor, body: str = "body", key: str = "") -> Request:
    """Make a request with a key of its own, unless one is given."""
    return Request(actor.id, "/test", key or uuid.uuid4().hex, body)


class World:
    """A centre, its people, and everything they can do, by the use cases."""

    def __init__(self, client: Any, s3: Any, source: str = SHORT_MODULE, **runtime: Any) -> None:
        self.clock = Clock()
        self.outbox = Outbox()
        self.events = Events()
        self.queue = Waiting()
        self.uploads = Waiting()
        self.export_jobs = Waiting()
        self.inboxes = Inboxes()
        self.calls = Calls()
        self.keys: Any = {"keys": []}
        self.pauses: list[float] = []
        client.meta.events.register("before-call.dynamodb", self.calls)
        self.client = client
        self.s3 = s3
        self.source = source
        self.table = RiggedTable(client, TABLE, self.pauses.append)
        self.runtime = Runtime(
            settings=Settings(table=TABLE, issuers=(ISSUER,), public_url="https://api.example"),
            table=self.table,
            files=Files(s3, BUCKET),
            quarantine=Quarantine(s3, QUARANTINE),
            evidence=Evidence(s3, EVIDENCE),
            archives=Archives(s3, ARCHIVES),
            anchors=Anchors(s3, AUDIT),
            scanner=Off(),
            uploads=self.uploads,  # type: ignore[arg-type]  # a stand-in: nothing leaves the tests
            exports=self.export_jobs,  # type: ignore[arg-type]  # as above
            signer=LinkSigner(lambda: (1, {1: b"k" * 32})),
            sealer=LocalSealer(b"s" * 32),
            mail=self.outbox,  # type: ignore[arg-type]  # a stand-in: nothing leaves the tests
            bus=self.events,  # type: ignore[arg-type]  # as above
            deliveries=self.queue,  # type: ignore[arg-type]  # as above
            receivers=self.inboxes,
            now=self.clock,
            fetch_json=lambda _: self.keys,
            cache=Cache(self.clock),
            **runtime,
        )
        self.centre = self.new_centre("Harbour Care Training")
        self.administrator = self.person("Ada Admin", Role.ADMINISTRATOR)
        self.candidate = self.person("Zoë Nguyễn", Role.CANDIDATE)
        self.assessor = self.person("Asa Essor", Role.ASSESSOR)
        self.countersigner = self.administrator  # until there is one
        self.verifier = self.person("Ivy Verifier", Role.INTERNAL_VERIFIER)
        self.module = self.publish(source)

    def new_centre(self, name: str) -> Centre:
        return centres.create_centre(self.runtime, CentreSettings(name=name))

    def person(self, name: str, *roles: Role, centre: Centre | None = None, **more: Any) -> Actor:
        at = centre or self.centre
        identity = more.get("identity") or Identity(ISSUER.issuer, name)
        given: dict[str, Any] = {
            "name": name,
            "roles": frozenset(roles),
            "address": f"{uuid.uuid5(uuid.NAMESPACE_DNS, identity.subject).hex}@example.org",
            "address_verified": True,
            "identity": identity,
            "authorisation": self._authorisation_for(roles),
        }
        new = memberships.create_person(self.runtime, at.id, NewPerson(**given | more))
        return self.actor(new.person_id, at)

    def actor(self, person_id: str, centre: Centre | None = None) -> Actor:
        at = (centre or self.centre).id
        people.forget_member(self.runtime, at, person_id)
        return people.act(self.runtime, person_id, at)

    def _authorisation_for(self, roles: tuple[Role, ...]) -> Authorisation | None:
        held = [role for role in (Role.ASSESSOR, Role.INTERNAL_VERIFIER) if role in roles]
        return self.authorisation(role=held[0]) if held else None

    def authorisation(self, **more: Any) -> Authorisation:
        given = Authorisation(id="", qualification="CAVA", modules=("*",), valid_from=self.clock())
        return replace(given, **more)

    def authorise(self, membership: Membership, authorisation: Authorisation) -> None:
        """Replace what somebody is authorised to do, by a new authorisation."""
        renewed = replace(authorisation, id=self.runtime.new_id())
        self.table.write(people.authorising(membership, renewed))

    def publish(self, source: str) -> Module:
        return modules.publish(
            self.runtime, self.administrator, source, request(self.administrator)
        )

    def enrol(self, **more: Any) -> Enrolment:
        given: dict[str, Any] = {
            "candidate_id": self.candidate.id,
            "assessor_id": self.assessor.id,
            "module_id": self.module.id,
            "module_version": self.module.version,
        }
        return enrolments.create_enrolment(
            self.runtime,
            self.administrator,
            NewEnrolment(**given | more),
            request(self.administrator),
        )

    def answers(self, page_id: str, *attachments: Attachment) -> dict[str, dict[str, Any]]:
        page = self.module.page(page_id)
        assert page
        return complete_answers(page, "ZN", [each.id for each in attachments])

    def save(
        self, enrolment: Enrolment, page_id: str, answers: Mapping[str, Any] | None = None
    ) -> pages.PageInWork:
        etag = pages.get_page(self.runtime, self.candidate, enrolment.id, page_id).etag
        documents = self.answers(page_id) if answers is None else answers
        return pages.save_draft(
            self.runtime, self.candidate, enrolment.id, page_id, from_documents(documents), etag
        )

    def sign(self, enrolment: Enrolment, page_id: str, **more: Any) -> Attempt:
        return self.sign_as_shown(enrolment, page_id, self.save(enrolment, page_id).etag, **more)

    def sign_as_shown(self, enrolment: Enrolment, page_id: str, etag: str, **more: Any) -> Attempt:
        given: dict[str, Any] = {
            "signature": Signature("1", "Zoë Nguyễn"),
            "if_match": etag,
            "request": request(self.candidate),
        }
        return attempts.sign(self.runtime, self.candidate, enrolment.id, page_id, **given | more)

    def judge(
        self,
        enrolment: Enrolment,
        attempt: Attempt,
        *,
        competent: bool = True,
        feedback: str = "",
        **more: Any,
    ) -> Judgement:
        judging = Judging(
            enrolment_id=enrolment.id,
            page_id=attempt.page_id,
            number=attempt.number,
            content_hash=attempt.content_hash,
        )
        decision = Decision(competent=competent, initials="AE", feedback=feedback)
        given: dict[str, Any] = {
            "actor": self.assessor,
            "judging": judging,
            "decision": decision,
            "request": request(self.assessor),
        }
        return judgements.judge(self.runtime, **given | more)

    def reassign(self, enrolment: Enrolment, assessor_id: str) -> Enrolment:
        now = enrolments.load(self.runtime, self.centre.id, enrolment.id)
        return self.change(now, assessor_id=assessor_id)

    def change(self, enrolment: Enrolment, **changes: Any) -> Enrolment:
        """Change an enrolment as it was when it was read."""
        return enrolment_changes.change_enrolment(
            self.runtime,
            self.administrator,
            enrolment.id,
            Changes(**changes),
            enrolments.etag(enrolment),
        )

    def set_aside(
        self,
        enrolment: Enrolment,
        page_id: str,
        reason: str = "Not enough.",
        number: int = 1,
        **more: Any,
    ) -> SetAside:
        given: dict[str, Any] = {
            "actor": self.verifier,
            "looked": Looked(enrolment.id, page_id, number),
            "reason": reason,
            "occurred_on": None,
            "request": request(self.verifier),
        }
        return verifications.set_aside(self.runtime, **given | more)

    def countersign(self, enrolment: Enrolment, page_id: str, **more: Any) -> Countersignature:
        given: dict[str, Any] = {
            "actor": self.countersigner,
            "looked": Looked(enrolment.id, page_id, 1),
            "occurred_on": None,
            "request": request(self.countersigner),
        }
        return verifications.countersign(self.runtime, **given | more)

    def verify(
        self, enrolment: Enrolment, page_id: str, note: str = "", number: int = 1, **more: Any
    ) -> Verification:
        """Uphold a judgement, or object to it by a note."""
        outcome = Outcome.ACTION_REQUIRED if note else Outcome.UPHELD
        given: dict[str, Any] = {
            "actor": self.verifier,
            "looked": Looked(enrolment.id, page_id, number),
            "finding": Finding(outcome=outcome, note=note),
            "request": request(self.verifier),
        }
        return verifications.verify(self.runtime, **given | more)

    def start_upload(
        self, content: bytes, who: Actor | None = None, same: Request | None = None, **more: Any
    ) -> Upload:
        """Begin an upload of a plain text, as the candidate unless somebody is named."""
        actor = who or self.candidate
        aside = {
            name: more.pop(name)
            for name in ("enrolment_id", "redacts", "redaction")
            if name in more
        }
        given: dict[str, Any] = {
            "name": "notes.txt",
            "media_type": "text/plain",
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "caption": "What I noted on the day.",
            "alt_text": "",
        }
        new = NewUpload(file=NewFile(**given | more), **aside)
        return uploads.start(self.runtime, actor, new, same or request(actor))

    def send_file(self, attachment: Attachment, content: bytes) -> None:
        """Put a file where its form would."""
        name = keys.upload(attachment.centre_id, attachment.id)
        self.s3.put_object(Bucket=QUARANTINE, Key=name, Body=content)

    def send_part(self, attachment: Attachment, number: int, content: bytes) -> None:
        """Put a part where its link would."""
        self.s3.upload_part(
            Bucket=QUARANTINE,
            Key=keys.upload(attachment.centre_id, attachment.id),
            UploadId=attachment.parts,
            PartNumber=number,
            Body=content,
            ChecksumAlgorithm="SHA256",
        )

    def promote(self, attachment: Attachment) -> Attachment:
        """Have the step after the upload look at a file."""
        promotions.promote(self.runtime, attachment.centre_id, attachment.id)
        return self.attachment(attachment.id)

    def attachment(self, attachment_id: str) -> Attachment:
        """Read an attachment of the centre as it stands."""
        return attachments.load_many(self.runtime, self.centre.id, [attachment_id])[attachment_id]

    def attach(self, content: bytes = b"Noted.", **more: Any) -> Attachment:
        """Upload a file, and have it settled."""
        begun = self.start_upload(content, **more).attachment
        self.send_file(begun, content)
        return self.promote(begun)

    def bind(self, attachment: Attachment, enrolment: Enrolment) -> None:
        """Have an attachment signed for in an enrolment."""
        key = keys.attachment(attachment.centre_id, attachment.id)
        self.table.write(Update(key, add={"bound": {enrolment.id}}))

    def contribute(
        self, enrolment: Enrolment, page_id: str, item_id: str, *attachments: Attachment
    ) -> Part:
        """Write and sign what an assessor provides for an item."""
        page = self.module.page(page_id)
        (item,) = [each for each in page.items if each.id == item_id] if page else []
        assert isinstance(item, EvidenceRequest)
        given = complete_evidence(item, [each.id for each in attachments])
        answer = from_documents({item_id: given})[item_id]
        of = (self.runtime, self.assessor, enrolment.id, page_id, item_id)
        etag = contributions.get_contribution(*of).etag
        saved = contributions.save_contribution(*of, answer, etag)
        signature = Signature("1", "Asa Essor")
        return contributions.sign_contribution(*of, signature, saved.etag, request(self.assessor))

    def review_departures(
        self, enrolment: Enrolment, page_id: str, note: str = "Right in this case.", **more: Any
    ) -> DepartureReview:
        given: dict[str, Any] = {
            "actor": self.verifier,
            "looked": Looked(enrolment.id, page_id, 1),
            "note": note,
            "request": request(self.verifier),
        }
        return departures.review(self.runtime, **given | more)

    def finalise(self, enrolment: Enrolment) -> Certificate | None:
        return certificates.finalise(self.runtime, self.centre.id, enrolment.id)

    def start_export(self, *enrolments: Enrolment, **more: Any) -> Export:
        given: dict[str, Any] = {
            "actor": self.administrator,
            "selection": Selection(enrolment_ids=tuple(each.id for each in enrolments)),
            "purpose": "Visit in March",
            "request": request(self.administrator),
        }
        return exports.start(self.runtime, **given | more)

    def work_on(self, export: Export, milliseconds_left: int = 900_000) -> Export:
        """Have a worker go on with an export, and return it as it stands."""
        archives.proceed(self.runtime, export.centre_id, export.id, lambda: milliseconds_left)
        return self.export(export)

    def export(self, export: Export) -> Export:
        """Read an export as it stands."""
        item = self.table.get(keys.export(export.centre_id, export.id))
        assert item
        return to_export(item)

    def archive(self, export: Export) -> bytes:
        """Read the archive of an export."""
        key = exports.archive_name(export)
        content: bytes = self.s3.get_object(Bucket=ARCHIVES, Key=key)["Body"].read()
        return content

    def complete(self, enrolment: Enrolment) -> None:
        """Sign every page, and have it judged competent."""
        for page in self.module.pages:
            self.judge(enrolment, self.sign(enrolment, page.id))


@cache
def clients() -> tuple[Any, Any]:
    """Make the clients of DynamoDB and S3 once: reading their models takes longer than a test."""
    session = boto3.session.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
    )
    return (
        session.client("dynamodb", config=Config(retries={"max_attempts": 1})),
        session.client("s3", config=Config(signature_version="s3v4")),
    )


@contextmanager
def new_world(source: str = SHORT_MODULE, **runtime: Any) -> Iterator[World]:
    """Make a world on a fresh table and bucket of moto's; `runtime` as the real one takes it."""
    with mock_aws():
        client, s3 = clients()
        create_table(client)
        _create_buckets(s3)
        world = World(client, s3, source, **runtime)
        yield world
        client.meta.events.unregister("before-call.dynamodb", world.calls)


def _create_buckets(s3: Any) -> None:
    for bucket in (BUCKET, QUARANTINE, EVIDENCE, AUDIT):
        s3.create_bucket(
            Bucket=bucket,
            CreateBucketConfiguration={"LocationConstraint": REGION},
            ObjectLockEnabledForBucket=bucket == AUDIT,
        )
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.create_bucket(Bucket=ARCHIVES, CreateBucketConfiguration={"LocationConstraint": REGION})
