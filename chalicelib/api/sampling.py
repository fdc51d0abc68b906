"""Sampling: which judgements internal verifiers look at again, as planned and as done."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.lists import ListQuery, Next, next_cursor
from chalicelib.api.rules import members
from chalicelib.api.texts import Identifier, Text, TextOrNull
from chalicelib.domain.judgements import Method
from chalicelib.domain.people import NAME_LIMIT, Role
from chalicelib.domain.sampling import (
    REASON_LIMIT,
    UNITS_LIMIT,
    Choice,
    Dimension,
    Plan,
    Rate,
    Risk,
    Sample,
    Scope,
    Stage,
    Tally,
    sampled,
)
from chalicelib.domain.verifications import Outcome
from chalicelib.usecases import sampling
from chalicelib.usecases.sampling import NewPlan

PLANS = "/v1/centres/{centre_id}/sampling-plans"
PLAN = PLANS + "/{plan_id}"
NAMED_LIMIT = 50  # modules or assessors that a plan names
RISKS_LIMIT = 200
AT_ONCE = 50  # judgements chosen in one request: each is a change of one transaction
VERIFIERS = members(Role.INTERNAL_VERIFIER)
READERS = members(Role.ADMINISTRATOR, Role.INTERNAL_VERIFIER)

UnitText = Annotated[
    str, Field(description="A judgement: `{enrolment_id}/{page_id}/{number of the attempt}`.")
]
StratumText = Annotated[
    str, Field(description="Named by its risk, and by what the plan's strata tell apart.")
]
Day = Annotated[date | None, Field(strict=False)]
Named = Annotated[list[Identifier], Field(max_length=NAMED_LIMIT)]


class RateIn(RequestModel):
    """How much of a stratum is drawn."""

    rate: Annotated[int, Field(ge=0, le=100, description="Percent, rounded up.")]
    least: Annotated[int, Field(ge=0, le=UNITS_LIMIT, description="At least so many.")] = 0


class RatesIn(RequestModel):
    """How much is drawn of what is of which risk."""

    low: RateIn
    medium: RateIn
    high: RateIn


class SamplingPlanIn(RequestModel):
    """What is to be looked at. What names nothing leaves nothing out."""

    title: Annotated[Text, Field(max_length=NAME_LIMIT, description="In one line.")]
    stage: Stage
    modules: Named = Field(default_factory=list, description="Ids of modules, of all versions.")
    assessors: Named = Field(default_factory=list, description="Person ids.")
    methods: Annotated[list[Method], Field(max_length=len(Method))] = Field(
        default_factory=list, description="By what means was judged."
    )
    starts_on: Day = Field(
        default=None, description="The first day of judging, as days are at the centre."
    )
    ends_on: Day = Field(default=None, description="The last one.")
    by: Annotated[list[Dimension], Field(max_length=len(Dimension))] = Field(
        default_factory=list, description="What strata tell apart, beside the risk."
    )
    risks: Annotated[dict[Identifier, Risk], Field(max_length=RISKS_LIMIT)] = Field(
        default_factory=dict,
        description="By person id, how much each assessor's judgements are trusted. Of those who "
        "are not named, what has to be countersigned is of high risk, all else of medium.",
    )
    rates: RatesIn


class RateOut(AnswerModel):
    """How much of a stratum is drawn: so many percent, rounded up, and at least so many."""

    rate: int
    least: int


class RatesOut(AnswerModel):
    """How much is drawn of what is of which risk."""

    low: RateOut
    medium: RateOut
    high: RateOut


class SamplingPlanOut(AnswerModel):
    """A plan, which never changes. What names nothing leaves nothing out."""

    id: str
    title: str
    stage: Stage
    modules: list[str]
    assessors: list[str]
    methods: list[Method]
    starts_on: date | None
    ends_on: date | None
    by: list[Dimension]
    risks: dict[str, Risk]
    rates: RatesOut
    created_at: datetime
    created_by: str
    commitment: str = Field(description="Of the seed, published before anything is drawn.")
    statement: str = Field(
        description="The commitment with its date, as a JWS by a key of `getKeys`."
    )
    seed: TextOrNull = Field(description="Null before the draw.")
    drawn_at: datetime | None
    drawn_by: TextOrNull


class SamplingPlanList(AnswerModel):
    """A page of plans, newest first."""

    items: list[SamplingPlanOut]
    next: Next


class TallyOut(AnswerModel):
    """Planned and actual in numbers. What was found counts from when the plan was made."""

    name: str
    size: int = Field(description="Judgements of the frame.")
    drawn: int
    chosen: int
    looked_at: int = Field(description="Of those drawn or chosen.")
    upheld: int
    action_required: int
    set_aside: int = Field(description="Judgements taken out of standing since they were sampled.")


class StratumOut(TallyOut):
    """A stratum: what was planned for it, and what was done."""

    name: StratumText
    rate: int
    least: int
    planned: int = Field(description="How many rate and least make of the size.")


class ChoiceOut(AnswerModel):
    """A judgement that somebody has chosen."""

    unit: UnitText
    stratum: StratumText
    reason: str
    by: str
    at: datetime


class SampledOut(AnswerModel):
    """What was found last of a judgement of the sample, since the plan was made."""

    unit: UnitText
    verification_id: str
    outcome: Outcome
    verified_by: str
    verified_at: datetime


class SampleOut(SamplingPlanOut):
    """A plan, and what has come of it. What was found of the reader's own work is left out."""

    strata: list[StratumOut] = Field(description="None before the draw, unless some are chosen.")
    by_assessor: list[TallyOut] = Field(description="Named by the person's id.")
    by_module: list[TallyOut] = Field(description="Named by the module's id.")
    chosen: list[ChoiceOut]
    sampled: list[SampledOut]


class DrawStratumOut(RateOut):
    """A stratum that was drawn from."""

    name: StratumText


class FrameUnitOut(AnswerModel):
    """A judgement that could be drawn."""

    unit: UnitText
    stratum: StratumText


class DrawOut(AnswerModel):
    """All that it takes to draw again.

    The rank of a unit is HMAC-SHA-256 by the seed (32 bytes) over the unit. Of the N units of a
    stratum those of lowest rank are drawn: N times `rate` by 100, rounded up, but at least `least`.
    """

    plan_id: str
    commitment: str = Field(
        description="SHA-256 of `testamur-draw-1`, `plan_id` and `seed`, a line feed between them."
    )
    statement: str = Field(
        description="The commitment with its date, as a JWS by a key of `getKeys`."
    )
    seed: str = Field(description="64 hexadecimal digits.")
    drawn_at: datetime
    drawn_by: str
    strata: list[DrawStratumOut]
    frame: list[FrameUnitOut] = Field(description="Sorted by unit.")
    drawn: list[UnitText] = Field(description="Sorted.")


class ChoicesIn(RequestModel):
    """Which judgements are looked at besides, and why."""

    units: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=220)]],
        Field(
            min_length=1,
            max_length=AT_ONCE,
            description="Each `{enrolment_id}/{page_id}/{number of the attempt}`.",
        ),
    ]
    reason: Annotated[
        Text, Field(max_length=REASON_LIMIT, description="Text of more than white space.")
    ]


class ChoiceList(AnswerModel):
    """What was chosen."""

    items: list[ChoiceOut]


@Operation(
    "createSamplingPlan",
    "POST",
    PLANS,
    summary="Plan which judgements are looked at, and commit to the seed of the draw.",
    rule=VERIFIERS,
    body=SamplingPlanIn,
    answer=SamplingPlanOut,
    status=201,
    headers=("Location",),
    idempotent=True,
    problems=("invalid-sampling",),
)
def create_sampling_plan(call: Call) -> Answer:
    """Make the plan. Keep `statement`: it shows later that the seed stood before the draw."""
    actor = call.actor()
    body = call.body(SamplingPlanIn)
    scope = Scope(
        modules=tuple(dict.fromkeys(body.modules)),
        assessors=tuple(dict.fromkeys(body.assessors)),
        methods=tuple(dict.fromkeys(body.methods)),
        starts_on=body.starts_on,
        ends_on=body.ends_on,
    )
    rates = {Risk.LOW: body.rates.low, Risk.MEDIUM: body.rates.medium, Risk.HIGH: body.rates.high}
    new = NewPlan(
        title=body.title,
        stage=body.stage,
        scope=scope,
        by=tuple(each for each in Dimension if each in body.by),
        risks=body.risks,
        rates={risk: Rate(given.rate, given.least) for risk, given in rates.items()},
    )
    made = sampling.create_plan(call.runtime, actor, new, call.request(actor, body))
    where = call.address(PLAN.format(centre_id=actor.centre_id, plan_id=made.id))
    return answer(_plan_out(made), 201, location=where)


@Operation(
    "listSamplingPlans",
    "GET",
    PLANS,
    summary="The sampling plans of a centre, newest first.",
    rule=READERS,
    query=ListQuery,
    answer=SamplingPlanList,
)
def list_sampling_plans(call: Call) -> Answer:
    """Answer with a page of the list."""
    query = call.query(ListQuery)
    found, end = sampling.list_plans(call.runtime, call.actor(), query.limit, query.after)
    return answer(SamplingPlanList(items=list(map(_plan_out, found)), next=next_cursor(end)))


@Operation(
    "getSamplingPlan",
    "GET",
    PLAN,
    summary="A plan beside what has been sampled: planned and actual.",
    rule=READERS,
    answer=SampleOut,
)
def get_sampling_plan(call: Call) -> Answer:
    """Answer with numbers by stratum, assessor and module, and with each finding."""
    actor = call.actor()
    sample = sampling.get_sample(call.runtime, actor, call["plan_id"])
    looks = sampling.looks(call.runtime, sample, actor.id)
    strata = sample.tallies(looks, lambda unit: unit.stratum)
    assessors = sample.tallies(looks, lambda unit: unit.assessor_id)
    modules = sample.tallies(looks, lambda unit: unit.module_id)
    shown = SampleOut(
        **_plan_out(sample.plan).model_dump(),
        strata=[_stratum_out(sample.plan, *each) for each in strata.items()],
        by_assessor=[_tally_out(*each) for each in assessors.items()],
        by_module=[_tally_out(*each) for each in modules.items()],
        chosen=list(map(_choice_out, sample.choices)),
        sampled=[SampledOut.model_validate(each) for each in sampled(looks)],
    )
    return answer(shown)


@Operation(
    "drawSample",
    "POST",
    PLAN + "/draw",
    summary="Draw the sample of a plan, once and for all, and tell the seed.",
    rule=VERIFIERS,
    answer=DrawOut,
    problems=("nothing-to-draw", "frame-too-large"),
)
def draw_sample(call: Call) -> Answer:
    """Take every judgement that fits the plan now, and draw.

    Drawing again answers with the same draw. One draw takes up to 10,000 judgements, from up to
    1,500 enrolments that the plan may reach, at a centre of up to 20,000.
    """
    actor = call.actor()
    call.no_body()
    return answer(_draw_out(sampling.draw_sample(call.runtime, actor, call["plan_id"])))


@Operation(
    "getSamplingDraw",
    "GET",
    PLAN + "/draw",
    summary="What was drawn, and all that it takes to draw it again.",
    rule=READERS,
    answer=DrawOut,
)
def get_sampling_draw(call: Call) -> Answer:
    """Answer with the draw; 404 until there is one."""
    return answer(_draw_out(sampling.get_draw(call.runtime, call.actor(), call["plan_id"])))


@Operation(
    "chooseSample",
    "POST",
    PLAN + "/choices",
    summary="Add judgements to a sample by choice; they never count as drawn.",
    rule=VERIFIERS,
    body=ChoicesIn,
    answer=ChoiceList,
    status=201,
    idempotent=True,
    problems=("invalid-sampling", "too-many-choices"),
)
def choose_sample(call: Call) -> Answer:
    """Add the judgements, which the plan has to be about, with the reason, before or after a draw.

    A plan takes 500 choices.
    """
    actor = call.actor()
    body = call.body(ChoicesIn)
    made = sampling.choose(
        call.runtime, actor, call["plan_id"], body.units, body.reason, call.request(actor, body)
    )
    return answer(ChoiceList(items=list(map(_choice_out, made))), 201)


def _plan_out(plan: Plan) -> SamplingPlanOut:
    scope = plan.scope
    return SamplingPlanOut(
        id=plan.id,
        title=plan.title,
        stage=plan.stage,
        modules=list(scope.modules),
        assessors=list(scope.assessors),
        methods=list(scope.methods),
        starts_on=scope.starts_on,
        ends_on=scope.ends_on,
        by=list(plan.by),
        risks=dict(plan.risks),
        rates=RatesOut(**{risk: RateOut(**asdict(rate)) for risk, rate in plan.rates.items()}),
        created_at=plan.created_at,
        created_by=plan.created_by,
        commitment=plan.commitment,
        statement=plan.statement,
        seed=plan.revealed,
        drawn_at=plan.drawn_at,
        drawn_by=plan.drawn_by,
    )


def _tally_out(name: str, tally: Tally) -> TallyOut:
    return TallyOut(name=name, **asdict(tally))


def _stratum_out(plan: Plan, name: str, tally: Tally) -> StratumOut:
    rate = plan.rate(name)
    planned = rate.of(tally.size)
    return StratumOut(name=name, planned=planned, **asdict(rate), **asdict(tally))


def _choice_out(choice: Choice) -> ChoiceOut:
    unit = choice.unit
    return ChoiceOut(
        unit=unit.id, stratum=unit.stratum, reason=choice.reason, by=choice.by, at=choice.at
    )


def _draw_out(sample: Sample) -> DrawOut:
    plan = sample.plan
    return DrawOut.model_validate(
        {
            "plan_id": plan.id,
            "commitment": plan.commitment,
            "statement": plan.statement,
            "seed": plan.seed,
            "drawn_at": plan.drawn_at,
            "drawn_by": plan.drawn_by,
            "strata": [{"name": name, **asdict(plan.rate(name))} for name in sample.sizes],
            "frame": [{"unit": each.id, "stratum": each.stratum} for each in sample.frame],
            "drawn": [each.id for each in sample.drawn],
        }
    )
