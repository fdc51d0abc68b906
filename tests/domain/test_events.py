"""Events: ids that can be read back and derived again, and an envelope without a personal word."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.enrolments import EnrolmentState
from chalicelib.domain.events import (
    PARTS,
    Event,
    EventId,
    Kind,
    envelope,
    milliseconds,
    parse_event_id,
)
from chalicelib.storage.acts import ACTS
from tests.domain import values

NOON = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
PART = {
    "page_id": values.page_ids,
    "attempt": st.integers(1, 9_999).map(str),
    "issue": st.integers(1, 9_999).map(str),
    "verification_id": values.ulids,
    "state": st.sampled_from(EnrolmentState).map(str),
    "milliseconds": values.moments.map(milliseconds),
}


@st.composite
def event_ids(draw: st.DrawFn) -> EventId:
    kind = draw(st.sampled_from(Kind))
    parts = tuple(draw(PART[name]) for name in PARTS[kind])
    return EventId(kind, draw(values.ulids), parts)


@given(event_ids())
def test_an_id_is_read_back(event_id: EventId) -> None:
    assert parse_event_id(str(event_id)) == event_id
    assert "." not in str(event_id), "signatures join it by a full stop"


@given(event_ids(), event_ids())
def test_two_events_have_two_ids(one: EventId, other: EventId) -> None:
    assert (str(one) == str(other)) == (one == other)


@given(st.text(max_size=60) | st.lists(st.text(max_size=9), max_size=5).map(":".join))
def test_whatever_is_sent_as_an_id_is_read_or_refused(text: str) -> None:
    found = parse_event_id(text)
    assert found is None or str(found) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "attempt-judged",
        "attempt.judged:e1:kn-1:1",
        "attempt-judged:e1:kn-1",
        "attempt-judged:e1:kn-1:0",
        "attempt-judged:e1:kn-1:01",
        "attempt-judged:e1:kn-1:1:1",
        "attempt-judged:e1:HEAD#kn-1:1",
        "attempt-judged::kn-1:1",
        "certificate-issued:e1:one",
        "enrolment-created:e1:",
    ],
)
def test_what_is_no_id(text: str) -> None:
    assert parse_event_id(text) is None


def test_an_envelope() -> None:
    event = Event(EventId(Kind.ATTEMPT_JUDGED, "e1", ("kn-1", "2")), "c1", NOON)
    assert envelope(event) == {
        "specversion": "1.0",
        "id": "attempt-judged:e1:kn-1:2",
        "source": "/v1/centres/c1",
        "type": "testamur.attempt.judged",
        "subject": "enrolments/e1/pages/kn-1/attempts/2",
        "time": "2026-03-02T12:00:00.250Z",
        "datacontenttype": "application/json",
        "data": {
            "centre_id": "c1",
            "enrolment_id": "e1",
            "page_id": "kn-1",
            "attempt": 2,
            "href": "/v1/centres/c1/enrolments/e1/pages/kn-1/attempts/2",
        },
    }


@pytest.mark.parametrize(
    ("event_id", "data", "subject"),
    [
        (EventId(Kind.ENROLMENT_CREATED, "e1"), {}, "enrolments/e1"),
        (
            EventId(Kind.ENROLMENT_STATE_CHANGED, "e1", ("complete", "1772452800250")),
            {"state": "complete"},
            "enrolments/e1",
        ),
        (
            EventId(Kind.CERTIFICATE_ISSUED, "e1", ("1",)),
            {"issue": 1},
            "enrolments/e1/certificate",
        ),
    ],
)
def test_what_an_event_carries(event_id: EventId, data: dict[str, object], subject: str) -> None:
    found = envelope(Event(event_id, "c1", NOON))
    href = f"/v1/centres/c1/{subject}"
    assert found["data"] == {"centre_id": "c1", "enrolment_id": "e1", **data, "href": href}
    assert found["subject"] == subject


@given(event_ids(), values.ulids, values.moments)
def test_every_envelope_is_a_cloud_event(event_id: EventId, centre: str, time: datetime) -> None:
    """Version 1.0, sections 3.1 and 3.2: what it must have, and of which type."""
    found = json.loads(json.dumps(envelope(Event(event_id, centre, time))))
    for required in ("specversion", "id", "source", "type"):
        assert isinstance(found[required], str)
        assert found[required]
    assert all(name.isalnum() and name.islower() for name in found)
    assert datetime.fromisoformat(found["time"]) == time


def test_every_kind_is_told_by_an_attribute_of_its_own() -> None:
    told = [kind for attributes in ACTS.values() for kind in attributes.values()]
    assert sorted(told) == sorted(Kind)
    assert set(PARTS) == set(Kind)
