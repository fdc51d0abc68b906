"""The boxes that MP4, QuickTime and HEIC files are made of, walked through as they stream by."""

from chalicelib.formats.refusals import RefusedContentError

BOXES_LIMIT = 1_000_000  # outermost ones; a live recording has two for each second or so
LONG = 1  # the length follows in eight bytes
TO_THE_END = 0
VITAL = frozenset({b"ftyp", b"moov", b"moof", b"mdat", b"meta"})


class Boxes:
    """Notes the types of the outermost boxes, holding no more than a header at a time."""

    def __init__(self) -> None:
        self.types: set[bytes] = set()
        self._last = b""
        self._count = 0
        self._header = b""
        self._ahead = 0  # bytes until the next header
        self._lost = False  # what follows is no box

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises RefusedContentError for more boxes than any device writes."""
        at = 0
        while at < len(chunk) and not self._lost:
            if self._ahead:
                step = min(self._ahead, len(chunk) - at)
                self._ahead -= step
                at += step
                continue
            step = self._wanted() - len(self._header)
            self._header += chunk[at : at + step]
            at += step
            if len(self._header) == self._wanted():
                self._open()

    @property
    def whole(self) -> bool:
        """Whether the last box is as long as it says; notes of a device behind it may be no box."""
        return not self._ahead or self._last not in VITAL

    def _wanted(self) -> int:
        long = self._header[:4] == LONG.to_bytes(4, "big")
        return 16 if long else 8

    def _open(self) -> None:
        self._count += 1
        if self._count > BOXES_LIMIT:
            raise RefusedContentError("damaged")
        header, self._header = self._header, b""
        length = int.from_bytes(header[:4], "big")
        length = int.from_bytes(header[8:], "big") if length == LONG else length
        # Devices pad their files: what comes after the boxes is for others to look at.
        self._lost = length == TO_THE_END or length < len(header)
        self._ahead = 0 if self._lost else length - len(header)
        if length == TO_THE_END or not self._lost:
            self._last = header[4:8]
            self.types.add(self._last)
