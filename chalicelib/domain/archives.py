"""An archive put together inside S3: which of its bytes are copied there, and which are sent.

A multipart upload takes copies of stored objects as parts, but no part under 5 MiB except the last,
and what stands between two files is tiny. So what is too short is joined to the copy before it, in
an object of its own, and that is copied whole. Only what stands before the first large file has
none before it: there the first bytes of that file are sent as well.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from chalicelib.domain.attachments import GIB, MIB

# What S3 sets: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
PART_MINIMUM = 5 * MIB
COPY_LIMIT = 5 * GIB
COUNT_LIMIT = 10_000
ARCHIVE_LIMIT = 5 * 1024 * GIB
LARGE = 10 * MIB  # bytes of a file that is copied: without its first 5 MiB it still is a part
ENOUGH = 8 * MIB  # bytes that are sent as a part, and then up to the end of the file at hand
# Why an archive cannot be put together, by code: what is wrong, and what to do.
REASONS: Mapping[str, str] = {
    "evidence-missing": "A file that belongs to the export is not there any more. "
    "Look at what has become of it, and start a new export.",
    "evidence-changed": "A file that belongs to the export is not what was recorded of it. "
    "Have the storage looked at: evidence must never change.",
    "enrolment-missing": "The enrolment was there when the export was started, and is not any "
    "more. Start a new export, without it.",
    "trail-changed": "The audit trail is not the one whose heads were signed and locked away. Have "
    "an operator look at it: was the table restored to an earlier day?",
    "export-overtaken": "An enrolment was erased, or evidence withheld, since the archive was "
    "begun. Start a new export.",
    "export-abandoned": "The export could not be finished in two days. Have an operator look at "
    "the alarms, and start a new one.",
    "export-too-large": "The export has more bytes, or more large files, than one file takes. "
    "Choose fewer enrolments, and start more exports.",
}


class AssemblyError(Exception):
    """An archive cannot be put together. `code` never changes; `member` is the file's name in it.

    `member` is empty where it is not a single file that is in the way.
    """

    def __init__(self, code: str, member: str = "") -> None:
        super().__init__(f"{code}: {member}" if member else code)
        self.code = code
        self.member = member


@dataclass(frozen=True, slots=True)
class Source:
    """An object that is stored, of `size` bytes; `version` is empty where its bucket keeps none."""

    bucket: str
    key: str
    version: str
    size: int


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its name there, and where its bytes lie, from `start` in the source."""

    name: str
    size: int
    crc32: int
    source: Source
    start: int = 0


@dataclass(frozen=True, slots=True)
class Slice:
    """Bytes of a member, from `start` to before `end`."""

    member: Member
    start: int
    end: int

    def __len__(self) -> int:
        """How many bytes."""
        return self.end - self.start


# What an archive is made of, in order: bytes of its own, and members.
Piece = bytes | Slice


@dataclass(frozen=True, slots=True)
class Sent:
    """A part that passes through the function: bytes, small files whole, or the begin of one."""

    pieces: tuple[Piece, ...]
    size: int

    def __add__(self, other: "Sent") -> "Sent":
        """Put another one behind it."""
        return Sent(self.pieces + other.pieces, self.size + other.size)


@dataclass(frozen=True, slots=True)
class Copied:
    """A part that S3 copies from where it lies."""

    of: Slice

    @property
    def size(self) -> int:
        """How many bytes."""
        return len(self.of)


@dataclass(frozen=True, slots=True)
class Joined:
    """A part that S3 copies from an object that is made for it: a copy, and what comes after."""

    copied: Copied
    sent: Sent

    @property
    def size(self) -> int:
        """How many bytes."""
        return self.copied.size + self.sent.size


Part = Sent | Copied | Joined


class Plan:
    """The parts of an archive, in order. They are worked out anew each time, and never all kept."""

    def __init__(self, pieces: Callable[[], Iterable[Piece]]) -> None:
        """`pieces` gives what the archive is made of, the same each time.

        Raises AssemblyError where it does not fit into one upload.
        """
        self._pieces = pieces
        sizes = [part.size for part in self]
        self.size = sum(sizes)
        self.count = len(sizes)
        if self.count > COUNT_LIMIT or self.size > ARCHIVE_LIMIT or max(sizes) > COPY_LIMIT:
            raise AssemblyError("export-too-large")

    def __iter__(self) -> Iterator[Part]:
        """Work out the parts: all but the last have at least 5 MiB."""
        held: list[Part] = []  # the last two, which what follows them may change
        for each in _unequal(self._pieces()):
            match held:
                case [*before, Sent() as short] if (
                    isinstance(each, Copied) and short.size < PART_MINIMUM
                ):
                    held = [*_evened(before[-1] if before else None, short, each)]
                case _:
                    held.append(each)
            while len(held) > 2:  # noqa: PLR2004 (as said)
                yield held.pop(0)
        yield from held


def _unequal(pieces: Iterable[Piece]) -> Iterator[Sent | Copied]:
    """Part the large members from what stands between them, however little that is.

    What is sent ends with a whole member, so that each can be checked while it passes through.
    """
    between: list[Piece] = []
    size = 0
    for piece in pieces:
        if isinstance(piece, Slice) and len(piece) >= LARGE:
            if between:
                yield Sent(tuple(between), size)
            yield Copied(piece)
            between, size = [], 0
            continue
        between.append(piece)
        size += len(piece)
        if size >= ENOUGH:
            yield Sent(tuple(between), size)
            between, size = [], 0
    if between:
        yield Sent(tuple(between), size)


def _evened(before: Part | None, short: Sent, large: Copied) -> Iterator[Part]:
    """Bring what is too short to be a part between two others into one of them."""
    match before:
        case Sent():
            yield before + short
            yield large
        case Copied():
            yield Joined(before, short)
            yield large
        case _:
            missing = PART_MINIMUM - short.size
            member = large.of.member
            yield Sent((*short.pieces, Slice(member, 0, missing)), PART_MINIMUM)
            yield Copied(Slice(member, missing, member.size))
