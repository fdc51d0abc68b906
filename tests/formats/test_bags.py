"""The bag: its files in their order, and what a stranger's verifier says of it."""

import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path

import bagit  # type: ignore[import-untyped]
import pytest

from chalicelib.domain.digests import digest
from chalicelib.formats import bags
from tests.members import plain

PAYLOAD = {"data/b.txt": b"b", "data/a/z.txt": b"Noted.\n", "data/a.txt": b""}


def bag(payload: dict[str, bytes]) -> dict[str, bytes]:
    """Make the files of a bag, in their order."""
    contents = {
        **payload,
        bags.DECLARATION: bags.BAGIT,
        "index.html": b"<!doctype html>",
        bags.INFO: bags.info(
            organisation="Harbour\nCare  Training: Zoë",
            description="Two portfolios",
            identifier="01J",
            day=date(2026, 3, 2),
            size=sum(map(len, payload.values())),
            count=len(payload),
        ),
    }
    contents[bags.MANIFEST] = bags.manifest(digests(contents))
    contents[bags.TAG_MANIFEST] = bags.tag_manifest(digests(contents))
    contents[bags.SIGNATURE] = b"a.b.c"
    return {name: contents[name] for name in sorted(contents, key=bags.rank)}


def digests(contents: dict[str, bytes]) -> dict[str, str]:
    return {name: digest(content) for name, content in contents.items()}


def unpacked(contents: dict[str, bytes], directory: Path) -> bagit.Bag:
    with zipfile.ZipFile(BytesIO(plain(contents))) as archive:
        archive.extractall(directory)
    return bagit.Bag(str(directory))


def test_files_come_in_the_order_of_the_format() -> None:
    assert [*bag(PAYLOAD)] == [
        "bagit.txt",
        "data/a.txt",
        "data/a/z.txt",
        "data/b.txt",
        "bag-info.txt",
        "index.html",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
        "signature.jws",
    ]


def test_manifests_have_a_line_for_each_file_that_they_answer_for() -> None:
    made = bag(PAYLOAD)
    lines = [f"{digest(PAYLOAD[name])}  {name}" for name in sorted(PAYLOAD)]
    assert made[bags.MANIFEST].decode() == "".join(f"{line}\n" for line in lines)
    named = [line.split("  ")[1] for line in made[bags.TAG_MANIFEST].decode().splitlines()]
    assert named == ["bagit.txt", "bag-info.txt", "index.html", "manifest-sha256.txt"]


def test_a_stranger_takes_it_for_a_bag(tmp_path: Path) -> None:
    read = unpacked(bag(PAYLOAD), tmp_path)
    read.validate(completeness_only=False)
    assert read.info == {
        "Source-Organization": "Harbour Care Training: Zoë",
        "External-Description": "Two portfolios",
        "Bagging-Date": "2026-03-02",
        "External-Identifier": "01J",
        "Payload-Oxum": "8.3",
    }
    assert read.version_info == (1, 0)


@pytest.mark.parametrize("name", [*PAYLOAD, "index.html", "bag-info.txt"])
def test_a_stranger_notices_what_was_changed(tmp_path: Path, name: str) -> None:
    unpacked(bag(PAYLOAD), tmp_path)
    (tmp_path / name).write_bytes(b"changed")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(tmp_path)).validate()
