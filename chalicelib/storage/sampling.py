"""Sampling plans as items, and back."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

from chalicelib.domain.judgements import Method
from chalicelib.domain.sampling import (
    Choice,
    Dimension,
    Plan,
    Rate,
    Risk,
    Scope,
    Stage,
    Unit,
    too_large,
)
from chalicelib.domain.times import parse, stamp
from chalicelib.storage.changes import Item
from chalicelib.storage.items import SIGNED_LIMIT, unpack_document
from chalicelib.storage.packing import pack


def from_plan(plan: Plan) -> Item:
    """Attributes of a plan just made."""
    scope = plan.scope
    return {
        "id": plan.id,
        "centre_id": plan.centre_id,
        "title": plan.title,
        "stage": str(plan.stage),
        "modules": list(scope.modules),
        "assessors": list(scope.assessors),
        "methods": [str(each) for each in scope.methods],
        "starts_on": scope.starts_on.isoformat() if scope.starts_on else None,
        "ends_on": scope.ends_on.isoformat() if scope.ends_on else None,
        "by": [str(each) for each in plan.by],
        "risks": {person_id: str(risk) for person_id, risk in plan.risks.items()},
        "rates": {str(risk): asdict(rate) for risk, rate in plan.rates.items()},
        "created_at": stamp(plan.created_at),
        "created_by": plan.created_by,
        "seed": plan.seed,
        "statement": plan.statement,
    }


def to_plan(item: Item) -> Plan:
    """Read a plan."""
    return Plan(
        id=item["id"],
        centre_id=item["centre_id"],
        title=item["title"],
        stage=Stage(item["stage"]),
        scope=Scope(
            modules=tuple(item["modules"]),
            assessors=tuple(item["assessors"]),
            methods=tuple(map(Method, item["methods"])),
            starts_on=_day(item, "starts_on"),
            ends_on=_day(item, "ends_on"),
        ),
        by=tuple(map(Dimension, item["by"])),
        risks={person_id: Risk(risk) for person_id, risk in item["risks"].items()},
        rates={
            Risk(risk): Rate(int(rate["rate"]), int(rate["least"]))
            for risk, rate in item["rates"].items()
        },
        created_at=parse(item["created_at"]),
        created_by=item["created_by"],
        seed=item["seed"],
        statement=item["statement"],
        drawn_at=parse(item["drawn_at"]) if "drawn_at" in item else None,
        drawn_by=item.get("drawn_by", ""),
        choices=int(item.get("choices", 0)),
    )


def from_frame(frame: Iterable[Unit]) -> Item:
    """Attributes of a frame. Raises Invalid where it is more than an item has room for."""
    rows = [[each.id, each.stratum, each.assessor_id, each.module_id, each.drawn] for each in frame]
    packed = pack(json.dumps({"units": rows}, separators=(",", ":")).encode())
    if len(packed) > SIGNED_LIMIT:
        raise too_large(SIGNED_LIMIT, "packed bytes of judgements")
    return {"frame": packed}


def to_frame(item: Item | None) -> tuple[Unit, ...]:
    """Read a frame; empty where nothing has been drawn."""
    return tuple(Unit(*row) for row in unpack_document(item["frame"])["units"]) if item else ()


def from_choice(choice: Choice) -> Item:
    """Attributes of what was chosen."""
    return {
        "unit": choice.unit.id,
        "stratum": choice.unit.stratum,
        "assessor_id": choice.unit.assessor_id,
        "module_id": choice.unit.module_id,
        "reason": choice.reason,
        "by": choice.by,
        "at": stamp(choice.at),
    }


def to_choice(item: Item) -> Choice:
    """Read what was chosen."""
    unit = Unit(item["unit"], item["stratum"], item["assessor_id"], item["module_id"])
    return Choice(unit, item["reason"], item["by"], parse(item["at"]))


def _day(item: Item, attribute: str) -> date | None:
    return date.fromisoformat(item[attribute]) if attribute in item else None
