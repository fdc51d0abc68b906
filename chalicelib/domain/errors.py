"""One root for everything the domain refuses, and the register of its stable codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with the input: where (an RFC 6901 JSON pointer), which code, what to do.

    `line` is that of a text of many lines, from 1; 0 elsewhere.
    """

    pointer: str
    code: str
    detail: str
    line: int = 0


def escaped(token: str) -> str:
    """Escape a token of a JSON pointer (RFC 6901, section 3)."""
    return token.replace("~", "~0").replace("/", "~1")


class DomainError(Exception):
    """A refusal. `code` never changes; `detail` says what is wrong and what to do about it.

    `flaws` lists each fault of the input; `facts` are machine-readable extras (such as the current
    ETag) that travel in the problem document beside the standard members (RFC 9457, section 3.2).
    """

    def __init__(self, code: str, detail: str, flaws: Iterable[Flaw] = (), **facts: object) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.flaws: tuple[Flaw, ...] = tuple(flaws)
        self.facts: Mapping[str, object] = facts


class Malformed(DomainError):
    """The request cannot be read at all, or lacks something every such request must have."""


class Unauthenticated(DomainError):
    """Nobody knows who is asking."""


class Forbidden(DomainError):
    """The actor is known, and may see the thing, but may not do this to it."""


class NotFound(DomainError):
    """There is no such thing, or it is not for this actor to know of: always the same answer."""


class MethodNotAllowed(DomainError):
    """There is such a thing, but this cannot be done to it by anybody."""


class Conflict(DomainError):
    """The act does not fit the present state."""


class Gone(DomainError):
    """It was there once, and is not to be had any more."""


class Stale(DomainError):
    """The actor worked from a version that is no longer the current one."""


class PreconditionRequired(DomainError):
    """The version that the actor worked from was not named."""


class TooLarge(DomainError):
    """More than the documented limit."""


class UnsupportedMedia(DomainError):
    """The content is of a type that is not taken here."""


class Invalid(DomainError):
    """The content breaks a rule; `flaws` says which and where."""


class Unavailable(DomainError):
    """Not now; the same request can be sent again later."""


def not_found() -> NotFound:
    """Build the one answer for everything that is absent, elsewhere, or not for this actor."""
    return NotFound("not-found", "There is nothing here that you may see. Check the address.")
