"""One item of a module file: its block, and for a choice item its options, into a value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import TypedDict

from chalicelib.domain.forms import Form
from chalicelib.domain.modules import (
    ANSWER_LIMIT,
    FILES_LIMIT,
    ChoiceItem,
    EvidenceRequest,
    Item,
    Option,
    Question,
    Statement,
)
from chalicelib.formats.module_attributes import (
    AUTHORS,
    check_attributes,
    read_choose,
    read_files,
)
from chalicelib.formats.module_blocks import Block, Kind
from chalicelib.formats.module_faults import Code, Faults, excerpt
from chalicelib.formats.module_marks import choose_phrases, read_reason, unescape_choose
from chalicelib.formats.module_texts import ItemText, read_text

MIN_OPTIONS = 2
MAX_OPTIONS = len(ascii_lowercase)
MAX_WORDS = ANSWER_LIMIT // 2  # a word takes at least a letter and a space
ALLOWED: Mapping[Kind, frozenset[str]] = {
    Kind.STATEMENT: frozenset({"id", "accepted"}),
    Kind.CHOICE: frozenset({"id", "tests", "choose", "excluded", "accepted"}),
    Kind.QUESTION: frozenset({"id", "accepted"}),
    Kind.EVIDENCE: frozenset({"id", "form", "by", "files", "vacsr", "accepted"}),
}
LETTERS: Mapping[Kind, str] = {
    Kind.STATEMENT: "s",
    Kind.CHOICE: "c",
    Kind.QUESTION: "q",
    Kind.EVIDENCE: "v",
}

_MARKS: Mapping[str, bool | None] = {"x": True, " ": False, "?": None}
_RANGE = re.compile(r"([0-9]{1,5})?[ \t]*[-–][ \t]*([0-9]{1,5})?")  # noqa: RUF001 - authors' editors make dashes of hyphens


class _Common(TypedDict):
    id: str
    text: str
    criteria: tuple[str, ...]
    guidance: str
    accepted: str


@dataclass(frozen=True, slots=True)
class ItemParts:
    """Everything that an item is made of, once its own text has been read.

    `blank` is the form that it names, if there is such a form.
    """

    id: str
    block: Block
    text: ItemText
    options: Sequence[Block]
    guidance: str
    blank: Form | None


def read_item(parts: ItemParts, faults: Faults) -> Item:
    """Make an item of its parts, noting whatever does not fit together."""
    kind, attributes = parts.block.kind, parts.text.attributes.values
    check_attributes(parts.block, attributes, ALLOWED[kind], faults)
    if parts.text.words is not None and kind is not Kind.QUESTION:
        detail = "A word range belongs to a question; write a backslash before `(` if it is text."
        faults.error(parts.block.last[0], Code.WORD_RANGE, detail)
    common: _Common = {
        "id": parts.id,
        "text": parts.text.text,
        "criteria": parts.text.criteria,
        "guidance": parts.guidance,
        "accepted": read_reason(attributes.get("accepted", "")),
    }
    match kind:
        case Kind.CHOICE:
            return _choice(parts, common, faults)
        case Kind.QUESTION:
            low, high = _word_range(parts, faults)
            return Question(**common, min_words=low, max_words=high)
        case Kind.EVIDENCE:
            return _evidence(parts, common, faults)
        case _:
            return Statement(**common)


def _word_range(parts: ItemParts, faults: Faults) -> tuple[int | None, int | None]:
    words = parts.text.words
    if words is None:
        return None, None
    match = _RANGE.fullmatch(words)
    low, high = (int(bound) if bound else None for bound in match.groups()) if match else (0, 0)
    given = [bound for bound in (low, high) if bound is not None]
    if not given or given != sorted(given) or not 1 <= given[0] <= given[-1] <= MAX_WORDS:
        detail = (
            f"({excerpt(words)} words) is no range. Write `(30-300 words)`, `(30- words)` or "
            f"`(-300 words)` with numbers from 1 to {MAX_WORDS}, the smaller first."
        )
        faults.error(parts.block.last[0], Code.WORD_RANGE, detail)
    return low, high


def _evidence(parts: ItemParts, common: _Common, faults: Faults) -> EvidenceRequest:
    attributes, line, blank = parts.text.attributes.values, parts.block.last[0], parts.blank
    form = attributes.get("form", "")
    by = attributes.get("by") or default_author(blank)
    least, most = read_files(attributes.get("files", "")) or default_files(blank, by)
    if form and blank is None:
        detail = f"There is no form {excerpt(form)!r}; declare it with `# Form: ...`, or mend it."
        faults.error(line, Code.UNKNOWN_FORM, detail)
    elif not form and by == "witness":
        detail = "A witness has to say something; name a form, such as `form: witness-testimony`."
        faults.error(line, Code.FORM_REQUIRED, detail)
    elif by == "witness" and most:
        detail = "A witness sends no files; take `files` out."
        faults.error(line, Code.ATTRIBUTE_MISPLACED, detail)
    elif not form and not most:
        detail = "Neither files nor a form leaves nothing to give; name a form, or allow files."
        faults.error(line, Code.FORM_REQUIRED, detail)
    return EvidenceRequest(
        **common,
        form=form,
        by=by,
        blank=blank,
        least_files=least,
        most_files=most,
        vacsr=attributes.get("vacsr") == "yes",
    )


def default_author(blank: Form | None) -> str:
    """Say who provides evidence that does not say so itself."""
    return blank.by if blank else AUTHORS[0]


def default_files(blank: Form | None, by: str) -> tuple[int, int]:
    """Say how few and how many files go with evidence that does not say so itself."""
    if by == "witness":
        return 0, 0  # their page takes words alone
    return (0 if blank else 1), FILES_LIMIT


def _choice(parts: ItemParts, common: _Common, faults: Faults) -> ChoiceItem:
    attributes = parts.text.attributes.values
    options = tuple(
        Option(letter, read_text(block, faults), _MARKS[block.label])
        for letter, block in zip(ascii_lowercase, parts.options, strict=False)
    )
    common["text"] = unescape_choose(parts.text.text)
    excluded = read_reason(attributes.get("excluded", ""))
    return ChoiceItem(
        **common,
        options=options,
        choose=_choose(parts, options, excluded=bool(excluded), faults=faults),
        tests=tuple(attributes.get("tests", "").split()),
        excluded=excluded,
    )


def _choose(
    parts: ItemParts, options: tuple[Option, ...], *, excluded: bool, faults: Faults
) -> int:
    """Find out how many are to be chosen: the stem says so, else `choose:`, else the marked key."""
    line, count = parts.block.line, len(parts.options)
    if not MIN_OPTIONS <= count <= MAX_OPTIONS:
        detail = f"A choice item has {MIN_OPTIONS} to {MAX_OPTIONS} options, this one {count}."
        faults.error(line, Code.OPTION_COUNT, f"{detail} Write each as `- [ ] ...` below the stem.")
        return 0
    phrases = choose_phrases(parts.text.text)
    written = parts.text.attributes.values.get("choose", "")
    given = read_choose(written)
    right = sum(option.right is True for option in options)
    choose = phrases[0][0] if phrases else given or right
    agreed = all(phrase == (choose, count) for phrase in phrases) and given in (0, choose)
    if choose == 0 and not phrases:
        detail = "Nothing says how many to choose. Mark the key, or add `choose: 1` in braces."
        faults.error(line, Code.CHOOSE_MISSING, detail)
    elif not agreed or not 1 <= choose <= count:
        detail = (
            f"What the stem or `choose:` says does not fit together, or not the {count} options. "
            "Make them agree; write a backslash before a `Choose K of N` that is only quoted."
        )
        faults.error(line, Code.CHOOSE_COUNT, detail)
    else:
        _check_key(line, options, 0 if excluded else choose, faults)
    return choose


def _check_key(line: int, options: tuple[Option, ...], wanted: int, faults: Faults) -> None:
    """Check that as many options are marked right as are wanted (0: never mind), or none at all."""
    right = sum(option.right is True for option in options)
    unmarked = sum(option.right is None for option in options)
    if unmarked and unmarked < len(options):
        detail = "Some options are marked and some are `[?]`. Mark all of them or none."
        faults.error(line, Code.KEY_HALF_MARKED, detail)
    elif wanted and not unmarked and right != wanted:
        detail = (
            f"{right} options are marked right, but {wanted} are to be chosen. Mark as many with "
            "`[x]`, mark all `[?]`, or exclude the item with its reason."
        )
        faults.error(line, Code.KEY_COUNT, detail)
