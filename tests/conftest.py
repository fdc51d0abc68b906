"""Fixtures that every kind of test shares."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.world import World, new_world


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield new_world()
