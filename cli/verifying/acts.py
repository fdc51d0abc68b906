"""Section 6, the trail and the portfolio: each bears the other out."""

from collections import defaultdict
from collections.abc import Iterator

from cli.verifying.faults import Fault
from cli.verifying.portfolio import Key, Portfolio, Signed
from cli.verifying.trail import SECTION, Entry, Trail

SIGNED, CONTRIBUTED = "attempt.signed", "contribution.signed"
JUDGED, WITHDRAWN = "attempt.judged", "attempt.withdrawn"
COUNTERSIGNED, SET_ASIDE = "judgement.countersigned", "judgement.set-aside"
VERIFIED = "judgement.verified"
OF_ATTEMPTS = (SIGNED, JUDGED, WITHDRAWN, COUNTERSIGNED, SET_ASIDE, VERIFIED)


class Acts:
    """The entries of some kinds by what they are of; whatever was accounted for is taken out."""

    def __init__(self, trail: Trail, kinds: tuple[str, ...], *names: str) -> None:
        self._left = defaultdict[tuple[str, Key], list[Entry]](list)
        for kind in kinds:
            for entry in trail.of_kind(kind):
                self._left[kind, _key(entry, *names)].append(entry)

    def of(self, kind: str, signed: Signed) -> list[Entry]:
        """Take out the entries of a kind that are of an attempt or a contribution."""
        return self._left.pop((kind, signed.key), [])

    def the_one(self, kind: str, signed: Signed) -> Entry:
        """Take out the one entry of a kind that there has to be."""
        found = self.of(kind, signed)
        one = len(found) == 1
        signed.place.require(one, f"The trail has {len(found)} entries {kind} of this, not one.")
        return found[0]

    def left(self) -> Iterator[Entry]:
        """Yield what nothing in the portfolio accounts for."""
        return (entry for entries in self._left.values() for entry in entries)


def check_acts(portfolio: Portfolio, trail: Trail) -> int:
    """Check that trail and portfolio bear each other out; return the number of judgements."""
    # 1. Every contribution was signed once.
    contributed = Acts(trail, (CONTRIBUTED,), "page_id", "item_id", "number")
    for part in portfolio.contributions:
        contributed.the_one(CONTRIBUTED, _here(part))

    # 2. Every attempt was signed once. What was done to it later has one entry each.
    acts = Acts(trail, OF_ATTEMPTS, "page_id", "number")
    judged = 0
    for attempt in map(_here, portfolio.attempts):
        signed = acts.the_one(SIGNED, attempt)
        judged += _check_judgement(acts, attempt, signed)
        _check_withdrawal(acts, attempt, signed)
        for member, kind in (("countersignature", COUNTERSIGNED), ("set_aside", SET_ASIDE)):
            told = attempt.place.member(member)
            if entry := _entry_of(acts, kind, attempt, signed, told=told.value is not None):
                told.tells(by=entry.place.text("by"), at=entry.place.text("at"))
                if kind == SET_ASIDE:
                    told.tells(reason=entry.texts.get("reason", ""))
        _check_verifications(acts, attempt)

    # 3. No entry is of an attempt that is not there.
    for entry in acts.left():
        raise Fault(SECTION, entry.place.file, f"This {entry.kind} is of no attempt there is.")
    return judged


def _check_judgement(acts: Acts, attempt: Signed, signed: Entry) -> bool:
    judgement = attempt.place.member("judgement")
    entry = _entry_of(acts, JUDGED, attempt, signed, told=judgement.value is not None)
    if entry is None:
        return False
    judgement.tells(
        competent=entry.place.member("facts").truth("competent"),
        judged_by=entry.place.text("by"),
        judged_at=entry.place.text("at"),
        method=entry.place.text("method"),
        feedback=entry.texts.get("feedback", ""),
    )
    return True


def _check_withdrawal(acts: Acts, attempt: Signed, signed: Entry) -> None:
    at = attempt.place.text("withdrawn_at")
    if entry := _entry_of(acts, WITHDRAWN, attempt, signed, told=at != ""):
        attempt.place.tells(withdrawn_at=entry.place.text("at"))


def _check_verifications(acts: Acts, attempt: Signed) -> None:
    entries = acts.of(VERIFIED, attempt)
    by_id = {entry.fact("verification_id"): entry for entry in entries}
    told = attempt.place.list("verifications")
    same = len(told) == len(by_id) == len(entries)
    attempt.place.require(same, "The verifications are not those of the trail, each once.")
    for verification in told:
        entry = by_id.pop(verification.text("id"), None)
        if entry is None:
            verification.fail("The trail has no entry of this verification.")
        verification.tells(
            outcome=entry.fact("outcome"),
            verified_by=entry.place.text("by"),
            verified_at=entry.place.text("at"),
            note=entry.texts.get("note", ""),
        )


def _entry_of(acts: Acts, kind: str, attempt: Signed, signed: Entry, *, told: bool) -> Entry | None:
    """Return the one entry of what the portfolio tells; there is none of what it does not."""
    if not told:
        none = not acts.of(kind, attempt)
        attempt.place.require(none, f"The trail has an entry {kind} that is not told of here.")
        return None
    entry = acts.the_one(kind, attempt)
    attempt.place.require(entry.seq > signed.seq, f"{kind} comes before the signing.")
    return entry


def _key(entry: Entry, *names: str) -> Key:
    """Return what an entry is of; true is no number, though to Python it is 1."""
    facts = (entry.facts.get(name) for name in names)
    plain = tuple(each if type(each) in {str, int} else None for each in facts)
    return (*plain, entry.on)


def _here(signed: Signed) -> Signed:
    """Look at an attempt or a contribution for this section."""
    return Signed(signed.place.under(SECTION), signed.key)
