"""The people of a centre: memberships, and what assessors and verifiers are authorised to do."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.errors import Flaw, Invalid

ALL_MODULES = "*"
NAME_LIMIT = 200  # characters
ADDRESS_LIMIT = 254  # characters; RFC 5321, section 4.5.3.1.3, less the angle brackets
QUALIFICATION_LIMIT = 80  # bytes of UTF-8: it is frozen into the head of every attempt judged
MODULES_LIMIT = 50  # modules named in one authorisation
CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})  # Unicode categories that no name has
ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+\.[^@\s<>,;:\"()\[\]\\.]+")


class Role(StrEnum):
    """What somebody may be at a centre."""

    CANDIDATE = "candidate"
    ASSESSOR = "assessor"
    INTERNAL_VERIFIER = "internal-verifier"
    EXTERNAL_VERIFIER = "external-verifier"
    ADMINISTRATOR = "administrator"


AUTHORISED = frozenset({Role.ASSESSOR, Role.INTERNAL_VERIFIER})  # roles that need more than a role


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Somebody's place at one centre, with the name and the address that the centre knows."""

    centre_id: str
    person_id: str
    name: str
    roles: frozenset[Role]
    valid_from: datetime
    valid_until: datetime | None = None
    address: str = ""
    address_verified_at: datetime | None = None

    def valid_at(self, now: datetime) -> bool:
        """Whether the membership holds at this moment; the end is the first moment without it."""
        return within(now, self.valid_from, self.valid_until)


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


def within(now: datetime, start: datetime, end: datetime | None) -> bool:
    """Whether a moment lies in a period that contains its start and not its end."""
    return start <= now and (end is None or now < end)


def check_membership(membership: Membership) -> None:
    """Raise Invalid where a membership makes no sense or lacks what its roles need."""
    flaws = list(name_flaws("/name", membership.name))
    if not membership.roles:
        flaws.append(Flaw("/roles", "no-role", "Name at least one role."))
    if membership.address:
        flaws += address_flaws("/address", membership.address)
    if Role.ASSESSOR in membership.roles and not membership.address:
        detail = "An assessor needs an address: links to judge by are mailed to it."
        flaws.append(Flaw("/address", "address-required", detail))
    if membership.valid_until and membership.valid_until <= membership.valid_from:
        detail = "The end must come after the start."
        flaws.append(Flaw("/valid_until", "ends-before-start", detail))
    if flaws:
        raise Invalid("invalid-person", "The person was not saved; mend what is listed.", flaws)


def check_authorisation(authorisation: Authorisation, roles: Iterable[Role]) -> None:
    """Raise Invalid where an authorisation authorises nothing, or nobody who has the role."""
    flaws = []
    if authorisation.role not in AUTHORISED or authorisation.role not in roles:
        detail = "Assessors and internal verifiers are authorised, for a role that they have."
        flaws.append(Flaw("/authorisation/role", "role-not-held", detail))
    if not authorisation.qualification.strip():
        detail = "Say which assessor qualification is held, or `none`."
        flaws.append(Flaw("/authorisation/qualification", "required", detail))
    if len(authorisation.qualification.encode()) > QUALIFICATION_LIMIT:
        detail = f"Write at most {QUALIFICATION_LIMIT} bytes; an abbreviation will do."
        flaws.append(Flaw("/authorisation/qualification", "too-long", detail))
    if not 1 <= len(authorisation.modules) <= MODULES_LIMIT:
        detail = f"Name 1 to {MODULES_LIMIT} modules by id, or `*` for all."
        flaws.append(Flaw("/authorisation/modules", "count", detail))
    if authorisation.valid_until and authorisation.valid_until <= authorisation.valid_from:
        detail = "The end must come after the start."
        flaws.append(Flaw("/authorisation/valid_until", "ends-before-start", detail))
    if flaws:
        raise Invalid("invalid-person", "The person was not saved; mend what is listed.", flaws)


def name_flaws(pointer: str, name: str) -> Iterable[Flaw]:
    """Yield what keeps a name from being printed on one line."""
    lines = any(unicodedata.category(character) in CONTROLS for character in name)
    if not name.strip() or len(name) > NAME_LIMIT or lines:
        detail = f"Write a name of 1 to {NAME_LIMIT} characters, in one line."
        yield Flaw(pointer, "invalid-name", detail)


def address_flaws(pointer: str, address: str) -> Iterable[Flaw]:
    """Yield what keeps mail from being sent to an address, or from it."""
    if len(address) > ADDRESS_LIMIT or not ADDRESS.fullmatch(address):
        detail = "This is no e-mail address; write one such as name@example.org."
        yield Flaw(pointer, "invalid-address", detail)
