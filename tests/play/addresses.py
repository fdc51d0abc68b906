"""Scenes: addresses, the page behind the link that verifies one."""

from chalicelib.domain.people import Role
from tests.api.door import verification_token
from tests.play.stage import Stage, scene

FORGED = "/v1/addresses/forged"


def _mailed(stage: Stage) -> str:
    asked = stage.world.person("Una Nverified", Role.ASSESSOR, address_verified=False)
    return f"/v1/addresses/{verification_token(stage.world.runtime, asked)}"


@scene("openAddress")
def open_address(stage: Stage) -> None:
    link = _mailed(stage)
    stage.shows("The address, with the form to confirm it.", "GET", link)
    stage.refused("not-found", "GET", FORGED)


@scene("verifyAddress")
def verify_address(stage: Stage) -> None:
    stage.shows("The address is confirmed.", "POST", _mailed(stage), key=None)
    stage.refused("not-found", "POST", FORGED, key=None)
