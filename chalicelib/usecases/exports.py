"""Exports: asking for an archive of portfolios, seeing how far it is, and having it."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from chalicelib.domain.access import READERS_OF_ALL, Actor, require_overseer, require_role
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Forbidden, Invalid, not_found
from chalicelib.domain.exports import (
    DOWNLOAD_SLOT,
    SEARCHED_LIMIT,
    Export,
    ExportState,
    Selection,
    check_found,
    check_selection,
)
from chalicelib.domain.people import Role
from chalicelib.domain.times import stamp
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.archives import LINK_SECONDS
from chalicelib.storage.changes import create
from chalicelib.storage.exports import from_export, to_export
from chalicelib.storage.packing import pack, unpack
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import centres, enrolments
from chalicelib.usecases.requests import Request, answered, remember

PREFIX = "EXPORT#"
EXPORTERS = (Role.ADMINISTRATOR, Role.INTERNAL_VERIFIER, Role.EXTERNAL_VERIFIER)


@dataclass(frozen=True, slots=True)
class Download:
    """Where an archive can be had for some minutes."""

    url: str
    expires_at: datetime


def start(
    runtime: Runtime, actor: Actor, selection: Selection, purpose: str, request: Request
) -> Export:
    """Ask for an archive of the portfolios that are selected; a worker makes it.

    A repeat gets the same export as it stands. Raises Invalid where nothing fits, or too much;
    NotFound for an enrolment of somebody else's centre; Forbidden for the actor's own portfolio.
    """
    require_role(actor, *EXPORTERS)
    if made := answered(runtime, request):
        return _load(runtime, actor, made["export_id"])
    check_selection(selection, purpose)
    found = _find(runtime, actor, selection)
    check_found(len(found))
    export = Export(
        id=runtime.new_id(),
        centre_id=actor.centre_id,
        created_at=runtime.now(),
        created_by=actor.id,
        selection=selection,
        enrolments=len(found),
        pages=sum(
            len(enrolments.pinned_module(runtime, actor.centre_id, each).pages) for each in found
        ),
        purpose=purpose.strip(),
    )
    ids = json.dumps(sorted(each.id for each in found)).encode()
    try:
        runtime.table.write(
            create(keys.export(export.centre_id, export.id), from_export(export)),
            create(keys.selected(export.centre_id, export.id), {"enrolments": pack(ids)}),
            remember(request, {"export_id": export.id}, export.created_at),
        )
    except ConditionFailedError:
        if made := answered(runtime, request):
            return _load(runtime, actor, made["export_id"])
        raise
    return export


def get(runtime: Runtime, actor: Actor, export_id: str) -> tuple[Export, Download | None]:
    """Return an export, with a fresh link to its archive once that is ready.

    Every link is put on record before it is given out; those of one person within five minutes
    count as one download. Raises Forbidden where the actor's own portfolio is in it.
    """
    export = _load(runtime, actor, export_id)
    if export.state_at(runtime.now()) is not ExportState.READY:
        return export, None
    _require_others(runtime, actor, export)
    now = runtime.now()
    slot = int(now.timestamp()) // DOWNLOAD_SLOT
    with contextlib.suppress(ConditionFailedError):  # on record already
        runtime.table.write(
            create(
                keys.download(export.centre_id, export.id, actor.id, slot),
                {
                    "at": stamp(now),
                    "by": actor.id,
                    **keys.open_index(export.centre_id, export.id),
                },
            )
        )
    url = runtime.archives.link(archive_name(export), f"portfolios-{export.id}.zip")
    return export, Download(url, now + timedelta(seconds=LINK_SECONDS))


def list_exports(
    runtime: Runtime, actor: Actor, limit: int, after: str
) -> tuple[list[Export], str]:
    """Return a page of the centre's exports that the actor may see, newest first, and its end."""
    require_role(actor, *EXPORTERS)
    pk = keys.centre(actor.centre_id).pk
    page = runtime.table.page(pk, PREFIX, limit, after, newest_first=True)
    found = map(to_export, page.items)
    return [each for each in found if _sees(runtime, actor, each)], page.end


def ask_for(runtime: Runtime, centre_id: str, export_id: str) -> None:
    """Have a worker go on with an export, or put its downloads on record."""
    runtime.exports.send({"centre_id": centre_id, "export_id": export_id})


def selected(runtime: Runtime, export: Export) -> list[str]:
    """Return the ids of the enrolments that an export takes out, sorted."""
    item = runtime.table.get(keys.selected(export.centre_id, export.id))
    if item is None:
        message = f"export {export.id} has lost its selection"
        raise LookupError(message)
    ids: list[str] = json.loads(unpack(bytes(item["enrolments"])))
    return ids


def archive_name(export: Export) -> str:
    """Name the object that is the archive of an export."""
    return f"{export.centre_id}/{export.id}.zip"


def _load(runtime: Runtime, actor: Actor, export_id: str) -> Export:
    require_role(actor, *EXPORTERS)
    item = runtime.table.get(keys.export(actor.centre_id, export_id))
    export = to_export(item) if item else None
    if export is None or not _sees(runtime, actor, export):
        raise not_found()
    return export


def _sees(runtime: Runtime, actor: Actor, export: Export) -> bool:
    """Whether it is an export that the actor may have: to external verifiers, one of their own.

    What visits do not show them any more is not theirs any more.
    """
    if actor.has(*READERS_OF_ALL):
        return True
    own = export.created_by == actor.id
    return own and actor.granted.issuperset(selected(runtime, export))


def _require_others(runtime: Runtime, actor: Actor, export: Export) -> None:
    pk, prefix = keys.candidate_enrolment(actor.id, export.centre_id, "")
    own = {item["sk"].removeprefix(prefix) for item in runtime.table.query(pk, prefix)}
    if not own.isdisjoint(selected(runtime, export)):
        detail = "Your own portfolio is in this archive; somebody else has to download it."
        raise Forbidden("own-work", detail)


def _find(runtime: Runtime, actor: Actor, selection: Selection) -> list[Enrolment]:
    """Return the enrolments that are selected, of those that the actor may take out."""
    if selection.enrolment_ids:
        found = [
            require_overseer(actor, enrolments.find(runtime, actor.centre_id, each))
            for each in dict.fromkeys(selection.enrolment_ids)
        ]
        if any(each.candidate_id == actor.id for each in found):
            detail = "Nobody exports their own portfolio; somebody else has to."
            raise Forbidden("own-work", detail)
        return found
    zone = centres.load_centre(runtime, actor.centre_id).time_zone
    ids = list(islice(_listed(runtime, actor, selection), SEARCHED_LIMIT + 1))
    if len(ids) > SEARCHED_LIMIT:
        detail = f"The centre has more than {SEARCHED_LIMIT} enrolments: name a candidate or an "
        raise Invalid("export-too-large", detail + "assessor as well.")
    known = runtime.table.get_many(*(keys.enrolment(actor.centre_id, each) for each in ids))
    every = (items.to_enrolment(item) for item in known if item)
    # What verifiers have found of one's own work is not for oneself to read.
    return [each for each in every if selection.fits(each, zone) and each.candidate_id != actor.id]


def _listed(runtime: Runtime, actor: Actor, selection: Selection) -> Iterator[str]:
    """Yield the ids of the shortest list that holds all that is selected and the actor may see."""
    centre_id = actor.centre_id
    if not actor.has(*READERS_OF_ALL):
        return iter(sorted(actor.granted))
    if selection.candidate_id:
        pk, prefix = keys.candidate_enrolment(selection.candidate_id, centre_id, "")
    elif selection.assessor_id:
        pk, prefix = keys.assessor_enrolment(selection.assessor_id, centre_id, "")
    else:
        pk, prefix = keys.centre_enrolment(centre_id, "")
    return (item["sk"].removeprefix(prefix) for item in runtime.table.query(pk, prefix))
