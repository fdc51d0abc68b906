"""Section 4: what was signed otherwise than it is told."""

import json
from functools import partial
from typing import Any

from chalicelib.domain.digests import canonical, digest
from tests.archives import (
    Draft,
    build,
)
from tests.forgeries.changes import (
    ASIDE,
    COMPETENT,
    CONTRIBUTION,
    IN_ONE,
    IN_TWO,
    PORTFOLIO,
    RETURNED,
    Named,
    copied,
    drop,
    drop_file,
    edit,
    put,
    put_file,
    settled,
    together,
    told,
    twice,
    without,
)
from tests.forgeries.spellings import odd_json


def signed() -> Named:
    for name, raw in odd_json(b'"coverage":[]').items():
        yield f"portfolio.json {name}", build(files=edit(f"{IN_ONE}portfolio.json", *raw))
    attempt = f"{IN_ONE}attempts/page-1/0001.json"
    for name, raw in odd_json(b'"format":1').items():
        forge = partial(_signed_bytes, attempt, *raw)
        yield f"a signed document {name}", build(**forge())
    for name in ("enrolment", "pages", "attachments", "certificates", "trail"):
        yield f"a portfolio without {name}", build(files=told(drop(name)))
    for name, change in {
        "a portfolio of another enrolment": put(f"{PORTFOLIO}/enrolment/id", "enrolment-2"),
        "a page twice": together(twice(f"{PORTFOLIO}/pages/0")),
        "a page twice, once without attempts": twice(f"{PORTFOLIO}/pages/0", attempts=[]),
        "an attempt numbered anew": put(f"{COMPETENT}/number", 3),
        "an attempt numbered true": put(f"{RETURNED}/number", value=True),
        "attempts in no order": put(f"{PORTFOLIO}/pages/0/attempts", lambda each: each[::-1]),
        "an attempt twice": twice(RETURNED),
        "a document of another enrolment": put(f"{RETURNED}/document/enrolment_id", "enrolment-2"),
        "a document of another page": put(f"{RETURNED}/document/page_id", "page-2"),
        "a document of another attempt": put(f"{RETURNED}/document/attempt", 2),
        "a document of no attempt": drop(f"{RETURNED}/document/attempt"),
        "a contribution to another enrolment": put(f"{CONTRIBUTION}/document/enrolment_id", "e"),
        "a contribution to another page": put(f"{CONTRIBUTION}/document/page_id", "page-2"),
        "a contribution to another item": put(f"{CONTRIBUTION}/document/item_id", "item-2"),
        "a contribution of another number": put(f"{CONTRIBUTION}/document/number", 2),
        "a contribution that was not signed for": drop(f"{COMPETENT}/document/contributions"),
        "a contribution signed for twice": twice(f"{COMPETENT}/document/contributions/0"),
        "a contribution listed twice": twice(CONTRIBUTION),
        "a contribution signed for by another hash": put(
            f"{COMPETENT}/document/contributions/0/content_hash", "0" * 64
        ),
        "a contribution signed for by another number": put(
            f"{COMPETENT}/document/contributions/0/number", 2
        ),
        "a contribution signed for by another item": put(
            f"{COMPETENT}/document/contributions/0/item_id", "item-2"
        ),
        "a contribution left out": together(
            put(f"{COMPETENT}/contributions", []), without("contribution.signed")
        ),
    }.items():
        yield name, build(acts=change)
    hashes = partial(put, f"{RETURNED}/content_hash")
    for name, change in {
        "an attempt with another hash": hashes("0" * 64),
        "an attempt with its hash in upper case": hashes(str.upper),
        "an attempt with another's hash": copied(f"{ASIDE}/content_hash", hashes),
        "a contribution with another hash": put(f"{CONTRIBUTION}/content_hash", "0" * 64),
        "a contribution without a hash": drop(f"{CONTRIBUTION}/content_hash"),
    }.items():
        yield name, build(papers=change)
    attempt = "pages/0/attempts/0"
    for name, change in {
        "a page without its id": drop("pages/2/page_id"),
        "a page without attempts": drop("pages/2/attempts"),
        "pages that are an object": put("pages", {}),
        "an attempt that is a text": put(attempt, "signed"),
        "an attempt without a document": drop(f"{attempt}/document"),
        "an attempt without contributions": drop(f"{attempt}/contributions"),
        "an attempt without a file": drop(f"{attempt}/file"),
    }.items():
        yield name, build(files=told(change))
    for name, old, new in (
        ("an attempt told otherwise", b"Tea, n\xc3\xa9?", b"Coffee?"),
        ("a contribution told otherwise", b'"day":"1"', b'"day":"2"'),
        ("an attempt of another file", b"page-1/0001.json", b"page-1/0002.json"),
        ("an attempt of a file elsewhere", b"attempts/page-1/0001", b"attempts/page-1/1"),
    ):
        yield name, build(files=edit(f"{IN_ONE}portfolio.json", old, new))
    moved = together(
        put(f"{RETURNED}/file", "attempts/page-1/1.json"),
    )
    yield "an attempt under another name", build(acts=moved)
    moved = put(f"{CONTRIBUTION}/file", "contributions/page-1/item-1/1.json")
    yield "a contribution under another name", build(acts=moved)
    for name in (
        "attempts/page-1/0003.json",
        "attempts/page-3/0001.json",
        "attempts/x.txt",
        "contributions/page-1/item-1/0002.json",
        "contributions/x/y/z",
    ):
        yield f"a file {name}", build(files=put_file(f"{IN_ONE}{name}", b"{}"))
    for name in (
        "portfolio.json",
        "attempts/page-1/0001.json",
        "contributions/page-1/item-1/0001.json",
    ):
        yield f"no {name}", build(files=drop_file(f"{IN_ONE}{name}"))
    yield "the folders of two enrolments swapped", build(files=_swapped_folders)


def _signed_bytes(name: str, old: bytes, new: bytes) -> dict[str, Any]:
    """Have an attempt's file written in an odd way, and its hash be that of the odd bytes."""
    draft = settled()
    attempt = draft.folders["enrolment-1"].portfolio["pages"][0]["attempts"][0]
    written = canonical(attempt["document"])
    odd = written.replace(old, new)
    assert odd != written
    before, after = digest(written), digest(odd)

    def papers(draft: Draft) -> None:
        folder = draft.folders["enrolment-1"]
        for part in ("portfolio", "entries"):
            setattr(
                folder, part, json.loads(json.dumps(getattr(folder, part)).replace(before, after))
            )
        folder.chain()

    return {"papers": papers, "files": put_file(name, odd)}


def _swapped_folders(files: dict[str, bytes]) -> None:
    moved = {name: files.pop(name) for name in list(files) if "/enrolment-" in name}
    for name, content in moved.items():
        one = name.startswith(IN_ONE)
        files[name.replace(*((IN_ONE, IN_TWO) if one else (IN_TWO, IN_ONE)))] = content
