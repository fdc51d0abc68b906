"""Least privilege, shown by running: taking any one grant out of a policy breaks something."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.attachments import Attachment
from chalicelib.domain.modules import EvidenceRequest
from chalicelib.domain.people import Role
from chalicelib.domain.trail import Act, Kind, event_name
from chalicelib.formats.modules import read_module
from chalicelib.storage import keys
from chalicelib.storage.changes import Update
from chalicelib.storage.quarantine import SCAN_TAG
from chalicelib.storage.trail import trace
from cli.answering import complete_evidence
from cli.cast import create_cast, operator_runtime
from cli.cloud import CloudError, http
from cli.playing import OK, Play, open_link, wait_for
from cli.stack import Stack
from cli.uploading import TAKEN, Uploader, post
from tests.attachments import NOTE, begin, name_of, picture, read
from tests.events.records import record_of
from tests.sampling import PLAN
from tests.stack.grants import ROLES, grants, taken_out
from tests.stack.streams import attachment_record, head_records, stream_off
from tests.world import EVIDENCE_MODULE, SHORT_MODULE

# What a warm function has read for good.
KEPT = {"ReadLinkKeys", "ReadSealingKey"}
# A port at which nobody listens: what is delivered there fails, and is put back.
NOBODY = "http://127.0.0.1:1/"


class Stage:
    """Enrolments for every function to do its work on, prepared while all grants are there."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.certified = self._play("plan-1", judged=False)
        (self.link,) = self.certified.links(1)
        judge(self.certified, "plan-1")
        for page_id in ("plan-2", "kn-1"):
            self.certified.sign(page_id)
            judge(self.certified, page_id)
        self.certificate_id = self.certified.certificate()["certificate_id"]
        wait_for(self._closed, "the certificate in the audit trail")

    def _closed(self) -> bool:
        """Whether the stream has told the trail that the enrolment is complete."""
        administrator = self.certified.client(Role.ADMINISTRATOR)
        path = f"{self.certified.enrolment}/trail?limit=100"
        entries = administrator.ask("GET", path).json()["items"]
        return any(each["kind"] == "certificate.issued" for each in entries)

    def prepare(self) -> None:
        """Prepare what waits for the stream, with the stream switched off."""
        self.ready = self._play("plan-1", "plan-2", "kn-1")
        self.unmailed = self._play("plan-1", judged=False)
        self.runtime = operator_runtime(self.stack)
        self.centre_id = self.certified.cast.centre_id
        candidate = self.certified.client(Role.CANDIDATE)
        self.uploader = Uploader(candidate, self.certified.centre)
        photo = picture()
        upload = self.uploader.start(photo, "image/jpeg", "photo.jpg")
        post(upload["form"], photo)
        self._promote(f"{self.centre_id}/{upload['id']}")
        self.photo_id = upload["id"]
        self.waiting = begin(self.runtime, self.centre_id)  # for the sweeper to find
        start_cold(self.stack, "promote", SCANNER="guardduty")  # which asks for most
        self.shown = self._evidence()
        self.started: list[str] = []
        self.archived = self.start_export()
        self._export(self.archived)
        self.started.clear()  # this one stays

    def _play(self, *pages: str, judged: bool = True) -> Play:
        module = read_module(SHORT_MODULE).module
        play = Play(self.stack, create_cast(self.stack, f"{uuid4().hex}.example"), module)
        play.publish(SHORT_MODULE)
        play.enrol()
        for page_id in pages:
            play.sign(page_id)
            if judged:
                judge(play, page_id)
        return play

    def _evidence(self) -> Play:
        """Have a page signed that the photo belongs to."""
        module = read_module(EVIDENCE_MODULE).module
        play = Play(self.stack, self.certified.cast, module)
        play.publish(EVIDENCE_MODULE)
        play.enrol()
        page = module.page("show-1")
        items = [each for each in page.items if isinstance(each, EvidenceRequest)] if page else []
        play.sign("show-1", {each.id: complete_evidence(each, [self.photo_id]) for each in items})
        return play

    def start_export(self) -> str:
        """Start an export, and return its id."""
        body = {"enrolment_ids": [self.shown.enrolment_id]}
        administrator = self.shown.client(Role.ADMINISTRATOR)
        asked = administrator.ask("POST", f"{self.shown.centre}/exports", body)
        export_id: str = asked.json()["id"]
        self.started.append(export_id)
        return export_id

    def _export(self, export_id: str) -> dict[str, Any]:
        """Have a worker go on with an export, and return it as it stands."""
        message = json.dumps({"centre_id": self.centre_id, "export_id": export_id})
        self.stack.invoke("export", {"Records": [{"body": message}]})
        administrator = self.shown.client(Role.ADMINISTRATOR)
        found: dict[str, Any] = administrator.ask(
            "GET", f"{self.shown.centre}/exports/{export_id}"
        ).json()
        return found

    def export_works(self) -> bool:
        """Have a portfolio with a picture exported, where others have begun to as well."""
        export_id = self.start_export()
        name = {"Bucket": self.stack.resources["Archives"]}
        name["Key"] = f"{self.centre_id}/{export_id}.zip"
        for _ in range(2):
            self.stack.cloud.client("s3").create_multipart_upload(**name)
        try:
            return bool(self._export(export_id)["state"] == "ready")
        except CloudError:
            return False

    def export_goes_on(self) -> bool:
        """Have a worker without time for anything ask for another one."""
        functions = self.stack.cloud.client("lambda")
        name = {"FunctionName": self.stack.resources["Export"]}
        functions.update_function_configuration(**name, Timeout=60)
        try:
            self._export(self.start_export())
        except CloudError:
            return False
        finally:
            functions.update_function_configuration(**name, Timeout=900)
        return True

    def api_works(self) -> bool:
        """Send a request of every kind that the API's grants are for."""
        play = self.certified
        pdf = f"certificates/{self.certificate_id}.pdf"
        bucket = self.stack.resources["Files"]
        self.stack.cloud.client("s3").delete_object(Bucket=bucket, Key=pdf)
        try:
            play.publish(SHORT_MODULE)
            play.progress()
            judge(play, "kn-1")
            self.unmailed.sign("plan-2")
            self.clear()
            play.certificate_pdf()
            self.webhook_works(play)
            plans = f"{play.centre}/sampling-plans"
            play.client(Role.INTERNAL_VERIFIER).ask("POST", plans, PLAN)
            self.uploads_work()
            play.client(Role.ADMINISTRATOR).ask("GET", "/v1/keys")
            archive = self._export(self.archived)["url"]
            if http.request("GET", archive).status != OK:
                return False
        except (CloudError, KeyError):
            return False
        return open_link(self.link).status in {200, 410}

    @staticmethod
    def webhook_works(play: Play) -> None:
        """Make a webhook, have an event sent to it, and delete it."""
        administrator = play.client(Role.ADMINISTRATOR)
        path = f"{play.centre}/webhooks"
        made = administrator.ask("POST", path, {"url": NOBODY}).json()
        try:
            event = {"event_id": f"enrolment-created:{play.enrolment_id}"}
            sent = administrator.send("POST", f"{path}/{made['id']}/replays", event)
        finally:
            deleted = administrator.send("DELETE", f"{path}/{made['id']}")
        if (sent.status, deleted.status) != (202, 204):
            message = f"the replay answered {sent.status}, the deletion {deleted.status}"
            raise CloudError(message)

    def uploads_work(self) -> None:
        """Send a file in one piece and one in parts, and read one that is clean."""
        whole = self.uploader.start(NOTE, "text/plain", "note.txt")
        parted = self.uploader.start(NOTE, "text/plain", "note.txt", in_parts=True)
        photo = self.uploader.attachment(self.photo_id)
        answers = [
            (post(whole["form"], NOTE).status, TAKEN),
            (self.uploader.complete(whole["id"]).status, 202),
            (self.uploader.put_part(parted["id"], 1, NOTE).status, OK),
            (self.uploader.complete(parted["id"]).status, 202),
            (http.request("GET", photo["url"]).status, OK),
            (http.request("GET", photo["rendering_url"]).status, OK),
        ]
        if any(status != expected for status, expected in answers):
            message = f"uploads answered {answers}"
            raise CloudError(message)

    def promote_works(self) -> bool:
        """Have a file found clean, and have what was deleted cleared away."""
        s3, bucket = self.stack.cloud.client("s3"), self.stack.resources["Quarantine"]
        scanned = begin(self.runtime, self.centre_id)
        of = {"Bucket": bucket, "Key": name_of(scanned)}
        s3.put_object(**of, Body=NOTE)
        tags = [{"Key": SCAN_TAG, "Value": "NO_THREATS_FOUND"}]
        s3.put_object_tagging(**of, Tagging={"TagSet": tags})
        parted = begin(self.runtime, self.centre_id)
        begun = s3.create_multipart_upload(Bucket=bucket, Key=name_of(parted))
        try:
            self._promote(name_of(scanned))
            self._delete(scanned)
            self._delete(parted, parts=begun["UploadId"])
        except CloudError:
            return False
        return read(self.runtime, scanned).state == "clean"

    def _delete(self, attachment: Attachment, **more: str) -> None:
        key = keys.attachment(attachment.centre_id, attachment.id)
        deleted = {"deleted_at": "2026-03-02T09:30:00Z", "deleted_by": "candidate"}
        self.runtime.table.write(Update(key, set=deleted | more))
        self._promote(name_of(attachment))

    def _promote(self, name: str) -> None:
        self.stack.invoke("promote", {"Records": [{"body": json.dumps({"key": name})}]})

    def deliver_works(self) -> bool:
        """Have a delivery fail for the first time, and an event fanned out."""
        play = self.unmailed
        administrator = play.client(Role.ADMINISTRATOR)
        made = administrator.ask("POST", f"{play.centre}/webhooks", {"url": NOBODY}).json()
        event = {
            "id": f"enrolment-created:{play.enrolment_id}",
            "type": "testamur.enrolment.created",
            "data": {"centre_id": play.cast.centre_id},
        }
        delivery = {
            "centre_id": play.cast.centre_id,
            "webhook_id": made["id"],
            "event": event,
            "failures": 99,
            "not_before": None,
        }
        return self._takes(delivery) and self._takes(event)

    def _takes(self, message: object) -> bool:
        try:
            self.stack.invoke("deliver", {"Records": [{"body": json.dumps(message)}]})
        except CloudError:
            return False
        return True

    def finalise_works(self) -> bool:
        """Have the last judgement of a complete enrolment delivered, and a look at a closed one."""
        of = (self.centre_id, self.certified.enrolment_id)
        look_id = self.runtime.new_id()
        looked = Act(
            event=event_name(Kind.PORTFOLIO_VIEWED, of[1], look_id),
            kind=Kind.PORTFOLIO_VIEWED,
            at=self.runtime.now(),
        )
        self.runtime.table.write(trace(*of, look_id, looked))
        return self._delivers("finalise", self.ready, record_of(keys.trace(*of, look_id)))

    def notify_works(self) -> bool:
        """Have news of a signed page delivered whose link has not been mailed, and of a file."""
        complete = attachment_record(self.waiting, completed_at="2026-03-02T09:30:00Z")
        started = record_of(keys.export(self.centre_id, self.archived))
        return self._delivers("notify", self.unmailed, complete, started)

    def sweep_works(self) -> bool:
        """Have everything swept up that the switched-off stream has left."""
        self.unmailed.sign("plan-2")
        self.start_export()
        try:
            self.stack.invoke("sweep")
        except CloudError:
            return False
        return True

    def clear(self) -> None:
        """End the exports of a trial, and return the page signed for it, so that the next can."""
        while self.started:
            key = keys.export(self.centre_id, self.started.pop())
            self.runtime.table.write(Update(key, set={"state": "failed"}))
        path = f"{self.unmailed.enrolment}/pages/plan-2"
        assessor = self.unmailed.client(Role.ASSESSOR)
        page = assessor.ask("GET", path).json()
        if page["state"] == "signed":
            attempt = page["latest_attempt"]
            body = {
                "content_hash": attempt["content_hash"],
                "competent": False,
                "initials": "SK",
                "feedback": "Once more. " * 20,  # more than the head has room for
            }
            assessor.ask("POST", f"{path}/attempts/{attempt['number']}/judgements", body)

    def _delivers(self, function: str, play: Play, *more: object) -> bool:
        # What is done once alone comes last: whatever fails before leaves it to be tried again.
        records = [*more, *head_records(self.stack, play)]
        try:
            answer = self.stack.invoke(function, {"Records": records})
        except CloudError:
            return False
        return answer == {"batchItemFailures": []}


def judge(play: Play, page_id: str) -> None:
    """Judge a page by token, with the same key each time, so that it can be done again."""
    assessor = play.client(Role.ASSESSOR)
    path = f"{play.enrolment}/pages/{page_id}/attempts/1"
    shown = assessor.ask("GET", path).json()
    feedback = "Well argued. " * 20  # more than the head has room for
    body = {"content_hash": shown["content_hash"], "competent": True, "initials": "SK"}
    said = body | {"feedback": feedback}
    assessor.ask("POST", f"{path}/judgements", said, idempotency_key=page_id)


def start_cold(stack: Stack, function: str, **settings: str) -> None:
    """Replace the workers of a function, and some of its settings."""
    functions = stack.cloud.client("lambda")
    logical = "APIHandler" if function == "api" else function.capitalize()
    name = stack.resources[logical]
    known = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    changed = {"Variables": {**known, "COLD_START": uuid4().hex, **settings}}
    functions.update_function_configuration(FunctionName=name, Environment=changed)


@pytest.fixture(scope="module")
def stage(stack: Stack) -> Iterator[Stage]:
    """Prepare the enrolments, and keep the stream off for as long as the tests run."""
    stage = Stage(stack)
    with stream_off(stack, "finalise", "notify", "promote"):
        stage.prepare()
        yield stage
        start_cold(stack, "promote", SCANNER="off")


def test_taking_any_one_grant_out_breaks_something(stage: Stage) -> None:
    works: dict[str, Callable[[], bool]] = {
        "api": stage.api_works,
        "finalise": stage.finalise_works,
        "notify": stage.notify_works,
        "deliver": stage.deliver_works,
        "promote": stage.promote_works,
        "export": stage.export_works,
        "sweep": stage.sweep_works,
    }
    of_their_own = {"GoOn": stage.export_goes_on}
    idle = []
    for function, sid in grants():
        with taken_out(stage.stack, function, sid):
            if sid in KEPT:
                start_cold(stage.stack, function)
            if of_their_own.get(sid, works[function])():
                idle.append((function, sid))
        stage.clear()

    assert not idle, "grants that nothing needs"
    for function, work in works.items():
        assert work(), f"with all its grants, {function} works"
        stage.clear()


def test_every_function_has_grants() -> None:
    assert {function for function, _ in grants()} == ROLES.keys()


def test_every_grant_names_one_action_and_one_resource(stack: Stack) -> None:
    iam = stack.cloud.client("iam")
    for role in ROLES.values():
        name = stack.resources[role]
        (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            assert "*" not in json.dumps(statement["Action"]), statement
