"""Which web origins may call the API from a browser (the Fetch standard's CORS protocol).

Tokens travel in a header that the page sets itself, never in cookies: no origin is ever given
credentials of the browser's own.
"""

import re

ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
# Beside the few that every script may read.
EXPOSED_HEADERS = "Allow, Content-Disposition, ETag, Link, Location, Retry-After, WWW-Authenticate"
MAX_AGE = 7200  # seconds; no browser remembers a preflight for longer than a day, many for this
PORT = re.compile(r":[0-9]+\Z")


def of_answer(origin: str, origins: tuple[str, ...]) -> dict[str, str]:
    """Give the headers that let a script of an allowed origin read an answer; none for others."""
    if not _allows(origins, origin):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": EXPOSED_HEADERS,
    }


def of_preflight(origin: str, origins: tuple[str, ...], allow: str) -> dict[str, str]:
    """Give what an allowed origin is told before it sends anything; nothing to others."""
    if not _allows(origins, origin):
        return {}
    return {
        "Access-Control-Allow-Methods": allow,
        "Access-Control-Allow-Headers": ALLOWED_HEADERS,
        "Access-Control-Max-Age": str(MAX_AGE),
    }


def _allows(origins: tuple[str, ...], origin: str) -> bool:
    """Compare exactly; a configured port of `*` (for one's own machine) stands for any port."""
    return bool(origin) and (origin in origins or PORT.sub(":*", origin) in origins)
