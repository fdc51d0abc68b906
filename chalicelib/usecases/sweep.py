"""The sweeper: what a lost stream has left undone is found and done, from the table alone."""

from dataclasses import astuple, dataclass
from operator import add

from chalicelib.domain.enrolments import latest
from chalicelib.log import log_failure
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.usecases import certificates, enrolments, links, waiting


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found to do, and how many enrolments or shards it could not do it for."""

    enrolments: int = 0
    certificates: int = 0
    mails: int = 0
    failures: int = 0

    def __add__(self, other: "Swept") -> "Swept":
        return Swept(*map(add, astuple(self), astuple(other)))


def sweep(runtime: Runtime, shard: int) -> Swept:
    """Finalise what is ready, and mail the links that were never mailed, in one shard.

    An enrolment that fails does not keep those after it from being swept.
    """
    total = Swept()
    for entry in runtime.table.query_index(keys.OPEN_INDEX, "open_shard", str(shard)):
        centre_id, enrolment_id = entry["open_key"].split("#")
        try:
            total += _sweep_one(runtime, centre_id, enrolment_id)
        except Exception as error:  # noqa: BLE001 (counted, and told when all are swept)
            log_failure("sweep-failed", error)
            total += Swept(enrolments=1, failures=1)
    return total


def _sweep_one(runtime: Runtime, centre_id: str, enrolment_id: str) -> Swept:
    if certificates.finalise(runtime, centre_id, enrolment_id):
        return Swept(enrolments=1, certificates=1)
    return Swept(enrolments=1, mails=_tell_who_is_waited_for(runtime, centre_id, enrolment_id))


def _tell_who_is_waited_for(runtime: Runtime, centre_id: str, enrolment_id: str) -> int:
    enrolment = enrolments.find(runtime, centre_id, enrolment_id)
    if enrolment is None:
        return 0
    mails = 0
    for attempt in latest(enrolments.attempts(runtime, enrolment)).values():
        if attempt.waiting and not attempt.mailed_at:
            of = (centre_id, enrolment_id, attempt.page_id, attempt.number)
            mails += links.mail_link(runtime, *of)
        if attempt.countersigner_awaited:
            waiting.note_countersigning(runtime, centre_id, enrolment_id, attempt)
    return mails
