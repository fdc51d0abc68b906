"""Doors to the API: one into a world of one's own, one into a world that a whole file shares."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.enrolments import Enrolment
from tests.api.door import Door, open_door
from tests.world import World, new_world


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as opened:
        yield opened


@pytest.fixture
def enrolment(door: Door) -> Enrolment:
    return door.world.enrol()


@pytest.fixture(scope="module")
def shared() -> Iterator[Door]:
    """Open the door of a world where requests are only refused, so that it stays as it is.

    A file asks either for this or for `door`.
    """
    with new_world() as world, open_door(world) as opened:
        yield opened


@pytest.fixture(scope="module")
def standing(shared: Door) -> Enrolment:
    return shared.world.enrol()
