"""What a reader of documents has to say about a line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark on one line: a stable code, what is wrong and how to mend it.

    `line` counts from 1; 0 means the document as a whole. An error stands in the way of using the
    document, a warning does not.
    """

    line: int
    code: str
    detail: str
    error: bool = True


class UnreadableDocumentError(Exception):
    """The document cannot be read as what it was said to be; `remarks` says why, line by line."""

    def __init__(self, remarks: tuple[Remark, ...]) -> None:
        super().__init__("; ".join(f"line {remark.line}: {remark.detail}" for remark in remarks))
        self.remarks = remarks
