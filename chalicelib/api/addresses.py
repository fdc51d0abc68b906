"""The page behind the link that verifies an address. Opening it changes nothing."""

from chalicelib.api.html import page, unopened
from chalicelib.api.http import Answer, Call, Operation
from chalicelib.api.rules import LINK_HOLDER
from chalicelib.domain.addresses import AddressState
from chalicelib.domain.errors import DomainError
from chalicelib.usecases import addresses
from chalicelib.usecases.addresses import OpenedAddress

ADDRESS = "/v1/addresses/{token}"
MEDIA = ("text/html",)
STATUS = {AddressState.LIVE: 200, AddressState.VERIFIED: 200}


@Operation(
    "openAddress",
    "GET",
    ADDRESS,
    summary="The page that asks the holder of an address to confirm it.",
    rule=LINK_HOLDER,
    media=MEDIA,
    problems=("not-found", "link-expired", "link-void"),
)
def open_address(call: Call) -> Answer:
    """Ask, or kindly say why there is nothing to confirm any more."""
    try:
        return _shown(addresses.open_address(call.runtime, call["token"]))
    except DomainError as error:
        return unopened(error)


@Operation(
    "verifyAddress",
    "POST",
    ADDRESS,
    summary="Confirm that the address is one's own.",
    rule=LINK_HOLDER,
    media=MEDIA,
    status=303,
    problems=("not-found", "link-expired", "link-void"),
)
def verify_address(call: Call) -> Answer:
    """Record it; doing so again leads to the same page."""
    try:
        opened = addresses.verify_address(call.runtime, call["token"])
    except DomainError as error:
        return unopened(error)
    if opened.state is not AddressState.VERIFIED:
        return _shown(opened)
    where = call.address(ADDRESS.format(token=call["token"]))
    return Answer(303, "", {"Location": where, "Referrer-Policy": "no-referrer"})


def _shown(opened: OpenedAddress) -> Answer:
    return page(
        "address.html",
        STATUS.get(opened.state, 410),
        state=opened.state,
        centre=opened.centre,
        # A link to another address is told nothing of the one that is known now.
        address=opened.member.membership.address if opened.state in STATUS else "",
    )
