"""Centres and their settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from chalicelib.domain.access import Actor
from chalicelib.domain.centres import (
    FIRST_RETENTION,
    Centre,
    LinkPolicy,
    RecordClass,
    Retention,
    check_centre,
    next_rule,
)
from chalicelib.domain.errors import Unavailable, not_found
from chalicelib.runtime import TRUST, Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Put, create, equals
from chalicelib.storage.table import ConditionFailedError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreSettings:
    """What an operator settles for a centre; None leaves a setting as it is."""

    name: str | None = None
    time_zone: str | None = None
    mail_sender: str | None = None
    links: LinkPolicy | None = None
    public_name: str | None = None
    retention: Mapping[RecordClass, Retention] = field(default_factory=dict)


def create_centre(runtime: Runtime, settings: CentreSettings) -> Centre:
    """Create a centre. Raises Invalid."""
    retention = {**FIRST_RETENTION, **settings.retention}
    blank = Centre(runtime.new_id(), "", version=0)
    centre = _with(blank, replace(settings, retention=retention), runtime.now())
    check_centre(centre)
    runtime.table.write(create(keys.centre(centre.id), items.from_centre(centre)))
    return centre


def change_centre(runtime: Runtime, centre_id: str, settings: CentreSettings) -> Centre:
    """Change settings of a centre; a new rule of retention becomes the next version of it.

    Warm functions go on with the settings before for at most 60 seconds. Raises Invalid, NotFound
    for an unknown centre, and Unavailable where somebody else changed it at the same moment.
    """
    before = _read(runtime, centre_id)
    if before is None:
        raise not_found()
    centre = _with(before, settings, runtime.now())
    check_centre(centre)
    unchanged = equals("version", before.version)
    try:
        runtime.table.write(Put(keys.centre(centre_id), items.from_centre(centre), (unchanged,)))
    except ConditionFailedError:
        detail = "The centre was changed at the same moment; look at it, then change it again."
        raise Unavailable("busy", detail) from None
    runtime.cache.forget(("centre", centre_id))
    return centre


def get_centre(runtime: Runtime, actor: Actor) -> Centre:
    """Return the actor's centre."""
    return load_centre(runtime, actor.centre_id)


def load_centre(runtime: Runtime, centre_id: str) -> Centre:
    """Return a centre, as read at most 60 seconds ago, or raise NotFound."""
    centre = runtime.cache.get(("centre", centre_id), lambda: _read(runtime, centre_id), TRUST)
    if centre is None:
        raise not_found()
    return centre


def _read(runtime: Runtime, centre_id: str) -> Centre | None:
    item = runtime.table.get(keys.centre(centre_id))
    return items.to_centre(item) if item else None


def _with(centre: Centre, settings: CentreSettings, now: datetime) -> Centre:
    def given(new: T | None, now_set: T) -> T:
        return now_set if new is None else new

    rules = centre.retention
    for record_class, retention in settings.retention.items():
        rules += next_rule(centre, record_class, retention, now)
    return replace(
        centre,
        name=given(settings.name, centre.name),
        time_zone=given(settings.time_zone, centre.time_zone),
        mail_sender=given(settings.mail_sender, centre.mail_sender),
        links=given(settings.links, centre.links),
        public_name=given(settings.public_name, centre.public_name),
        retention=rules,
        version=centre.version + 1,
    )
