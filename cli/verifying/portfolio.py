"""Section 4, what was signed: every attempt and contribution, by the digest of its file."""

from collections.abc import Iterator
from dataclasses import dataclass

from cli.verifying.container import Archive
from cli.verifying.documents import Place, read, written
from cli.verifying.signatures import ENROLMENTS

SECTION = 4
Key = tuple[object, ...]  # page, item if it is a contribution, number, content hash


@dataclass(frozen=True, slots=True)
class Signed:
    """An attempt or a contribution, and what it goes by."""

    place: Place
    key: Key

    @property
    def document(self) -> Place:
        """The document that was signed."""
        return self.place.member("document")


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What is in the folder of an enrolment."""

    enrolment_id: str
    folder: str
    document: Place
    attempts: tuple[Signed, ...]
    contributions: tuple[Signed, ...]


def check_portfolio(archive: Archive, enrolment_id: str) -> Portfolio:
    """Check what was signed in an enrolment."""
    # 1. The portfolio is that of this enrolment.
    folder = f"{ENROLMENTS}{enrolment_id}/"
    name = f"{folder}portfolio.json"
    document = read(archive.read(name, SECTION), SECTION, name)
    for member in ("module", "attachments", "certificates", "people", "trail"):
        document.member(member)
    document.member("enrolment").tells(id=enrolment_id)

    # 2. Each page comes once. Its attempts are counted, and each is what its file holds.
    attempts, contributions, pages = list[Signed](), dict[Key, Signed](), set[str]()
    for page in document.list("pages"):
        page_id = page.text("page_id")
        page.require(page_id not in pages, "This page comes twice.")
        pages.add(page_id)
        for number, attempt in enumerate(page.list("attempts"), 1):
            attempt.tells(number=number, file=f"attempts/{page_id}/{number:04}.json")
            attempt.member("document").tells(attempt=number)
            signed = _signed(archive, folder, attempt, page_id, (page_id, number))
            attempts.append(signed)
            # 3. What others contributed is what the attempt names, in its order.
            parts = tuple(_contributions(archive, folder, attempt, page_id))
            named = signed.document.optional_list("contributions")
            told = [(page_id, *_named(each)) for each in named]
            same = told == [part.key for part in parts]
            attempt.require(same, "The contributions are not those that were signed for.")
            contributions |= {part.key: part for part in parts}

    # 4. There are no other files of what was signed.
    listed = {folder + each.place.text("file") for each in (*attempts, *contributions.values())}
    there = archive.within(f"{folder}attempts/") | archive.within(f"{folder}contributions/")
    for name in sorted(there - listed):
        Place(None, SECTION, name).fail("Nothing in the portfolio is of this file.")
    return Portfolio(enrolment_id, folder, document, tuple(attempts), tuple(contributions.values()))


def _contributions(archive: Archive, folder: str, attempt: Place, page_id: str) -> Iterator[Signed]:
    for part in attempt.list("contributions"):
        item_id, number = part.text("item_id"), part.number("number")
        part.tells(file=f"contributions/{page_id}/{item_id}/{number:04}.json")
        part.member("document").tells(item_id=item_id, number=number)
        yield _signed(archive, folder, part, page_id, (page_id, item_id, number))


def _signed(archive: Archive, folder: str, place: Place, page_id: str, key: Key) -> Signed:
    """Check that a file is what was signed, to the byte, and stands where it was signed for."""
    content_hash, name = place.digest("content_hash"), folder + place.text("file")
    content = archive.read(name, SECTION)
    same = archive.files[name].digest == content_hash
    place.require(same, f"The content hash is not the digest of {name}.")
    read(content, SECTION, name)
    document = place.member("document")
    document.require(written(document) == content, f"This is not what {name} holds.")
    document.tells(enrolment_id=folder.removeprefix(ENROLMENTS).rstrip("/"), page_id=page_id)
    return Signed(place, (*key, content_hash))


def _named(part: Place) -> Key:
    return part.text("item_id"), part.number("number"), part.digest("content_hash")
