"""Centres settle things for themselves, within what can be printed, mailed and kept."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.centres import (
    MONTHS_LIMIT,
    Centre,
    RecordClass,
    Retention,
    RetentionRule,
    RetentionStart,
    check_centre,
    next_rule,
)
from chalicelib.domain.errors import Invalid
from chalicelib.domain.people import NAME_LIMIT
from tests.domain.values import SIGNED_AT as NOW

CENTRE = Centre("centre", "Harbour Care")
EVIDENCE = RecordClass.EVIDENCE


def kept(months: int | None) -> tuple[RetentionRule, ...]:
    retention = Retention(RetentionStart.RECORDED, months)
    return (RetentionRule(EVIDENCE, 1, NOW, retention),)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"name": ""}, "/name", "invalid-name"),
        ({"name": "x" * (NAME_LIMIT + 1)}, "/name", "invalid-name"),
        ({"name": "Harbour\nCare"}, "/name", "invalid-name"),
        ({"public_name": " "}, "/public_name", "invalid-name"),
        ({"mail_sender": "Harbour <mail@harbour.example>"}, "/mail_sender", "invalid-address"),
        *(
            ({"time_zone": zone}, "/time_zone", "unknown-time-zone")
            for zone in ("", "Europe/Londres", "GMT+1", "../etc/localtime", "europe")
        ),
        *(
            ({"retention": kept(months)}, "/retention/evidence", "invalid-period")
            for months in (0, -1, MONTHS_LIMIT + 1)
        ),
    ],
)
def test_settings_that_make_no_sense(change: dict[str, Any], pointer: str, code: str) -> None:
    check_centre(CENTRE)
    with pytest.raises(Invalid) as refusal:
        check_centre(replace(CENTRE, **change))
    assert [(flaw.pointer, flaw.code) for flaw in refusal.value.flaws] == [(pointer, code)]


@pytest.mark.parametrize(
    "change",
    [
        {"public_name": "Ärztehaus am Hafen"},
        {"mail_sender": "mail@harbour.example"},
        {"retention": kept(1)},
        {"retention": kept(MONTHS_LIMIT)},
        {"retention": kept(None)},
    ],
)
def test_settings_that_are_taken(change: dict[str, Any]) -> None:
    check_centre(replace(CENTRE, **change))


def test_strangers_see_the_public_name_where_there_is_one() -> None:
    assert CENTRE.shown_name == "Harbour Care"
    assert replace(CENTRE, public_name="Harbour").shown_name == "Harbour"


def test_a_rule_changes_by_a_new_version_and_the_old_one_stays_to_be_read() -> None:
    first, second = Retention(RetentionStart.RECORDED, 36), Retention(RetentionStart.RECORDED, 72)
    centre = CENTRE
    for retention in (first, first, second, replace(second, hold=True), first):
        rules = centre.retention + next_rule(centre, EVIDENCE, retention, NOW)
        centre = replace(centre, retention=rules)
    assert [(rule.version, rule.retention.months) for rule in centre.retention] == [
        *((1, 36), (2, 72), (3, 72), (4, 36))
    ]
    assert centre.rule(EVIDENCE) == centre.retention[-1]
    assert centre.rule(RecordClass.AUDIT) is None
