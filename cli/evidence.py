"""Small files that somebody in training might send in, one of each type, made here and now.

The demo uploads them, and tests take them for real ones: they are what programs can open.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cli import sample_documents, sample_pictures, sample_recordings

ROOM = "A bed by a window, and beside it a hoist with a green sling hanging from its bar."
_OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True, slots=True)
class Sample:
    """A file, and what stands beside it. `make` gives the same bytes every time."""

    name: str
    caption: str
    alt_text: str
    make: Callable[[], bytes]


SAMPLES: Mapping[str, Sample] = {
    "image/jpeg": Sample(
        "hoist.jpg", "The room made ready for a transfer", ROOM, sample_pictures.jpeg
    ),
    "image/png": Sample("room plan.png", "The room as I left it", ROOM, sample_pictures.png),
    "image/heic": Sample(
        "IMG_0042.HEIC", "Hoist and bed before the transfer", ROOM, sample_pictures.heic
    ),
    "image/webp": Sample(
        "hoist.webp", "The hoist, sent to me by a colleague", ROOM, sample_pictures.webp
    ),
    "application/pdf": Sample("reflection.pdf", "My reflection", "", sample_documents.pdf),
    f"{_OFFICE}.wordprocessingml.document": Sample(
        "reflection.docx", "My reflection, as I wrote it", "", sample_documents.docx
    ),
    f"{_OFFICE}.spreadsheetml.sheet": Sample(
        "checks.xlsx", "Checks before each transfer", "", sample_documents.xlsx
    ),
    f"{_OFFICE}.presentationml.presentation": Sample(
        "induction.pptx", "What I presented to the team", "", sample_documents.pptx
    ),
    "application/vnd.oasis.opendocument.text": Sample(
        "reflection.odt", "My reflection, from LibreOffice", "", sample_documents.odt
    ),
    "audio/mp4": Sample("voice memo.m4a", "A moment of quiet", "", sample_recordings.m4a),
    "audio/mpeg": Sample("discussion.mp3", "A pause in the discussion", "", sample_recordings.mp3),
    "audio/wav": Sample("call bell.wav", "The sound of the call bell", "", sample_recordings.wav),
    "video/mp4": Sample("transfer.mp4", "The room, then the hoist", ROOM, sample_recordings.mp4),
    "video/quicktime": Sample(
        "IMG_0043.MOV", "The room, then the hoist", ROOM, sample_recordings.mov
    ),
    "video/webm": Sample("transfer.webm", "The room, then the hoist", ROOM, sample_recordings.webm),
    "text/plain": Sample("notes.txt", "Notes after the transfer", "", sample_documents.text),
}
