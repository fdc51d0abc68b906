"""Certificates: the record for those who may read the enrolment, and a public page for anybody."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.enrolments import ENROLMENT
from chalicelib.api.html import SHEET, page, wants_html
from chalicelib.api.http import HTML, JSON, Answer, AnswerModel, Call, Operation, answer
from chalicelib.api.rules import ANYBODY, VIEWERS
from chalicelib.api.texts import StampText, TextOrNull
from chalicelib.api.verbatim import Verbatim
from chalicelib.domain.certificates import (
    STATE_WORDS,
    Certificate,
    CertificateState,
    initials,
)
from chalicelib.domain.errors import NotFound
from chalicelib.domain.modules import VerificationPolicy
from chalicelib.domain.times import date_at, local, parse
from chalicelib.usecases import certificates

CERTIFICATE = "/v1/certificates/{certificate_id}"
PDF = ".pdf"


class FrozenCentre(AnswerModel):
    """The centre as it was called when the certificate was issued."""

    id: str
    name: str
    time_zone: str = Field(description="Of the IANA database; printed dates are in it.")


class FrozenHolder(AnswerModel):
    """The candidate as they were called when the certificate was issued."""

    person_id: str
    name: str


class FrozenModule(AnswerModel):
    """The module version whose competence requirement was met. Empty text is absent here."""

    id: str
    version: int
    number: str
    title: str
    certificate_title: str
    programme: str
    standards: list[str]
    digest: str = Field(description="SHA-256 of the module as candidates see it.")


class FrozenPage(AnswerModel):
    """A page with the attempt and the judgement that stand for it."""

    id: str
    title: str
    attempt: int
    content_hash: str
    signed_at: StampText
    judged_at: StampText
    judged_by: str
    initials: str
    method: str
    authorisation_id: str
    qualification: str
    countersigned_by: str = Field(description="Empty where nobody had to.")
    verified_by: str = Field(description="The internal verifier; empty where nobody verified it.")
    verified_at: str = Field(description="Empty where nobody verified it.")
    verification_id: str = Field(description="Empty where nobody verified it.")


class FrozenVerification(AnswerModel):
    """What the module asked of internal verification, and how much of it was done."""

    policy: VerificationPolicy
    pages_verified: int


class CertificateRecord(AnswerModel):
    """All that is certified, frozen at issue. It is what signatures cover: sent as it is kept."""

    format: int
    certificate_id: str
    address: str = Field(description="Where anybody sees whether it still stands.")
    issue: int
    issued_at: StampText
    scope: str = Field(description="What the certificate is, and what it is not.")
    centre: FrozenCentre
    holder: FrozenHolder
    enrolment_id: str
    module: FrozenModule
    verification: FrozenVerification
    pages: list[FrozenPage]


class CertificateOut(AnswerModel):
    """A certificate with its frozen record, which never changes after issue.

    `superseded_by` is the id of the issue in its place, or empty.
    """

    certificate_id: str
    issue: int = Field(description="Counts the certificates of one enrolment from 1.")
    state: CertificateState
    state_in_words: str = Field(description="To be shown wherever the certificate is.")
    reason: TextOrNull = Field(description="Why it is not valid; null while it is.")
    superseded_by: TextOrNull = Field(description="The id of the issue in its place.")
    page: str = Field(
        description="Its public page, as a reference relative to this request.",
        json_schema_extra={"format": "uri-reference"},
    )
    record: Annotated[dict[str, Any], Verbatim(CertificateRecord)]


class FileLink(AnswerModel):
    """A link that downloads a file, until it expires."""

    url: str = Field(
        description="To be fetched without the bearer token.", json_schema_extra={"format": "uri"}
    )
    expires_at: datetime


class PublicPage(AnswerModel):
    """A page that the certificate covers."""

    title: str
    judged_on: date = Field(description="In the centre's time zone.")


class PublicCertificate(AnswerModel):
    """What anybody may know of a certificate: the holder by initials, and never the assessors.

    `superseded_by` is the address of the issue in its place, if there is one.
    """

    certificate_id: str
    issue: int
    state: CertificateState
    state_in_words: str = Field(description="To be shown wherever the certificate is.")
    reason: TextOrNull = Field(description="Why it is not valid; null while it is.")
    superseded_by: str | None = Field(
        description="The issue in its place, as a reference relative to this request.",
        json_schema_extra={"format": "uri-reference"},
    )
    holder: str = Field(description="The holder's initials.")
    centre: str
    module: str
    module_number: TextOrNull
    module_version: int
    programme: TextOrNull
    standards: list[str]
    issued_on: date = Field(description="In the centre's time zone.")
    scope: str = Field(description="What the certificate is, and what it is not.")
    pages: list[PublicPage]
    pdf: str = Field(
        description="The document, as a reference relative to this request.",
        json_schema_extra={"format": "uri-reference"},
    )


@Operation(
    "getCertificate",
    "GET",
    ENROLMENT + "/certificate",
    summary="The certificate of an enrolment, once it has been issued.",
    rule=VIEWERS,
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
    rule=VIEWERS,
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
    rule=ANYBODY,
    answer=PublicCertificate,
    also=(302,),
    media=(JSON, HTML),
)
def verify_certificate(call: Call) -> Answer:
    """Answer with what anybody may know, or lead to the PDF."""
    try:
        wanted = call["certificate_id"]
        found = certificates.find_certificate(call.runtime, wanted.removesuffix(PDF))
    except NotFound:
        if wants_html(call):
            return page("no_certificate.html", 404)
        raise
    if wanted.endswith(PDF):
        where, _ = certificates.public_pdf_link(call.runtime, found)
        return Answer(302, "", {"Location": where})
    public = _public(call, found)
    if wants_html(call):
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
        issued_on=date_at(parse(record["issued_at"]), zone),
        scope=record["scope"],
        pages=[
            PublicPage(title=each["title"], judged_on=date_at(parse(each["judged_at"]), zone))
            for each in record["pages"]
        ],
        pdf=_address(call, certificate.id) + PDF,
    )


def _address(call: Call, certificate_id: str) -> str:
    return call.address(CERTIFICATE.format(certificate_id=certificate_id))
