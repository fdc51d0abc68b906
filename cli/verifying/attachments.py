"""Section 5, the files: each is the one that was signed for, or is withheld for a known reason."""

from cli.verifying.container import Archive
from cli.verifying.documents import Place
from cli.verifying.portfolio import Portfolio
from cli.verifying.trail import Trail

SECTION = 5


def check_attachments(archive: Archive, portfolio: Portfolio, trail: Trail) -> int:
    """Check the files of an enrolment, and return how many are withheld."""
    # 1. A file is there as it is listed. One that is not there was flagged.
    listed: dict[str, Place] = {}
    files: set[str] = set()
    flagged = {each.fact("attachment_id") for each in trail.of_kind("attachment.flagged")}
    for attachment in portfolio.document.under(SECTION).list("attachments"):
        attachment_id, digest = attachment.text("id"), attachment.digest("sha256")
        size, name = attachment.number("size"), attachment.text("file")
        attachment.require(attachment_id not in listed, "This attachment comes twice.")
        listed[attachment_id] = attachment
        if not name:
            attachment.require(attachment_id in flagged, "It is withheld, but was never flagged.")
            continue
        attachment.require(name.startswith("attachments/"), "The file is not in attachments/.")
        file = archive.files.get(portfolio.folder + name)
        if file is None:
            attachment.fail(f"{name} is missing.")
        same = (file.digest, file.size) == (digest, size)
        attachment.require(same, f"{name} has another digest or size.")
        files.add(file.name)

    # 2. There are no other files.
    for name in sorted(archive.within(f"{portfolio.folder}attachments/") - files):
        Place(None, SECTION, name).fail("No attachment is of this file.")

    # 3. Whatever was signed for is listed, as it was then.
    for signed in (*portfolio.attempts, *portfolio.contributions):
        for named in signed.document.under(SECTION).optional_list("attachments"):
            found = listed.get(named.text("id"))
            if found is None:
                named.fail("This attachment is not in the portfolio's list.")
            named.tells(sha256=found.text("sha256"), size=found.number("size"))
    return len(listed) - len(files)
