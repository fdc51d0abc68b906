"""Section 8, the samples: what was drawn follows from a seed that was committed to before."""

import hmac
import re
from collections import defaultdict

from chalicelib.domain.digests import digest
from chalicelib.domain.seals import DRAW
from cli.verifying.container import Archive
from cli.verifying.documents import DIGEST, Place, read
from cli.verifying.signatures import FORMAT, Export, Keys

SECTION = 8
FOLDER, SUFFIX = "data/sampling/", ".json"
UNIT = re.compile(r"[^/]+/[^/]+/[1-9][0-9]*")
MOST = 100  # percent


def check_samples(archive: Archive, export: Export, keys: Keys) -> tuple[int, int]:
    """Check the plans, and return how many there are, and how many judgements they drew."""
    names = sorted(archive.within(FOLDER))
    return len(names), sum(_check_plan(archive, export, keys, name) for name in names)


def _check_plan(archive: Archive, export: Export, keys: Keys, name: str) -> int:
    # 1. The file is that of its plan, and the plan one of this centre.
    plan = read(archive.read(name, SECTION), SECTION, name)
    said = {"centre_id": export.centre_id, "plan_id": plan.text("plan_id")}
    plan.require(name == f"{FOLDER}{said['plan_id']}{SUFFIX}", "The file is not named by its plan.")
    plan.tells(**said)

    # 2. The centre committed to a seed.
    said["commitment"] = plan.digest("commitment")
    statement = keys.opened(plan.member("statement"), DRAW, format=FORMAT, **said)
    statement.exactly("format", "committed_at", *said)
    statement.moment("committed_at")

    # 3. While that is not told, nothing has been drawn.
    seed, sizes, frame = plan.text("seed"), _sizes(plan), _frame(plan)
    drawn = [each.value for each in plan.list("drawn")]
    if not seed:
        plan.require(not (drawn or frame), "Without a seed there is nothing to be drawn.")
        return 0
    plan.require(DIGEST.fullmatch(seed), "The seed has not 64 hexadecimal digits.")
    opened = digest(f"testamur-draw-1\n{said['plan_id']}\n{seed}".encode())
    plan.require(opened == said["commitment"], "This is not the seed that was committed to.")

    # 4. Of each stratum the units of lowest rank are drawn: the draw is made once more.
    again: list[str] = []
    for stratum, units in frame.items():
        plan.require(
            stratum in sizes, f"The stratum {stratum} of the frame is not among the strata."
        )
        rate, least = sizes[stratum]
        share = -(-len(units) * rate // 100)  # rounded up
        again += sorted(units, key=lambda unit: _rank(seed, unit))[: max(least, share)]
    plan.require(drawn == sorted(again), "These are not the units that the seed draws.")
    return len(drawn)


def _sizes(plan: Place) -> dict[str, tuple[int, int]]:
    sizes = dict[str, tuple[int, int]]()
    for stratum in plan.list("strata"):
        name, rate, least = stratum.text("name"), stratum.number("rate"), stratum.number("least")
        stratum.require(name not in sizes, "This stratum comes twice.")
        stratum.require(0 <= rate <= MOST and least >= 0, "The rate or the least cannot be.")
        sizes[name] = (rate, least)
    return sizes


def _frame(plan: Place) -> dict[str, list[str]]:
    frame, before = defaultdict[str, list[str]](list), ""
    for each in plan.list("frame"):
        unit = each.text("unit")
        each.require(UNIT.fullmatch(unit), "This unit names no judgement.")
        each.require(before < unit, "The units are not sorted, each once.")
        frame[each.text("stratum")].append(unit)
        before = unit
    return frame


def _rank(seed: str, unit: str) -> str:
    return hmac.digest(bytes.fromhex(seed), unit.encode(), "sha256").hex()
