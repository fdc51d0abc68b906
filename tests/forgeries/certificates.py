"""Section 7: certificates of what was not judged competent, or not issued."""

from tests.archives import (
    Draft,
    build,
)
from tests.forgeries.changes import (
    IN_ONE,
    PORTFOLIO,
    Named,
    again,
    drop,
    drop_file,
    edit,
    put,
    together,
    without,
)

CERTIFICATE = f"{PORTFOLIO}/certificates/0"


def certificates() -> Named:
    record = f"{CERTIFICATE}/record"
    issued, superseded, suspended = (
        f"certificate.{how}" for how in ("issued", "superseded", "suspended")
    )
    for name, change in {
        "a certificate that nobody issued": without(issued, 2),
        "a certificate issued twice": again(issued),
        "a certificate issued by another hash": again(issued, on="0" * 64),
        "a certificate of no issue": again(issued, facts={"issue": 4}),
        "a certificate numbered anew": put(f"{PORTFOLIO}/certificates/1/issue", 3),
        "certificates in no order": put(f"{PORTFOLIO}/certificates", lambda each: each[::-1]),
        "a certificate under another name": put(f"{CERTIFICATE}/file", "certificates/1.json"),
        "a page of another attempt": put(f"{record}/pages/0/attempt", 1),
        "a page of an attempt unknown": put(f"{record}/pages/0/attempt", 9),
        "a page unknown": put(f"{record}/pages/0/id", "page-9"),
        "a page with another hash": put(f"{record}/pages/0/content_hash", "0" * 64),
        "a page that was returned": _certified_return,
        "a page that nobody judged": _certified_withdrawal,
        "pages left out": drop(f"{record}/pages"),
        "a page that is a text": put(f"{record}/pages/0", "page-1"),
        "a state that nobody gave": put(f"{PORTFOLIO}/certificates/1/state", "suspended"),
        "suspended, but told to be valid": put(f"{PORTFOLIO}/certificates/2/state", "valid"),
        "superseded, but told to be valid": put(f"{CERTIFICATE}/state", "valid"),
        "superseded, but told to be suspended": put(f"{CERTIFICATE}/state", "suspended"),
        "a state unknown": put(f"{PORTFOLIO}/certificates/1/state", "golden"),
        "no state": drop(f"{CERTIFICATE}/state"),
        "suspended in the trail alone": again(suspended, facts={"issue": 2}),
        "superseded in the trail alone": again(superseded, facts={"issue": 2}),
        "never suspended": without(suspended, 1),
        "never superseded": without(superseded),
    }.items():
        yield name, build(acts=change)
    where = f"{IN_ONE}certificates/0001/certificate.json"
    left_out = drop(f"{PORTFOLIO}/certificates/2")
    yield "a certificate left out", build(papers=left_out)
    yield "no record", build(files=drop_file(where))
    yield "another record", build(files=edit(where, b"Ngata", b"Smith"))
    told = b'{"name":"Zo\xc3\xab Ngata"},"issue":1'
    other = told.replace(b"Ngata", b"Smith")
    yield "a record told otherwise", build(files=edit(f"{IN_ONE}portfolio.json", told, other))
    both = together(edit(where, b"Ngata", b"Smith"), edit(f"{IN_ONE}portfolio.json", told, other))
    yield "another record, in both places", build(files=both)


def _certified(draft: Draft, page: int, index: int) -> None:
    portfolio = draft.folders["enrolment-1"].portfolio
    attempt = portfolio["pages"][page]["attempts"][index]
    portfolio["certificates"][0]["record"]["pages"][page] |= {
        "attempt": attempt["number"],
        "content_hash": attempt["content_hash"],
    }


def _certified_return(draft: Draft) -> None:
    _certified(draft, 0, 0)


def _certified_withdrawal(draft: Draft) -> None:
    _certified(draft, 1, 1)
