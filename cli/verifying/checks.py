"""All that VERIFY.md says of an archive, section by section."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from cli.verifying.acts import check_acts
from cli.verifying.attachments import check_attachments
from cli.verifying.bag import check_bag
from cli.verifying.certificates import check_certificates
from cli.verifying.container import open_archive
from cli.verifying.portfolio import check_portfolio
from cli.verifying.samples import check_samples
from cli.verifying.signatures import Export, check_signature
from cli.verifying.trail import check_trail


@dataclass(frozen=True, slots=True)
class Report:
    """What the archive is, and how much of what was checked."""

    export: Export
    counts: dict[str, int]


def check(source: BinaryIO, trusted: str, tell: Callable[[int], object]) -> Report:
    """Check an archive, or raise the Fault that is found first.

    `trusted` is the thumbprint of the one key that counts, or empty; `tell` is told of bytes read.
    """
    # The whole container comes first: from here on, the digest of every file is known.
    archive = open_archive(source, tell)
    check_bag(archive)
    keys, export = check_signature(archive, trusted)

    counts = {"files": len(archive.files), "bytes": archive.size}
    counts["enrolments"] = len(export.enrolments)
    for enrolment_id in export.enrolments:
        portfolio = check_portfolio(archive, enrolment_id)
        # Files are withheld for a reason that the trail tells, so the trail comes before them.
        trail = check_trail(archive, export, keys, portfolio)
        withheld = check_attachments(archive, portfolio, trail)
        found = {
            "attempts": len(portfolio.attempts),
            "judgements": check_acts(portfolio, trail),
            "contributions": len(portfolio.contributions),
            "attachments": len(portfolio.document.list("attachments")),
            "attachments_withheld": withheld,
            "trail_entries": len(trail.entries),
            "signed_heads": trail.heads,
            "certificates": check_certificates(archive, portfolio, trail),
        }
        counts |= {name: counts.get(name, 0) + number for name, number in found.items()}
    counts["sampling_plans"], counts["judgements_drawn"] = check_samples(archive, export, keys)
    return Report(export, counts)
