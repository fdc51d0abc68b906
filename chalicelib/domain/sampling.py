"""Which judgements are looked at a second time: a plan, and a draw that anybody can recompute.

How a draw is made is written in `formats/verifier/VERIFY.md`, section 8.
"""

import hmac
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.attempts import Attempt
from chalicelib.domain.digests import digest
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Flaw, Invalid
from chalicelib.domain.judgements import Method
from chalicelib.domain.people import name_flaws
from chalicelib.domain.times import date_at, stamp
from chalicelib.domain.verifications import Outcome, Verified

FORMAT = 1  # of the statement
UNITS_LIMIT = 10_000  # of a frame
CHOICES_LIMIT = 500  # of a plan
REASON_LIMIT = 500  # characters; an answer may bring all that are chosen
UNIT = re.compile(r"([A-Za-z0-9-]{1,100})/([A-Za-z0-9-]{1,100})/([1-9][0-9]{0,3})")


class Stage(StrEnum):
    """When is looked: while assessment goes on, or before a certificate is claimed."""

    INTERIM = "interim"
    SUMMATIVE = "summative"


class Dimension(StrEnum):
    """What strata tell apart, beside the risk."""

    ASSESSOR = "assessor"
    MODULE = "module"
    METHOD = "method"


class Risk(StrEnum):
    """How much the plan trusts an assessor's judgements."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Rate:
    """How much of a stratum is drawn: so many percent, rounded up, and at least so many."""

    rate: int
    least: int

    def of(self, size: int) -> int:
        """Return how many are drawn of a stratum of this size."""
        return min(size, max(self.least, -(-size * self.rate // 100)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A judgement in force, as far as a plan asks; `unit` is what it goes by."""

    unit: str
    module_id: str
    assessor_id: str
    method: Method
    countersigned: bool
    judged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which judgements a plan is about; what is empty leaves nothing out.

    The dates are those of judging, in the centre's time zone, both included.
    """

    modules: tuple[str, ...] = ()
    assessors: tuple[str, ...] = ()
    methods: tuple[Method, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None

    def covers(self, judged: Judged, time_zone: str) -> bool:
        """Whether the plan is about a judgement."""
        day = date_at(judged.judged_at, time_zone)
        return (
            judged.module_id in (self.modules or {judged.module_id})
            and judged.assessor_id in (self.assessors or {judged.assessor_id})
            and judged.method in (self.methods or {judged.method})
            and (self.starts_on or day) <= day <= (self.ends_on or day)
        )

    def reaches(self, enrolment: Enrolment, time_zone: str) -> bool:
        """Whether there may be such judgements in an enrolment."""
        begun = date_at(enrolment.created_at, time_zone)
        done = enrolment.completed_at and date_at(enrolment.completed_at, time_zone)
        return (
            enrolment.module_id in (self.modules or {enrolment.module_id})
            and begun <= (self.ends_on or begun)
            and (not done or done >= (self.starts_on or done))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be looked at, made once and never changed.

    `by` is what strata tell apart beside the risk; `risks` the risk by assessor, where the plan
    says so; `rates` how much is drawn, by risk. `seed` stays secret until the draw.
    """

    id: str
    centre_id: str
    title: str
    stage: Stage
    scope: Scope
    by: tuple[Dimension, ...]
    risks: Mapping[str, Risk]
    rates: Mapping[Risk, Rate]
    created_at: datetime
    created_by: str
    seed: str = field(repr=False)
    statement: str
    drawn_at: datetime | None = None
    drawn_by: str = ""
    choices: int = 0

    @property
    def commitment(self) -> str:
        """What was published of the seed before the draw."""
        return commitment(self.id, self.seed)

    @property
    def revealed(self) -> str:
        """The seed, once something has been drawn; empty before."""
        return self.seed if self.drawn_at else ""

    def risk(self, judged: Judged) -> Risk:
        """Return the risk of a judgement: who is countersigned still is of high risk by default."""
        default = Risk.HIGH if judged.countersigned else Risk.MEDIUM
        return self.risks.get(judged.assessor_id, default)

    def stratum(self, judged: Judged) -> str:
        """Name the stratum of a judgement, by its risk first."""
        values = {
            Dimension.ASSESSOR: judged.assessor_id,
            Dimension.MODULE: judged.module_id,
            Dimension.METHOD: judged.method,
        }
        named = (f"/{each}:{values[each]}" for each in self.by)
        return f"risk:{self.risk(judged)}{''.join(named)}"

    def rate(self, stratum: str) -> Rate:
        """Return how much of a stratum is drawn."""
        return self.rates[Risk(stratum.partition("/")[0].removeprefix("risk:"))]

    def unit(self, judged: Judged) -> "Unit":
        """Place a judgement in its stratum."""
        return Unit(judged.unit, self.stratum(judged), judged.assessor_id, judged.module_id)


@dataclass(frozen=True, slots=True)
class Unit:
    """A judgement of the frame, as it was when the frame was taken."""

    id: str
    stratum: str
    assessor_id: str
    module_id: str
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A judgement that somebody has chosen, beside what was drawn."""

    unit: Unit
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """What has become of a judgement of the sample since the plan was made."""

    verified: Verified | None
    set_aside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Planned and actual in numbers, of a stratum, an assessor or a module."""

    size: int = 0
    drawn: int = 0
    chosen: int = 0
    looked_at: int = 0
    upheld: int = 0
    action_required: int = 0
    set_aside: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """All that a plan has come to: the frame (empty before the draw), and what was chosen."""

    plan: Plan
    frame: tuple[Unit, ...] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def drawn(self) -> tuple[Unit, ...]:
        """What was drawn, sorted."""
        return tuple(each for each in self.frame if each.drawn)

    @property
    def units(self) -> tuple[str, ...]:
        """The ids of all that is to be looked at, sorted, each once."""
        chosen = (each.unit.id for each in self.choices)
        return tuple(sorted({*(each.id for each in self.drawn), *chosen}))

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many units each stratum of the frame has, by its name, sorted."""
        return dict(sorted(Counter(each.stratum for each in self.frame).items()))

    def concerns(self, enrolment_ids: Collection[str]) -> bool:
        """Whether a unit belongs to one of these enrolments."""
        units = (*self.frame, *(each.unit for each in self.choices))
        return any(each.id.partition("/")[0] in enrolment_ids for each in units)

    def tallies(
        self, looks: Mapping[str, Look], group: Callable[[Unit], str]
    ) -> Mapping[str, Tally]:
        """Count by stratum, or by whatever else, what was planned and what was done."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        sample: dict[str, Unit] = {}
        for unit in self.frame:
            counts[group(unit)].update(size=1, drawn=int(unit.drawn))
        for choice in self.choices:
            counts[group(choice.unit)].update(chosen=1)
            sample[choice.unit.id] = choice.unit
        sample |= {unit.id: unit for unit in self.drawn}
        for unit_id, look in looks.items():
            counts[group(sample[unit_id])].update(_counted(look))
        return {name: Tally(**counted) for name, counted in sorted(counts.items())}


def commitment(plan_id: str, seed: str) -> str:
    """Return what binds whoever makes a plan to its seed, and does not tell it."""
    return digest(f"testamur-draw-1\n{plan_id}\n{seed}".encode())


def statement(plan: Plan) -> dict[str, Any]:
    """Return what is sealed when a plan is made."""
    return {
        "centre_id": plan.centre_id,
        "commitment": plan.commitment,
        "committed_at": stamp(plan.created_at),
        "format": FORMAT,
        "plan_id": plan.id,
    }


def unit_id(enrolment_id: str, page_id: str, number: int) -> str:
    """Name a judgement by the attempt that it is of."""
    return f"{enrolment_id}/{page_id}/{number}"


def parse_unit(text: str) -> tuple[str, str, int] | None:
    """Read enrolment, page and number back from the name of a judgement; None if it is none."""
    found = UNIT.fullmatch(text)
    return (found[1], found[2], int(found[3])) if found else None


def judged_of(enrolment_id: str, module_id: str, attempt: Attempt) -> Judged | None:
    """Return the judgement of an attempt as plans see it; None where there is none in force."""
    judgement = attempt.judgement
    if judgement is None or attempt.set_aside:
        return None
    return Judged(
        unit=unit_id(enrolment_id, attempt.page_id, attempt.number),
        module_id=module_id,
        assessor_id=judgement.judged_by,
        method=judgement.method,
        countersigned=bool(judgement.countersigner_id),
        judged_at=judgement.judged_at,
    )


def draw(plan: Plan, frame: Iterable[Unit]) -> tuple[Unit, ...]:
    """Draw by the plan's seed: return the frame, sorted, in which what is drawn is marked."""
    key = bytes.fromhex(plan.seed)
    strata: dict[str, list[str]] = defaultdict(list)
    units = sorted(frame, key=lambda unit: unit.id)
    for unit in units:
        strata[unit.stratum].append(unit.id)
    drawn: set[str] = set()
    for name, ids in strata.items():
        ids.sort(key=lambda each: hmac.digest(key, each.encode(), "sha256"))
        drawn.update(ids[: plan.rate(name).of(len(ids))])
    return tuple(replace(unit, drawn=unit.id in drawn) for unit in units)


def look_of(plan: Plan, attempt: Attempt) -> Look:
    """Return what has become of a judgement since the plan was made."""
    verified = attempt.verified
    if verified and verified.at < plan.created_at:
        verified = None
    return Look(verified, attempt.set_aside is not None)


def check_plan(plan: Plan) -> None:
    """Raise Invalid unless a plan has a title, and its period an end that follows its start."""
    flaws = list(name_flaws("/title", plan.title, "a title"))
    starts_on, ends_on = plan.scope.starts_on, plan.scope.ends_on
    if starts_on and ends_on and ends_on < starts_on:
        flaws.append(Flaw("/ends_on", "ends-before-start", "The end must not be before the start."))
    if flaws:
        raise Invalid("invalid-sampling", "No plan was made; mend what is listed.", flaws)


def too_large(limit: int, what: str) -> Invalid:
    """Build the refusal of a draw that is more than one request can do."""
    detail = f"A draw takes {limit} {what}. Plan fewer modules, or a shorter period."
    return Invalid("frame-too-large", detail)


def document(sample: Sample, looks: Mapping[str, Look]) -> dict[str, Any]:
    """Return all of a plan as JSON values, for whoever wants to check it."""
    plan = sample.plan
    return {
        "centre_id": plan.centre_id,
        "plan_id": plan.id,
        "title": plan.title,
        "stage": str(plan.stage),
        "created_at": stamp(plan.created_at),
        "created_by": plan.created_by,
        "commitment": plan.commitment,
        "statement": plan.statement,
        "filters": {
            "modules": list(plan.scope.modules),
            "assessors": list(plan.scope.assessors),
            "methods": [str(each) for each in plan.scope.methods],
            "starts_on": plan.scope.starts_on.isoformat() if plan.scope.starts_on else "",
            "ends_on": plan.scope.ends_on.isoformat() if plan.scope.ends_on else "",
        },
        "by": [str(each) for each in plan.by],
        "risks": {person_id: str(risk) for person_id, risk in plan.risks.items()},
        "rates": {str(risk): asdict(rate) for risk, rate in plan.rates.items()},
        "seed": plan.revealed,
        "drawn_at": stamp(plan.drawn_at) if plan.drawn_at else "",
        "drawn_by": plan.drawn_by,
        "strata": [{"name": name, **asdict(plan.rate(name))} for name in sample.sizes],
        "frame": [{"unit": each.id, "stratum": each.stratum} for each in sample.frame],
        "drawn": [each.id for each in sample.drawn],
        "chosen": [
            {
                "unit": each.unit.id,
                "stratum": each.unit.stratum,
                "reason": each.reason,
                "by": each.by,
                "at": stamp(each.at),
            }
            for each in sample.choices
        ],
        "sampled": list(sampled(looks)),
    }


def sampled(looks: Mapping[str, Look]) -> Iterator[dict[str, Any]]:
    """Yield as JSON values what was found of the judgements of a sample."""
    for unit, look in sorted(looks.items()):
        if look.verified:
            yield {
                "unit": unit,
                "verification_id": look.verified.id,
                "outcome": str(look.verified.outcome),
                "verified_by": look.verified.by,
                "verified_at": stamp(look.verified.at),
            }


def _counted(look: Look) -> dict[str, int]:
    verified = look.verified
    return {
        "looked_at": int(verified is not None),
        "upheld": int(verified is not None and verified.outcome is Outcome.UPHELD),
        "action_required": int(verified is not None and verified.outcome is not Outcome.UPHELD),
        "set_aside": int(look.set_aside),
    }
