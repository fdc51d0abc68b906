"""JSON that all readers understand alike (RFC 8259, sections 4 and 8): the rest is refused."""

import json
from typing import Any, NoReturn

from chalicelib.domain.errors import Invalid, Malformed

NESTING_LIMIT = 100


def check_json(raw: bytes) -> None:
    """Refuse what JSON readers differ about: names twice, NaN, deep nesting, half a pair."""
    try:
        text = raw.decode("utf-8")
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        json.dumps(document, ensure_ascii=False).encode("utf-8")
        deep = _depth(document) > NESTING_LIMIT
    except RecursionError:
        deep = True
    except UnicodeEncodeError:
        raise half_a_pair() from None
    except ValueError:
        raise Malformed("malformed-json", "This is no JSON in UTF-8; send one object.") from None
    if deep:
        raise Invalid("nested-too-deep", f"Nest arrays and objects at most {NESTING_LIMIT} deep.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise Invalid("duplicate-field", "A field comes twice in one object; send each once.")
    return document


def _no_constant(_: str) -> NoReturn:
    raise Invalid("not-a-number", "NaN and Infinity are no numbers; leave them out.")


def half_a_pair() -> Invalid:
    """Refuse text that has half of a surrogate pair in it."""
    return Invalid("half-a-character", "Half of a surrogate pair; send whole characters.")


def _depth(value: Any) -> int:  # noqa: ANN401 (any JSON)
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
