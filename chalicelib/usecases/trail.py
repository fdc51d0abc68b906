"""Keeping the audit trail of an enrolment: one chain, whoever appends to it, and how often.

An entry is written once under its number, so the entries decide. Where the chain stands is kept
beside them, and follows them one by one: whoever finds an entry that is not counted there counts it
before going on. So no crash, no repeat and no race makes two of an entry, loses one, or forks.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.domain.access import READERS_OF_ALL, Actor, require_overseer, require_role
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.digests import digest
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Forbidden
from chalicelib.domain.people import Role
from chalicelib.domain.seals import HEAD, statement_of
from chalicelib.domain.trail import (
    Act,
    Kind,
    State,
    advanced,
    covers,
    event_name,
    head_statement,
    next_line,
    suspects,
    to_entry,
)
from chalicelib.domain.visits import Look
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.changes import Item, Key, create
from chalicelib.storage.table import ConditionFailedError
from chalicelib.storage.trail import advancing, anchoring, entering, to_line, to_state
from chalicelib.storage.trail_acts import SHOWING, acts, attempt_events, beside
from chalicelib.usecases import enrolments, looks

ORDER = list(Kind)  # of acts of the same moment
NO_KEY = "0" * 64  # told while nothing has been committed to, and none was made


@dataclass(slots=True)
class Chain:
    """What this function knows of a chain, which others may have taken further meanwhile.

    `pages` are those of the module; `events` are known to be in the chain.
    """

    centre_id: str
    enrolment_id: str
    pages: tuple[str, ...]
    state: State
    secret: bytes = b""
    events: set[str] = field(default_factory=set)

    @property
    def of(self) -> tuple[str, str]:
        """Centre and enrolment, as keys take them."""
        return self.centre_id, self.enrolment_id


@dataclass(frozen=True, slots=True)
class Recorded:
    """The audit trail as far as it is anchored, as an export has it.

    `lines` are the entries, `heads` the signed heads; `commitments` has the key, and the texts by
    event and name.
    """

    entries: tuple[dict[str, Any], ...]
    lines: bytes
    heads: bytes
    commitments: dict[str, Any]

    @property
    def borne_out(self) -> bool:
        """Whether every signed head is of the entry that stands under its number."""
        lines = self.lines.splitlines()
        said = [statement_of(head) for head in self.heads.decode().splitlines()]
        return all(
            each["seq"] <= len(lines) and digest(lines[each["seq"] - 1]) == each["hash"]
            for each in said
        )


def note(runtime: Runtime, key: Key) -> Item | None:
    """Put on record what an item shows to have been done; return the item as it stands.

    Where the enrolment is no longer open, nobody comes by later: then the chain is anchored.
    """
    item = runtime.table.get(key)
    if item is None:
        return None
    for of in _enrolments(runtime, item):
        chain = _chain(runtime, *of)
        if chain is None:
            continue
        before = chain.state
        for act in _acts(runtime, chain.enrolment_id, [item]):
            if act.kind is Kind.JUDGEMENT_VERIFIED and not any(suspects(chain.state, _begun(act))):
                # The stream has lost what came before, and nothing is put in order later.
                _catch_up(runtime, chain)
            _append(runtime, chain, act)
        if chain.state == before:
            # All of it is known, so the chain was not looked at: others may have taken it further.
            chain.state = _state(runtime, chain)
        if not chain.state.open:
            _anchor(runtime, chain)
    return item


def catch_up(runtime: Runtime, centre_id: str, enrolment_id: str) -> int:
    """Append all that was done in an enrolment and is not in its chain yet, in order of time.

    Returns the number of its latest entry; 0 where there is no such enrolment.
    """
    chain = _as_it_stands(runtime, centre_id, enrolment_id)
    if chain is None:
        return 0
    _catch_up(runtime, chain)
    return chain.state.seq


def keep_up(runtime: Runtime, enrolment: Enrolment, attempts: Iterable[Attempt]) -> None:
    """Append what the stream may have lost, as far as the attempts show that it has; anchor."""
    chain = _as_it_stands(runtime, enrolment.centre_id, enrolment.id)
    if chain is None:
        return
    events = [event_name(Kind.ENROLMENT_CREATED, enrolment.id)]
    events += (event for each in attempts for event in attempt_events(enrolment.id, each))
    if not all(any(suspects(chain.state, event)) for event in events):
        _catch_up(runtime, chain)
    _anchor(runtime, chain)


def anchor(runtime: Runtime, centre_id: str, enrolment_id: str) -> None:
    """Have the hash of the latest entry signed and locked away, unless it is."""
    if chain := _as_it_stands(runtime, centre_id, enrolment_id):
        _anchor(runtime, chain)


def covered(runtime: Runtime, centre_id: str, enrolment_id: str) -> bool:
    """Whether every page was once judged competent, as far as this function has seen the chain."""
    chain = _chain(runtime, centre_id, enrolment_id)
    return chain is not None and covers(chain.state, chain.pages)


def read(runtime: Runtime, centre_id: str, enrolment_id: str) -> Recorded:
    """Return the audit trail up to its latest anchor. Changes nothing."""
    chain = _chain(runtime, centre_id, enrolment_id)
    heads = list(runtime.anchors.heads(centre_id, enrolment_id))
    if chain is None or not heads:
        return Recorded((), b"", b"", {"key": "", "texts": {}})
    lines = list(_lines(runtime, chain))[: heads[-1][0]]
    entries = tuple(map(to_entry, lines))
    texts = {act.event: dict(act.texts) for act in _all_acts(runtime, chain) if act.texts}
    unsaid = not any(each["commitments"] for each in entries)
    kept = runtime.table.get(keys.commitments(*chain.of))
    secret = kept["secret"] if kept else NO_KEY if unsaid else ""
    return Recorded(
        entries=entries,
        lines=b"".join(line + b"\n" for line in lines),
        heads="".join(f"{head}\n" for _, head in heads).encode(),
        commitments={
            "key": secret,
            "texts": {
                each["event"]: texts[each["event"]] for each in entries if each["event"] in texts
            },
        },
    )


def list_entries(
    runtime: Runtime, actor: Actor, enrolment_id: str, limit: int, after: str
) -> tuple[list[dict[str, Any]], str]:
    """Return a page of the entries of an enrolment, newest last, and where it ended.

    Raises Forbidden for one's own work: what verifiers found of it stands there too.
    """
    require_role(actor, *sorted(READERS_OF_ALL), Role.EXTERNAL_VERIFIER)
    enrolment = require_overseer(actor, enrolments.find(runtime, actor.centre_id, enrolment_id))
    if enrolment.candidate_id == actor.id:
        detail = "Nobody reads the trail of their own work; ask another administrator."
        raise Forbidden("own-work", detail)
    looks.note(runtime, actor, enrolment_id, Look())
    pk, prefix = keys.entries(actor.centre_id, enrolment_id)
    page = runtime.table.page(pk, prefix, limit, after)
    return [to_entry(to_line(item)) for item in page.items], page.end


def _catch_up(runtime: Runtime, chain: Chain) -> None:
    entries = map(to_entry, _lines(runtime, chain))
    chain.events = {each["event"] for each in entries if each["seq"] <= chain.state.seq}
    found = _all_acts(runtime, chain)
    signed = {act.event: act.at for act in found if act.kind is Kind.ATTEMPT_SIGNED}

    def place(act: Act) -> tuple[datetime, int]:
        # Clocks differ: nothing is done with an attempt before it is signed.
        return max(act.at, signed.get(_begun(act), act.at)), ORDER.index(act.kind)

    for act in sorted(found, key=place):
        _append(runtime, chain, act)


def _begun(act: Act) -> str:
    """Name the signing of the attempt that an act is of; of a contribution's there is none."""
    enrolment_id = act.event.split(":")[1]
    parts = () if "item_id" in act.facts else (act.facts.get("page_id"), act.facts.get("number"))
    return event_name(Kind.ATTEMPT_SIGNED, enrolment_id, *parts)


def _append(runtime: Runtime, chain: Chain, act: Act) -> None:
    """Append an act, unless it is in the chain.

    1. Write the entry of the next number. Where there is one already, take that instead.
    2. Move the state on from where it was known to be. Where it is further already, take it.
    3. Repeat until the act is in.
    """
    while not _entered(runtime, chain, act.event):
        line = next_line(*chain.of, chain.state, act, _secret(runtime, chain) if act.texts else b"")
        entry = entering(*chain.of, chain.state.seq + 1, line)
        try:
            runtime.table.write(entry)
        except ConditionFailedError as failure:
            line = to_line(_standing(failure))
        change = advancing(*chain.of, chain.state, advanced(chain.state, line, chain.pages))
        try:
            chain.state = to_state(runtime.table.write(change))
        except ConditionFailedError as failure:
            chain.state = to_state(_standing(failure))
        # Either way it is counted by now.
        chain.events.add(to_entry(line)["event"])


def _entered(runtime: Runtime, chain: Chain, event: str) -> bool:
    if event not in chain.events:
        for seq in suspects(chain.state, event):
            item = runtime.table.get(keys.entry(*chain.of, seq))
            if item and to_entry(to_line(item))["event"] == event:
                chain.events.add(event)
    return event in chain.events


def _anchor(runtime: Runtime, chain: Chain) -> None:
    state = chain.state
    if state.anchored == state.seq:
        return
    statement = head_statement(*chain.of, state, runtime.now())
    runtime.anchors.keep(*chain.of, state.seq, runtime.sealer.seal(HEAD, statement))
    chain.state = to_state(runtime.table.write(anchoring(*chain.of, state)))


def _chain(runtime: Runtime, centre_id: str, enrolment_id: str) -> Chain | None:
    def load() -> Chain | None:
        facts = enrolments.facts(runtime, centre_id, enrolment_id)
        if facts is None:
            return None
        module = enrolments.pinned_module(runtime, centre_id, facts)
        of = (centre_id, enrolment_id)
        state, kept = runtime.table.get_many(keys.trail(*of), keys.commitments(*of))
        return Chain(
            *of,
            pages=tuple(page.id for page in module.pages),
            state=to_state(state),
            secret=bytes.fromhex(kept["secret"]) if kept else b"",
        )

    return runtime.cache.get(("trail", centre_id, enrolment_id), load)


def _as_it_stands(runtime: Runtime, centre_id: str, enrolment_id: str) -> Chain | None:
    """Return the chain as the table has it now, whatever this function knew of it."""
    runtime.cache.forget(("trail", centre_id, enrolment_id))
    return _chain(runtime, centre_id, enrolment_id)


def _state(runtime: Runtime, chain: Chain) -> State:
    return to_state(runtime.table.get(keys.trail(*chain.of)))


def _secret(runtime: Runtime, chain: Chain) -> bytes:
    """Return the key of the commitments, made when it is first needed; erasure deletes it."""
    if not chain.secret:
        key = keys.commitments(*chain.of)
        secret = runtime.new_secret()
        try:
            runtime.table.write(create(key, {"secret": secret}))
        except ConditionFailedError as failure:
            secret = _standing(failure)["secret"]
        chain.secret = bytes.fromhex(secret)
    return chain.secret


def _lines(runtime: Runtime, chain: Chain) -> Iterable[bytes]:
    return map(to_line, runtime.table.query(*keys.entries(*chain.of)))


def _enrolments(runtime: Runtime, item: Item) -> list[tuple[str, str]]:
    """Name the enrolments in which an item shows something: a deed may be of several."""
    if not item["sk"].startswith("DEED#"):
        return [keys.parse_enrolment(item["pk"])]
    (key,) = beside(item)
    attachment = runtime.table.get(key) or {}
    centre_id, _ = keys.parse_attachment(item["pk"])
    return [(centre_id, each) for each in sorted(attachment.get("bound", ()))]


def _all_acts(runtime: Runtime, chain: Chain) -> list[Act]:
    pk = keys.enrolment(*chain.of).pk
    found = [item for prefix in SHOWING for item in runtime.table.query(pk, prefix)]
    return _acts(runtime, chain.enrolment_id, [*found, *_deeds(runtime, chain)])


def _deeds(runtime: Runtime, chain: Chain) -> list[Item]:
    """Read what was done with the files that the enrolment has signed for."""
    facts = enrolments.facts(runtime, *chain.of)
    if facts is None:
        return []
    pk, prefix = keys.candidate_attachment(facts.candidate_id, chain.centre_id, "")
    ids = (item["sk"].removeprefix(prefix) for item in runtime.table.query(pk, prefix))
    listed = runtime.table.get_many(*(keys.attachment(chain.centre_id, each) for each in ids))
    bound = [item for item in listed if item and chain.enrolment_id in item.get("bound", ())]
    return [deed for item in bound for deed in runtime.table.query(item["pk"], "DEED#")]


def _acts(runtime: Runtime, enrolment_id: str, found: Iterable[Item]) -> list[Act]:
    found = list(found)
    wanted = list(dict.fromkeys(key for item in found for key in beside(item)))
    others = dict(zip(wanted, runtime.table.get_many(*wanted), strict=True))
    return [act for item in found for act in acts(enrolment_id, item, others)]


def _standing(failure: ConditionFailedError) -> Item:
    """Return the item that was there first."""
    (item,) = failure.current.values()
    if item is None:
        message = "what stood in the way is gone, and nothing of a trail ever goes"
        raise LookupError(message)
    return item
