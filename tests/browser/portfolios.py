"""An export's pages laid out in a folder, as somebody finds them who unpacks one."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from chalicelib.formats import pictures
from chalicelib.formats.portfolio_html import render, render_cover
from cli.evidence import SAMPLES
from tests.formats import portfolio_documents
from tests.formats.portfolio_documents import ARABIC, CHINESE

MADE = {
    "demo": portfolio_documents.demo(),
    "rich": portfolio_documents.rich(),
    "empty": portfolio_documents.empty(),
    "arabic": portfolio_documents.rich(ARABIC),
    "chinese": portfolio_documents.rich(CHINESE),
}


def photo() -> bytes:
    """Return the thumbnail of a photo."""
    with TemporaryFile() as file:
        file.write(SAMPLES["image/jpeg"].make())
        file.seek(0)
        return pictures.render(file).thumbnail


def lay_out(folder: Path, made: Mapping[str, dict[str, Any]] = MADE) -> Path:
    """Write the cover, the portfolios and their thumbnails; return where the cover is."""
    thumbnail = photo()
    for name, document in made.items():
        place = folder / "data" / "enrolments" / name
        (place / "thumbnails").mkdir(parents=True)
        (place / "index.html").write_bytes(render(document))
        for each in document["attachments"]:
            if each["thumbnail"]:
                (place / each["thumbnail"]).write_bytes(thumbnail)
    cover = folder / "index.html"
    cover.write_bytes(render_cover(_export(made)))
    return cover


def _export(made: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": 1,
        "export_id": "01JEXPORT00000000000000000",
        "centre_id": "centre",
        "created_at": "2026-07-01T09:30:00.000Z",
        "centre": {"id": "centre", "name": "Harbour Care Training"},
        "requested_by": {"id": "administrator", "name": "Ada Admin"},
        "purpose": "External verification in July",
        "selection": {},
        "enrolments": [_enrolment(name, document) for name, document in made.items()],
    }


def _enrolment(name: str, document: dict[str, Any]) -> dict[str, Any]:
    pages, module = document["pages"], document["module"]
    return {
        "enrolment_id": name,
        "candidate_id": "candidate",
        "candidate": document["people"]["candidate"]["name"],
        "module_id": module["id"],
        "module_version": module["version"],
        "title": module["title"],
        "state": document["enrolment"]["state"],
        "pages": len(pages),
        "pages_competent": sum(page["state"] == "competent" for page in pages),
        "attempts": sum(len(page["attempts"]) for page in pages),
        "attachments": len(document["attachments"]),
        "bytes": sum(each["size"] for each in document["attachments"]),
        "certificate": next((each["id"] for each in document["certificates"]), ""),
    }
