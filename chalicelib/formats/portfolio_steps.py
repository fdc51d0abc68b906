"""What became of an attempt, step by step, in the words in which people read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from chalicelib.domain.attempts import DECLARATIONS
from chalicelib.domain.times import local, parse, printed

Document = Mapping[str, Any]
Facts = tuple[tuple[str, str], ...]

RIGHT, WRONG, WARN, PLAIN = "right", "wrong", "warn", ""  # how something bodes
METHODS = {
    "link": "signed link",
    "link-with-code": "signed link, with a code by mail",
    "token": "signed in",
}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that somebody did with an attempt.

    `at` sorts, `moment` is for people; `said` is what they wrote about it.
    """

    at: str
    title: str
    tone: str
    by: str
    moment: str
    facts: Facts = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """How a portfolio names people and moments."""

    people: Mapping[str, Mapping[str, str]]
    time_zone: str

    def name(self, person_id: str) -> str:
        """Name somebody; who has no name any more goes by their id."""
        return self.people.get(person_id, {}).get("name") or person_id

    def moment(self, stamped: str) -> str:
        """Write a moment as it is at the centre."""
        return local(parse(stamped), self.time_zone)

    def day(self, written: str) -> str:
        """Write a date; nothing of nothing."""
        return printed(date.fromisoformat(written)) if written else ""


def facts(*pairs: tuple[str, str]) -> Facts:
    """Keep what there is to say."""
    return tuple((label, value) for label, value in pairs if value)


def steps_of(attempt: Document, numbers: Mapping[str, int], words: Words) -> list[Step]:
    """List what became of an attempt, as time went by. `numbers` are those of the page's items."""
    return sorted(_steps(attempt, numbers, words), key=lambda step: step.at)


def outcome_of(attempt: Document) -> tuple[str, str]:
    """Say how an attempt stands, and how that bodes."""
    judgement = attempt["judgement"]
    if attempt["withdrawn_at"]:
        return "Withdrawn", PLAIN
    if attempt["set_aside"]:
        return "Set aside", WARN
    if judgement is None:
        return "Waiting for judgement", WARN
    if not judgement["competent"]:
        return "Not yet competent", WRONG
    if judgement["countersigner_id"] and not attempt["countersignature"]:
        return "Competent, to be countersigned", WARN
    return "Competent", RIGHT


def _steps(attempt: Document, numbers: Mapping[str, int], words: Words) -> Iterator[Step]:
    yield _signed(attempt, words)
    if at := attempt["withdrawn_at"]:
        who = words.name(attempt["document"]["candidate_id"])
        yield Step(at, "Withdrawn", PLAIN, who, words.moment(at))
    if review := attempt["departure_review"]:
        yield _second_look("Departures reviewed", PLAIN, review, review["note"], words)
    if judgement := attempt["judgement"]:
        yield _judged(judgement, numbers, words)
    if countersigned := attempt["countersignature"]:
        yield _second_look("Countersigned", RIGHT, countersigned, "", words)
    for found in attempt["verifications"]:
        yield _verified(found, words)
    if aside := attempt["set_aside"]:
        yield _second_look("Judgement set aside", WARN, aside, aside["reason"], words)


def _signed(attempt: Document, words: Words) -> Step:
    document, at = attempt["document"], attempt["signed_at"]
    found = facts(
        ("Happened on", words.day(document.get("occurred_on", ""))),
        ("Declared", DECLARATIONS.get(document["declaration"], "")),
        ("Sent to", words.name(attempt["assessor_id"])),
        ("SHA-256", attempt["content_hash"]),
    )
    return Step(at, "Signed", PLAIN, document["signature"], words.moment(at), found)


def _judged(judgement: Document, numbers: Mapping[str, int], words: Words) -> Step:
    competent, at = judgement["competent"], judgement["judged_at"]
    countersigner = judgement["countersigner_id"]
    found = facts(
        ("Initials", judgement["initials"]),
        ("By way of", METHODS[judgement["method"]]),
        ("Qualification", judgement["qualification"]),
        ("Authorisation", judgement["authorisation_id"]),
        ("Happened on", words.day(judgement["occurred_on"])),
        ("To be countersigned by", words.name(countersigner) if countersigner else ""),
        *(
            (f"Evidence for item {numbers[item_id]}", _appraised(appraisal))
            for item_id, appraisal in judgement["evidence"].items()
        ),
    )
    return Step(
        at,
        "Judged competent" if competent else "Judged not yet competent",
        RIGHT if competent else WRONG,
        words.name(judgement["judged_by"]),
        words.moment(at),
        found,
        judgement["feedback"],
    )


def _verified(found: Document, words: Words) -> Step:
    upheld, at = found["outcome"] == "upheld", found["verified_at"]
    return Step(
        at,
        "Verified: upheld" if upheld else "Verified: action required",
        RIGHT if upheld else WRONG,
        words.name(found["verified_by"]),
        words.moment(at),
        facts(
            ("Qualification", found["qualification"]),
            ("Happened on", words.day(found["occurred_on"])),
        ),
        found["note"],
    )


def _second_look(title: str, tone: str, look: Document, said: str, words: Words) -> Step:
    happened = facts(("Happened on", words.day(look.get("occurred_on", ""))))
    by, at = words.name(look["by"]), look["at"]
    return Step(at, title, tone, by, words.moment(at), happened, said)


def _appraised(appraisal: Mapping[str, bool]) -> str:
    held = [name for name, is_so in appraisal.items() if is_so]
    lacking = [f"not {name}" for name, is_so in appraisal.items() if not is_so]
    return ", ".join(held + lacking)
