"""Evidence in words: what a form was filled in with, and what a file is."""

from collections.abc import Iterator
from datetime import date

from chalicelib.domain.attachments import KIB, MEDIA_TYPES, MIB
from chalicelib.domain.forms import Field, FieldKind, Form, Record, Value
from chalicelib.domain.times import printed

DIGITS = 12  # of a digest that stand for all of it, to compare by eye


def lines_of(form: Form | None, record: Record) -> Iterator[tuple[str, str]]:
    """Yield what is filled in of a form: what was asked, and the answer in words."""
    for field in form.fields if form else ():
        value = record.values.get(field.id)
        if value is not None and (words := _words(field, value)):
            yield field.label, words


def facts_of(media_type: str, size: int, sha256: str) -> str:
    """Say what kind of file it is, how large, and which."""
    _, _, kind = MEDIA_TYPES[media_type].title.partition(" ")
    return f"{kind}, {size_of(size)}, SHA-256 {sha256[:DIGITS]}"


def size_of(size: int) -> str:
    """Write a number of bytes for people."""
    if size >= MIB:
        return f"{size / MIB:.1f} MB"
    return f"{size / KIB:.0f} kB" if size >= KIB else f"{size} bytes"


def _words(field: Field, value: Value) -> str:
    options = {option.id: option.text for option in field.options}
    match value:
        case bool():
            return "Yes" if value else "No"
        case tuple():
            return "\n".join(options.get(each, each) for each in value)
        case str() if not value.strip():
            return ""
        case str() if field.kind is FieldKind.DATE:
            return printed(date.fromisoformat(value))
        case str():
            return options.get(value, value)
    return f"{value:,}"
