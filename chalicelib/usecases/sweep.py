"""The sweeper: what a lost stream has left undone is found and done, from the table alone."""

from dataclasses import astuple, dataclass
from operator import add

from chalicelib.domain.enrolments import latest
from chalicelib.log import log_failure
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.changes import Item, Key
from chalicelib.storage.keys import is_attachment, is_export, is_membership, parse_visit
from chalicelib.usecases import (
    addresses,
    certificates,
    enrolments,
    exports,
    links,
    promotions,
    testimony,
    trail,
    visits,
    waiting,
)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found to do, and how many entries of the index or shards it failed for."""

    enrolments: int = 0
    certificates: int = 0
    mails: int = 0
    uploads: int = 0
    exports: int = 0
    failures: int = 0

    def __add__(self, other: "Swept") -> "Swept":
        return Swept(*map(add, astuple(self), astuple(other)))


def sweep(runtime: Runtime, shard: int) -> Swept:
    """Finalise what is ready, anchor trails, send mails never sent, ask for work, in one shard.

    What fails does not keep what comes after it from being swept.
    """
    total = Swept()
    for entry in runtime.table.query_index(keys.OPEN_INDEX, "open_shard", str(shard)):
        try:
            total += _sweep_one(runtime, entry)
        except Exception as error:  # noqa: BLE001 (counted, and told when all are swept)
            log_failure("sweep-failed", error)
            total += Swept(failures=1)
    return total


def _sweep_one(runtime: Runtime, entry: Item) -> Swept:
    centre_id, own_id = entry["open_key"].split("#")
    if is_membership(entry["sk"]):
        return Swept(mails=addresses.mail_due(runtime, centre_id, own_id))
    if is_attachment(entry["sk"]):
        promotions.ask_for(runtime, centre_id, own_id)
        return Swept(uploads=1)
    if is_export(entry["sk"]):
        exports.ask_for(runtime, centre_id, own_id)
        return Swept(exports=1)
    if visit := parse_visit(Key(entry["pk"], entry["sk"])):
        return Swept(mails=visits.mail_link(runtime, *visit))
    return _sweep_enrolment(runtime, centre_id, own_id)


def _sweep_enrolment(runtime: Runtime, centre_id: str, enrolment_id: str) -> Swept:
    if certificates.finalise(runtime, centre_id, enrolment_id):
        # It is not open any more, so no sweep comes by again.
        trail.catch_up(runtime, centre_id, enrolment_id)
        trail.anchor(runtime, centre_id, enrolment_id)
        return Swept(enrolments=1, certificates=1)
    return Swept(enrolments=1, mails=_keep_up(runtime, centre_id, enrolment_id))


def _keep_up(runtime: Runtime, centre_id: str, enrolment_id: str) -> int:
    enrolment = enrolments.find(runtime, centre_id, enrolment_id)
    if enrolment is None:
        return 0
    mails, attempts = 0, enrolments.attempts(runtime, enrolment)
    trail.keep_up(runtime, enrolment, attempts)
    for attempt in latest(attempts).values():
        if links.needs_mail(runtime, centre_id, attempt):
            of = (centre_id, enrolment_id, attempt.page_id, attempt.number)
            mails += links.mail_link(runtime, *of)
        if attempt.countersigner_awaited:
            waiting.note_countersigning(runtime, centre_id, enrolment_id, attempt)
    return mails + testimony.mail_due(runtime, centre_id, enrolment_id)
