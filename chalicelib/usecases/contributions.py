"""Contributions: what assessors and witnesses provide for an item."""

from chalicelib.domain.contributions import SignedPart
from chalicelib.domain.modules import Page
from chalicelib.runtime import Runtime


def signed_parts(
    runtime: Runtime, centre_id: str, enrolment_id: str, page: Page
) -> tuple[SignedPart, ...]:
    """Return the contributions to a page as their authors signed them last."""
    return ()
