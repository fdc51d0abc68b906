"""A certificate as PDF."""

from collections.abc import Mapping
from typing import Any


def render_pdf(record: Mapping[str, Any]) -> bytes:
    """Set the frozen record of a certificate as PDF/A; the same record gives the same bytes."""
    # The typesetter is heavy and most requests need none, so it is loaded here and not above.
    from chalicelib.formats.certificate_pages import certificate_pages  # noqa: PLC0415

    return certificate_pages(record)
