"""Behind the link of a visit: what is shown, what is kept of it, and which links open nothing."""

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.domain.access import Actor
from chalicelib.domain.attachments import Attachment
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.judgements import Appraisal, Decision
from chalicelib.domain.people import Role
from chalicelib.domain.visits import Visit
from chalicelib.events import notify
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Put
from chalicelib.storage.keys import SHARDS
from chalicelib.usecases import attachments, visits
from chalicelib.usecases.sweep import sweep
from chalicelib.usecases.verifications import Looked
from tests.api.door import Door, Reply, centre_path, mail, sign, verification_token
from tests.attachments import picture
from tests.events.records import record_of
from tests.faults import ENDPOINT, hooked
from tests.visits import PURPOSE, external, facts_of, grant, mailed, traces
from tests.world import EVIDENCE_MODULE, request

HTML = "text/html"
EVIDENCE = "I listen first"  # how the signed answer begins
LIMIT = 20_000


@dataclass(frozen=True)
class Visited:
    """A visit, and the link that was mailed for it."""

    who: Actor
    visit: Visit
    enrolment: Enrolment
    link: str

    @property
    def below(self) -> str:
        return f"{self.link}/{self.enrolment.id}"


@pytest.fixture
def visited(door: Door) -> Visited:
    """Have a page returned and judged again, with everything that can be said of a judgement."""
    world = door.world
    world.countersigner = world.person("Cora Countersigner", Role.ASSESSOR)
    held = world.authorisation(countersigner_id=world.countersigner.id, qualification="TAQA")
    world.assessor = world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)
    enrolment = world.enrol()
    first = world.sign(enrolment, "kn-1")
    world.judge(enrolment, first, competent=False, feedback="Give an example of it.")
    world.judge(enrolment, world.sign(enrolment, "kn-1"), feedback="Well explained.")
    return visit(door, enrolment)


def visit(door: Door, enrolment: Enrolment) -> Visited:
    who = external(door.world)
    granted = grant(door.world, who, enrolment)
    return Visited(who, granted, enrolment, mailed(door.world, granted))


def exhibited(door: Door) -> tuple[Visited, Attachment]:
    world = door.world
    world.module = world.publish(EVIDENCE_MODULE)
    enrolment = world.enrol()
    photo = world.attach(picture(), name="room.jpg", media_type="image/jpeg", alt_text="A room.")
    etag = world.save(enrolment, "show-1", world.answers("show-1", photo)).etag
    attempt = world.sign_as_shown(enrolment, "show-1", etag)
    lacking = Appraisal(valid=True, authentic=True, current=False, sufficient=True, reliable=True)
    decision = Decision(
        competent=False, initials="AE", feedback="Too old.", evidence={"pictures": lacking}
    )
    world.judge(enrolment, attempt, decision=decision)
    return visit(door, enrolment), photo


def is_page(reply: Reply, *words: str) -> None:
    """Check for a page as every page has to be, and for what it says."""
    assert (reply.status, reply.media) == (200, HTML)
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["x-robots-tag"] == "noindex"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "script" not in reply.headers["content-security-policy"]
    assert "<script" not in reply.text
    assert len(reply.text.encode()) <= LIMIT
    for word in words:
        assert word in reply.text, word


def is_closed(reply: Reply, title: str) -> None:
    """Check for a kind page that gives no evidence away."""
    assert (reply.status, reply.media) == (410, HTML)
    assert f"<h1>{title}</h1>" in reply.text
    assert EVIDENCE not in reply.text
    assert "Zoë" not in reply.text


def test_the_list_leads_to_the_enrolment_and_that_to_the_page(door: Door, visited: Visited) -> None:
    opened = door.send("GET", visited.link)
    is_page(opened, "Sample of the autumn", "the end of 31 March 2026", "Zoë", "Moving people")
    token = visited.link.rpartition("/")[2]
    assert f'href="{token}/{visited.enrolment.id}"' in opened.text
    overview = door.send("GET", visited.below)
    is_page(overview, "1 of 3 pages", "Waits for its counter", "attempt 2", f'href="../{token}"')
    assert f'href="{visited.enrolment.id}/kn-1"' in overview.text
    page = door.send("GET", f"{visited.below}/kn-1")
    is_page(page, EVIDENCE, f'href="../{visited.enrolment.id}"', 'href="plan-2"')


def test_a_page_says_all_of_a_decision_on_one_screen(door: Door, visited: Visited) -> None:
    world = door.world
    page = door.send("GET", f"{visited.below}/kn-1")
    is_page(page, "Tom Trainee, who signed AE", "signed in", "TAQA", "Well explained.")
    is_page(page, "Not countersigned yet", "Cora Countersigner", "Attempt 2, shown here", EVIDENCE)
    assert "PLANTED-GUIDANCE" in page.text
    looked = Looked(visited.enrolment.id, "kn-1", 2)
    world.countersign(visited.enrolment, "kn-1", actor=world.countersigner, looked=looked)
    world.verify(visited.enrolment, "kn-1", "No example of the choice.", number=2)
    world.set_aside(visited.enrolment, "kn-1", "It is another's work.", number=2)
    page = door.send("GET", f"{visited.below}/kn-1")
    is_page(page, "Countersigned", "Verified: action required", "No example of the choice.")
    is_page(page, "Ivy Verifier, CAVA", "Set aside", "It is another&#39;s work.")
    first = door.send("GET", f"{visited.below}/kn-1/attempts/1")
    is_page(first, "Not yet competent", "Give an example of it.", "Attempt 1, shown here")
    assert 'href="../../kn-1/attempts/2"' in first.text


def test_evidence_is_shown_with_what_was_found_of_it(door: Door) -> None:
    visited, photo = exhibited(door)
    page = door.send("GET", f"{visited.below}/show-1")
    found = "is found valid, authentic, sufficient, reliable; <b>not current</b>"
    is_page(page, "room.jpg", photo.sha256[:12], found, "Too old.", 'alt="A room."')
    assert "img-src 'self' https://" in page.headers["content-security-policy"]
    (small,) = re.findall(r'<img src="([^"]+)"', page.text)
    (original,) = re.findall(r'<a href="([^"]+)">Evidence', page.text)
    for reference, kind in ((small, "thumbnail"), (original, "original")):
        led = door.send("GET", f"{visited.below}/{reference}")
        assert led.status == 303, kind
        assert led.headers["location"].startswith(door.runtime.evidence.origin)
        assert led.headers["referrer-policy"] == "no-referrer"
    whole = door.send("GET", f"{visited.below}/show-1/attempts/1")
    assert f'src="../../{small}"' in whole.text
    withheld(door, photo)
    assert door.send("GET", f"{visited.below}/{original}").status == 404
    assert "Withheld" in door.send("GET", f"{visited.below}/show-1").text


def withheld(door: Door, photo: Attachment) -> None:
    assessor = door.world.assessor
    of = (door.runtime, assessor, photo.id, "A face.")
    attachments.flag_attachment(*of, request(assessor))


def test_each_look_is_on_record_before_it_is_shown(door: Door) -> None:
    visited, photo = exhibited(door)
    file = f"show-1/attempts/1/attachments/{photo.id}"
    door.send("GET", visited.link)
    assert traces(door.world, visited.enrolment) == [], "a list is no look"
    for below in ("", "/show-1", f"/{file}/thumbnail", f"/{file}", "/show-1", "/show-2"):
        assert door.send("GET", visited.below + below).status < 400
    kept = traces(door.world, visited.enrolment)
    seen: list[dict[str, Any]] = [
        {},
        {"page_id": "show-1", "number": 1},  # the thumbnail as well: it stands on the page
        {"page_id": "show-1", "number": 1, "attachment_id": photo.id},
        {"page_id": "show-2"},
    ]
    expected = [{"visit_id": visited.visit.id, **each} for each in seen]
    assert sorted(map(str, expected)) == sorted(map(str, facts_of(kept)))
    assert {(each["by"], each["method"]) for each in kept} == {(visited.who.id, "link")}


def test_nothing_is_shown_whose_look_cannot_be_put_on_record(door: Door) -> None:
    visited, photo = exhibited(door)

    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url=ENDPOINT)

    file = f"/show-1/attempts/1/attachments/{photo.id}"
    for below in ("", "/show-1", f"{file}/thumbnail", file):
        with hooked(door.world.client, "before-call.dynamodb.PutItem", fail):
            refused = door.send("GET", visited.below + below)
        assert (refused.status, refused.media) == (503, HTML)
        assert "Zoë" not in refused.text


def test_scanners_of_mail_change_nothing_else(door: Door, visited: Visited) -> None:
    first = door.send("GET", visited.link)
    before = door.written.count
    for _ in range(20):
        assert door.send("GET", visited.link).text == first.text
        assert door.send("HEAD", visited.link).status == 200
    assert door.written.count == before
    page = door.send("GET", f"{visited.below}/kn-1")
    before = door.written.count
    for _ in range(20):
        assert door.send("HEAD", f"{visited.below}/kn-1").status == 200
        assert door.send("GET", f"{visited.below}/kn-1").text == page.text
    assert door.written.count == before


def test_what_is_not_granted_is_not_there(door: Door, visited: Visited) -> None:
    world = door.world
    other = world.enrol(candidate_id=world.person("Cai Other", Role.CANDIDATE).id)
    forged = door.send("GET", "/v1/visits/forged").text
    attachment = world.attach()
    for path in (
        f"{visited.link}/{other.id}",
        f"{visited.link}/{other.id}/kn-1",
        f"{visited.link}/{'01' * 13}",
        f"{visited.below}/kn-9",
        f"{visited.below}/kn-1/attempts/3",
        f"{visited.below}/kn-1/attempts/2/attachments/{attachment.id}",
        f"{visited.below}/kn-1/attempts/2/attachments/{attachment.id}/thumbnail",
        f"{visited.link}A",
        f"{visited.link[:-1]}/{visited.enrolment.id}",
        visited.link.replace("/visits/", "/review/"),
    ):
        refused = door.send("GET", path)
        assert (refused.status, refused.media) == (404, HTML)
        assert refused.text == forged
    assert traces(world, visited.enrolment) == []


def test_no_other_link_opens_a_visit(door: Door, visited: Visited) -> None:
    sign(door, visited.enrolment, "plan-1")
    token = mail(door, visited.enrolment, "plan-1").rpartition("/")[2]
    assert door.send("GET", f"/v1/visits/{token}").status == 404


def test_ended_over_void(door: Door, visited: Visited) -> None:
    world, page = door.world, f"{visited.below}/kn-1"
    again = visit_path(door, visited)
    door.done("POST", f"{again}/links", world.administrator)
    for path in (visited.link, visited.below, page):
        is_closed(door.send("GET", path), "This link is no longer valid")
    assert not visits.mail_link(door.runtime, *of(visited)), "within ten minutes the sweeper does"
    world.clock.forward(minutes=10)
    fresh = mailed(world, visited.visit)
    assert door.send("GET", fresh).status == 200
    world.clock.time = visited.visit.ends_at
    is_closed(door.send("GET", fresh), "This visit is over")
    world.clock.forward(days=-1)
    door.done("POST", f"{again}/end", world.administrator)
    is_closed(door.send("GET", fresh), "This visit has been ended")
    door.refused("visit-over", "POST", f"{again}/links", world.administrator)


def visit_path(door: Door, visited: Visited) -> str:
    return f"{centre_path(door)}/visits/{visited.visit.id}"


def of(visited: Visited) -> tuple[str, str, str]:
    return visited.visit.centre_id, visited.who.id, visited.visit.id


def change(door: Door, visited: Visited, **fields: Any) -> None:
    person = f"{centre_path(door)}/people/{visited.who.id}"
    etag = door.done("GET", person, door.world.administrator).headers["etag"]
    door.done("PATCH", person, door.world.administrator, fields, if_match=etag)


def test_another_address_voids_the_link_at_once(door: Door, visited: Visited) -> None:
    change(door, visited, address="new@example.org")
    is_closed(door.send("GET", visited.link), "This link is no longer valid")


def test_a_lost_role_voids_the_link_at_once(door: Door, visited: Visited) -> None:
    assert door.send("GET", visited.link).status == 200
    change(door, visited, roles=["candidate"])
    is_closed(door.send("GET", visited.link), "This link is no longer valid")


def test_somebody_who_has_left_reads_nothing(door: Door, visited: Visited) -> None:
    person = f"{centre_path(door)}/people/{visited.who.id}"
    assert door.send("DELETE", person, door.world.administrator).status < 300
    is_closed(door.send("GET", visited.link), "This link is no longer valid")


def test_whoever_is_a_candidate_as_well_sees_no_key(door: Door) -> None:
    world = door.world
    enrolment = world.enrol()
    world.sign(enrolment, "plan-2")
    both = world.person("Bo Both", Role.EXTERNAL_VERIFIER, Role.CANDIDATE)
    link = mailed(world, grant(world, both, enrolment))
    page = door.send("GET", f"{link}/{enrolment.id}/plan-2")
    is_page(page)
    assert "PLANTED-GUIDANCE" not in page.text
    assert "The right answer" not in page.text


def test_a_long_list_comes_in_pages_of_twenty_kilobytes(door: Door) -> None:
    world = door.world
    first = world.enrol()
    granted = grant(world, external(world), first)
    others = [replace(first, id=door.runtime.new_id()) for _ in range(29)]
    for each in others:
        world.table.write(Put(keys.enrolment(each.centre_id, each.id), items.from_enrolment(each)))
    granted = grant(world, external(world, "Second"), first, *others)
    link = mailed(world, granted)
    page = door.send("GET", link)
    is_page(page, "30 enrolments", "More enrolments")
    (more,) = re.findall(r'href="([^"]+)">More', page.text)
    rest = door.send("GET", f"/v1/visits/{more}")
    is_page(rest, "From the beginning")
    shown = {each for each in granted.enrolment_ids if each in page.text}
    left = {each for each in granted.enrolment_ids if f"/{each}" in rest.text}
    assert (len(shown), len(left)) == (25, 5)
    assert shown | left == set(granted.enrolment_ids)
    unfit = door.send("GET", f"{link}?after=../../etc")
    assert unfit.status == 422


def test_the_mail_says_what_for_and_until_when_and_is_sent_once(door: Door) -> None:
    world = door.world
    who = external(world)
    granted = grant(world, who, world.enrol())
    world.outbox.sent.clear()
    record = record_of(keys.visit(who.id, granted.centre_id, granted.id))
    for _ in range(3):
        assert notify.handle(door.runtime, {"Records": [record]}) == {"batchItemFailures": []}
    ((address, subject, text),) = world.outbox.sent
    assert address == who.membership.address
    assert "Harbour Care Training" in subject
    for words in ("Ex Ternal", PURPOSE, "the end of 31 March 2026", "put on record"):
        assert words in text
    assert "Zoë" not in text
    assert swept(door) == 0


def swept(door: Door) -> int:
    return sum(sweep(door.runtime, shard).mails for shard in range(SHARDS))


def test_a_lost_stream_and_an_unverified_address_are_the_sweepers(door: Door) -> None:
    world = door.world
    who = world.person("Ex Ternal", Role.EXTERNAL_VERIFIER, address_verified=False)
    granted = grant(world, who, world.enrol())
    swept(door)
    world.outbox.sent.clear()
    assert swept(door) == 0
    door.form(f"/v1/addresses/{verification_token(door.runtime, who)}", {})
    assert swept(door) == 1
    assert swept(door) == 0
    (letter,) = world.outbox.sent
    assert "/v1/visits/" in letter[2]
    assert visits.get_visit(door.runtime, world.administrator, granted.id).mailed_at


def test_what_is_over_before_it_was_mailed_is_not_mailed(door: Door) -> None:
    world = door.world
    granted = grant(world, external(world), world.enrol())
    world.clock.time = granted.ends_at
    world.outbox.sent.clear()
    assert swept(door) == 0
    item = world.table.get(keys.visit(granted.person_id, granted.centre_id, granted.id))
    assert item
    assert "open_shard" not in item
    assert world.outbox.sent == []


def test_no_line_of_the_log_has_the_token(
    door: Door, visited: Visited, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in (
        visited.link,
        f"{visited.below}/kn-1",
        f"{visited.link}?after=%00",
        visited.link[:-1],
    ):
        door.send("GET", path)
    printed = capfd.readouterr()
    assert visited.link.rpartition("/")[2][:20] not in printed.out + printed.err
    assert "Ternal" not in printed.out + printed.err
