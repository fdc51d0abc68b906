"""Log lines: one JSON object each, with fields from an allow-list and nothing else.

No personal data, no token and no address of a link can get into a line, because no field takes
free text: exceptions are logged by type and place, never by message.
"""

import json
import sys
import traceback

FIELDS = frozenset(
    {"event", "operation", "status", "code", "milliseconds", "error", "where", "count", "issued"}
)


def log(event: str, **fields: str | float) -> None:
    """Write one line. Raises ValueError for a field that is not on the list."""
    if unknown := fields.keys() - FIELDS:
        message = f"fields not allowed in logs: {sorted(unknown)}"
        raise ValueError(message)
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")


def log_failure(event: str, error: BaseException, **fields: str | float) -> None:
    """Write what failed and where, without the error's own words."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    # What AWS refused is named by a code; its message may quote what was sent.
    response = getattr(error, "response", None) or {}  # None where no answer came
    code = response.get("Error", {}).get("Code", "")
    log(event, error=type(error).__name__, code=code, where=where, **fields)
