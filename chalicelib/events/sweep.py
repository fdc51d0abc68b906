"""The scheduled sweep over all open enrolments."""

from collections.abc import Callable
from dataclasses import asdict

from chalicelib.log import log, log_failure
from chalicelib.runtime import Runtime
from chalicelib.storage.keys import SHARDS
from chalicelib.usecases.sweep import Swept, sweep

INTERVAL = 15 * 60  # seconds between two sweeps, as the schedule has it
RESERVE = 30_000  # milliseconds that must be left to begin another shard


def handle(runtime: Runtime, milliseconds_left: Callable[[], int]) -> dict[str, int]:
    """Sweep shard after shard while there is time, and say what was done.

    Each sweep begins with the shard after the one that the sweep before began with, so that every
    shard has its turn even where one sweep cannot reach them all. An enrolment or a shard that
    fails does not keep the others from being swept; the sweep as a whole fails then, and the alarm
    rings.
    """
    first = int(runtime.now().timestamp() // INTERVAL)
    total = Swept()
    for offset in range(SHARDS):
        if milliseconds_left() < RESERVE:
            log("sweep-cut-short", count=SHARDS - offset)
            break
        try:
            total += sweep(runtime, (first + offset) % SHARDS)
        except Exception as error:  # noqa: BLE001 (told below, after the other shards)
            log_failure("sweep-failed", error)
            total += Swept(failures=1)
    log("swept", count=total.enrolments, issued=total.certificates)
    if total.failures:
        message = f"{total.failures} enrolments or shards failed"
        raise RuntimeError(message)
    return asdict(total)
