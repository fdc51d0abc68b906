"""Conditional requests (RFC 9110, section 13): which version a request starts from, or has.

A tag names a version and, after a dot, the bytes that were shown of it: what the version does not
count, such as the progress of an enrolment, is seen to change as well. A change starts from the
version alone.
"""

import hashlib
import re
from dataclasses import dataclass

from chalicelib.domain.errors import Malformed

TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
TAGS = re.compile(rf"{TAG.pattern}(?:[ \t]*,[ \t]*{TAG.pattern})*")
DIGEST = re.compile(r'\.[0-9a-f]{16}"\Z')


@dataclass(frozen=True, slots=True)
class Versions:
    """What If-Match names: some versions, or any. A weak tag is like no version of ours."""

    tags: frozenset[str]
    every: bool = False

    def __contains__(self, version: object) -> bool:
        """Compare strongly (section 8.8.3.2)."""
        return self.every or version in self.tags


def versions(if_match: str) -> Versions:
    """Read If-Match: a star, or a list of tags. Raises Malformed."""
    if if_match != "*" and not TAGS.fullmatch(if_match):
        detail = "Send If-Match as the ETag came, with its quotation marks."
        raise Malformed("malformed-if-match", detail)
    named = frozenset(DIGEST.sub('"', tag) for tag in TAG.findall(if_match))
    return Versions(named, every=if_match == "*")


def entity_tag(version: str, body: str) -> str:
    """Make the strong tag of a version as it is shown."""
    digest = hashlib.sha256(body.encode()).hexdigest()[:16]
    return f'{version[:-1]}.{digest}"'


def is_held(if_none_match: str, etag: str) -> bool:
    """Whether the client has this very representation already, compared weakly."""
    held = (tag.removeprefix("W/") for tag in TAG.findall(if_none_match))
    return bool(etag) and (if_none_match == "*" or etag in held)
