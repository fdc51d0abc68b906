"""The sweeper: what a lost stream has left undone is found and done, from the table alone."""

from dataclasses import dataclass

from chalicelib.domain.enrolments import latest
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.usecases import certificates, enrolments, links


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep of one shard found to do."""

    enrolments: int = 0
    certificates: int = 0
    mails: int = 0


def sweep(runtime: Runtime, shard: int) -> Swept:
    """Finalise what is ready, and mail the links that were never mailed, in one shard."""
    seen = issued = mailed = 0
    for entry in runtime.table.query_index(keys.OPEN_INDEX, "open_shard", str(shard)):
        centre_id, enrolment_id = entry["open_key"].split("#")
        seen += 1
        if certificates.finalise(runtime, centre_id, enrolment_id):
            issued += 1
        else:
            mailed += _mail_waiting(runtime, centre_id, enrolment_id)
    return Swept(seen, issued, mailed)


def _mail_waiting(runtime: Runtime, centre_id: str, enrolment_id: str) -> int:
    enrolment = enrolments.find(runtime, centre_id, enrolment_id)
    if enrolment is None:
        return 0
    return sum(
        links.mail_link(runtime, centre_id, enrolment_id, attempt.page_id, attempt.number)
        for attempt in latest(enrolments.attempts(runtime, enrolment)).values()
        if attempt.waiting and not attempt.mailed_at
    )
