"""Every value of the domain comes back from the table as it was put there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.answers import Answers
from chalicelib.domain.attachments import Attachment, AttachmentState, FlagRaised
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.centres import Centre
from chalicelib.domain.certificates import Certificate, CertificateState
from chalicelib.domain.departures import DepartureReview
from chalicelib.domain.enrolments import Enrolment, EnrolmentChange, EnrolmentState
from chalicelib.domain.judgements import Appraisals
from chalicelib.domain.people import Authorisation, Membership
from chalicelib.domain.times import stamp
from chalicelib.domain.verifications import Reason, Verification
from chalicelib.domain.visits import Visit
from chalicelib.storage import items, keys
from chalicelib.storage.attachments import from_attachment, from_flag, to_attachment
from chalicelib.storage.changes import Item, Key, Put
from chalicelib.storage.packing import pack
from chalicelib.storage.table import Table
from chalicelib.storage.visits import from_visit, to_visit
from tests.domain import values
from tests.world import new_world

ANY = Key("ANY", "ANY")
few = settings(max_examples=25, deadline=None)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | values.text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(values.text, inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    with new_world() as world:
        yield world.runtime.table


def stored(table: Table, attributes: Item, key: Key = ANY) -> Any:
    table.write(Put(key, attributes))
    return table.get(key)


@given(centre=values.centres)
@few
def test_centres(table: Table, centre: Centre) -> None:
    assert items.to_centre(stored(table, items.from_centre(centre))) == centre


@given(membership=values.memberships)
@few
def test_memberships(table: Table, membership: Membership) -> None:
    item = stored(table, items.from_membership(membership))
    assert items.to_membership(item) == membership


@given(authorisation=values.authorisations)
@few
def test_authorisations(table: Table, authorisation: Authorisation) -> None:
    item = stored(table, items.from_authorisation(authorisation))
    assert items.to_authorisation(item) == authorisation


@given(enrolment=values.enrolments, completed_at=values.moments)
@few
def test_enrolments(table: Table, enrolment: Enrolment, completed_at: Any) -> None:
    key = keys.enrolment(enrolment.centre_id, enrolment.id)
    new = items.from_enrolment(enrolment)
    assert items.to_enrolment(stored(table, new, key)) == enrolment

    seal = {"state": "complete", "issue": 1, "completed_at": stamp(completed_at)}
    sealed = replace(enrolment, state=EnrolmentState.COMPLETE, issue=1, completed_at=completed_at)
    assert items.to_enrolment(stored(table, new | seal, key)) == sealed


@given(change=values.changes)
@few
def test_changes_of_enrolments(table: Table, change: EnrolmentChange) -> None:
    assert items.to_change(stored(table, items.from_change(change))) == change


@given(attempt=values.attempts)
@few
def test_attempts_with_all_that_happened_to_them(table: Table, attempt: Attempt) -> None:
    item = items.from_attempt(attempt)
    item |= {"mailed_at": attempt.mailed_at and stamp(attempt.mailed_at)}
    item |= {"code_asked_at": attempt.code_asked_at and stamp(attempt.code_asked_at)}
    item |= {"code_mailed_at": attempt.code_mailed_at and stamp(attempt.code_mailed_at)}
    item |= {"withdrawn_at": attempt.withdrawn_at and stamp(attempt.withdrawn_at)}
    at = attempt.departures_reviewed_at
    item |= {"departures_reviewed_at": at and stamp(at)}
    if attempt.judgement:
        item |= items.from_judgement(attempt.judgement)
    if attempt.countersignature:
        item |= items.from_countersignature(attempt.countersignature)
    if attempt.verified:
        item |= items.from_verified(attempt.verified)
    if attempt.set_aside:
        item |= items.from_setting_aside(attempt.set_aside)
    key = keys.head("centre", "enrolment", attempt.page_id, attempt.number)
    assert items.to_attempt(stored(table, item, key)) == attempt


@given(attachment=values.attachments)
@few
def test_attachments_whose_upload_begins(table: Table, attachment: Attachment) -> None:
    key = keys.attachment(attachment.centre_id, attachment.id)
    assert to_attachment(stored(table, from_attachment(attachment), key)) == attachment


@given(attachment=values.attachments, by=values.ulids, at=values.moments, reason=values.text)
@few
def test_attachments_with_all_that_happened_to_them(
    table: Table, attachment: Attachment, by: str, at: datetime, reason: str
) -> None:
    known = replace(
        attachment,
        state=AttachmentState.CLEAN,
        completed_at=at,
        settled_at=at,
        reason=reason,
        crc32="00000000",
        version="v",
        scanned_by="off",
        pictured=True,
        replaced_by=by,
        flag=FlagRaised(by, at, reason),
        bound=frozenset({"e1", "e2"}),
        deleted_at=at,
        deleted_by=by,
    )
    moments = dict.fromkeys(("completed_at", "settled_at", "deleted_at"), stamp(at))
    more = {"state": "clean", "reason": reason, "crc32": "00000000", "version": "v"}
    more |= {"scanned_by": "off", "replaced_by": by, "deleted_by": by}
    item = from_attachment(attachment) | moments | more | from_flag(FlagRaised(by, at, reason))
    item |= {"pictured": True, "bound": {"e1", "e2"}}
    key = keys.attachment(attachment.centre_id, attachment.id)
    assert to_attachment(stored(table, item, key)) == known


@given(verification=values.verifications)
@few
def test_verifications(table: Table, verification: Verification) -> None:
    item = stored(table, items.from_verification(verification))
    assert items.to_verification(item) == verification


@given(text=values.text, day=values.days)
@few
def test_reasons(table: Table, text: str, day: str) -> None:
    reason = Reason(text, day)
    assert items.to_reason(stored(table, items.from_reason(reason))) == reason


@given(answers=values.answers)
@few
def test_answers(table: Table, answers: Answers) -> None:
    item = stored(table, {"answers": items.pack_answers(answers)})
    assert items.unpack_answers(item["answers"]) == answers


@given(review=values.departure_reviews)
@few
def test_departure_reviews(table: Table, review: DepartureReview) -> None:
    item = stored(table, items.from_departure_review(review))
    assert items.to_departure_review(item) == review


@given(visit=values.visits)
@few
def test_visits(table: Table, visit: Visit) -> None:
    item = stored(table, from_visit(visit))
    fresh = replace(visit, mailed=0, mailed_at=None, ended_at=None, ended_by="")
    assert to_visit(item) == fresh


@given(evidence=values.appraisals)
@few
def test_what_was_found_of_evidence(table: Table, evidence: Appraisals) -> None:
    item = stored(table, {"evidence": items.from_appraisals(evidence)})
    assert items.to_appraisals(item) == evidence
    assert items.to_appraisals(None) == {}


@given(document=st.dictionaries(values.text, json_values, max_size=4), reason=values.text)
@few
def test_certificates(table: Table, document: dict[str, Any], reason: str) -> None:
    certificate = Certificate(
        id="certificate",
        centre_id="centre",
        enrolment_id="enrolment",
        issue=12,
        state=CertificateState.SUSPENDED,
        reason=reason,
        record=document,
        superseded_by="the-next",
    )
    key = keys.certificate("centre", "enrolment", certificate.issue)
    item = stored(table, items.from_certificate(certificate), key)
    assert items.to_certificate(item) == certificate


@given(feedback=values.text)
@few
def test_feedback(table: Table, feedback: str) -> None:
    assert items.unpack_feedback(stored(table, {"feedback": pack(feedback.encode())})) == feedback
    assert items.unpack_feedback(None) == ""
