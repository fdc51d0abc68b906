"""Publishing module versions, and reading them."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import Actor, require_role
from chalicelib.domain.errors import Conflict, Flaw, Invalid, not_found
from chalicelib.domain.modules import Module
from chalicelib.domain.people import Role
from chalicelib.domain.text import clean
from chalicelib.domain.times import parse, stamp
from chalicelib.formats.modules import ReadModule, publication_remarks, read_module
from chalicelib.formats.remarks import Remark, UnreadableDocumentError
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.changes import create
from chalicelib.storage.packing import pack, unpack
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases.requests import Request, answered, remember

FLAWS_LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModule:
    """What a centre's list says of a module version."""

    id: str
    version: int
    number: str
    title: str
    published_at: datetime


def publish(runtime: Runtime, actor: Actor, source: str, request: Request) -> Module:
    """Publish a module file; the same file again is the same answer.

    Raises Invalid where it cannot be read or published, and Conflict where this version of the
    module has been published with another text.
    """
    require_role(actor, Role.ADMINISTRATOR)
    answered(runtime, request)
    source = _cleaned(source)
    module = _read(source).module
    made = {"module_id": module.id, "version": module.version}
    now = runtime.now()
    listed = made | {
        "number": module.number,
        "title": module.title,
        "published_at": stamp(now),
        "pages": len(module.pages),
        "published_by": actor.id,
    }
    try:
        runtime.table.write(
            create(
                keys.module(actor.centre_id, module.id, module.version),
                {"source": pack(source.encode())},
            ),
            create(keys.centre_module(actor.centre_id, module.id, module.version), listed),
            remember(request, made, now),
        )
    except ConditionFailedError:
        answered(runtime, request)
        if _source(runtime, actor.centre_id, module.id, module.version) != source:
            detail = "This version is published with another text; give the new text a new version."
            raise Conflict("version-published", detail) from None
    return module


def get(runtime: Runtime, actor: Actor, module_id: str, version: int) -> Module:
    """Return a published module version; every member of the centre may read it."""
    return load(runtime, actor.centre_id, module_id, version)


def list_all(
    runtime: Runtime, actor: Actor, limit: int, after: str
) -> tuple[list[ListedModule], str]:
    """Return a page of the centre's module versions, and where it ended.

    They come in the order of the modules' ids, the newest version of each first; every member of
    the centre may read them.
    """
    found = runtime.table.page(keys.centre(actor.centre_id).pk, "MODULE#", limit, after)
    listed = [
        ListedModule(
            id=item["module_id"],
            version=int(item["version"]),
            number=item["number"],
            title=item["title"],
            published_at=parse(item["published_at"]),
        )
        for item in found.items
    ]
    return listed, found.end


def load(runtime: Runtime, centre_id: str, module_id: str, version: int) -> Module:
    """Return a module version, which never changes, from the function's cache or the table."""

    def read() -> Module | None:
        source = _source(runtime, centre_id, module_id, version)
        return None if source is None else read_module(source).module

    module = runtime.cache.get(("module", centre_id, module_id, str(version)), read)
    if module is None:
        raise not_found()
    return module


def _source(runtime: Runtime, centre_id: str, module_id: str, version: int) -> str | None:
    item = runtime.table.get(keys.module(centre_id, module_id, version))
    return unpack(bytes(item["source"])).decode() if item else None


def _cleaned(source: str) -> str:
    """Bring the text into the one form in which it is kept and compared."""
    try:
        return clean(source)
    except ValueError:
        return source  # for the reader to refuse, with the line


def _read(source: str) -> ReadModule:
    """Read a module file that can be published."""
    try:
        read = read_module(source)
    except UnreadableDocumentError as error:
        detail = "The module file cannot be read; mend the lines that are listed."
        raise Invalid("unreadable-module", detail, _flaws(error.remarks)) from None
    if remarks := publication_remarks(read):
        detail = "The module was not published; mend the lines that are listed."
        raise Invalid("unpublishable-module", detail, _flaws(remarks))
    return read


def _flaws(remarks: tuple[Remark, ...]) -> list[Flaw]:
    return [
        Flaw("/source", remark.code, f"line {remark.line}: {remark.detail}", remark.line)
        for remark in remarks[:FLAWS_LISTED]
    ]
