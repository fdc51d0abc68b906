"""Archives: what comes of an export, seen from outside."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from chalicelib.domain.digests import digest
from chalicelib.domain.exports import KEPT, Export, ExportState
from tests.exports import everything, members, objects, verified
from tests.world import EVIDENCE_MODULE, World, new_world


@pytest.fixture(scope="module")
def shown() -> Iterator[World]:
    """Make a world with one enrolment of everything, on which nothing more is done."""
    with new_world(EVIDENCE_MODULE) as world:
        yield world


@pytest.fixture(scope="module")
def made(shown: World) -> Export:
    return shown.work_on(shown.start_export(everything(shown)))


@pytest.fixture(scope="module")
def archive(shown: World, made: Export) -> dict[str, bytes]:
    return members(shown, made)


def test_an_export_ends_as_one_archive(shown: World, made: Export) -> None:
    assert made.state is ExportState.READY
    assert made.size == len(shown.archive(made))
    assert made.expires_at == shown.clock() + KEPT
    assert (made.progress.enrolments, made.progress.pages) == (1, 2)
    assert objects("work/") == []


def test_the_archive_verifies(shown: World, made: Export, tmp_path: Path) -> None:
    verified(shown, made, tmp_path)


def test_a_stranger_finds_it_a_valid_bag(shown: World, made: Export, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(shown.archive(made))) as archive:
        archive.extractall(tmp_path)
    run = subprocess.run(  # noqa: S603 (a stranger's verifier)
        [sys.executable, "-m", "bagit", "--validate", "--quiet", tmp_path], check=False
    )
    assert run.returncode == 0


def test_what_was_signed_is_there_to_the_byte(archive: dict[str, bytes]) -> None:
    (folder,) = {name.split("/")[2] for name in archive if name.startswith("data/enrolments/")}
    portfolio = json.loads(archive[f"data/enrolments/{folder}/portfolio.json"])
    hashes = {
        each["content_hash"]: archive[f"data/enrolments/{folder}/{each['file']}"]
        for page in portfolio["pages"]
        for attempt in page["attempts"]
        for each in (attempt, *attempt["contributions"])
    }
    assert len(hashes) == 4  # three attempts, one observation
    assert all(digest(content) == content_hash for content_hash, content in hashes.items())
    (attachment,) = portfolio["attachments"]
    assert archive[f"data/enrolments/{folder}/{attachment['file']}"] == b"The room, prepared."


def test_nothing_gives_the_answer_key_away(archive: dict[str, bytes]) -> None:
    assert not [name for name, content in archive.items() if b"PLANTED-GUIDANCE" in content]


def test_portfolios_fit_their_schema(archive: dict[str, bytes]) -> None:
    validator = Draft202012Validator(json.loads(archive["data/schema.json"]))
    portfolios = [name for name in archive if name.endswith("/portfolio.json")]
    assert portfolios
    for name in portfolios:
        assert not list(validator.iter_errors(json.loads(archive[name])))
