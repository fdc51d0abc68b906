"""Attachments: who reads them, what stands beside them, and what is withheld."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.access import READERS_OF_ALL, Actor, is_shown, manages, require_role, sees
from chalicelib.domain.attachments import (
    Attachment,
    AttachmentState,
    Deed,
    FlagRaised,
    Resolution,
    Ruling,
    text_flaws,
)
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import (
    Conflict,
    Flaw,
    Forbidden,
    Invalid,
    Stale,
    Unavailable,
    not_found,
)
from chalicelib.domain.judgements import Method
from chalicelib.domain.people import Role
from chalicelib.domain.times import stamp
from chalicelib.domain.visits import Look
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.attachments import FLAG, from_flag, to_attachment
from chalicelib.storage.changes import (
    Change,
    Check,
    Condition,
    Delete,
    Put,
    Update,
    absent,
    equals,
    exists,
)
from chalicelib.storage.evidence import LINK_SECONDS, RENDERING, THUMBNAIL
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import enrolments, looks, waiting
from chalicelib.usecases.requests import Request, answered, remember

TRIES = 3  # of a write, when what was read has changed before it


@dataclass(frozen=True, slots=True)
class Links:
    """Where a file can be had for some minutes, and how it looks; no picture, no look."""

    url: str
    expires_at: datetime
    rendering_url: str = ""
    thumbnail_url: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """What is to stand beside a file; None leaves as it is."""

    caption: str | None = None
    alt_text: str | None = None


def load_many(runtime: Runtime, centre_id: str, ids: Iterable[str]) -> dict[str, Attachment]:
    """Return the attachments of a centre that go by these ids; those deleted are not among them."""
    wanted = dict.fromkeys(ids)
    found = runtime.table.get_many(*(keys.attachment(centre_id, each) for each in wanted))
    attachments = [to_attachment(item) for item in found if item]
    return {each.id: each for each in attachments if each.deleted_at is None}


def binding(file: Attachment, enrolment_id: str) -> Update:
    """Build what binds a file to an enrolment in which it is signed for, as it was read."""
    return Update(
        keys.attachment(file.centre_id, file.id),
        (
            equals("state", str(AttachmentState.CLEAN)),
            equals("version", file.version),
            equals("revision", file.revision),
            absent("flagged_at"),
            absent("deleted_at"),
        ),
        add={"bound": {enrolment_id}},
    )


def find(runtime: Runtime, actor: Actor, attachment_id: str) -> Attachment | None:
    """Return an attachment that the actor may know of, deleted or not, or None."""
    attachment = _read(runtime, actor.centre_id, attachment_id)
    return attachment if attachment and _may_know(runtime, actor, attachment) else None


def load(runtime: Runtime, actor: Actor, attachment_id: str) -> Attachment:
    """Return an attachment that the actor may know of. Raises NotFound."""
    attachment = find(runtime, actor, attachment_id)
    if attachment is None or attachment.deleted_at:
        raise not_found()
    return attachment


def list_attachments(
    runtime: Runtime, actor: Actor, candidate_id: str, limit: int, after: str
) -> tuple[list[Attachment], str]:
    """Return a page of a candidate's attachments, newest last, and where it ended.

    Without a candidate: the actor's own. Raises NotFound for another candidate's, but to those who
    read everything, and Invalid where the actor is no candidate and names none.
    """
    if not candidate_id and not actor.has(Role.CANDIDATE):
        flaw = Flaw("?candidate_id", "required", "Name the candidate whose evidence is listed.")
        raise Invalid("invalid-query", "Say whose evidence is to be listed.", [flaw])
    own = candidate_id in {"", actor.id} and actor.has(Role.CANDIDATE)
    if not (own or actor.has(*READERS_OF_ALL)):
        raise not_found()
    pk, prefix = keys.candidate_attachment(candidate_id or actor.id, actor.centre_id, "")
    page = runtime.table.page(pk, prefix, limit, after)
    ids = (item["sk"].removeprefix(prefix) for item in page.items)
    return list(load_many(runtime, actor.centre_id, ids).values()), page.end


def get_attachment(
    runtime: Runtime, actor: Actor, attachment_id: str
) -> tuple[Attachment, Links | None]:
    """Return an attachment, with links to its file where it is clean and not withheld.

    What has been flagged is withheld from everybody but administrators, who have to look at it to
    decide; every look of theirs is put on record first, and those of external verifiers, whom
    visits show what was signed for in the enrolments that they were granted.
    """
    attachment = _read(runtime, actor.centre_id, attachment_id)
    if attachment is None or attachment.deleted_at:
        raise not_found()
    if not (is_shown(actor, attachment) or _may_know(runtime, actor, attachment)):
        raise not_found()
    if attachment.state is not AttachmentState.CLEAN:
        return attachment, None
    if attachment.flag:
        if not actor.has(Role.ADMINISTRATOR):
            return attachment, None
        runtime.table.write(_deed(runtime, actor, attachment, Deed.SEEN))
    for enrolment_id in sorted(actor.granted & attachment.bound)[:1]:
        look = Look(attachment_id=attachment.id, on=attachment.sha256)
        looks.note(runtime, actor, enrolment_id, look)
    return attachment, links_to(runtime, attachment)


def change_attachment(
    runtime: Runtime,
    actor: Actor,
    attachment_id: str,
    description: Description,
    if_match: Container[str],
) -> Attachment:
    """Change what stands beside a file, until it has been signed for.

    Raises Stale where it was changed since it was read, unless it is as asked for already.
    """
    attachment = load(runtime, actor, attachment_id)
    _require_free(attachment)
    _require_manager(actor, attachment)
    wanted = replace(
        attachment,
        caption=attachment.caption if description.caption is None else description.caption,
        alt_text=attachment.alt_text if description.alt_text is None else description.alt_text,
    )
    if flaws := list(text_flaws(wanted.caption, wanted.alt_text)):
        raise Invalid("invalid-attachment", "Nothing was changed; mend what is listed.", flaws)
    if wanted == attachment:
        return attachment
    if etag(attachment) not in if_match:
        raise _stale(attachment)
    change = Update(
        keys.attachment(attachment.centre_id, attachment.id),
        (equals("revision", attachment.revision), absent("bound"), absent("deleted_at")),
        set={"caption": wanted.caption, "alt_text": wanted.alt_text},
        add={"revision": 1},
    )
    try:
        return to_attachment(runtime.table.write(change))
    except ConditionFailedError:
        now = load(runtime, actor, attachment_id)
        _require_free(now)
        raise _stale(now) from None


def delete_attachment(runtime: Runtime, actor: Actor, attachment_id: str) -> None:
    """Delete an attachment that nobody has signed for; its objects follow by themselves.

    Deleting it again changes nothing. Raises Conflict where it has been signed for.
    """
    for _ in range(TRIES):
        attachment = find(runtime, actor, attachment_id)
        if attachment is None or (attachment.deleted_at and not manages(actor, attachment)):
            raise not_found()
        _require_free(attachment)
        _require_manager(actor, attachment)
        if attachment.deleted_at:
            return
        try:
            runtime.table.write(*_deleting(runtime, actor, attachment))
        except ConditionFailedError:
            continue  # read anew: it is gone, it has been signed for, or the original has changed
        return
    raise _busy()


def flag_attachment(
    runtime: Runtime,
    actor: Actor,
    attachment_id: str,
    reason: str,
    request: Request,
    method: Method = Method.TOKEN,
) -> Attachment:
    """Withhold a file that identifies somebody who uses services, until an administrator decides.

    Whoever flags what is flagged already has their reason put on record as well.
    """
    for _ in range(TRIES):
        attachment = load(runtime, actor, attachment_id)
        if answered(runtime, request) is not None:
            return attachment
        key = keys.attachment(attachment.centre_id, attachment.id)
        raised = FlagRaised(actor.id, runtime.now(), reason)
        known = _as_flagged(attachment)
        changes: list[Change] = [
            Check(key, known) if attachment.flag else Update(key, known, set=from_flag(raised)),
            _deed(runtime, actor, attachment, Deed.FLAGGED, reason, method),
            *_marked(runtime, attachment, raised),
            remember(request, {}, raised.at),
        ]
        try:
            runtime.table.write(*changes)
        except ConditionFailedError:
            continue  # read anew: flagged or released in between, or this very request is done
        return replace(attachment, flag=attachment.flag or raised)
    raise _busy()


def resolve_flag(
    runtime: Runtime, actor: Actor, attachment_id: str, ruling: Ruling, request: Request
) -> Attachment:
    """Decide about a flag: the file can be read again, or stays withheld.

    What takes the place of evidence is an administrator's to say, or a candidate could have another
    file shown than the one that was judged. Raises Conflict where nothing is flagged, and Invalid
    where the file named cannot take its place.
    """
    require_role(actor, Role.ADMINISTRATOR)
    for _ in range(TRIES):
        attachment = load(runtime, actor, attachment_id)
        if answered(runtime, request) is not None:
            return attachment
        if attachment.flag is None:
            detail = "Nobody has flagged this attachment, or another administrator released it."
            raise Conflict("not-flagged", detail)
        changes: list[Change] = [
            *_ruled(runtime, attachment, ruling),
            _deed(runtime, actor, attachment, Deed(ruling.resolution), ruling.note),
            remember(request, {}, runtime.now()),
        ]
        try:
            runtime.table.write(*changes)
        except ConditionFailedError:
            continue  # read anew: another administrator was quicker, or this very request is done
        return load(runtime, actor, attachment_id)
    raise _busy()


def etag(attachment: Attachment) -> str:
    """Give the strong validator of what stands beside a file."""
    return f'"{attachment.revision}"'


def _read(runtime: Runtime, centre_id: str, attachment_id: str) -> Attachment | None:
    item = runtime.table.get(keys.attachment(centre_id, attachment_id))
    return to_attachment(item) if item else None


def _may_know(runtime: Runtime, actor: Actor, attachment: Attachment) -> bool:
    """Whether the actor sees it, or has to countersign a judgement that may rest on it."""
    return sees(actor, attachment, _signed_in(runtime, attachment)) or any(
        waiting.countersigns(runtime, actor, each) for each in attachment.bound
    )


def _signed_in(runtime: Runtime, attachment: Attachment) -> Iterator[Enrolment]:
    for enrolment_id in sorted(attachment.bound):
        if enrolment := enrolments.find(runtime, attachment.centre_id, enrolment_id):
            yield enrolment


def links_to(runtime: Runtime, attachment: Attachment) -> Links:
    """Make links to a clean file. The caller checks who may see it."""
    evidence, name = runtime.evidence, keys.upload(attachment.centre_id, attachment.id)
    return Links(
        url=evidence.link(name, attachment.version, attachment.download_name),
        expires_at=runtime.now() + timedelta(seconds=LINK_SECONDS),
        rendering_url=evidence.picture_link(name, RENDERING) if attachment.pictured else "",
        thumbnail_url=evidence.picture_link(name, THUMBNAIL) if attachment.pictured else "",
    )


def _require_free(attachment: Attachment) -> None:
    if attachment.bound:
        detail = "A signed page rests on this attachment; it stays as it is. Upload another one."
        raise Conflict("evidence-bound", detail)


def _require_manager(actor: Actor, attachment: Attachment) -> None:
    if not manages(actor, attachment):
        detail = "Only its candidate, whoever uploaded it, or an administrator does this."
        raise Forbidden("not-your-evidence", detail)


def _deleting(runtime: Runtime, actor: Actor, attachment: Attachment) -> Iterator[Change]:
    centre_id = attachment.centre_id
    yield Update(
        keys.attachment(centre_id, attachment.id),
        (absent("bound"), absent("deleted_at")),
        set={"deleted_at": stamp(runtime.now()), "deleted_by": actor.id}
        | keys.open_index(centre_id, attachment.id),
    )
    yield Delete(keys.candidate_attachment(attachment.candidate_id, centre_id, attachment.id))
    # What it took the place of has nothing in its place any more.
    for original in _replaced(runtime, attachment):
        key = keys.attachment(centre_id, original.id)
        yield Update(key, (equals("replaced_by", attachment.id),), remove=("replaced_by",))


def _replaced(runtime: Runtime, attachment: Attachment) -> Iterator[Attachment]:
    """Yield what an attachment takes the place of, if it does."""
    ids = [attachment.redacts] if attachment.redacts else []
    for original in load_many(runtime, attachment.centre_id, ids).values():
        if original.replaced_by == attachment.id:
            yield original


def _ruled(runtime: Runtime, attachment: Attachment, ruling: Ruling) -> Iterator[Change]:
    """Yield what becomes of a flagged file, and of what takes its place: bound as it is."""
    key, known = keys.attachment(attachment.centre_id, attachment.id), _as_flagged(attachment)
    if ruling.resolution is Resolution.RELEASED:
        yield Update(key, known, remove=(*FLAG, "replaced_by"))
    elif not ruling.replacement:
        yield Check(key, known)
    else:
        copy = load_many(runtime, attachment.centre_id, [ruling.replacement]).get(
            ruling.replacement
        )
        if copy is None or not copy.usable or copy.redacts != attachment.id:
            detail = "Name a clean copy of this very file, uploaded with `redacts`."
            flaw = Flaw("/replacement", "unknown-attachment", detail)
            raise Invalid("invalid-attachment", "Nothing was decided; mend what is listed.", [flaw])
        yield Update(key, known, set={"replaced_by": copy.id})
        # Flagged, the original is signed for nowhere else meanwhile.
        usable = (absent("flagged_at"), absent("deleted_at"))
        of = keys.attachment(copy.centre_id, copy.id)
        yield (
            Update(of, usable, add={"bound": attachment.bound})
            if attachment.bound
            else Check(of, usable)
        )


def _marked(runtime: Runtime, attachment: Attachment, raised: FlagRaised) -> Iterator[Update]:
    """Mark the enrolments that it was signed for in: nobody has older exports of them any more."""
    for enrolment in _signed_in(runtime, attachment):
        key = keys.enrolment(enrolment.centre_id, enrolment.id)
        withheld = {"withheld_at": stamp(raised.at)}
        yield Update(key, (exists("created_at"),), set=withheld)


def _as_flagged(attachment: Attachment) -> tuple[Condition, Condition]:
    """Require that it is there, and flagged as it was when it was read, or not at all."""
    flag = attachment.flag
    raised = equals("flagged_at", stamp(flag.at)) if flag else absent("flagged_at")
    return absent("deleted_at"), raised


def _deed(
    runtime: Runtime,
    actor: Actor,
    attachment: Attachment,
    deed: Deed,
    note: str = "",
    method: Method = Method.TOKEN,
) -> Put:
    """Build the record of what somebody did with an attachment."""
    key = keys.deed(attachment.centre_id, attachment.id, runtime.new_id())
    done = {
        "by": actor.id,
        "at": stamp(runtime.now()),
        "what": str(deed),
        "method": str(method),
    }
    return Put(key, done | ({"note": note} if note else {}))


def _stale(attachment: Attachment) -> Stale:
    detail = "The attachment was changed in between. Read it, then send again."
    return Stale("stale-attachment", detail, (), current={"etag": etag(attachment)})


def _busy() -> Unavailable:
    return Unavailable("busy", "The attachment keeps changing; send the same request again.")
