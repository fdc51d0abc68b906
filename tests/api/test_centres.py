"""What a centre has settled for itself, and where it shows."""

from chalicelib.domain.centres import LinkPolicy, RecordClass, Retention, RetentionStart
from chalicelib.domain.people import Role
from chalicelib.usecases import centres
from chalicelib.usecases.centres import CentreSettings
from tests.api.door import Door, centre_path, mail, sign


def test_every_member_sees_the_settings_and_not_the_mail_sender(door: Door) -> None:
    world = door.world
    settings = CentreSettings(
        time_zone="Pacific/Auckland", mail_sender="mail@harbour.example", links=LinkPolicy.OFF
    )
    centres.change_centre(door.runtime, world.centre.id, settings)
    for role in Role:
        shown = door.done("GET", centre_path(door), world.person(f"Some {role}", role)).json
        assert shown == {
            "id": world.centre.id,
            "name": "Harbour Care Training",
            "time_zone": "Pacific/Auckland",
            "links": "off",
            "public_name": "Harbour Care Training",
        }


def test_mail_comes_from_the_centre_where_it_has_settled_that(door: Door) -> None:
    sign(door, door.world.enrol(), "kn-1")
    enrolment = door.world.enrol(
        candidate_id=door.world.person("Other Candidate", Role.CANDIDATE).id
    )
    settings = CentreSettings(mail_sender="mail@harbour.example")
    centres.change_centre(door.runtime, door.world.centre.id, settings)
    door.world.candidate = door.world.actor(enrolment.candidate_id)
    sign(door, enrolment, "kn-1")
    mail(door, enrolment)
    assert door.world.outbox.senders == ["mail@harbour.example"]


def test_certificates_bear_the_public_name_of_the_day_of_issue(door: Door) -> None:
    world = door.world
    centres.change_centre(door.runtime, world.centre.id, CentreSettings(public_name="Harbour"))
    enrolment = world.enrol()
    world.complete(enrolment)
    issued = world.finalise(enrolment)
    assert issued
    centres.change_centre(door.runtime, world.centre.id, CentreSettings(public_name="Quayside"))
    assert door.send("GET", f"/v1/certificates/{issued.id}").json["centre"] == "Harbour"
    page = door.send("GET", f"/v1/certificates/{issued.id}", accept="text/html").text
    assert "Harbour" in page
    assert "Harbour Care Training" not in page


def test_a_rule_of_retention_is_versioned_by_class(door: Door) -> None:
    runtime, centre = door.runtime, door.world.centre
    assert {rule.record_class: rule.version for rule in centre.retention} == dict.fromkeys(
        RecordClass, 1
    )
    kept = Retention(RetentionStart.CERTIFICATE_ISSUED, 84, hold=True)
    settings = CentreSettings(retention={RecordClass.EVIDENCE: kept})
    for _ in range(2):
        changed = centres.change_centre(runtime, centre.id, settings)
    rule = changed.rule(RecordClass.EVIDENCE)
    assert rule
    assert (rule.version, rule.retention, rule.since) == (2, kept, door.world.clock())
    assert len(changed.retention) == len(RecordClass) + 1
    assert centres.load_centre(runtime, centre.id) == changed
