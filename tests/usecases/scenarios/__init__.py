"""What happens between reading and writing: each tells whether what was promised still holds."""

import contextlib
from collections.abc import Callable

from chalicelib.domain.errors import DomainError
from tests.world import World

Scenario = Callable[[World], bool]
Conditioned = tuple[str, str, Scenario]  # whose sort key begins so, which attribute, what breaks


def refusals() -> contextlib.suppress:
    """Let a refusal pass: what counts is what stands in the table afterwards."""
    return contextlib.suppress(DomainError)
