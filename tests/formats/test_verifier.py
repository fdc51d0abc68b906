"""What verify.py says of archives. It is run as the program that it is, apart from this project."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
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
    assert "35 files" in trusting.stdout
    assert "is not shown" not in trusting.stdout
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
    assert list(accepted(forgeries(), archive)) == []


def test_damaged(archive: Path) -> None:
    assert list(accepted(islice(damaged(97), 0, None, 9), archive)) == []
