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
        "room.jpg", "Where we meet, before anybody came in", ROOM, sample_pictures.jpeg
    ),
    "image/png": Sample("room plan.png", "The room as I left it", ROOM, sample_pictures.png),
    "image/heic": Sample(
        "IMG_0042.HEIC", "The same room with the door shut", ROOM, sample_pictures.heic
    ),
    "image/webp": Sample(
        "room.webp", "The room, sent to me by a colleague", ROOM, sample_pictures.webp
    ),
    "application/pdf": Sample("agreement.pdf", "What we agreed", "", sample_documents.pdf),
    f"{_OFFICE}.wordprocessingml.document": Sample(
        "agreement.docx", "What we agreed, as I wrote it", "", sample_documents.docx
    ),
    f"{_OFFICE}.spreadsheetml.sheet": Sample(
        "visits.xlsx", "What we agreed for each visit", "", sample_documents.xlsx
    ),
    f"{_OFFICE}.presentationml.presentation": Sample(
        "induction.pptx", "What I presented to the team", "", sample_documents.pptx
    ),
    "application/vnd.oasis.opendocument.text": Sample(
        "agreement.odt", "What we agreed, from LibreOffice", "", sample_documents.odt
    ),
    "audio/mp4": Sample("voice memo.m4a", "A moment of quiet", "", sample_recordings.m4a),
    "audio/mpeg": Sample("discussion.mp3", "A pause in the discussion", "", sample_recordings.mp3),
    "audio/wav": Sample("call bell.wav", "The sound of the call bell", "", sample_recordings.wav),
    "video/mp4": Sample("room.mp4", "The room, then a closer look", ROOM, sample_recordings.mp4),
    "video/quicktime": Sample(
        "IMG_0043.MOV", "The room, then a closer look", ROOM, sample_recordings.mov
    ),
    "video/webm": Sample("room.webm", "The room, then a closer look", ROOM, sample_recordings.webm),
    "text/plain": Sample("notes.txt", "My notes of the meeting", "", sample_documents.text),
}
