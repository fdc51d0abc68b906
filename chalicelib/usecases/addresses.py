"""Mail addresses: asking their holders to verify them, and telling those that went."""

from dataclasses import dataclass

from chalicelib.domain.access import Actor
from chalicelib.domain.addresses import (
    LIFETIME,
    AddressLink,
    AddressState,
    DueMail,
    MailKind,
    address_digest,
    address_state,
)
from chalicelib.domain.centres import Centre
from chalicelib.domain.details import asked_again, verified
from chalicelib.domain.errors import Conflict, NotFound, Stale, not_found
from chalicelib.domain.links import PATIENCE
from chalicelib.domain.people import Member, Membership
from chalicelib.domain.times import local
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Update, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import memberships
from chalicelib.usecases.centres import load_centre

ADDRESSES_PATH = "/v1/addresses/"
TRIES = 3


@dataclass(frozen=True, slots=True)
class OpenedAddress:
    """What a link leads to, whether or not it still verifies anything."""

    state: AddressState
    centre: Centre
    member: Member


def open_address(runtime: Runtime, token: str) -> OpenedAddress:
    """Tell what a token leads to. Changes nothing. Raises NotFound for all that is not ours."""
    link = runtime.signer.read_address(token)
    if link is None:
        raise not_found()
    member = memberships.read(runtime, link.centre_id, link.person_id)
    known, now = member.membership, runtime.now()
    state = address_state(link, known.address, known.address_verified_at, now)
    if known.over_at(now):
        state = AddressState.VOID
    return OpenedAddress(state, load_centre(runtime, link.centre_id), member)


def verify_address(runtime: Runtime, token: str) -> OpenedAddress:
    """Verify the address that a token was mailed to, once, and tell what stands then.

    Raises NotFound for all that is not ours.
    """
    for _ in range(TRIES):
        opened = open_address(runtime, token)
        if opened.state is not AddressState.LIVE:
            return opened
        before = opened.member
        after = verified(before, runtime.now())
        try:
            memberships.save(runtime, before, after, None)
        except Stale:
            continue
        return open_address(runtime, token)
    return open_address(runtime, token)


def ask_again(runtime: Runtime, actor: Actor, person_id: str) -> None:
    """Have the holder of an address asked again to verify it, unless that has just been done.

    Raises NotFound, and Conflict where there is nothing to verify.
    """
    before = memberships.read(runtime, actor.centre_id, person_id)
    known, now = before.membership, runtime.now()
    if not known.address or known.address_verified_at or known.over_at(now):
        detail = "There is no address that waits to be verified; read the person to see why."
        raise Conflict("nothing-to-verify", detail)
    if known.asked_at and now - known.asked_at < PATIENCE:
        return
    memberships.save(runtime, before, asked_again(before, now), actor)


def mail_due(runtime: Runtime, centre_id: str, person_id: str) -> int:
    """Send the mails that are due to a member, and return how many. Can be done again at will.

    A crash between mail and mark sends the mail once more, with the same link. An address that has
    just been asked is asked again only after a while, by the sweeper, whoever has it by then.
    """
    sent = 0
    while True:
        try:
            member = memberships.read(runtime, centre_id, person_id)
        except NotFound:
            return sent
        if not member.membership.due:
            return sent
        mail = member.membership.due[0]
        if _is_wanted(mail, member.membership):
            if _just_asked(runtime, centre_id, mail):
                return sent
            _send(runtime, mail, member.membership)
            _mark_asked(runtime, centre_id, mail)
            sent += 1
        _mark_sent(runtime, member.membership)


def _is_wanted(mail: DueMail, known: Membership) -> bool:
    if mail.kind is MailKind.CHANGED:
        return True
    return mail.address == known.address and not known.address_verified_at


def _just_asked(runtime: Runtime, centre_id: str, mail: DueMail) -> bool:
    """Whether the address has just been asked, by whatever ways it has come and gone since."""
    if mail.kind is not MailKind.VERIFY:
        return False
    item = runtime.table.get(keys.asked(centre_id, mail.address))
    return item is not None and runtime.now().timestamp() < item["expires_at"]


def _mark_asked(runtime: Runtime, centre_id: str, mail: DueMail) -> None:
    if mail.kind is MailKind.VERIFY:
        until = int((runtime.now() + PATIENCE).timestamp())
        key = keys.asked(centre_id, mail.address)
        runtime.table.write(Update(key, set={"expires_at": until}))


def _mark_sent(runtime: Runtime, known: Membership) -> None:
    """Take the first of the due mails away, unless others have become due in between."""
    before = items.due_mails(known.centre_id, known.person_id, known.due)
    after = items.due_mails(known.centre_id, known.person_id, known.due[1:])
    change = Update(
        keys.membership(known.person_id, known.centre_id),
        (equals("due", before["due"]),),
        set=after,
        remove=tuple(before.keys() - after.keys()),
    )
    try:
        runtime.table.write(change)
    except ConditionFailedError:
        return  # they are read again, and this one perhaps sent once more


def _send(runtime: Runtime, mail: DueMail, known: Membership) -> None:
    centre = load_centre(runtime, known.centre_id)
    write = _question if mail.kind is MailKind.VERIFY else _farewell
    subject, text = write(runtime, centre, known)
    runtime.mail.send(mail.address, subject, text, centre.mail_sender)


def _question(runtime: Runtime, centre: Centre, known: Membership) -> tuple[str, str]:
    expires_at = (known.asked_at or known.valid_from) + LIFETIME
    link = AddressLink(
        centre_id=known.centre_id,
        person_id=known.person_id,
        address=address_digest(known.address),
        expires_at=expires_at,
    )
    where = f"{runtime.settings.public_url}{ADDRESSES_PATH}{runtime.signer.address_token(link)}"
    text = (
        f"Dear {known.name},\n\n"
        f"{centre.name} has noted this address for you. Please confirm that it is yours:\n\n"
        f"{where}\n\n"
        f"The link works until {local(expires_at, centre.time_zone)}. "
        "If you do not know the centre, do nothing: no further mail will come.\n\n"
        f"{centre.name}\n"
    )
    return f"{centre.name}: is this your address?", text


def _farewell(_: Runtime, centre: Centre, known: Membership) -> tuple[str, str]:
    text = (
        f"Dear {known.name},\n\n"
        f"{centre.name} has noted another address for you, or none. Mail does not come to this "
        "one any more, and links that were mailed to it do not open any more.\n\n"
        "If you did not ask for that, please tell the centre at once.\n\n"
        f"{centre.name}\n"
    )
    return f"{centre.name}: your address was changed", text
