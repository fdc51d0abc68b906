"""The people of a centre: memberships, and what assessors and verifiers are authorised to do."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.addresses import DueMail, address_flaws
from chalicelib.domain.errors import Flaw, Invalid
from chalicelib.domain.text import clean

ALL_MODULES = "*"
NAME_LIMIT = 200  # characters
NUMBER_LIMIT = 64  # characters of a learner number, or of a registration
ISSUER_LIMIT = 255  # characters
SUBJECT_LIMIT = 255  # characters; OpenID Connect Core 1.0, section 2
IDENTITIES_LIMIT = 10  # of one person at one centre
QUALIFICATION_LIMIT = 80  # bytes of UTF-8: it is frozen into the head of every attempt judged
MODULES_LIMIT = 50  # modules named in one authorisation
CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # Unicode categories that no name has
JOINERS = "\u200c\u200d"  # they shape letters of some scripts
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols that show nothing


class Role(StrEnum):
    """What somebody may be at a centre."""

    CANDIDATE = "candidate"
    ASSESSOR = "assessor"
    INTERNAL_VERIFIER = "internal-verifier"
    EXTERNAL_VERIFIER = "external-verifier"
    ADMINISTRATOR = "administrator"


AUTHORISED = frozenset({Role.ASSESSOR, Role.INTERNAL_VERIFIER})  # roles that need more than a role


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a sign-in service says somebody is: the `iss` and `sub` of its tokens."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Somebody's place at one centre, with the name and the address that the centre knows.

    `identities` are those that this centre has linked; `registration` is with an awarding body.
    `due` are mails about the address that have not been sent yet, `asked_at` is when its holder
    was last asked to verify it. `version` counts the changes of all that the centre knows.
    """

    centre_id: str
    person_id: str
    name: str
    roles: frozenset[Role]
    valid_from: datetime
    valid_until: datetime | None = None
    address: str = ""
    address_verified_at: datetime | None = None
    learner_number: str = ""
    registration: str = ""
    identities: tuple[Identity, ...] = ()
    due: tuple[DueMail, ...] = ()
    asked_at: datetime | None = None
    version: int = 1

    def valid_at(self, now: datetime) -> bool:
        """Whether the membership holds at this moment; the end is the first moment without it."""
        return within(now, self.valid_from, self.valid_until)

    def over_at(self, now: datetime) -> bool:
        """Whether the membership has ended by this moment, or will never begin."""
        end = self.valid_until
        return end is not None and end <= max(now, self.valid_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """What an assessor may judge, or a verifier verify, at a centre.

    Every change makes a new one, with a new id.
    """

    id: str
    role: Role = Role.ASSESSOR
    qualification: str
    modules: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime | None = None
    countersigner_id: str = ""

    def covers(self, module_id: str, now: datetime) -> bool:
        """Whether it lets its holder judge this module at this moment."""
        named = ALL_MODULES in self.modules or module_id in self.modules
        return named and within(now, self.valid_from, self.valid_until)


@dataclass(frozen=True, slots=True)
class Member:
    """What a centre knows of somebody: their membership, and what it authorises them to do."""

    membership: Membership
    authorisations: tuple[Authorisation, ...] = ()

    def authorisation(self, role: Role) -> Authorisation | None:
        """Find the authorisation for what a role does, valid or not."""
        return next((each for each in self.authorisations if each.role is role), None)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Who changed what a centre knows of somebody, when, and which fields: it is never undone."""

    at: datetime
    by: str
    fields: tuple[str, ...]


def within(now: datetime, start: datetime, end: datetime | None) -> bool:
    """Whether a moment lies in a period that contains its start and not its end."""
    return start <= now and (end is None or now < end)


def check_member(member: Member, further: Iterable[Flaw] = ()) -> None:
    """Raise Invalid, with further flaws, where what is to be known of somebody makes no sense."""
    flaws = [*_membership_flaws(member.membership), *further]
    roles: set[Role] = set()
    for number, authorisation in enumerate(member.authorisations):
        pointer = f"/authorisations/{number}"
        flaws += _authorisation_flaws(pointer, authorisation, member.membership.roles - roles)
        roles.add(authorisation.role)
    if flaws:
        raise Invalid("invalid-person", "The person was not saved; mend what is listed.", flaws)


def name_flaws(pointer: str, name: str, what: str = "a name") -> Iterator[Flaw]:
    """Yield what keeps a name from being printed on one line."""
    if not _shows(name) or len(name) > NAME_LIMIT or not _in_one_line(name):
        detail = f"Write {what}: 1 to {NAME_LIMIT} characters, in one line, none invisible."
        yield Flaw(pointer, "invalid-name", detail)


def _membership_flaws(membership: Membership) -> Iterator[Flaw]:
    yield from name_flaws("/name", membership.name)
    if not membership.roles:
        yield Flaw("/roles", "no-role", "Name at least one role.")
    if membership.address:
        yield from address_flaws("/address", membership.address)
    if Role.ASSESSOR in membership.roles and not membership.address:
        detail = "An assessor needs an address: links to judge by are mailed to it."
        yield Flaw("/address", "address-required", detail)
    for field in ("learner_number", "registration"):
        text = getattr(membership, field)
        if len(text) > NUMBER_LIMIT or not _in_one_line(text) or text != text.strip():
            detail = f"Write at most {NUMBER_LIMIT} characters, in one line, or leave it empty."
            yield Flaw(f"/{field}", "invalid-number", detail)
    if membership.valid_until and membership.valid_until <= membership.valid_from:
        yield Flaw("/ends_on", "ends-before-start", "The end must come after the start.")
    yield from _identity_flaws(membership.identities)


def _identity_flaws(identities: tuple[Identity, ...]) -> Iterator[Flaw]:
    if len(set(identities)) != len(identities) or len(identities) > IDENTITIES_LIMIT:
        detail = f"Link at most {IDENTITIES_LIMIT} sign-in identities, each once."
        yield Flaw("/identities", "count", detail)
    for number, identity in enumerate(identities):
        for field, text, limit in (
            ("issuer", identity.issuer, ISSUER_LIMIT),
            ("subject", identity.subject, SUBJECT_LIMIT),
        ):
            if not 1 <= len(text) <= limit or not _in_one_line(text):
                detail = f"Write 1 to {limit} characters: what the tokens of this person carry."
                yield Flaw(f"/identities/{number}/{field}", "invalid-identity", detail)


def _authorisation_flaws(
    pointer: str, authorisation: Authorisation, roles: frozenset[Role]
) -> Iterator[Flaw]:
    if authorisation.role not in AUTHORISED or authorisation.role not in roles:
        detail = "Assessors and internal verifiers are authorised, once for each role they have."
        yield Flaw(f"{pointer}/role", "role-not-held", detail)
    if not authorisation.qualification.strip():
        detail = "Say which assessor qualification is held, or `none`."
        yield Flaw(f"{pointer}/qualification", "required", detail)
    if len(authorisation.qualification.encode()) > QUALIFICATION_LIMIT:
        detail = f"Write at most {QUALIFICATION_LIMIT} bytes; an abbreviation will do."
        yield Flaw(f"{pointer}/qualification", "too-long", detail)
    if not 1 <= len(authorisation.modules) <= MODULES_LIMIT:
        detail = f"Name 1 to {MODULES_LIMIT} modules by id, or `*` for all."
        yield Flaw(f"{pointer}/modules", "count", detail)
    if authorisation.valid_until and authorisation.valid_until <= authorisation.valid_from:
        yield Flaw(f"{pointer}/ends_on", "ends-before-start", "The end must come after the start.")


def _in_one_line(text: str) -> bool:
    """Whether a text can be printed in one line: no controls, nothing invisible, no towers."""
    try:
        clean(text)
    except ValueError:
        return False
    return not any(
        unicodedata.category(character) in CONTROLS and not _joins(text, place)
        for place, character in enumerate(text)
    )


def _joins(text: str, place: int) -> bool:
    """Whether a joiner stands there, between letters; elsewhere it only makes names look alike."""
    around = (*text[max(0, place - 1) : place], *text[place + 1 : place + 2])
    letters = [each for each in around if unicodedata.category(each)[0] in "LM"]
    return text[place] in JOINERS and len(letters) == 2  # noqa: PLR2004 (one on each side)


def _shows(text: str) -> bool:
    """Whether there is anything to see of a text."""
    return any(
        unicodedata.category(character)[0] in "LNPS" and character not in BLANKS
        for character in text
    )
