"""Verifying an export, through the command line and through what it checks."""

import io
import json
import os
import re
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.usecases import attempts, sampling
from cli.main import app
from cli.verifying.checks import Report, check
from cli.verifying.faults import Fault
from tests.archives import STRANGER, THUMBPRINT, Draft, build, zipped
from tests.exports import everything
from tests.forgeries import damaged, forgeries, retyped
from tests.forgeries.changes import BOTH_KEYS, put, put_file
from tests.sampling import judged, planned
from tests.world import EVIDENCE_MODULE, World, new_world

UNSAID = "x" * 43  # a thumbprint that is nobody's
COUNTS = {
    "files": 35,
    "enrolments": 2,
    "attempts": 6,
    "judgements": 4,
    "contributions": 1,
    "attachments": 2,
    "attachments_withheld": 1,
    "trail_entries": 25,
    "signed_heads": 4,
    "certificates": 3,
    "sampling_plans": 2,
    "judgements_drawn": 4,
}


def checked(archive: bytes, key: str = THUMBPRINT) -> Report:
    return check(io.BytesIO(archive), key, lambda _: None)


def found(archive: bytes) -> Fault | None:
    """Return what is wrong; anything but a Fault fails the test."""
    try:
        checked(archive)
    except Fault as fault:
        return fault
    return None


def accepted(archives: Iterable[tuple[str, bytes]]) -> list[str]:
    return [name for name, archive in archives if found(archive) is None]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.zip"
    path.write_bytes(build())
    return path


# The command


def test_a_valid_export_is_told_in_counts(export: Path) -> None:
    result = run(export, "--key", THUMBPRINT)
    assert result.exit_code == 0, result.stdout
    assert "everything is as VERIFY.md says" in result.stdout
    assert "attempts: 6, judgements: 4, contributions: 1" in result.stdout
    assert THUMBPRINT in result.stdout
    assert "That is the key you gave." in result.stdout


def test_without_a_key_it_says_that_none_was_compared(export: Path) -> None:
    result = run(export)
    assert result.exit_code == 0
    assert THUMBPRINT in result.stdout
    assert "compared with none" in result.stdout
    assert "anybody may have made this archive" in result.stdout


def test_another_key_is_refused(export: Path) -> None:
    result = run(export, "--key", STRANGER.jwk["kid"])
    assert result.exit_code == 1
    assert "signature.jws" in result.stdout
    assert "section 3" in result.stdout


def test_programs_are_told_the_same(export: Path) -> None:
    result = run(export, "--json")
    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert answer["verified"] is True
    assert answer["key"] == THUMBPRINT
    assert answer["key_compared"] is False
    assert answer["counts"] == COUNTS | {"bytes": export.stat().st_size}


def test_the_first_fault_is_told_with_its_place(export: Path) -> None:
    export.write_bytes(build(files=put_file("data/enrolments/enrolment-1/attempts/x.txt", b"x")))
    result = run(export)
    assert result.exit_code == 1
    assert "enrolment-1/attempts/x.txt: Nothing in the portfolio is of this file." in result.stdout
    answer = json.loads(run(export, "--json").stdout)
    assert answer["verified"] is False
    assert answer["fault"]["section"] == 4
    assert answer["fault"]["where"] == "data/enrolments/enrolment-1/attempts/x.txt"


@pytest.mark.parametrize("key", ["", "short", UNSAID + "x", "é" * 43, f"{UNSAID[:-1]}="])
def test_a_key_that_is_none_is_wrong_usage(export: Path, key: str) -> None:
    assert run(export, f"--key={key}").exit_code == (2 if key else 0)


def test_what_cannot_be_read_is_wrong_usage(tmp_path: Path, export: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, tmp_path / "none.zip", pipe, Path("a\0b")):
        result = run(path)
        assert result.exit_code == 2, path
        assert "Traceback" not in result.output
    assert run(export, export).exit_code == 2


def test_what_an_archive_says_does_not_reach_the_terminal_as_it_is(export: Path) -> None:
    told = put("plans/plan-1/frame/0/stratum", "\x1b[2J\u202egnp.exe\n" * 99)
    export.write_bytes(build(papers=told))
    result = run(export)
    assert result.exit_code == 1
    assert not {"\x1b", "\u202e"} & set(result.output)
    assert len(result.stdout.splitlines()) == 2
    assert len(result.stdout) < 1000


# What is valid


def without_samples(draft: Draft) -> None:
    draft.plans.clear()


def without_enrolments(draft: Draft) -> None:
    draft.folders.clear()
    draft.export["enrolments"] = []


@pytest.mark.parametrize(
    "changes",
    [
        {"papers": without_samples},
        {"papers": without_enrolments},
        {"papers": BOTH_KEYS},
        {"files": put_file("data/enrolments/enrolment-2/portfolio.pdf", b"%PDF")},
        {"files": put_file("data/enrolments/enrolment-2/thumbnails/a.jpg", b"")},
        {"papers": put("folders/enrolment-1/heads", lambda heads: heads[1:])},
        {
            "acts": put(
                "folders/enrolment-1/portfolio/coverage", [{"criterion": "\x1b\u2028\U0001f9cb"}]
            )
        },
    ],
)
def test_what_is_free_can_be_otherwise(changes: dict[str, Any]) -> None:
    checked(build(**changes))


@pytest.mark.parametrize("count", [0xFFFE, 0xFFFF, 0x10000])
def test_from_65535_files_on_the_number_needs_zip64(count: int) -> None:
    def fill(files: dict[str, bytes]) -> None:
        files |= {f"data/many/{number:05}": b"" for number in range(count - 35)}

    archive = build(files=fill)
    assert checked(archive).counts["files"] == count
    assert (b"PK\6\7" in archive) is (count >= 0xFFFF)


def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    size = 64 << 20
    path = tmp_path / "export.zip"
    path.write_bytes(build(files=put_file("data/film.mp4", bytes(size))))
    tracemalloc.start()
    with path.open("rb") as source:
        assert check(source, THUMBPRINT, lambda _: None).counts["bytes"] > size
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


# What is not


@pytest.mark.parametrize("section", range(1, 9))
def test_every_rule_catches_what_offends_against_it_alone(section: int) -> None:
    caught = {name: found(archive) for name, archive in forgeries() if name[0] == str(section)}
    assert len(caught) > 20
    assert not [name for name, fault in caught.items() if fault is None]
    assert {name for name, fault in caught.items() if fault and fault.section != section} == set()


def test_without_the_key_nothing_can_be_changed() -> None:
    assert not accepted(damaged(step=29))


def test_values_of_any_type_in_any_place_break_nothing() -> None:
    assert 0 < len(accepted(retyped(step=40))) < 40


def test_a_stranger_makes_an_archive_of_their_own_which_only_the_thumbprint_tells() -> None:
    def seal(draft: Draft) -> None:
        draft.jwks["keys"] = [STRANGER.jwk]

    archive = build(papers=seal, sealer=STRANGER)
    assert checked(archive, key="").export.kid == STRANGER.jwk["kid"]
    with pytest.raises(Fault, match=re.escape("signature.jws header /kid")):
        checked(archive)


@pytest.mark.parametrize("size", [0, 1, 29, 30, 46, 4096])
@pytest.mark.parametrize("fill", [bytes, os.urandom, lambda size: (b"PK\3\4" * size)[:size]])
def test_noise_is_refused(size: int, fill: Callable[[int], bytes]) -> None:
    fault = found(fill(size))
    assert fault
    assert fault.section == 1


def test_a_bomb_is_refused_by_its_header() -> None:
    content = b"PK\3\4" + zipped([("data/x", b"")])[4:14] + b"\xfe\xff\xff\xff" * 3 + b"\1\0\0\0x"
    fault = found(content)
    assert fault
    assert "ends in this file" in fault.what


# What the project exports


def verified(world: World, *enrolments: Enrolment) -> Report:
    archive = world.archive(world.work_on(world.start_export(*enrolments)))
    return checked(archive, key=world.runtime.sealer.jwk["kid"])


def test_an_export_with_evidence_and_one_with_nothing() -> None:
    with new_world(EVIDENCE_MODULE) as world:
        worked = everything(world)
        counts = verified(world, worked).counts
        assert [counts[name] for name in ("attempts", "judgements", "contributions")] == [3, 3, 1]
        assert [counts[name] for name in ("attachments", "certificates")] == [1, 1]
        world.candidate = world.person("Nell New", Role.CANDIDATE)
        assert verified(world, world.enrol()).counts["attempts"] == 0


def test_an_export_of_all_that_can_be_done_to_a_judgement(world: World) -> None:
    # 1. Withdrawn, signed anew, judged, verified twice; certified, set aside, certified again.
    first = world.enrol()
    page_ids = [page.id for page in world.module.pages]
    world.sign(first, page_ids[0])
    attempts.withdraw(world.runtime, world.candidate, first.id, page_ids[0], 1)
    world.complete(first)
    world.verify(first, page_ids[1], "Ask what the person said.")
    world.verify(first, page_ids[1])
    assert world.finalise(first)
    suspended = verified(world, first)
    world.set_aside(first, page_ids[1], "The witness was not there.")
    assert verified(world, first).counts["certificates"] == 1
    world.judge(first, world.sign(first, page_ids[1]))
    assert world.finalise(first)

    # 2. Somebody else's; a draw of both, and a plan that waits for its draw.
    other = judged(world, page_ids[0])
    assert sampling.draw_sample(world.runtime, world.verifier, planned(world).id)
    planned(world, title="Second quarter")
    counts = verified(world, first, other).counts
    assert counts["certificates"] == 2
    assert counts["trail_entries"] > suspended.counts["trail_entries"]
    assert counts["sampling_plans"] >= 1
    assert counts["judgements_drawn"] >= 1
