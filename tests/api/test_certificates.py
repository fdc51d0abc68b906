"""Certificates: the record for those who may read it, and the page for anybody."""

import pytest

from chalicelib.domain.enrolments import Enrolment
from tests.api.door import Door, centre_path


@pytest.fixture
def certificate_id(door: Door, enrolment: Enrolment) -> str:
    door.world.complete(enrolment)
    issued = door.world.finalise(enrolment)
    assert issued
    return issued.id


def test_there_is_none_before_it_is_issued(door: Door, enrolment: Enrolment) -> None:
    path = f"{centre_path(door)}/enrolments/{enrolment.id}/certificate"
    for who in (door.world.candidate, door.world.administrator):
        door.refused("not-found", "GET", path, who)
        door.refused("not-found", "GET", f"{path}/pdf", who)


def test_its_readers_see_the_frozen_record(
    door: Door, enrolment: Enrolment, certificate_id: str
) -> None:
    world, path = door.world, f"{centre_path(door)}/enrolments/{enrolment.id}/certificate"
    for who in (world.candidate, world.assessor, world.administrator, world.verifier):
        shown = door.done("GET", path, who).json
        assert shown["certificate_id"] == certificate_id
        assert shown["record"]["holder"]["name"] == "Zoë Nguyễn"
        assert shown["page"].endswith(f"v1/certificates/{certificate_id}")


def test_anybody_sees_initials_and_never_the_assessors(door: Door, certificate_id: str) -> None:
    world, path = door.world, f"/v1/certificates/{certificate_id}"
    shown = door.send("GET", path)
    page = door.send("GET", path, accept="text/html,application/xhtml+xml")
    assert shown.json["holder"] == "Z. N."
    assert shown.json["state"] == "valid"
    assert page.media == "text/html"
    for reply in (shown, page):
        assert reply.status == 200
        assert reply.headers["x-robots-tag"] == "noindex"
        for hidden in ("Nguyễn", "Essor", ">AE<", world.assessor.id, world.candidate.id):
            assert hidden not in reply.text


def test_the_document_is_a_link_away(door: Door, enrolment: Enrolment, certificate_id: str) -> None:
    public = door.send("GET", f"/v1/certificates/{certificate_id}.pdf")
    assert public.status == 302
    assert public.headers["location"].startswith("https://")
    path = f"{centre_path(door)}/enrolments/{enrolment.id}/certificate/pdf"
    own = door.done("GET", path, door.world.candidate).json
    assert own["url"].startswith("https://")
    assert own["url"] != public.headers["location"]


@pytest.mark.parametrize("wanted", ["0" * 32, "unknown", "x.pdf", "..", "a%2Fb", "é", "a" * 401])
def test_certificates_that_are_not_there(door: Door, wanted: str) -> None:
    path = f"/v1/certificates/{wanted}"
    door.refused("not-found", "GET", path)
    page = door.send("GET", path, accept="text/html")
    assert (page.status, page.media) == (404, "text/html")
