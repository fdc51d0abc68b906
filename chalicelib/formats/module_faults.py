"""What can be wrong with a module file, by code; docs/authoring.md has the remedies."""

from enum import StrEnum

from chalicelib.formats.remarks import Remark


class Code(StrEnum):
    """The codes of everything that the module reader says; they never change."""

    CHARACTER = "character"
    FRONT_MATTER = "front-matter"
    UNKNOWN_KEY = "unknown-key"
    KEY_TWICE = "key-twice"
    KEY_MISSING = "key-missing"
    KEY_VALUE = "key-value"
    UNKNOWN_HEADING = "unknown-heading"
    UNKNOWN_MARK = "unknown-mark"
    INDENTED_MARK = "indented-mark"
    UNMARKED_LINE = "unmarked-line"
    MISPLACED = "misplaced"
    SECTION_TWICE = "section-twice"
    EMPTY_TEXT = "empty-text"
    INVALID_ID = "invalid-id"
    DUPLICATE_ID = "duplicate-id"
    UNKNOWN_ATTRIBUTE = "unknown-attribute"
    ATTRIBUTE_TWICE = "attribute-twice"
    ATTRIBUTE_VALUE = "attribute-value"
    ATTRIBUTE_MISPLACED = "attribute-misplaced"
    TRAILER_ORDER = "trailer-order"
    NOT_CRITERIA = "not-criteria"
    WORD_RANGE = "word-range"
    UNKNOWN_STATEMENT = "unknown-statement"
    OPTION_COUNT = "option-count"
    KEY_HALF_MARKED = "key-half-marked"
    KEY_COUNT = "key-count"
    CHOOSE_MISSING = "choose-missing"
    CHOOSE_COUNT = "choose-count"
    UNKNOWN_FORM = "unknown-form"
    FORM_REQUIRED = "form-required"
    FORM_SIZE = "form-size"
    OPTION_MARK = "option-mark"
    UNKNOWN_FIELD = "unknown-field"
    CONDITION = "condition"


class Faults:
    """Collects remarks, so that an author hears of everything at once."""

    def __init__(self) -> None:
        self._remarks: list[Remark] = []

    def error(self, line: int, code: Code, detail: str) -> None:
        """Note something that stands in the way of using the file."""
        self._remarks.append(Remark(line, code, detail))

    def warn(self, line: int, code: Code, detail: str) -> None:
        """Note something that may not be what the author meant."""
        self._remarks.append(Remark(line, code, detail, error=False))

    @property
    def errors(self) -> tuple[Remark, ...]:
        """Everything that stands in the way, in the order of the lines."""
        return tuple(sorted((r for r in self._remarks if r.error), key=lambda r: r.line))

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """Everything else, in the order of the lines."""
        return tuple(sorted((r for r in self._remarks if not r.error), key=lambda r: r.line))


def excerpt(text: str) -> str:
    """Quote the beginning of a text: a remark is read on one line."""
    limit = 40
    return text if len(text) <= limit else text[: limit - 3] + "..."
