"""Fixtures that every kind of test shares."""

from collections.abc import Iterator

import pytest

from cli.cloud import running
from cli.stack import Stack, deploy
from infra.package import package
from tests.world import World, new_world


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as world:
        yield world


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Deploy the packaged application to a fresh cloud with its own port and state."""
    with running(tmp_path_factory.mktemp("cloud"), keep=False) as cloud:
        yield deploy(cloud, package())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests on a cloud, which take longest; a worker takes a file of them whole.

    Every worker has a cloud of its own.
    """
    for item in items:
        if _on_cloud(item):
            item.add_marker(pytest.mark.xdist_group(f"cloud {item.path.stem}"))
    items.sort(key=lambda item: not _on_cloud(item))


def _on_cloud(item: pytest.Item) -> bool:
    return "stack" in getattr(item, "fixturenames", ())
