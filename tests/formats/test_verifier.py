"""What verify.py says of archives. It is run as the program that it is, apart from this project."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

import pytest

from tests.archives import STRANGER, THUMBPRINT, build
from tests.forgeries import damaged, forgeries

PROGRAM = Path("chalicelib/formats/verifier/verify.py").resolve()
# Runs the program again and again in one process: a path comes in, what is said goes out.
AGAIN = f"""
import runpy, sys
for line in sys.stdin:
    sys.argv = ["verify.py", line.strip(), "--key", "{THUMBPRINT}"]
    try:
        runpy.run_path("{PROGRAM}", run_name="__main__")
    except SystemExit as end:
        print("refused", end.code)
    print(flush=True)
"""


# What verify.py leaves out, so that it can be read, and why no judgement hangs on it.
LEFT_OUT = {
    "what names may look like": [
        "1 a file named data/'é'",
        "1 a file named data/'a b'",
        "1 a file named data/'a%20b'",
        "1 a file named data/'a\\\\b'",
        "1 a file named data/'a//b'",
        "1 a file named data/'./b'",
        "1 a file named data/'a/'",
        "1 a file named data/'a:b'",
        "1 a file named data/'a\\nb'",
        "1 a file named data/'a\\x00b'",
        "1 two names that differ in case alone",
    ],
    "how bagit.txt reads: its digest is signed": [
        "2 bagit.txt with b'0.97'",
        "2 bagit.txt with b'1.0 '",
        "2 bagit.txt with b'ISO-8859-1'",
        "2 bagit.txt with b'\\r\\n'",
        "2 bagit.txt with b'UTF-8'",
        "2 bagit.txt with b'\\xef\\xbb\\xbfBagIt'",
    ],
    "how moments are written": [
        "3 an export created at 2026-03-01T09:00:00Z",
        "3 an export created at 2026-02-30T09:00:00.000Z",
        "3 an export created at 1 March 2026",
        "3 an export created at ",
        "6 an entry with at 2026-03-01T09:00:00Z",
        "6 an entry with at 2026-02-30T09:00:00.000Z",
        "6 an entry with at 2026-03-01T09:00:00.000+00:00",
        "6 a head signed at no moment",
        "8 a statement at no moment",
    ],
    "how keys are written, and members that say nothing": [
        "6 nothing committed to, and no key",
        "3 jwks.json with a key twice",
        "3 jwks.json with more than keys",
        "6 commitments with a space",
        "6 commitments with a key in upper case",
        "6 commitments with a member more",
    ],
    "limits on JSON beyond its canonical form": [
        "3 export.json with a number too large",
        "3 export.json with a name that is not ASCII",
        "4 portfolio.json with a number too large",
        "4 portfolio.json with a name that is not ASCII",
        "6 an entry with a number too large",
        "6 an entry with a name that is not ASCII",
        "6 commitments with a number too large",
        "8 a plan with a number too large",
        "8 a plan with a name that is not ASCII",
    ],
    "what is there twice, in no order, or without an attempt": [
        "4 a page twice, once without attempts",
        "4 a page without its id",
        "5 a photo twice",
        "8 a frame in no order",
        "8 a unit twice",
        "8 a stratum twice",
    ],
    "what files of documents are called": [
        "4 an attempt under another name",
        "4 a contribution under another name",
        "7 a certificate under another name",
        "8 a plan under another name",
    ],
    "the fields of entries, one by one": [
        "6 an entry with event 1",
        "6 an entry with by None",
        "6 an entry with method telepathy",
        "6 an entry with on x",
        "6 an entry with on None",
        "6 an entry with note ",
        "6 an entry without method",
        "6 an event twice",
    ],
    "the order of entries: what was judged is told by its hash": [
        "6 a judgement before the signature",
    ],
    "how seeds, rates and units are written": [
        "8 a plan with a seed in upper case",
        "8 a plan with a shorter seed",
        "8 a unit that is no judgement",
        "8 a rate of 101",
        "8 a rate of -1",
        "8 a rate that is true",
        "8 a least of -1",
    ],
}


def verify(archive: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(PROGRAM), str(archive), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def accepted(corpus: Iterable[tuple[str, bytes]], archive: Path) -> Iterator[str]:
    """Yield the names of those that the program does not refuse, or breaks at."""
    command = [sys.executable, "-I", "-c", AGAIN]
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdin
        assert running.stdout
        for name, content in corpus:
            archive.write_bytes(content)
            print(archive, file=running.stdin, flush=True)
            said = [line for line in iter(running.stdout.readline, "\n") if line]
            if said != ["refused 1\n"]:
                yield name
        running.stdin.close()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "export.zip"


def test_valid(archive: Path) -> None:
    archive.write_bytes(build())
    trusting, anyone = verify(archive, "--key", THUMBPRINT), verify(archive)
    assert (trusting.returncode, trusting.stderr) == (0, "")
    assert trusting.stdout == "Verified.\n"
    assert anyone.returncode == 0
    assert "is not shown" in anyone.stdout


def test_another_key(archive: Path) -> None:
    archive.write_bytes(build())
    said = verify(archive, "--key", STRANGER.jwk["kid"])
    assert said.returncode == 1
    assert "section 3 of VERIFY.md, 'signature.jws': " in said.stderr


def test_what_fails_first_is_named(archive: Path) -> None:
    archive.write_bytes(
        build(files=lambda files: files.pop("data/enrolments/enrolment-2/heads.jws"))
    )
    said = verify(archive)
    assert said.returncode == 1
    assert said.stderr.startswith(
        "NOT VERIFIED: section 6 of VERIFY.md, 'data/enrolments/enrolment-2/heads.jws': "
    )


def test_no_archive(archive: Path) -> None:
    said = verify(archive)
    assert said.returncode == 1
    assert "Traceback" not in said.stderr


def test_forgeries(archive: Path) -> None:
    left_out = chain.from_iterable(LEFT_OUT.values())
    assert sorted(accepted(forgeries(), archive)) == sorted(left_out)


def test_damaged(archive: Path) -> None:
    assert list(accepted(islice(damaged(97), 0, None, 9), archive)) == []


def test_short() -> None:
    assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) <= 200
