"""A candidate's evidence as files: what may be uploaded, and what may be done with it since."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.domain.errors import Flaw

KIB, MIB, GIB = 1024, 1024**2, 1024**3
WHOLE_LIMIT = 100 * MIB  # bytes of a file that is sent in one piece, unless the stage says less
PARTS_LIMIT = 2 * GIB  # bytes of a file that is sent in parts, unless the stage says less
PICTURE_LIMIT = 50 * MIB  # bytes of a picture, which has to be decoded
PART_SIZE = 8 * MIB  # bytes of every part but the last; S3 takes none under 5 MiB
NAME_LIMIT = 255  # characters
DOWNLOAD_NAME_LIMIT = 100  # characters: a link spells each out, and S3 takes 8 KiB of them all
CAPTION_LIMIT = 500  # characters
ALT_TEXT_LIMIT = 1000  # characters
REASON_LIMIT = 500  # characters of a flag, a resolution, or of what was redacted
NUMBER_LIMIT = 9999  # evidence numbers of one candidate at one centre
FORM_LIFETIME = timedelta(hours=1)  # how long a form, or the link of a part, takes the file
UPLOAD_LIFETIME = timedelta(days=7)  # how long what was begun can be finished
SHA256 = re.compile(r"[0-9a-f]{64}")
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # categories that no name has
JOINERS = "\u200c\u200d"  # they shape letters of some scripts, and emoji


class AttachmentState(StrEnum):
    """Where a file stands on its way: only a clean one can be read, or signed for."""

    PENDING = "pending"
    SCANNING = "scanning"
    CLEAN = "clean"
    REJECTED = "rejected"


class Family(StrEnum):
    """What a file is to people."""

    PICTURE = "picture"
    DOCUMENT = "document"
    AUDIO = "audio"
    VIDEO = "video"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class MediaType:
    """A type of file that is taken: what people call it, and how its names end."""

    family: Family
    title: str
    extensions: tuple[str, ...]


_OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES: Mapping[str, MediaType] = {
    "image/jpeg": MediaType(Family.PICTURE, "a JPEG picture", ("jpg", "jpeg")),
    "image/png": MediaType(Family.PICTURE, "a PNG picture", ("png",)),
    "image/heic": MediaType(Family.PICTURE, "a HEIC picture", ("heic", "heif")),
    "image/webp": MediaType(Family.PICTURE, "a WebP picture", ("webp",)),
    "application/pdf": MediaType(Family.DOCUMENT, "a PDF document", ("pdf",)),
    f"{_OFFICE}.wordprocessingml.document": MediaType(
        Family.DOCUMENT, "a Word document", ("docx",)
    ),
    f"{_OFFICE}.spreadsheetml.sheet": MediaType(Family.DOCUMENT, "an Excel workbook", ("xlsx",)),
    f"{_OFFICE}.presentationml.presentation": MediaType(
        Family.DOCUMENT, "a PowerPoint presentation", ("pptx",)
    ),
    "application/vnd.oasis.opendocument.text": MediaType(
        Family.DOCUMENT, "an OpenDocument text", ("odt",)
    ),
    "audio/mp4": MediaType(Family.AUDIO, "an M4A recording", ("m4a",)),
    "audio/mpeg": MediaType(Family.AUDIO, "an MP3 recording", ("mp3",)),
    "audio/wav": MediaType(Family.AUDIO, "a WAV recording", ("wav",)),
    "video/mp4": MediaType(Family.VIDEO, "an MP4 video", ("mp4", "m4v")),
    "video/quicktime": MediaType(Family.VIDEO, "a QuickTime video", ("mov",)),
    "video/webm": MediaType(Family.VIDEO, "a WebM video", ("webm",)),
    "text/plain": MediaType(Family.TEXT, "a plain text", ("txt",)),
}
# What browsers and phones call some of them as well.
ALIASES: Mapping[str, str] = {
    "image/jpg": "image/jpeg",
    "image/heif": "image/heic",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "video/x-m4v": "video/mp4",
}
# Why a file was rejected, by code: what is wrong with it, and what to do.
REASONS: Mapping[str, str] = {
    "wrong-type": "What the file holds is not of the type that it was sent as. "
    "Send it as what it is; a file renamed by hand has to be saved anew in its program.",
    "polyglot": "The file is of two types at once, which hides content. "
    "Save it anew in the program that it comes from, and send that.",
    "active-content": "The document can run programs when it is opened. "
    "Save it without macros and scripts, or as a plain PDF, and send that.",
    "damaged": "The file cannot be read to its end. Open it to see whether it is whole, save it "
    "anew, and send that.",
    "not-text": "The file was sent as plain text, and is none. "
    "Save it as UTF-8, or send it as what it is.",
    "too-small": "Fewer bytes arrived than were declared. Send the file again.",
    "too-large": "More bytes arrived than were declared. Send the file again.",
    "checksum-differs": "Other bytes arrived than were declared. Send the file again.",
    "too-many-pixels": "The picture has too many pixels to be shown. Make it smaller, and send it.",
    "malware": "A scanner found what looks like malware. "
    "Do not open the file; have the device that it comes from looked at.",
    "too-large-to-scan": "The scanner here cannot look at all of the file: it is too large, or "
    "locked with a password. Send a smaller one, without a password.",
    "never-arrived": "The file did not arrive within seven days. Begin a new upload.",
}


class Resolution(StrEnum):
    """What becomes of a flag: the file can be read again, or stays withheld."""

    RELEASED = "released"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an administrator decides about a flag, and why.

    `replacement` is the id of the redacted copy that is shown in place of what stays withheld.
    """

    resolution: Resolution
    note: str
    replacement: str = ""


class Deed(StrEnum):
    """What is put on record of a file that somebody has flagged."""

    FLAGGED = "flagged"
    SEEN = "seen"
    RELEASED = "released"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """What somebody says of a file before they send it.

    `sha256` is empty only where it comes in parts, each of which has a digest of its own.
    """

    name: str
    media_type: str
    size: int
    sha256: str
    caption: str
    alt_text: str
    in_parts: bool = False


@dataclass(frozen=True, slots=True)
class FlagRaised:
    """Somebody says that a file identifies a person who uses services."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a candidate at a centre, with its evidence number.

    `sha256` is what was declared until the file has been read, and then what it is; `crc32` eight
    hexadecimal digits; `version` the version of the object that is evidence. `revision` counts the
    changes of caption and alternative text. `parts` names an upload in parts. `reason` is the code
    of why it was rejected, `scanned_by` what found it clean. `redacts` is the id of the attachment
    that this one replaces with people made unrecognisable, `redaction` what was made so,
    `replaced_by` the id of one that replaces this. `bound` are the enrolments in which it has been
    signed for: from then on it never changes.
    """

    id: str
    centre_id: str
    candidate_id: str
    number: int
    name: str
    media_type: str
    size: int
    sha256: str
    caption: str
    alt_text: str
    state: AttachmentState
    created_at: datetime
    created_by: str
    revision: int = 0
    parts: str = ""
    completed_at: datetime | None = None
    settled_at: datetime | None = None
    reason: str = ""
    crc32: str = ""
    version: str = ""
    scanned_by: str = ""
    pictured: bool = False
    redacts: str = ""
    redaction: str = ""
    replaced_by: str = ""
    flag: FlagRaised | None = None
    bound: frozenset[str] = field(default_factory=frozenset)
    deleted_at: datetime | None = None
    deleted_by: str = ""

    @property
    def usable(self) -> bool:
        """Whether it can be read, and signed for."""
        return self.state is AttachmentState.CLEAN and not (self.flag or self.deleted_at)

    @property
    def extension(self) -> str:
        """How the name of a download ends: what the content is, whatever it was called."""
        return MEDIA_TYPES[self.media_type].extensions[0]

    @property
    def download_name(self) -> str:
        """What a download is called: as its uploader named it, with an ending that is true."""
        stem, dot, ending = self.name.rpartition(".")
        if not dot or ending.lower() not in MEDIA_TYPES[self.media_type].extensions:
            stem, ending = self.name, self.extension
        return f"{stem[:DOWNLOAD_NAME_LIMIT]}.{ending}"

    @property
    def expires_at(self) -> datetime:
        """Until when its upload can be finished."""
        return self.created_at + UPLOAD_LIFETIME

    def awaited_at(self, moment: datetime) -> bool:
        """Whether its file can still be sent then."""
        begun = self.state is AttachmentState.PENDING and not (self.completed_at or self.deleted_at)
        return begun and moment < self.expires_at

    def document(self) -> dict[str, Any]:
        """Return what a signed document says of it, as JSON values."""
        return {
            "id": self.id,
            "number": self.number,
            "name": self.name,
            "media_type": self.media_type,
            "size": self.size,
            "sha256": self.sha256,
            "version": self.version,
            "caption": self.caption,
            "alt_text": self.alt_text,
        }


def media_type_of(declared: str) -> str:
    """Bring a declared type into its one spelling; parameters such as a charset are left out."""
    bare = declared.partition(";")[0].strip().lower()
    return ALIASES.get(bare, bare)


def file_flaws(new: NewFile, whole_limit: int, parts_limit: int) -> Iterator[Flaw]:
    """Say what is wrong with a file as it is declared."""
    yield from _name_flaws(new.name)
    known = MEDIA_TYPES.get(new.media_type)
    if known is None:
        taken = ", ".join(sorted(MEDIA_TYPES))
        yield Flaw("/media_type", "type-not-taken", f"Send a file of one of these types: {taken}.")
    if new.size < 1:
        yield Flaw("/size", "too-small", "The file is empty; choose another one.")
    picture = known is not None and known.family is Family.PICTURE
    limit = parts_limit if new.in_parts else whole_limit
    limit = min(limit, PICTURE_LIMIT) if picture else limit
    if new.size > limit:
        hint = "" if new.in_parts or picture else " Larger ones go in parts: `in_parts`."
        yield Flaw("/size", "too-large", f"At most {limit} bytes.{hint}")
    if not (SHA256.fullmatch(new.sha256) or (new.in_parts and not new.sha256)):
        detail = "Send the SHA-256 of the file as 64 lower-case hexadecimal digits."
        yield Flaw("/sha256", "invalid-digest", detail)
    yield from text_flaws(new.caption, new.alt_text)


def text_flaws(caption: str, alt_text: str) -> Iterator[Flaw]:
    """Say what is wrong with what stands beside a file."""
    if len(caption) > CAPTION_LIMIT:
        yield Flaw("/caption", "too-long", f"At most {CAPTION_LIMIT} characters.")
    if len(alt_text) > ALT_TEXT_LIMIT:
        yield Flaw("/alt_text", "too-long", f"At most {ALT_TEXT_LIMIT} characters.")


def part_count(size: int) -> int:
    """Tell in how many parts a file of so many bytes is sent."""
    return -(-size // PART_SIZE)


def part_size(size: int, number: int) -> int:
    """Tell how many bytes the part of this number has, counted from 1."""
    return min(PART_SIZE, size - (number - 1) * PART_SIZE)


def _name_flaws(name: str) -> Iterator[Flaw]:
    if not name.strip() or len(name) > NAME_LIMIT:
        detail = f"Name the file, in 1 to {NAME_LIMIT} characters."
        yield Flaw("/name", "too-long" if name.strip() else "required", detail)
    if "/" in name or "\\" in name or name.strip() in {".", ".."}:
        yield Flaw("/name", "name-with-path", "Send the name of the file alone, without a folder.")
    hidden = {c for c in name if unicodedata.category(c) in HIDDEN and c not in JOINERS}
    if hidden:
        found = ", ".join(sorted(f"U+{ord(c):04X}" for c in hidden))
        detail = f"The name holds characters that do not show ({found}); rename the file."
        yield Flaw("/name", "invisible-characters", detail)
