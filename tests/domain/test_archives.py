"""The plan of an archive: the same bytes in the same order, in parts that S3 takes."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.archives import (
    COPY_LIMIT,
    COUNT_LIMIT,
    LARGE,
    PART_MINIMUM,
    REASONS,
    AssemblyError,
    Copied,
    Joined,
    Member,
    Part,
    Piece,
    Plan,
    Sent,
    Slice,
    Source,
)
from chalicelib.domain.attachments import MIB

SENT_LIMIT = 24 * MIB  # bytes that the function may have to hold at once
SIZES = st.one_of(
    st.integers(0, 2000),
    st.integers(0, LARGE - 1),
    st.integers(LARGE, 40 * MIB),
    st.sampled_from([0, PART_MINIMUM - 1, PART_MINIMUM, LARGE - 1, LARGE, 4 * 1024 * MIB]),
)


def archive(sizes: list[int], between: int = 30, behind: int = 100) -> list[Piece]:
    """Make what an archive of files of these sizes is made of: a header before each, and an end."""
    pieces: list[Piece] = []
    for number, size in enumerate(sizes):
        member = Member(f"data/{number}", size, 0, Source("bucket", f"{number}", "1", size))
        pieces += [bytes([number % 256]) * between, Slice(member, 0, size)]
    return [*pieces, b"-" * behind]


def planned(pieces: list[Piece]) -> list[Part]:
    return [*Plan(lambda: pieces)]


def flat(parts: list[Part]) -> list[Piece]:
    """Lay out what parts are made of."""
    pieces: list[Piece] = []
    for part in parts:
        match part:
            case Sent():
                pieces += part.pieces
            case Copied():
                pieces.append(part.of)
            case Joined():
                pieces += [part.copied.of, *part.sent.pieces]
    return pieces


def mended(pieces: list[Piece]) -> list[Piece]:
    """Bring slices of one member that follow each other together."""
    whole: list[Piece] = []
    for piece in pieces:
        match whole, piece:
            case [*_, Slice(of, start, end)], Slice(member, follows, until) if of is member:
                assert follows == end
                whole[-1] = Slice(of, start, until)
            case _:
                whole.append(piece)
    return whole


@settings(max_examples=30, deadline=None)  # they are of megabytes
@given(st.lists(SIZES, max_size=30), st.sampled_from([30, 6 * MIB]), st.integers(1, 20 * MIB))
@example([LARGE, LARGE], 30, 100)
@example([1, LARGE - 1, 5, LARGE, 9 * MIB, LARGE], 30, 100)
def test_the_parts_are_the_archive_and_s3_takes_each(
    sizes: list[int], between: int, behind: int
) -> None:
    pieces = archive(sizes, between, behind)
    parts = planned(pieces)
    assert mended(flat(parts)) == pieces
    assert all(PART_MINIMUM <= part.size <= COPY_LIMIT for part in parts[:-1])
    assert 0 < parts[-1].size <= COPY_LIMIT
    for part in parts:
        if not isinstance(part, Copied):
            sent = part.sent if isinstance(part, Joined) else part
            assert sent.size == sum(map(len, sent.pieces)) <= SENT_LIMIT + max(between, behind)
    # A plan says what it is before anything is done.
    plan = Plan(lambda: pieces)
    assert (plan.size, plan.count) == (sum(map(len, pieces)), len(parts))


@given(st.lists(SIZES, max_size=30))
def test_of_large_files_no_more_than_the_first_bytes_of_the_first_are_sent(
    sizes: list[int],
) -> None:
    sent = [
        piece
        for part in planned(archive(sizes))
        if not isinstance(part, Copied)
        for piece in (part.sent if isinstance(part, Joined) else part).pieces
        if isinstance(piece, Slice) and piece.member.size >= LARGE
    ]
    assert len(sent) <= 1
    assert sum(map(len, sent)) < PART_MINIMUM
    # A small one is never cut, so that it can be checked while it is sent.
    small = [size for size in sizes if size < LARGE]
    assert [
        piece.member.size
        for piece in flat(planned(archive(sizes)))
        if isinstance(piece, Slice) and piece.member.size < LARGE
    ] == small


def test_what_is_made_of_large_files() -> None:
    kinds = [type(part) for part in planned(archive([LARGE, LARGE, 7 * MIB, LARGE]))]
    assert kinds == [Sent, Joined, Copied, Sent, Copied, Sent]
    first, *_, last = planned(archive([LARGE, LARGE]))
    assert (first.size, last.size) == (PART_MINIMUM, 100)


def test_without_large_files_all_is_sent() -> None:
    parts = planned(archive([1000] * 30_000))
    assert {type(part) for part in parts} == {Sent}
    assert all(part.size >= 8 * MIB for part in parts[:-1])


def test_what_does_not_fit_into_one_upload_is_refused() -> None:
    fits = archive([LARGE] * (COUNT_LIMIT - 2))
    assert Plan(lambda: fits).count == COUNT_LIMIT
    for sizes in ([LARGE] * (COUNT_LIMIT - 1), [COPY_LIMIT + PART_MINIMUM], [4 << 30] * 2000):
        pieces = archive(sizes)
        with pytest.raises(AssemblyError) as refused:
            Plan(lambda pieces=pieces: pieces)  # type: ignore[misc]
        assert refused.value.code == "export-too-large"
    assert all(REASONS.values())
