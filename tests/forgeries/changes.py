"""What can be done to an archive on its way, to its documents and to its files.

A place is a path through the draft; its parts are names and positions.
"""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.domain.digests import canonical, digest
from tests.archives import (
    STRANGER,
    Documents,
    Draft,
    Folder,
    build,
)

Change = Callable[[Any], object]


Named = Iterator[tuple[str, bytes]]


ONE = "folders/enrolment-1"


PORTFOLIO = f"{ONE}/portfolio"


RETURNED = f"{PORTFOLIO}/pages/0/attempts/0"


COMPETENT = f"{PORTFOLIO}/pages/0/attempts/1"


ASIDE, WITHDRAWN = (f"{PORTFOLIO}/pages/1/attempts/{index}" for index in (0, 1))


CONTRIBUTION = f"{COMPETENT}/contributions/0"


IN_ONE, IN_TWO = "data/enrolments/enrolment-1/", "data/enrolments/enrolment-2/"


def put(place: str, value: object) -> Change:
    """Put a value in a place; of a function, what it makes of the value that is there."""

    def change(draft: object) -> None:
        holder, key = _resolved(draft, place)
        new = value(_get(holder, key)) if callable(value) else value
        if isinstance(holder, (dict, list)):
            holder[key] = new
        else:
            setattr(holder, str(key), new)

    return change


def drop(place: str) -> Change:
    """Take away what is in a place."""

    def change(draft: object) -> None:
        holder, key = _resolved(draft, place)
        del holder[key]

    return change


def twice(place: str, **changes: object) -> Change:
    """Put a second one behind what is in a place of a list, with some members changed."""

    def change(draft: object) -> None:
        holder, key = _resolved(draft, place)
        again = copy.deepcopy(holder[key])
        if changes:
            again |= changes
        holder.insert(int(key) + 1, again)

    return change


def together(*changes: Change) -> Change:
    """Do several things."""

    def change(draft: object) -> None:
        for each in changes:
            each(draft)

    return change


def copied(source: str, onto: Callable[[object], Change]) -> Change:
    def change(draft: object) -> None:
        onto(copy.deepcopy(_get(*_resolved(draft, source))))(draft)

    return change


def entry(kind: str, nth: int = 0, **members: object) -> Change:
    """Change members of the nth entry of a kind; `facts` are added to those that are there."""

    def change(draft: Draft) -> None:
        found = entries_of(draft, kind)[nth]
        facts = members.get("facts", {})
        found |= members | {"facts": found["facts"] | facts}

    return change


def without(kind: str, nth: int = 0) -> Change:
    """Take away the nth entry of a kind, with its texts."""

    def change(draft: Draft) -> None:
        folder = draft.folders["enrolment-1"]
        gone = entries_of(draft, kind)[nth]
        folder.entries.remove(gone)
        folder.texts.pop(gone["event"], None)

    return change


def again(kind: str, nth: int = 0, **members: object) -> Change:
    """Add to the end another entry like the nth of a kind, of another event."""

    def change(draft: Draft) -> None:
        folder = draft.folders["enrolment-1"]
        first = entries_of(draft, kind)[nth]
        event = f"{first['event']}:again"
        second = copy.deepcopy(first) | {"event": event}
        facts = second["facts"] | members.get("facts", {})
        folder.entries.append(second | members | {"facts": facts})
        if first["event"] in folder.texts:
            folder.texts[event] = dict(folder.texts[first["event"]])

    return change


def earlier(kind: str, nth: int = 0) -> Change:
    """Put the nth entry of a kind before all others."""

    def change(draft: Draft) -> None:
        folder = draft.folders["enrolment-1"]
        moved = entries_of(draft, kind)[nth]
        folder.entries.remove(moved)
        folder.entries.insert(0, moved)

    return change


def chained(*changes: Change) -> Change:
    """Do something to entries that are numbered and committed to, and chain them anew."""

    def change(draft: Draft) -> None:
        together(*changes)(draft)
        draft.folders["enrolment-1"].chain()

    return change


def rechained(draft: Draft) -> None:
    """Chain the entries, whatever is in them, with a head of the last."""
    for folder in draft.folders.values():
        previous = "0" * 64
        for each in folder.entries:
            each["previous"] = previous
            previous = digest(canonical(each))
        folder.heads[1]["hash"] = folder.portfolio["trail"]["hash"] = previous


def put_file(name: str, content: bytes) -> Change:
    return lambda files: files.__setitem__(name, content)


def drop_file(name: str) -> Change:
    return lambda files: files.pop(name)


def edit(name: str, old: bytes, new: bytes) -> Change:
    """Replace some bytes of a file, wherever they are, which they have to be."""

    def change(files: dict[str, bytes]) -> None:
        assert old in files[name], (name, old)
        files[name] = files[name].replace(old, new)

    return change


def told(change: Change, name: str = f"{IN_ONE}portfolio.json") -> Change:
    """Change a document after its files were written."""

    def changed(files: dict[str, bytes]) -> None:
        document = json.loads(files[name])
        change(document)
        files[name] = canonical(document)

    return changed


def remake(name: str, change: Callable[[bytes], bytes]) -> Change:
    return lambda files: files.__setitem__(name, change(files[name]))


def settled() -> Draft:
    caught: list[Draft] = []
    build(papers=caught.append)
    return caught[0]


def places(value: Any, at: str = "") -> Iterator[str]:
    """Yield the path of every value in a document."""
    if at:
        yield at
    named: Any = value.items() if isinstance(value, dict) else ()
    for name, each in enumerate(value) if isinstance(value, list) else named:
        yield from places(each, f"{at}/{name}" if at else str(name))


BOTH_KEYS = put("jwks/keys", lambda keys: [*keys, STRANGER.jwk])


def entries_of(draft: Draft, kind: str) -> list[Documents]:
    found = [each for each in draft.folders["enrolment-1"].entries if each["kind"] == kind]
    assert found, kind
    return found


def _resolved(root: object, place: str) -> tuple[Any, Any]:
    *path, last = place.split("/")
    holder = root
    for name in path:
        holder = _get(holder, name)
    return holder, int(last) if isinstance(holder, list) else last


def _get(holder: Any, name: Any) -> Any:
    if isinstance(holder, (Draft, Folder)):
        return getattr(holder, name)
    return holder[int(name) if isinstance(holder, list) else name]
