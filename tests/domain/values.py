"""Values of the domain, for hypothesis to build."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from ulid import ULID

from chalicelib.domain.addresses import DIGEST_BYTES, AddressLink, DueMail, MailKind
from chalicelib.domain.answers import Answer
from chalicelib.domain.attachments import Attachment, AttachmentState
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.centres import (
    Centre,
    LinkPolicy,
    RecordClass,
    Retention,
    RetentionRule,
    RetentionStart,
)
from chalicelib.domain.departures import DepartureReview
from chalicelib.domain.enrolments import Enrolment, EnrolmentChange, EnrolmentState
from chalicelib.domain.judgements import Appraisal, Judgement, Method
from chalicelib.domain.links import ReviewLink
from chalicelib.domain.people import Authorisation, Identity, Membership, Role
from chalicelib.domain.testimony import WitnessLink
from chalicelib.domain.verifications import (
    Countersignature,
    Outcome,
    SettingAside,
    Verification,
    Verified,
)
from chalicelib.domain.visits import Visit, VisitLink

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ulids = st.integers(0, 2**128 - 1).map(lambda number: str(ULID.from_int(number)))
page_ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,59}", fullmatch=True)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_milliseconds = st.integers(0, 253_370_000_000_000)  # from 1970 until 9998
moments = _milliseconds.map(lambda count: EPOCH + timedelta(milliseconds=count))
maybe_moments = st.none() | moments
address_digests = st.binary(min_size=DIGEST_BYTES, max_size=DIGEST_BYTES).map(bytes.hex)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
counts = st.integers(0, 9_999)
days = st.just("") | st.dates().map(str)

field_values = (
    text | st.integers(-(10**9), 10**9) | st.booleans() | st.lists(page_ids, max_size=3).map(tuple)
)
answers = st.dictionaries(
    page_ids,
    st.builds(
        Answer,
        understood=st.none() | st.booleans(),
        initials=st.none() | text,
        chosen=st.none() | st.lists(text, max_size=4).map(tuple),
        text=st.none() | text,
        attachments=st.none() | st.lists(ulids, max_size=3).map(tuple),
        values=st.none() | st.dictionaries(page_ids, field_values, max_size=3),
        reasons=st.none() | st.dictionaries(page_ids, text, max_size=2),
    ),
    max_size=5,
)
attachments = st.builds(
    Attachment,
    id=ulids,
    centre_id=ulids,
    candidate_id=ulids,
    number=counts,
    name=text,
    media_type=text,
    size=counts,
    sha256=st.just("") | hashes,
    caption=text,
    alt_text=text,
    state=st.just(AttachmentState.PENDING),
    created_at=moments,
    created_by=ulids,
    revision=counts,
    parts=text,
    redacts=st.just("") | ulids,
    redaction=text,
)
retention_rules = st.builds(
    RetentionRule,
    st.sampled_from(RecordClass),
    counts,
    moments,
    st.builds(
        Retention, st.sampled_from(RetentionStart), st.none() | st.integers(1, 1_200), st.booleans()
    ),
)
centres = st.builds(
    Centre,
    id=ulids,
    name=text,
    time_zone=st.just("Europe/London"),
    mail_sender=text,
    links=st.sampled_from(LinkPolicy),
    public_name=text,
    retention=st.lists(retention_rules, max_size=3).map(tuple),
    version=counts,
)
memberships = st.builds(
    Membership,
    centre_id=ulids,
    person_id=ulids,
    name=text,
    roles=st.frozensets(st.sampled_from(Role)),
    valid_from=moments,
    valid_until=maybe_moments,
    address=text,
    address_verified_at=maybe_moments,
    learner_number=text,
    registration=text,
    identities=st.lists(st.builds(Identity, text, text), max_size=2).map(tuple),
    due=st.lists(st.builds(DueMail, st.sampled_from(MailKind), text), max_size=2).map(tuple),
    asked_at=maybe_moments,
    version=counts,
)
authorisations = st.builds(
    Authorisation,
    id=ulids,
    qualification=text,
    modules=st.lists(page_ids, max_size=3).map(tuple),
    valid_from=moments,
    valid_until=maybe_moments,
    countersigner_id=st.just("") | ulids,
)
enrolments = st.builds(
    Enrolment,
    id=ulids,
    centre_id=ulids,
    candidate_id=ulids,
    assessor_id=ulids,
    module_id=page_ids,
    module_version=st.integers(1, 999_999),
    state=st.sampled_from(EnrolmentState),
    created_at=moments,
    created_by=ulids,
    due_on=st.just("") | st.dates().map(str),
    page_assessors=st.dictionaries(page_ids, ulids, max_size=3),
    renews=st.just("") | ulids,
    occurred_on=st.none() | st.dates(),
    revision=counts,
    signs=counts,
)
changes = st.builds(
    EnrolmentChange,
    changed_at=moments,
    changed_by=ulids,
    reason=text,
    before=st.dictionaries(page_ids, text, max_size=2),
    after=st.dictionaries(page_ids, text | st.dictionaries(page_ids, ulids), max_size=2),
    occurred_on=st.none() | st.dates(),
)
judgements = st.builds(
    Judgement,
    competent=st.booleans(),
    initials=text,
    feedback=st.none() | text,
    judged_by=ulids,
    judged_at=moments,
    method=st.sampled_from(Method),
    address=st.none() | text,
    authorisation_id=ulids,
    qualification=text,
    countersigner_id=st.just("") | ulids,
    request=hashes,
    fingerprint=hashes,
    occurred_on=st.none() | st.dates(),
)
appraisals = st.dictionaries(
    page_ids,
    st.builds(
        Appraisal,
        valid=st.booleans(),
        authentic=st.booleans(),
        current=st.booleans(),
        sufficient=st.booleans(),
        reliable=st.booleans(),
    ),
    max_size=3,
)
departure_reviews = st.builds(DepartureReview, ulids, moments, text)
verifications = st.builds(
    Verification,
    id=ulids,
    centre_id=ulids,
    enrolment_id=ulids,
    page_id=page_ids,
    attempt=st.integers(1, 9_999),
    content_hash=hashes,
    candidate_id=ulids,
    judged_by=ulids,
    outcome=st.sampled_from(Outcome),
    note=text,
    occurred_on=days,
    verified_by=ulids,
    verified_at=moments,
    authorisation_id=ulids,
    qualification=text,
)
attempts = st.builds(
    Attempt,
    page_id=page_ids,
    number=st.integers(1, 9_999),
    content_hash=hashes,
    signed_at=moments,
    candidate_id=ulids,
    assessor_id=ulids,
    generation=counts,
    link_expires_at=moments,
    request=hashes,
    fingerprint=hashes,
    mailed_at=maybe_moments,
    judgement=st.none() | judgements,
    countersignature=st.none() | st.builds(Countersignature, ulids, moments, days),
    code_asked_at=maybe_moments,
    code_mailed_at=maybe_moments,
    verified=st.none() | st.builds(Verified, ulids, ulids, moments, st.sampled_from(Outcome)),
    set_aside=st.none() | st.builds(SettingAside, ulids, moments),
    withdrawn_at=maybe_moments,
    occurred_on=st.none() | st.dates(),
    departures=counts,
    departures_reviewed_at=maybe_moments,
)
links = st.builds(
    ReviewLink,
    centre_id=ulids,
    enrolment_id=ulids,
    page_id=page_ids,
    attempt=st.integers(0, 2**16 - 1),
    content_hash=hashes,
    assessor_id=ulids,
    generation=st.integers(0, 2**16 - 1),
    expires_at=moments.map(lambda value: value.replace(microsecond=0)),
    address=address_digests,
)
address_links = st.builds(
    AddressLink,
    centre_id=ulids,
    person_id=ulids,
    address=address_digests,
    expires_at=moments.map(lambda value: value.replace(microsecond=0)),
)
witness_links = st.builds(
    WitnessLink,
    centre_id=ulids,
    enrolment_id=ulids,
    page_id=page_ids,
    item_id=page_ids,
    generation=st.integers(0, 2**16 - 1),
    expires_at=moments.map(lambda value: value.replace(microsecond=0)),
    address=address_digests,
)
visit_links = st.builds(
    VisitLink,
    centre_id=ulids,
    visit_id=ulids,
    person_id=ulids,
    generation=st.integers(0, 2**16 - 1),
    expires_at=moments.map(lambda value: value.replace(microsecond=0)),
    address=address_digests,
)
visits = st.builds(
    Visit,
    id=ulids,
    centre_id=ulids,
    person_id=ulids,
    enrolment_ids=st.lists(ulids, max_size=3).map(tuple),
    modules=st.frozensets(st.tuples(page_ids, st.integers(1, 9_999)), max_size=3),
    purpose=text,
    created_at=moments,
    created_by=ulids,
    ends_at=moments,
    generation=counts,
    mailed=counts,
    mailed_at=maybe_moments,
    ended_at=maybe_moments,
    ended_by=st.just("") | ulids,
)

SIGNED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def attempt(page_id: str = "p1", number: int = 1, **more: object) -> Attempt:
    """Make an attempt that waits, but for what is given."""
    given: dict[str, object] = {
        "page_id": page_id,
        "number": number,
        "content_hash": "0" * 64,
        "signed_at": SIGNED_AT,
        "candidate_id": "candidate",
        "assessor_id": "assessor",
        "generation": 1,
        "link_expires_at": SIGNED_AT,
        "request": "request",
        "fingerprint": "fingerprint",
    }
    return Attempt(**given | more)  # type: ignore[arg-type]  # fields of any type


def judgement(*, competent: bool = True, countersigner_id: str = "") -> Judgement:
    """Make a judgement of the assessor's."""
    return Judgement(
        competent=competent,
        initials="AE",
        feedback="",
        judged_by="assessor",
        judged_at=SIGNED_AT,
        method=Method.TOKEN,
        address="",
        authorisation_id="authorisation",
        qualification="CAVA",
        countersigner_id=countersigner_id,
        request="request",
        fingerprint="fingerprint",
    )
