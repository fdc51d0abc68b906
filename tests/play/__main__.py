"""Record the examples of the description, and write the description: `make openapi`."""

import json
from pathlib import Path
from typing import Any

from chalicelib.api import openapi
from tests.play.scenes import play_all

DOCUMENT = Path("docs/openapi.json")


def written(value: Any) -> str:
    """Write JSON as it is committed: for people and for comparing."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Record, and write."""
    openapi.EXAMPLES.write_text(written(play_all()), encoding="utf-8")
    openapi.examples.cache_clear()
    openapi.description.cache_clear()
    DOCUMENT.write_text(written(openapi.description()), encoding="utf-8")


if __name__ == "__main__":
    main()
