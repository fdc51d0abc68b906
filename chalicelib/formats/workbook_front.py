"""What stands before the first page of a workbook: cover, definitions, foreword, certificate."""

import re
from enum import Enum, auto

from chalicelib.domain.modules import Definition
from chalicelib.formats.workbook_ledger import Ledger
from chalicelib.formats.workbook_lines import REASONS, Kind, Part
from chalicelib.formats.workbook_numbers import in_digits

_RIGHTS = re.compile(r"©|\(c\)\s|copyright\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:(.*\S)\s)?module\s(?:number\s|no\.?\s)?([\w-]{1,40})\W{0,9}", re.IGNORECASE
)
_CONTACT = re.compile(r"@|www\.|\btelephone\b|\bmobile\b|\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b")
_NAMED = re.compile(
    r"recogni[sz]es|awarded|presented to|this is to certify|certifies", re.IGNORECASE
)
_LINK_WORDS = {"of the", "of", "in", "in the", "for the", "for"}
_TERM = re.compile(r"([^\s:]+)(?::\s?|\s[-–]\s|\s)(\S.*)")  # noqa: RUF001 - some print a dash
_COUNT = re.compile(r"\d{1,2}\b")


class _Section(Enum):
    COVER = auto()
    DEFINITIONS = auto()
    FOREWORD = auto()
    CERTIFICATE = auto()
    OTHER = auto()


# The second spelling of the foreword is one that is found in print.
_SECTIONS = (
    (re.compile(r".*\bdefinitions?\b", re.IGNORECASE), _Section.DEFINITIONS),
    (re.compile(r"(?:foreword|foreward|preface)\b", re.IGNORECASE), _Section.FOREWORD),
    (re.compile(r"certificate(?: of .{1,60})?$", re.IGNORECASE), _Section.CERTIFICATE),
)


def is_certificate(part: Part) -> bool:
    """Whether the printed certificate begins here."""
    return _section(part) is _Section.CERTIFICATE


def is_front_heading(part: Part) -> bool:
    """Whether the part is a heading that belongs before the first element."""
    return part.kind is Kind.HEADING and _section(part) is not None


class Front:
    """Reads what stands before the first element; what it found is in its attributes."""

    def __init__(self, ledger: Ledger) -> None:
        self.title = ""
        self.number = ""
        self.programme = ""
        self.rights = ""
        self.certificate_title = ""
        self.definitions: list[Definition] = []
        self.foreword: list[str] = []
        self._ledger = ledger
        self._section = _Section.COVER
        self._readers = {
            _Section.COVER: self._cover,
            _Section.DEFINITIONS: self._definition,
            _Section.FOREWORD: self._foreword,
            _Section.CERTIFICATE: self._certificate,
            _Section.OTHER: self._other,
        }
        self._certificate_titled = False
        self._announced: Part | None = None

    def read(self, parts: list[Part]) -> None:
        """Read the front matter, part by part."""
        for part in parts:
            if part.kind in REASONS:
                self._ledger.leave(part.lines, REASONS[part.kind])
            elif part.kind is Kind.HEADING:
                self._heading(part)
            elif self._section is not _Section.CERTIFICATE and is_certificate(part):
                self._begin(_Section.CERTIFICATE, part)
            else:
                self._readers[self._section](part)
        self._check_definitions()

    def _heading(self, part: Part) -> None:
        section = _section(part)
        if section is None and self._section is _Section.COVER and not self.title:
            self.title = self._ledger.title(part.lines)
        else:
            self._begin(section or _Section.OTHER, part)

    def _begin(self, section: _Section, part: Part) -> None:
        self._section = section
        if section is _Section.DEFINITIONS:
            self._announced = part
        other = section is _Section.OTHER
        reason = "a heading that no part of a module has" if other else "the heading of a section"
        self._ledger.leave(part.lines, reason)

    def _cover(self, part: Part) -> None:
        if not self.rights and _RIGHTS.search(part.text):
            self.rights = self._ledger.quote(part.lines)
        elif not self.number and (match := _NUMBER.fullmatch(part.text)):
            self._ledger.quote(part.lines)
            self.programme = self.programme or self._ledger.recased(part.number, match[1] or "")
            self.number = in_digits(match[2])
        elif _CONTACT.search(part.text):
            self._ledger.leave(part.lines, "an address")
        elif not self.programme and "programme" in part.text.lower():
            self.programme = self._ledger.title(part.lines)
        elif not self.title:
            self.title = self._ledger.title(part.lines)
        else:
            self._ledger.leave(part.lines, "a line of the cover that no part of a module has")

    def _definition(self, part: Part) -> None:
        if match := _TERM.fullmatch(part.text):
            self._ledger.quote(part.lines)
            self.definitions.append(Definition(match[1], match[2]))
        else:
            self._ledger.leave(part.lines, "a term without a text beside it")

    def _foreword(self, part: Part) -> None:
        self.foreword.append(self._ledger.quote(part.lines))

    def _certificate(self, part: Part) -> None:
        if not self._certificate_titled and part.text.lower() not in _LINK_WORDS:
            self._certificate_titled = True
            if not _NAMED.match(part.text):
                self.certificate_title = self._ledger.quote(part.lines)
                return
        self._ledger.leave(part.lines, "the wording of the paper certificate")

    def _other(self, part: Part) -> None:
        self._ledger.leave(part.lines, "a text before the first page that no part of a module has")

    def _check_definitions(self) -> None:
        """See whether a definition was lost, where the heading counts them."""
        if self._announced and (count := _COUNT.search(self._announced.text)):
            found = len(self.definitions)
            if found != int(count[0]):
                detail = f"The heading announces {count[0]} definitions; {found} were found."
                self._ledger.remark(self._announced.number, "definitions-count", detail)


def _section(part: Part) -> _Section | None:
    """Name the section that a heading, or the first words of a certificate, begin."""
    if part.kind not in {Kind.HEADING, Kind.TEXT}:
        return None
    return next((section for pattern, section in _SECTIONS if pattern.match(part.text)), None)
