"""What a signature binds besides the answers: files, and the parts that others have signed."""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.domain.answers import departures
from chalicelib.domain.attachments import Attachment
from chalicelib.domain.contributions import SignedPart
from chalicelib.domain.errors import Flaw
from chalicelib.domain.evidence import binding_flaw
from chalicelib.domain.modules import PAGE_FILES_LIMIT
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.changes import Change, Check, equals
from chalicelib.usecases import attachments, contributions
from chalicelib.usecases.pages import PageInWork


@dataclass(frozen=True, slots=True)
class Bound:
    """The evidence of a page as it was read: by whatever has changed of it since, signing fails.

    `places` leads from where an attachment is named to its id; `files` are those found, by id.
    """

    parts: tuple[SignedPart, ...]
    places: dict[str, str]
    files: dict[str, Attachment]
    departures: int

    @property
    def contributed(self) -> frozenset[str]:
        """The ids of the items that their assessor or witness has signed."""
        return frozenset(part.item_id for part in self.parts)

    @property
    def in_order(self) -> tuple[Attachment, ...]:
        """The files by evidence number, each once."""
        return tuple(sorted(self.files.values(), key=lambda file: file.number))


def gather(runtime: Runtime, in_work: PageInWork) -> Bound:
    """Read what the signature of a page would bind; nothing where the page has no evidence."""
    enrolment, answers = in_work.enrolment, in_work.draft.answers
    of = (enrolment.centre_id, enrolment.id, in_work.page)
    parts = contributions.signed_parts(runtime, *of)
    by_item = {item_id: answer.attachments or () for item_id, answer in answers.items()}
    by_item |= {part.item_id: part.attachments for part in parts}
    places = {
        f"/answers/{item_id}/attachments/{index}": each
        for item_id, ids in by_item.items()
        for index, each in enumerate(ids)
    }
    files = attachments.load_many(runtime, enrolment.centre_id, places.values()) if places else {}
    departed = departures(in_work.page, answers) + sum(part.departures for part in parts)
    return Bound(parts, places, files, departed)


def flaws(in_work: PageInWork, bound: Bound) -> Iterator[Flaw]:
    """Say which files cannot be signed for, and why."""
    candidate_id = in_work.enrolment.candidate_id
    for place, attachment_id in bound.places.items():
        if flaw := binding_flaw(bound.files.get(attachment_id), candidate_id, place):
            yield flaw
    if len(set(bound.places.values())) > PAGE_FILES_LIMIT:
        detail = f"A page takes at most {PAGE_FILES_LIMIT} files, with those of others."
        yield Flaw("/answers", "too-many-files", detail)


def changes(in_work: PageInWork, bound: Bound) -> list[Change]:
    """Build what binds the evidence, on condition that nothing of it has changed since."""
    enrolment = in_work.enrolment
    of = (enrolment.centre_id, enrolment.id, in_work.page.id)
    return [
        *(attachments.binding(file, enrolment.id) for file in bound.in_order),
        *(
            Check(keys.contribution(*of, part.item_id), (equals("signed", part.number),))
            for part in bound.parts
        ),
    ]
