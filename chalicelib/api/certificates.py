"""Certificates: the record for those who may read the enrolment, and a public page for anybody."""

from datetime import datetime
from typing import Any

from chalicelib.api.enrolments import ENROLMENT
from chalicelib.api.html import SHEET, page
from chalicelib.api.http import Answer, AnswerModel, Call, Operation, answer
from chalicelib.domain.certificates import (
    STATE_WORDS,
    Certificate,
    CertificateState,
    initials,
)
from chalicelib.domain.errors import NotFound
from chalicelib.domain.times import local, local_date, parse
from chalicelib.usecases import certificates

CERTIFICATE = "/v1/certificates/{certificate_id}"
PDF = ".pdf"


class CertificateOut(AnswerModel):
    """A certificate with its frozen record, which never changes after issue.

    `superseded_by` is the id of the issue in its place, or empty.
    """

    certificate_id: str
    issue: int
    state: CertificateState
    state_in_words: str
    reason: str
    superseded_by: str
    page: str
    record: dict[str, Any]


class FileLink(AnswerModel):
    """A link that downloads a file, until it expires."""

    url: str
    expires_at: datetime


class PublicPage(AnswerModel):
    """A page that the certificate covers."""

    title: str
    judged_on: str


class PublicCertificate(AnswerModel):
    """What anybody may know of a certificate: the holder by initials, and never the assessors.

    `superseded_by` is the address of the issue in its place, if there is one.
    """

    certificate_id: str
    issue: int
    state: CertificateState
    state_in_words: str
    reason: str
    superseded_by: str | None
    holder: str
    centre: str
    module: str
    module_number: str
    module_version: int
    programme: str
    standards: list[str]
    issued_on: str
    scope: str
    pages: list[PublicPage]
    pdf: str


@Operation(
    "getCertificate",
    "GET",
    ENROLMENT + "/certificate",
    summary="The certificate of an enrolment, once it has been issued.",
    who="its candidate, its assessor, administrators, internal verifiers",
    answer=CertificateOut,
)
def get_certificate(call: Call) -> Answer:
    """Answer with the frozen record and the state of the certificate."""
    found = certificates.get_certificate(call.runtime, call.actor(), call["enrolment_id"])
    return answer(
        CertificateOut(
            certificate_id=found.id,
            issue=found.issue,
            state=found.state,
            state_in_words=STATE_WORDS[found.state],
            reason=found.reason,
            superseded_by=found.superseded_by,
            page=_address(call, found.id),
            record=found.record,
        )
    )


@Operation(
    "getCertificatePdf",
    "GET",
    ENROLMENT + "/certificate/pdf",
    summary="A link to the certificate as PDF, with the holder's name in full.",
    who="its candidate, its assessor, administrators, internal verifiers",
    answer=FileLink,
)
def get_certificate_pdf(call: Call) -> Answer:
    """Answer with a short-lived link; bytes never pass through the API."""
    found = certificates.get_certificate(call.runtime, call.actor(), call["enrolment_id"])
    url, expires_at = certificates.pdf_link(call.runtime, found)
    return answer(FileLink(url=url, expires_at=expires_at))


@Operation(
    "verifyCertificate",
    "GET",
    CERTIFICATE,
    summary="The public page of a certificate: HTML or JSON by Accept; with `.pdf`, the document.",
    who="anybody",
    answer=PublicCertificate,
    also=(302,),
    media=("application/json", "text/html"),
    signed_in=False,
)
def verify_certificate(call: Call) -> Answer:
    """Answer with what anybody may know, or lead to the PDF."""
    try:
        wanted = call["certificate_id"]
        found = certificates.find_certificate(call.runtime, wanted.removesuffix(PDF))
    except NotFound:
        if _wants_html(call):
            return page("no_certificate.html", 404)
        raise
    if wanted.endswith(PDF):
        where, _ = certificates.public_pdf_link(call.runtime, found)
        return Answer(302, "", {"Location": where})
    public = _public(call, found)
    if _wants_html(call):
        zone = found.record["centre"]["time_zone"]
        return page(
            "certificate.html",
            sheets=(SHEET, "certificate.css"),
            certificate=public,
            valid=CertificateState.VALID,
            looked_up=local(call.runtime.now(), zone),
        )
    return answer(public, x_robots_tag="noindex")


def _public(call: Call, certificate: Certificate) -> PublicCertificate:
    record = certificate.record
    zone = record["centre"]["time_zone"]
    return PublicCertificate(
        certificate_id=certificate.id,
        issue=certificate.issue,
        state=certificate.state,
        state_in_words=STATE_WORDS[certificate.state],
        reason=certificate.reason,
        superseded_by=_address(call, certificate.superseded_by)
        if certificate.superseded_by
        else None,
        holder=initials(record["holder"]["name"]),
        centre=record["centre"]["name"],
        module=record["module"]["certificate_title"],
        module_number=record["module"]["number"],
        module_version=record["module"]["version"],
        programme=record["module"]["programme"],
        standards=record["module"]["standards"],
        issued_on=local_date(parse(record["issued_at"]), zone),
        scope=record["scope"],
        pages=[
            PublicPage(title=each["title"], judged_on=local_date(parse(each["judged_at"]), zone))
            for each in record["pages"]
        ],
        pdf=_address(call, certificate.id) + PDF,
    )


def _address(call: Call, certificate_id: str) -> str:
    return call.address(CERTIFICATE.format(certificate_id=certificate_id))


def _wants_html(call: Call) -> bool:
    """Read Accept as browsers send it: HTML where it is named, JSON otherwise."""
    return "text/html" in call.headers.get("accept", "")
