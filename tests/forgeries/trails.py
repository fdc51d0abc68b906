"""Section 6: trails that are broken in themselves."""

import copy
from functools import partial
from typing import Any

from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.seals import DRAW, HEAD
from tests.archives import (
    STRANGER,
    Draft,
    build,
)
from tests.forgeries.changes import (
    BOTH_KEYS,
    IN_ONE,
    IN_TWO,
    ONE,
    PORTFOLIO,
    Named,
    chained,
    drop,
    drop_file,
    edit,
    put,
    rechained,
    remake,
    settled,
    together,
    twice,
)
from tests.forgeries.spellings import forged_jws, odd_json, sealed_by


def trails() -> Named:
    yield from _chains()
    yield from _heads()
    yield from _commitments()


def _chains() -> Named:
    last = f"{ONE}/entries/21"
    for name, value in (
        ("format", 2),
        ("format", True),
        ("centre_id", "centre-2"),
        ("enrolment_id", "enrolment-2"),
        ("seq", "22"),
        ("event", 1),
        ("kind", None),
        ("at", "2026-03-01T09:00:00Z"),
        ("at", "2026-02-30T09:00:00.000Z"),
        ("at", "2026-03-01T09:00:00.000+00:00"),
        ("by", None),
        ("method", "telepathy"),
        ("on", "x"),
        ("on", None),
        ("facts", []),
        ("facts", None),
        ("commitments", []),
        ("note", ""),
    ):
        change = together(put(f"{last}/{name}", value), rechained)
        yield f"an entry with {name} {value}", build(papers=change)
    for name in ("event", "facts", "commitments", "method", "format"):
        yield f"an entry without {name}", build(papers=chained(drop(f"{last}/{name}")))
    entries = f"{ONE}/entries"
    same = chained(put(f"{last}/event", "enrolment-created:enrolment-1"))
    yield "an event twice", build(papers=same)
    yield "a number left out", build(papers=chained(drop(f"{entries}/0")))
    yield "a number twice", build(papers=chained(put(f"{entries}/0/seq", 2)))
    yield "counted from 0", build(papers=_from_zero)
    for name, index in (("the first", 0), ("another", 9), ("the last", 21)):
        place = f"{entries}/{index}/previous"
        lied = together(put(place, "f" * 64), _heads_of_lines)
        yield f"{name} link broken", build(papers=lied)
    yield "two entries swapped", build(papers=together(_swapped_entries, _heads_of_lines))
    yield (
        "an entry told otherwise",
        build(files=edit(f"{IN_ONE}audit.jsonl", b"verifier-1", b"v-1")),
    )
    last_line = partial(_last_line, b'"facts":{"issue":3}')
    for name, raw in odd_json(b'"facts":{"issue":3}').items():
        if name not in {"with a line feed after it", "that is empty", "with half of it"}:
            yield f"an entry {name}", build(**last_line(raw[1]))
    trail = f"{IN_ONE}audit.jsonl"
    for name, change in {
        "without its last line feed": lambda made: made[:-1],
        "with an empty line": lambda made: made + b"\n",
        "with carriage returns": lambda made: made.replace(b"\n", b"\r\n"),
        "with something after its last line": lambda made: made + b"x",
        "that is empty": lambda _: b"",
        "with its last entry cut off": lambda made: made[: made[:-1].rindex(b"\n") + 1],
        "of no text": lambda made: made + b"\xff\n",
    }.items():
        yield f"a trail {name}", build(files=remake(trail, change))
    yield "no trail", build(files=drop_file(trail))


def _heads() -> Named:
    heads, where = f"{ONE}/heads", f"{IN_ONE}heads.jws"
    for name, change in {
        "of another centre": put(f"{heads}/0/centre_id", "centre-2"),
        "of another enrolment": put(f"{heads}/0/enrolment_id", "enrolment-2"),
        "of another format": put(f"{heads}/0/format", 2),
        "with another hash": put(f"{heads}/0/hash", "0" * 64),
        "with another number": put(f"{heads}/0/seq", 4),
        "with a number that is a text": put(f"{heads}/0/seq", "5"),
        "of number 0": put(f"{heads}/0/seq", 0),
        "of no entry": put(f"{heads}/0/seq", 23),
        "signed at no moment": put(f"{heads}/0/signed_at", "yesterday"),
        "without its moment": drop(f"{heads}/0/signed_at"),
        "twice": twice(f"{heads}/0"),
        "after a later one": put(heads, lambda each: [*each, each[0]]),
        "in no order": put(heads, lambda each: [each[1], each[0], each[1]]),
        "of the last entry missing": drop(f"{heads}/1"),
    }.items():
        yield f"a head {name}", build(papers=change)
    yield "no head", build(papers=put(heads, []))
    for name, change in {
        "with something after their last line": lambda made: made + b"x",
        "without the last line feed": lambda made: made[:-1],
        "with an empty line": lambda made: made + b"\n",
        "with carriage returns": lambda made: made.replace(b"\n", b"\r\n"),
        "of no text": lambda made: b"\xff\n" + made,
    }.items():
        yield f"heads {name}", build(files=remake(where, change))
    payload = copy.deepcopy(settled().folders["enrolment-1"].heads[1])
    for name, forged in forged_jws(HEAD, DRAW, payload):
        line = partial(_with_line, forged)
        yield f"a head {name}", build(files=remake(where, line))
    stranger = sealed_by(STRANGER, "heads")
    yield "heads by a stranger's key", build(papers=BOTH_KEYS, files=stranger)
    yield "no file of heads", build(files=drop_file(where))
    for name, value in (
        ("trail/entries", 21),
        ("trail/entries", "22"),
        ("trail/hash", "0" * 64),
        ("trail/note", ""),
        ("trail", None),
    ):
        yield f"a portfolio with {name} {value}", build(papers=put(f"{PORTFOLIO}/{name}", value))


def _commitments() -> Named:
    where = f"{IN_ONE}commitments.json"
    texts = f"{ONE}/texts"
    judged = next(iter(settled().folders["enrolment-1"].texts))
    for name, change in {
        "another text": put(f"{texts}/{judged}/feedback", "Well poured."),
        "a text missing": drop(f"{texts}/{judged}"),
        "a name missing": drop(f"{texts}/{judged}/feedback"),
        "a name more": put(f"{texts}/{judged}/reason", "x"),
        "an event more": put(f"{texts}/enrolment-created:enrolment-1", {"reason": "x"}),
        "an unknown event": put(f"{texts}/tea-made", {"reason": "x"}),
        "a text that is a number": put(f"{texts}/{judged}/feedback", 1),
        "texts that are a list": put(texts, []),
    }.items():
        yield f"commitments with {name}", build(papers=change)
    for name, raw in odd_json(b'{"key":"').items():
        yield f"commitments {name}", build(files=edit(where, *raw))
    for name, old, new in (
        ("another key", b'{"key":"2', b'{"key":"3'),
        ("a shorter key", b'{"key":"20', b'{"key":"'),
        ("a key in upper case", b"2a2b2c", b"2A2B2C"),
        ("no key", b'"key":', b'"kez":'),
        ("a member more", b'{"key":', b'{"a":1,"key":'),
    ):
        yield f"commitments with {name}", build(files=edit(where, old, new))
    unsaid = {f"{IN_TWO}commitments.json": canonical({"key": "", "texts": {}})}
    yield "nothing committed to, and no key", build(files=lambda files: files.update(unsaid))
    place = f"{ONE}/entries/3/commitments/feedback"
    for name, value in (("another", "0" * 64), ("no", None), ("an upper-case", str.upper)):
        yield f"an entry with {name} commitment", build(papers=chained(put(place, value)))
    yield "an entry without its commitment", build(papers=chained(drop(place)))
    yield "no commitments", build(files=drop_file(where))


def _heads_of_lines(draft: Draft) -> None:
    """Have the heads tell of the entries as they are, links and all."""
    folder = draft.folders["enrolment-1"]
    for head in folder.heads:
        head["hash"] = digest(canonical(folder.entries[head["seq"] - 1]))
    folder.portfolio["trail"]["hash"] = folder.heads[-1]["hash"]


def _from_zero(draft: Draft) -> None:
    folder = draft.folders["enrolment-1"]
    for each in (*folder.entries, *folder.heads):
        each["seq"] -= 1
    folder.chain()


def _swapped_entries(draft: Draft) -> None:
    entries = draft.folders["enrolment-1"].entries
    entries[13], entries[19] = entries[19], entries[13]


def _last_line(old: bytes, new: bytes) -> dict[str, Any]:
    """Have the last entry written in an odd way, and all that tells of it tell of that."""
    draft = settled()
    folder = draft.folders["enrolment-1"]
    line = canonical(folder.entries[-1])
    odd = line.replace(old, new)
    assert odd != line

    def papers(draft: Draft) -> None:
        folder = draft.folders["enrolment-1"]
        folder.heads[1]["hash"] = folder.portfolio["trail"]["hash"] = digest(odd)

    return {"papers": papers, "files": edit(f"{IN_ONE}audit.jsonl", line, odd)}


def _with_line(line: bytes, heads: bytes) -> bytes:
    return heads.partition(b"\n")[0] + b"\n" + line + b"\n"
