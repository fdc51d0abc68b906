"""Section 7, the certificates: what each certifies was judged competent, and where it stands."""

from collections import defaultdict

from chalicelib.domain.digests import digest
from cli.verifying.container import Archive
from cli.verifying.documents import read, written
from cli.verifying.faults import Fault
from cli.verifying.portfolio import Portfolio
from cli.verifying.trail import Entry, Trail

SECTION = 7
ISSUED = "certificate.issued"
STATES = {
    ISSUED: "valid",
    "certificate.suspended": "suspended",
    "certificate.superseded": "superseded",
}


def check_certificates(archive: Archive, portfolio: Portfolio, trail: Trail) -> int:
    """Check the certificates of an enrolment, and return how many there are."""
    told = defaultdict[object, list[Entry]](list)
    for entry in trail.entries:
        if entry.kind in STATES:
            told[_issue(entry)].append(entry)
    competent = {
        attempt.key
        for attempt in portfolio.attempts
        if (judgement := attempt.place.member("judgement").value) and judgement["competent"]
    }
    certificates = portfolio.document.under(SECTION).list("certificates")
    for issue, certificate in enumerate(certificates, 1):
        # 1. The record is what its file holds.
        certificate.tells(issue=issue, file=f"certificates/{issue:04}/certificate.json")
        name = portfolio.folder + certificate.text("file")
        content, record = archive.read(name, SECTION), certificate.member("record")
        read(content, SECTION, name)
        record.require(written(record) == content, f"This is not what {name} holds.")

        # 2. It was issued once, with this content.
        entries = told.pop(issue, [])
        issues = [entry.on for entry in entries if entry.kind == ISSUED]
        issued = issues == [digest(content)]
        certificate.require(issued, "The trail has not one entry that this record was issued.")

        # 3. What it certifies are attempts of this portfolio, judged competent.
        for page in record.list("pages"):
            key = (page.text("id"), page.number("attempt"), page.digest("content_hash"))
            page.require(key in competent, "This is no attempt that was judged competent.")

        # 4. It stands as the trail says.
        certificate.tells(state=STATES[entries[-1].kind])

    # 5. No certificate that was issued is missing.
    for entry in (entry for entries in told.values() for entry in entries):
        if entry.kind == ISSUED:
            raise Fault(SECTION, entry.place.file, "The certificate of this entry is missing.")
    return len(certificates)


def _issue(entry: Entry) -> object:
    issue = entry.facts.get("issue")
    return issue if type(issue) is int else None
