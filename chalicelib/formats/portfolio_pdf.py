"""A portfolio as tagged PDF."""

from collections.abc import Mapping
from typing import Any


def render(document: Mapping[str, Any]) -> bytes:
    """Set a portfolio document as PDF/A, tagged; the same document gives the same bytes."""
    # The typesetter is heavy, so it is loaded here and not above.
    from chalicelib.formats.portfolio_sheets import portfolio_sheets  # noqa: PLC0415

    return portfolio_sheets(document)
