"""Safe retry: every POST that creates takes an Idempotency-Key, and minds it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from chalicelib.api.http import OPERATIONS
from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.storage import keys
from chalicelib.storage.changes import Delete
from chalicelib.usecases import certificates, enrolments, links, people
from tests.api.door import SIGNATURE, Door, Reply, centre_path, page_path, save, sign
from tests.contributions import INVITED, PAGE, SEEN, TOLD, begin, observe
from tests.sampling import PLAN, planned
from tests.sampling import judged as sampled_work
from tests.visits import body_of, external
from tests.world import EVIDENCE_MODULE, ISSUER, SHORT_MODULE


@dataclass(frozen=True)
class Creation:
    """A request that creates something, and another body for the same place."""

    path: str
    who: Actor
    body: object
    other: object
    headers: dict[str, str] = field(default_factory=dict)
    key: str = field(default_factory=lambda: uuid.uuid4().hex)


def publish(door: Door) -> Creation:
    path = f"{centre_path(door)}/modules"
    first = SHORT_MODULE.replace("id: moving-people", f"id: m-{uuid.uuid4().hex}")
    other = first.replace("version: 1", "version: 2")
    return Creation(path, door.world.administrator, {"source": first}, {"source": other})


def enrol(door: Door) -> Creation:
    world = door.world
    body = {
        "candidate_id": world.candidate.id,
        "assessor_id": world.assessor.id,
        "module_id": world.module.id,
        "module_version": 1,
    }
    other = body | {"due_on": "2026-12-31"}
    return Creation(f"{centre_path(door)}/enrolments", world.administrator, body, other)


def sign_page(door: Door) -> Creation:
    path = page_path(door.world.enrol(), "kn-1")
    etag = save(door, path, door.world.answers("kn-1"))
    other = SIGNATURE | {"signature": "Z. N."}
    headers = {"if_match": etag}
    return Creation(f"{path}/attempts", door.world.candidate, SIGNATURE, other, headers)


def judge_page(door: Door) -> Creation:
    enrolment = door.world.enrol()
    receipt = sign(door, enrolment, "kn-1").json
    path = f"{page_path(enrolment, 'kn-1')}/attempts/1/judgements"
    body = {"content_hash": receipt["content_hash"], "competent": True, "initials": "AE"}
    other = body | {"competent": False, "feedback": "Say more."}
    return Creation(path, door.world.assessor, body, other)


def send_review_link(door: Door) -> Creation:
    enrolment = door.world.enrol()
    door.world.sign(enrolment, "kn-1")
    links.mail_link(door.runtime, enrolment.centre_id, enrolment.id, "kn-1", 1)
    door.world.clock.forward(minutes=11)
    path = f"{page_path(enrolment, 'kn-1')}/attempts/1/review-links"
    return Creation(path, door.world.administrator, None, {"address": "me@example.org"})


def create_person(door: Door) -> Creation:
    subject = uuid.uuid4().hex
    body = {
        "name": "Nadia Nowak",
        "roles": ["candidate"],
        "identities": [{"issuer": ISSUER.issuer, "subject": subject}],
    }
    other = body | {"name": "Nadia Novak"}
    return Creation(f"{centre_path(door)}/people", door.world.administrator, body, other)


def send_verification_mail(door: Door) -> Creation:
    asked = door.world.person(uuid.uuid4().hex, Role.CANDIDATE, address_verified=False)
    door.world.clock.forward(minutes=11)
    path = f"{centre_path(door)}/people/{asked.id}/verification-mails"
    return Creation(path, door.world.administrator, None, {"address": "me@example.org"})


def import_people(door: Door) -> Creation:
    text = f"name,roles,learner_number\nNadia Nowak,candidate,{uuid.uuid4().hex}\n"
    body = {"csv": text, "dry_run": False}
    path = f"{centre_path(door)}/people/imports"
    return Creation(path, door.world.administrator, body, body | {"dry_run": True})


def import_enrolments(door: Door) -> Creation:
    candidate = door.world.person(uuid.uuid4().hex, Role.CANDIDATE)
    line = f"{candidate.id},{door.world.assessor.id},moving-people,1"
    body = {"csv": f"candidate,assessor,module_id,module_version\n{line}\n", "dry_run": False}
    path = f"{centre_path(door)}/enrolments/imports"
    return Creation(path, door.world.administrator, body, body | {"dry_run": True})


def judged(door: Door) -> Enrolment:
    enrolment = door.world.enrol()
    door.world.judge(enrolment, door.world.sign(enrolment, "kn-1"))
    return enrolment


def record_verification(door: Door) -> Creation:
    body = {"enrolment_id": judged(door).id, "page_id": "kn-1", "attempt": 1, "outcome": "upheld"}
    path = f"/v1/centres/{door.world.centre.id}/verifications"
    return Creation(path, door.world.verifier, body, body | {"note": "Well judged."})


def set_aside(door: Door) -> Creation:
    path = f"{page_path(judged(door), 'kn-1')}/attempts/1/judgements/set-aside"
    return Creation(path, door.world.verifier, {"reason": "Mine."}, {"reason": "Other."})


def review_departures(door: Door) -> Creation:
    world = door.world
    world.module = world.publish(EVIDENCE_MODULE)
    enrolment = world.enrol()
    answers = world.answers("show-1", world.attach())
    answers["handed"]["values"]["present"] = False
    answers["handed"]["reasons"] = {"with-a-colleague": "Nobody was on shift."}
    etag = world.save(enrolment, "show-1", answers).etag
    world.sign_as_shown(enrolment, "show-1", etag)
    path = f"{page_path(enrolment, 'show-1')}/attempts/1/departure-reviews"
    return Creation(path, world.verifier, {"note": "Fine."}, {"note": "Other."})


def countersign(door: Door) -> Creation:
    world = door.world
    second = world.person("Cora Countersigner", Role.ASSESSOR)
    held = world.authorisation(countersigner_id=second.id)
    world.assessor = world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)
    path = f"{page_path(judged(door), 'kn-1')}/attempts/1/judgements/countersignature"
    return Creation(path, second, {}, {"occurred_on": "2026-03-01"})


def create_webhook(door: Door) -> Creation:
    body = {"url": "https://hooks.example/in"}
    path = f"{centre_path(door)}/webhooks"
    return Creation(path, door.world.administrator, body, body | {"kinds": ["attempt.signed"]})


def rotate_secret(door: Door) -> Creation:
    webhook = create_webhook(door)
    path = f"{webhook.path}/{send(door, webhook).json['id']}/secrets"
    return Creation(path, webhook.who, None, {"secret": "mine"})


def replay_event(door: Door) -> Creation:
    webhook = create_webhook(door)
    path = f"{webhook.path}/{send(door, webhook).json['id']}/replays"
    enrolment = door.world.enrol()
    door.world.sign(enrolment, "kn-1")
    body = {"event_id": f"enrolment-created:{enrolment.id}"}
    other = {"event_id": f"attempt-signed:{enrolment.id}:kn-1:1"}
    return Creation(path, webhook.who, body, other)


def start_upload(door: Door) -> Creation:
    body = {
        "name": "notes.txt",
        "media_type": "text/plain",
        "size": 6,
        "caption": "",
        "alt_text": "",
        "in_parts": True,  # a form is a fresh one in each answer
    }
    path = f"{centre_path(door)}/uploads"
    return Creation(path, door.world.candidate, body, body | {"size": 7})


def start_export(door: Door) -> Creation:
    body = {"enrolment_ids": [door.world.enrol().id]}
    path = f"{centre_path(door)}/exports"
    return Creation(path, door.world.administrator, body, body | {"purpose": "A visit."})


def flag_attachment(door: Door) -> Creation:
    path = f"{centre_path(door)}/attachments/{door.world.attach().id}/flags"
    return Creation(path, door.world.candidate, {"reason": "A face."}, {"reason": "A name."})


def resolve_flag(door: Door) -> Creation:
    flagged = flag_attachment(door)
    send(door, flagged)
    path = flagged.path.replace("/flags", "/resolutions")
    body = {"outcome": "withheld", "note": "A face is to be seen."}
    other = body | {"outcome": "released"}
    return Creation(path, door.world.administrator, body, other)


def sign_contribution(door: Door) -> Creation:
    enrolment = begin(door.world)
    etag = observe(door.world, enrolment).etag
    path = f"{page_path(enrolment, PAGE)}/contributions/{SEEN}/signatures"
    other = SIGNATURE | {"signature": "A. E."}
    return Creation(path, door.world.assessor, SIGNATURE, other, {"if_match": etag})


def invite_witness(door: Door) -> Creation:
    path = f"{page_path(begin(door.world), PAGE)}/contributions/{TOLD}/invitations"
    return Creation(path, door.world.candidate, INVITED, INVITED | {"status": "Nurse"})


def create_sampling_plan(door: Door) -> Creation:
    path = f"{centre_path(door)}/sampling-plans"
    return Creation(path, door.world.verifier, PLAN, PLAN | {"title": "Another"})


def choose_sample(door: Door) -> Creation:
    enrolment = sampled_work(door.world)
    path = f"{centre_path(door)}/sampling-plans/{planned(door.world).id}/choices"
    body = {"units": [f"{enrolment.id}/kn-1/1"], "reason": "New."}
    return Creation(path, door.world.verifier, body, body | {"reason": "Another."})


def import_sampling_sheet(door: Door) -> Creation:
    chosen = choose_sample(door)
    send(door, chosen)
    path = chosen.path.replace("/choices", "/sheet")
    sheet = door.done("GET", path, chosen.who).text.removeprefix("\ufeff")
    body = {"csv": sheet.replace(",,,", ",accept,,"), "dry_run": False}
    return Creation(path, chosen.who, body, body | {"dry_run": True})


def create_visit(door: Door) -> Creation:
    verifier = external(door.world, uuid.uuid4().hex)
    body = body_of(verifier, door.world.enrol())
    path = f"{centre_path(door)}/visits"
    return Creation(path, door.world.administrator, body, body | {"purpose": "Another."})


def send_visit_link(door: Door) -> Creation:
    made = create_visit(door)
    path = f"{made.path}/{send(door, made).json['id']}/links"
    return Creation(path, made.who, None, {"address": "me@example.org"})


CREATIONS: dict[str, Callable[[Door], Creation]] = {
    "publishModule": publish,
    "createEnrolment": enrol,
    "signPage": sign_page,
    "judgePage": judge_page,
    "signContribution": sign_contribution,
    "inviteWitness": invite_witness,
    "sendReviewLink": send_review_link,
    "createPerson": create_person,
    "sendVerificationMail": send_verification_mail,
    "importPeople": import_people,
    "importEnrolments": import_enrolments,
    "recordVerification": record_verification,
    "setAside": set_aside,
    "reviewDepartures": review_departures,
    "countersign": countersign,
    "createSamplingPlan": create_sampling_plan,
    "chooseSample": choose_sample,
    "importSamplingSheet": import_sampling_sheet,
    "createVisit": create_visit,
    "sendVisitLink": send_visit_link,
    "createWebhook": create_webhook,
    "rotateWebhookSecret": rotate_secret,
    "replayEvent": replay_event,
    "startUpload": start_upload,
    "startExport": start_export,
    "flagAttachment": flag_attachment,
    "resolveFlag": resolve_flag,
}
# They make nothing of their own: whatever is sent again is as it was.
NATURAL = {"uploadParts", "completeUpload", "drawSample", "endVisit"}
every_creation = pytest.mark.parametrize("creation", CREATIONS)


def send(door: Door, made: Creation, key: str = "") -> Reply:
    headers = made.headers | {"key": key or made.key}
    return door.send("POST", made.path, made.who, made.body, **headers)


def test_every_creation_is_here() -> None:
    assert CREATIONS.keys() == {each.id for each in OPERATIONS if each.idempotent}
    by_form = {"judgeByLink", "sendFreshLink", "sendReviewCode", "flagEvidence"}
    by_form |= {"signTestimony", "verifyAddress"}
    posts = {each.id for each in OPERATIONS if each.method == "POST"}
    assert posts - by_form - NATURAL == CREATIONS.keys()


@every_creation
def test_a_key_that_is_missing_or_malformed(door: Door, creation: str) -> None:
    made = CREATIONS[creation](door)
    request = ("POST", made.path, made.who, made.body)
    for key in (None, " ", "two words", "schlüssel", "k" * 256, "k\n", "\x7f"):
        door.refused("idempotency-key-required", *request, key=key, **made.headers)


@every_creation
def test_a_repeat_gets_the_same_answer_and_does_nothing(door: Door, creation: str) -> None:
    made = CREATIONS[creation](door)
    first = send(door, made)
    written = door.written.count

    again = send(door, made)

    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers == first.headers
    assert door.written.count == written


@every_creation
def test_a_key_with_another_body_is_refused(door: Door, creation: str) -> None:
    made = CREATIONS[creation](door)
    send(door, made)
    code = "invalid-body" if made.body is None else "idempotency-key-reused"
    door.refused(code, "POST", made.path, made.who, made.other, key=made.key, **made.headers)
    assert send(door, made).status in {200, 201, 202}


def test_a_refusal_does_not_use_a_key_up(door: Door) -> None:
    made = sign_page(door)
    refused = SIGNATURE | {"declaration": "0"}
    door.refused("not-signed", "POST", made.path, made.who, refused, key=made.key, **made.headers)
    assert send(door, made).status == 201


def test_keys_belong_to_who_sends_them_and_where(door: Door) -> None:
    made = publish(door)
    send(door, made)
    colleague = door.world.person("Col League", Role.ADMINISTRATOR)
    other = door.send("POST", made.path, colleague, made.other, key=made.key)
    assert other.status == 201
    elsewhere = enrol(door)
    assert send(door, elsewhere).status == 201


def test_a_key_is_free_again_after_a_day(door: Door) -> None:
    """DynamoDB may take days to delete what has lapsed."""
    made = publish(door)
    send(door, made)
    door.world.clock.forward(hours=24)
    reused = door.send("POST", made.path, made.who, made.other, key=made.key)
    assert reused.status == 201
    door.refused("idempotency-key-reused", "POST", made.path, made.who, made.body, key=made.key)


def test_natural_keys_outlast_it(door: Door) -> None:
    made = enrol(door)
    first = send(door, made)
    door.world.clock.forward(hours=25)
    again = send(door, made)
    assert (first.status, again.status, again.json["code"]) == (201, 409, "enrolment-open")
    module = publish(door)
    published = send(door, module)
    assert send(door, module, key="another").text == published.text


def test_the_receipt_is_the_same_after_the_page_was_returned(door: Door) -> None:
    made = sign_page(door)
    receipt = send(door, made)
    path = f"{made.path}/1/judgements"
    decision = {
        "content_hash": receipt.json["content_hash"],
        "competent": False,
        "initials": "AE",
        "feedback": "Say more.",
    }
    returned = door.done("POST", path, door.world.assessor, decision, key=made.key)
    assert send(door, made).text == receipt.text

    page = made.path.removesuffix("/attempts")
    etag = door.etag(page)
    second = door.done("POST", made.path, made.who, SIGNATURE, if_match=etag)
    assert second.json["number"] == 2
    assert send(door, made).text == receipt.text
    again = door.done("POST", path, door.world.assessor, decision, key=made.key)
    assert again.text == returned.text


def test_the_answers_are_the_same_when_all_is_done(door: Door) -> None:
    world, made = door.world, enrol(door)
    first = send(door, made)
    enrolment = enrolments.load(door.runtime, world.centre.id, first.json["id"])
    world.complete(enrolment)
    assert certificates.finalise(door.runtime, enrolment.centre_id, enrolment.id)
    assert send(door, made).text == first.text


def test_a_judgement_is_answered_again_when_the_authorisation_is_gone(door: Door) -> None:
    made = judge_page(door)
    first = send(door, made)
    door.runtime.table.write(
        Delete(keys.authorisation(made.who.id, made.who.centre_id, Role.ASSESSOR))
    )
    people.forget_member(door.runtime, made.who.centre_id, made.who.id)
    door.refused("not-authorised", "POST", made.path, made.who, made.other)
    assert send(door, made).text == first.text
