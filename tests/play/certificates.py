"""Scenes: certificates."""

from chalicelib.domain.certificates import Certificate
from chalicelib.domain.enrolments import Enrolment
from tests.play.stage import Stage, scene


def _certificate_of(enrolment: Enrolment) -> str:
    return f"/v1/centres/{enrolment.centre_id}/enrolments/{enrolment.id}/certificate"


def _certified(stage: Stage, enrolment: Enrolment) -> Certificate:
    stage.world.complete(enrolment)
    certificate = stage.world.finalise(enrolment)
    assert certificate
    return certificate


@scene("getCertificate")
def get_certificate(stage: Stage) -> None:
    enrolment = stage.world.enrol()
    path = _certificate_of(enrolment)
    stage.refused("not-found", "GET", path, stage.world.administrator)
    _certified(stage, enrolment)
    stage.shows("A valid certificate.", "GET", path, stage.world.administrator)


@scene("getCertificatePdf")
def get_certificate_pdf(stage: Stage) -> None:
    enrolment, candidate = stage.world.enrol(), stage.world.candidate
    path = f"{_certificate_of(enrolment)}/pdf"
    stage.refused("not-found", "GET", path, candidate)
    _certified(stage, enrolment)
    stage.shows("A link that holds for five minutes.", "GET", path, candidate)


@scene("verifyCertificate")
def verify_certificate(stage: Stage) -> None:
    certificate = _certified(stage, stage.world.enrol())
    path = f"/v1/certificates/{certificate.id}"
    stage.shows("What anybody may know of it.", "GET", path)
    stage.shows("As browsers get it.", "GET", path, accept="text/html", name="page")
    stage.refused("not-found", "GET", f"/v1/certificates/{'0' * 32}")
