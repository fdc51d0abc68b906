"""Centres, and what each of them has settled for itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import available_timezones

from chalicelib.domain.errors import Flaw, Invalid
from chalicelib.domain.people import address_flaws, name_flaws

MONTHS_LIMIT = 1_200  # a hundred years


class LinkPolicy(StrEnum):
    """Whether assessors may judge by the links in their mail."""

    ALLOWED = "allowed"
    WITH_CODE = "with-code"
    OFF = "off"


class RecordClass(StrEnum):
    """What is kept, by how long it has to be."""

    EVIDENCE = "evidence"
    ASSESSMENT = "assessment-and-verification"
    CERTIFICATES = "certificate-register"
    AUDIT = "audit"


class RetentionStart(StrEnum):
    """What a period of retention is counted from."""

    RECORDED = "recorded"
    ENROLMENT_CLOSED = "enrolment-closed"
    CERTIFICATE_ISSUED = "certificate-issued"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long records are kept: so many months from an event, None for ever.

    While on hold, none of them is deleted, whatever the period.
    """

    start: RetentionStart
    months: int | None
    hold: bool = False


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """One version of the rule for a class of records, and since when it is the rule."""

    record_class: RecordClass
    version: int
    since: datetime
    retention: Retention


# What a centre begins with, until it has settled what its awarding bodies ask for.
FIRST_RETENTION = {
    RecordClass.EVIDENCE: Retention(RetentionStart.ENROLMENT_CLOSED, 36),
    RecordClass.ASSESSMENT: Retention(RetentionStart.ENROLMENT_CLOSED, 72),
    RecordClass.CERTIFICATES: Retention(RetentionStart.CERTIFICATE_ISSUED, None),
    RecordClass.AUDIT: Retention(RetentionStart.RECORDED, 72),
}


@dataclass(frozen=True, slots=True)
class Centre:
    """A training provider: the wall between tenants.

    `mail_sender` is the address that the centre's mail comes from, empty for the stage's own;
    `public_name` what strangers see, empty for the name. `retention` holds every version of every
    rule, oldest first; `version` counts the changes of all this.
    """

    id: str
    name: str
    time_zone: str = "Europe/London"
    mail_sender: str = ""
    links: LinkPolicy = LinkPolicy.ALLOWED
    public_name: str = ""
    retention: tuple[RetentionRule, ...] = ()
    version: int = 1

    @property
    def shown_name(self) -> str:
        """The name on certificates and public pages."""
        return self.public_name or self.name

    def rule(self, record_class: RecordClass) -> RetentionRule | None:
        """Find the rule that is in force for a class of records."""
        rules = [rule for rule in self.retention if rule.record_class is record_class]
        return rules[-1] if rules else None


def next_rule(
    centre: Centre, record_class: RecordClass, retention: Retention, now: datetime
) -> tuple[RetentionRule, ...]:
    """Give what a new rule adds to those of a centre: nothing where it is the rule already."""
    current = centre.rule(record_class)
    if current and current.retention == retention:
        return ()
    version = current.version + 1 if current else 1
    return (RetentionRule(record_class, version, now, retention),)


def check_centre(centre: Centre) -> None:
    """Raise Invalid where a centre could not be written on a certificate, or send mail."""
    flaws = list(name_flaws("/name", centre.name))
    if centre.public_name:
        flaws += name_flaws("/public_name", centre.public_name)
    if centre.mail_sender:
        flaws += address_flaws("/mail_sender", centre.mail_sender)
    if centre.time_zone not in available_timezones():
        detail = "Name a zone of the IANA time zone database, such as Europe/London."
        flaws.append(Flaw("/time_zone", "unknown-time-zone", detail))
    flaws += _retention_flaws(centre.retention)
    if flaws:
        raise Invalid("invalid-centre", "The centre was not saved; mend what is listed.", flaws)


def _retention_flaws(rules: Iterable[RetentionRule]) -> Iterable[Flaw]:
    for rule in rules:
        months = rule.retention.months
        if months is not None and not 1 <= months <= MONTHS_LIMIT:
            detail = f"Keep records for 1 to {MONTHS_LIMIT} months, or for ever."
            yield Flaw(f"/retention/{rule.record_class}", "invalid-period", detail)
