"""Archives: a worker gathers portfolios one by one, and has them put together as one file.

Whatever is done can be done again, and whoever was killed left nothing that counts: a portfolio is
gathered once both of its objects stand and the export says so, and the archive stands once S3 has
completed it. What an archive is made of is written down before it is put together, so that going on
later, or twice at once, gives the same bytes.
"""

import contextlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from chalicelib.domain.archives import REASONS, AssemblyError, Member, Plan, Source
from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.errors import NotFound
from chalicelib.domain.exports import (
    ABANDONED,
    IN_WORK,
    LEASE,
    Export,
    ExportState,
    Failure,
    Progress,
    cover,
)
from chalicelib.domain.seals import EXPORT
from chalicelib.domain.times import date_at, parse, stamp
from chalicelib.domain.trail import Act, Kind
from chalicelib.formats import bags, zips
from chalicelib.formats.portfolio_schema import schema
from chalicelib.formats.verifiers import verifiers
from chalicelib.log import log
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.changes import Check, Item, Key, Update, equals, exists
from chalicelib.storage.exports import LEAVES_INDEX, from_failure, from_progress, to_export
from chalicelib.storage.table import ConditionFailedError
from chalicelib.storage.trail import trace
from chalicelib.usecases import attachments, centres, people, portfolios, sampling
from chalicelib.usecases.exports import archive_name, ask_for, selected
from chalicelib.usecases.portfolios import Original, Portfolio

RESERVE = 120_000  # milliseconds that must be left to begin another step
NOTED_EVERY = 64 * 1024**2  # bytes of the archive after which its progress is written down


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive: what its headers and manifests say, and where its bytes lie.

    `version` is empty for what was made for this archive, which lies in the bucket of archives;
    `stored` are the bytes of the object that has it from `start` on.
    """

    name: str
    size: int
    crc32: int
    sha256: str
    key: str
    version: str
    stored: int
    start: int

    def line(self) -> bytes:
        """Write it down as a line of JSON."""
        fields = [getattr(self, name) for name in Entry.__slots__]
        return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


class OvertakenError(Exception):
    """Another worker has the export by now."""


def proceed(
    runtime: Runtime, centre_id: str, export_id: str, milliseconds_left: Callable[[], int]
) -> None:
    """Go on with an export as far as time allows, and put on record who has downloaded it."""
    item = runtime.table.get(keys.export(centre_id, export_id))
    if item is None:
        return
    export = to_export(item)
    if export.state in IN_WORK:
        _work(runtime, export, milliseconds_left)
    else:
        _note_downloads(runtime, export)


def _work(runtime: Runtime, export: Export, milliseconds_left: Callable[[], int]) -> None:
    """Do what is left of an export.

    1. Take the export, unless another worker has it.
    2. Gather portfolio after portfolio, each into an object of its own.
    3. Add what belongs to them all, and write down what the archive is made of.
    4. Have it put together inside S3, part after part.
    5. Say that it is ready, or why it never will be.

    Where time runs out, the export is put back, and the worker is asked for again.
    """
    taken = _take(runtime, export)
    if taken is None:
        log("export-taken")
        return
    export = taken
    try:
        if runtime.now() >= export.created_at + ABANDONED:
            _fail(runtime, export, "export-abandoned")
            return
        finished = _steps(runtime, export, milliseconds_left)
    except OvertakenError:
        log("export-overtaken")
        return
    except Exception:
        _put_back(runtime, export)
        raise
    if not finished:
        _put_back(runtime, export)
        ask_for(runtime, export.centre_id, export.id)


def _steps(runtime: Runtime, export: Export, milliseconds_left: Callable[[], int]) -> bool:
    """Do steps 2 to 5; tell whether nothing is left to do."""
    ids = selected(runtime, export)
    at = ""
    try:
        while export.state is ExportState.GATHERING:
            if milliseconds_left() < RESERVE:
                return False
            done = export.progress.enrolments
            if done < len(ids):
                at = ids[done]
                export = _gather(runtime, export, at)
            else:
                at = ""
                export = _conclude(runtime, export, ids)
        return _assemble(runtime, export, milliseconds_left)
    except NotFound:
        _fail(runtime, export, "enrolment-missing", at)
    except AssemblyError as error:
        _fail(runtime, export, error.code, _enrolment_of(error.member) or at, error.member)
    return True


def _gather(runtime: Runtime, export: Export, enrolment_id: str) -> Export:
    """Write one portfolio down: its files in one object, and a list of all in another."""
    _note(runtime, export, enrolment_id)
    portfolio = portfolios.load(runtime, export.centre_id, enrolment_id)
    portfolio = portfolios.of_export(portfolio, export.id, stamp(export.created_at))
    made = _rendered(portfolio)
    folder = f"data/enrolments/{enrolment_id}"
    files = {f"{folder}/{name}": content for name, content in sorted(made.items())}
    place = partial(_work_name, export, export.progress.enrolments)
    entries = _keep(runtime, place("files"), files)
    said = _said(portfolio.document, sum(entry.size for entry in entries))
    runtime.archives.keep(place("said.json"), canonical(said))
    runtime.archives.keep(place("list"), b"".join(entry.line() for entry in entries))
    done = export.progress
    progress = Progress(
        enrolments=done.enrolments + 1,
        pages=done.pages + len(portfolio.document["pages"]),
        files=done.files + len(entries),
        bytes=done.bytes + said["bytes"],
    )
    return _update(runtime, export, {"progress": from_progress(progress)})


def _rendered(portfolio: Portfolio) -> Mapping[str, bytes | Original]:
    """Return all files of a portfolio's folder, those for people among them."""
    # Renderers are heavy: no other use case needs them all.
    from chalicelib.formats import coverage, portfolio_html, portfolio_pdf  # noqa: PLC0415
    from chalicelib.formats.certificates import render_pdf  # noqa: PLC0415

    document = portfolio.document
    return {
        **portfolio.files,
        "portfolio.json": canonical(document),
        "index.html": portfolio_html.render(document),
        "portfolio.pdf": portfolio_pdf.render(document),
        "coverage.csv": coverage.coverage_csv(document),
        "coverage.xlsx": coverage.coverage_xlsx(document),
        **{
            each["file"].replace(".json", ".pdf"): render_pdf(each["record"])
            for each in document["certificates"]
        },
    }


def _keep(runtime: Runtime, name: str, files: Mapping[str, bytes | Original]) -> list[Entry]:
    """Keep the files that were made one after the other in one object; list them and all others."""
    made = [file for file in files.values() if isinstance(file, bytes)]
    stored = sum(map(len, made))
    start = 0
    entries = []
    for path, file in files.items():
        if isinstance(file, Original):
            lies = (file.key, file.version, file.size, 0)
            entry = Entry(path, file.size, int(file.crc32, 16), file.sha256, *lies)
        else:
            entry = Entry(path, len(file), zlib.crc32(file), digest(file), name, "", stored, start)
            start += len(file)
        entries.append(entry)
    runtime.archives.keep(name, b"".join(made))
    return entries


def _said(document: Mapping[str, Any], size: int) -> dict[str, Any]:
    """Return what `export.json` says of an enrolment."""
    enrolment, module, pages = document["enrolment"], document["module"], document["pages"]
    certificates = document["certificates"]
    return {
        "enrolment_id": enrolment["id"],
        "candidate_id": enrolment["candidate_id"],
        "candidate": document["people"][enrolment["candidate_id"]]["name"],
        "module_id": module["id"],
        "module_version": module["version"],
        "title": module["title"],
        "state": enrolment["state"],
        "pages": len(pages),
        "pages_competent": sum(page["state"] == "competent" for page in pages),
        "attempts": sum(len(page["attempts"]) for page in pages),
        "attachments": len(document["attachments"]),
        "bytes": size,
        "certificate": certificates[-1]["id"] if certificates else "",
    }


def _conclude(runtime: Runtime, export: Export, ids: list[str]) -> Export:
    """Add what belongs to all portfolios, sign for it, and write down what there is in order."""
    said = [
        json.loads(_read(runtime, _work_name(export, index, "said.json")))
        for index in range(len(ids))
    ]
    centre = centres.load_centre(runtime, export.centre_id)
    member = people.load_member(runtime, export.centre_id, export.created_by)
    name = member.membership.name if member else ""
    document = cover(
        export,
        {"id": centre.id, "name": centre.shown_name},
        {"id": export.created_by, "name": name},
        said,
    )
    entries = [entry for index in range(len(ids)) for entry in _entries(runtime, export, index)]
    samples = sampling.documents(runtime, export.centre_id, ids)
    top = _top(runtime, document, samples)
    place = partial(_work_name, export, len(ids))
    entries += _keep(runtime, place("files"), top)
    payload = [entry for entry in entries if entry.name.startswith(bags.PAYLOAD)]
    info = bags.info(
        organisation=centre.shown_name,
        description=export.purpose or "Evidence portfolios",
        identifier=export.id,
        day=date_at(export.created_at, centre.time_zone),
        size=sum(entry.size for entry in payload),
        count=len(payload),
    )
    digests = {entry.name: entry.sha256 for entry in entries} | {bags.INFO: digest(info)}
    tags = {bags.INFO: info, bags.MANIFEST: bags.manifest(digests)}
    digests |= {bags.MANIFEST: digest(tags[bags.MANIFEST])}
    tags[bags.TAG_MANIFEST] = bags.tag_manifest(digests)
    seal = {name: document[name] for name in ("centre_id", "created_at", "export_id", "format")}
    seal["tagmanifest_sha256"] = digest(tags[bags.TAG_MANIFEST])
    tags[bags.SIGNATURE] = runtime.sealer.seal(EXPORT, seal).encode("ascii")
    entries += _keep(runtime, place("tags"), tags)
    entries.sort(key=lambda entry: bags.rank(entry.name))
    runtime.archives.keep(_plan_name(export), b"".join(entry.line() for entry in entries))
    return _update(
        runtime,
        export,
        {
            "state": str(ExportState.ASSEMBLING),
            "assembling_at": stamp(runtime.now()),
            "size": _plan(runtime, export).size,
        },
    )


def _top(
    runtime: Runtime, document: dict[str, Any], samples: Mapping[str, bytes]
) -> dict[str, bytes]:
    from chalicelib.formats import portfolio_html  # noqa: PLC0415 (as above)

    return {
        bags.DECLARATION: bags.BAGIT,
        "data/export.json": canonical(document),
        "data/jwks.json": canonical({"keys": [runtime.sealer.jwk]}),
        "data/schema.json": schema(),
        **{f"data/sampling/{plan_id}.json": plan for plan_id, plan in samples.items()},
        "index.html": portfolio_html.render_cover(document),
        **verifiers(),
    }


def _assemble(runtime: Runtime, export: Export, milliseconds_left: Callable[[], int]) -> bool:
    plan = _plan(runtime, export)
    noted = export.progress.placed
    for placed in runtime.archives.assemble(archive_name(export), plan):
        if placed - noted >= NOTED_EVERY:
            progress = replace(export.progress, placed=placed)
            export = _update(runtime, export, {"progress": from_progress(progress)})
            noted = placed
        if placed < plan.size and milliseconds_left() < RESERVE:
            return False
    _require_all(runtime, export)
    ready = {
        "state": str(ExportState.READY),
        "ready_at": stamp(runtime.now()),
        "progress": from_progress(replace(export.progress, placed=plan.size)),
        "lease": "",
    }
    _settle(runtime, export, ready)
    log("export-ready", count=export.enrolments)
    runtime.archives.clear(_work_folder(export))
    return True


def _require_all(runtime: Runtime, export: Export) -> None:
    """Require that nobody was erased, and nothing withheld, while the archive was made.

    Raises AssemblyError; then what was put together is deleted first.
    """
    ids = selected(runtime, export)
    found = runtime.table.get_many(*(keys.enrolment(export.centre_id, each) for each in ids))
    evidence = {
        entry.key.split("/")[1]: entry for entry in _planned(runtime, export) if entry.version
    }
    usable = attachments.load_many(runtime, export.centre_id, evidence)
    gone = any(item is None for item in found)
    if gone or not all(each in usable and usable[each].usable for each in evidence):
        runtime.archives.clear(archive_name(export))
        raise AssemblyError("export-overtaken")


def _plan(runtime: Runtime, export: Export) -> Plan:
    members = [
        Member(
            entry.name,
            entry.size,
            entry.crc32,
            Source(
                runtime.evidence.bucket if entry.version else runtime.archives.bucket,
                entry.key,
                entry.version,
                entry.stored,
            ),
            entry.start,
        )
        for entry in _planned(runtime, export)
    ]
    return zips.plan(members)


def _planned(runtime: Runtime, export: Export) -> Iterator[Entry]:
    return _read_entries(runtime, _plan_name(export))


def _entries(runtime: Runtime, export: Export, index: int) -> Iterator[Entry]:
    return _read_entries(runtime, _work_name(export, index, "list"))


def _read_entries(runtime: Runtime, name: str) -> Iterator[Entry]:
    return (Entry(*json.loads(line)) for line in _read(runtime, name).splitlines())


def _read(runtime: Runtime, name: str) -> bytes:
    size = runtime.archives.size(name)
    if size is None:  # an archive without it would look whole
        message = f"{name} has gone before its export was done"
        raise LookupError(message)
    return runtime.archives.read(name, 0, size)


def _take(runtime: Runtime, export: Export) -> Export | None:
    """Have the export to oneself for a while; None where another worker has it, or is quicker."""
    now = runtime.now()
    if export.lease > stamp(now):
        return None
    lease = f"{stamp(now + LEASE)} {runtime.new_id()}"
    change = Update(_key(export), (equals("lease", export.lease),), set={"lease": lease})
    try:
        return to_export(runtime.table.write(change))
    except ConditionFailedError:
        return None


def _put_back(runtime: Runtime, export: Export) -> None:
    with contextlib.suppress(ConditionFailedError):
        runtime.table.write(
            Update(_key(export), (equals("lease", export.lease),), set={"lease": ""})
        )


def _update(runtime: Runtime, export: Export, changed: Item) -> Export:
    """Write down how far it is, as long as it is ours. Raises OvertakenError."""
    change = Update(_key(export), (equals("lease", export.lease),), set=changed)
    try:
        return to_export(runtime.table.write(change))
    except ConditionFailedError:
        raise OvertakenError from None


def _settle(runtime: Runtime, export: Export, changed: Item) -> None:
    change = Update(
        _key(export), (equals("lease", export.lease),), set=changed, remove=LEAVES_INDEX
    )
    try:
        runtime.table.write(change)
    except ConditionFailedError:
        raise OvertakenError from None


def _fail(
    runtime: Runtime, export: Export, code: str, enrolment_id: str = "", member: str = ""
) -> None:
    detail = f"{member}: {REASONS[code]}" if member else REASONS[code]
    failure = from_failure(Failure(code, detail, enrolment_id))
    _settle(runtime, export, {"state": str(ExportState.FAILED), "lease": "", **failure})
    log("export-failed", code=code)
    # Somebody in it may have been erased: what was made of them does not wait for its time.
    runtime.archives.discard(archive_name(export))
    runtime.archives.clear(_work_folder(export))


def _note(runtime: Runtime, export: Export, enrolment_id: str) -> None:
    """Put on record that the portfolio is taken out, once."""
    act = Act(
        event=f"portfolio-exported:{enrolment_id}:{export.id}",
        kind=Kind.PORTFOLIO_EXPORTED,
        at=export.created_at,
        by=export.created_by,
        method="token",
        facts={"export_id": export.id},
    )
    _put_on_record(runtime, export, enrolment_id, f"EXPORT-{export.id}", act)


def _note_downloads(runtime: Runtime, export: Export) -> None:
    """Put downloads on record in every enrolment; then they leave the sweeper's index."""
    downloads = keys.selected(export.centre_id, export.id).pk
    due = [item for item in runtime.table.query(downloads, "DOWNLOAD#") if "open_key" in item]
    for item in due:
        name = item["sk"].replace("#", "-")
        for enrolment_id in selected(runtime, export):
            act = Act(
                event=f"portfolio-downloaded:{enrolment_id}:{export.id}:{name}",
                kind=Kind.PORTFOLIO_DOWNLOADED,
                at=parse(item["at"]),
                by=item["by"],
                method="token",
                facts={"export_id": export.id},
            )
            _put_on_record(runtime, export, enrolment_id, f"{name}-{export.id}", act)
        runtime.table.write(Update(Key(item["pk"], item["sk"]), remove=LEAVES_INDEX))


def _put_on_record(
    runtime: Runtime, export: Export, enrolment_id: str, trace_id: str, act: Act
) -> None:
    """Leave a trace in an enrolment, unless it is there, or the enrolment is there no more."""
    there = Check(keys.enrolment(export.centre_id, enrolment_id), (exists("created_at"),))
    with contextlib.suppress(ConditionFailedError):
        runtime.table.write(there, trace(export.centre_id, enrolment_id, trace_id, act))


def _key(export: Export) -> Key:
    return keys.export(export.centre_id, export.id)


def _work_name(export: Export, index: int, what: str) -> str:
    return f"{_work_folder(export)}{index:04}/{what}"


def _plan_name(export: Export) -> str:
    return f"{_work_folder(export)}plan"


def _work_folder(export: Export) -> str:
    return f"work/{export.centre_id}/{export.id}/"


def _enrolment_of(member: str) -> str:
    parts = member.split("/")
    return parts[2] if parts[:2] == ["data", "enrolments"] else ""
