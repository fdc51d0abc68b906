"""What is looked at in a generated client."""

import json
from pathlib import Path

from infra.clients import DOCUMENT, differences


def generated(folder: Path, *names: str) -> Path:
    """Write the types of a client as a generator would."""
    models = folder / "models"
    models.mkdir()
    for name in names:
        (models / f"{name}.kt").touch()
    return folder


def test_types_that_are_missing_renamed_or_made_up_are_noticed(tmp_path: Path) -> None:
    described = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"]
    names = set(described) - {"JudgementForm", "Role"}
    found = differences(generated(tmp_path, *names, "ModelRole", "PageItemsInner"), ".kt")
    assert found == ["no type Role", "a made-up type ModelRole", "a made-up type PageItemsInner"]
