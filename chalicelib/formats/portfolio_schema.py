"""The schema that every portfolio document keeps to; it ships in exports as `data/schema.json`."""

from pathlib import Path


def schema() -> bytes:
    """Return the schema (JSON Schema, 2020-12)."""
    return Path(__file__).with_suffix(".json").read_bytes()
