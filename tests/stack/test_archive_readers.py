"""Strangers' programs read an archive: from a file, from a pipe, and as a stream.

Debian has them as unzip, libarchive-tools, p7zip-full and default-jre-headless.
"""

import io
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.archives import LARGE
from chalicelib.formats import zips
from chalicelib.storage.archives import Archives
from cli.stack import Stack
from tests.members import noise, plain, store

PACKAGES = {
    "unzip": "unzip",
    "bsdtar": "libarchive-tools",
    "7z": "p7zip-full",
    "java": "default-jre-headless",
}
CONTENTS = {
    "bagit.txt": b"BagIt",
    "data/1.json": b"{}",
    "data/2.mp4": noise(LARGE, 2),
    "data/3.json": b"",
    "data/4.mp4": noise(LARGE + 1, 4),
    "data/5.json": b"[]",
    "index.html": b"<!doctype html>",
}
MANY = {f"data/{number:06}": b"%d" % number for number in range(70_000)}
STREAM = """
import java.io.*;
import java.util.zip.*;

public class Stream {
    public static void main(String[] arguments) throws IOException {
        var bytes = new byte[65536];
        try (var zip = new ZipInputStream(new BufferedInputStream(System.in))) {
            for (ZipEntry each; (each = zip.getNextEntry()) != null;) {
                var checksum = new CRC32();
                for (int read; (read = zip.read(bytes)) >= 0;) {
                    checksum.update(bytes, 0, read);
                }
                System.out.println(each.getName() + " " + checksum.getValue());
            }
        }
    }
}
"""


def run(program: str, *arguments: str, given: bytes = b"") -> str:
    """Have a stranger's program look at an archive, and return what it says."""
    found = shutil.which(program)
    assert found, f"{program} is missing: apt-get install {PACKAGES[program]}"
    done = subprocess.run([found, *arguments], input=given, capture_output=True, check=False)  # noqa: S603 (found above)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout.decode()


@pytest.fixture(scope="module")
def assembled(stack: Stack) -> bytes:
    """Have an archive put together inside S3."""
    s3: Any = stack.cloud.client("s3")
    archives = Archives(s3, stack.resources["Archives"])
    name = f"{uuid4().hex}.zip"
    plan = zips.plan(store(s3, stack.resources["Evidence"], CONTENTS))
    for _ in archives.assemble(name, plan):
        pass
    return archives.read(name, 0, plan.size)


@pytest.fixture(params=["assembled", "of many files"])
def archive(request: pytest.FixtureRequest) -> tuple[bytes, dict[str, bytes]]:
    """Return an archive, and what it holds."""
    if request.param == "assembled":
        return request.getfixturevalue("assembled"), CONTENTS
    return plain(MANY), MANY


@pytest.fixture
def path(archive: tuple[bytes, dict[str, bytes]], tmp_path: Path) -> str:
    (tmp_path / "export.zip").write_bytes(archive[0])
    return str(tmp_path / "export.zip")


def test_python(archive: tuple[bytes, dict[str, bytes]]) -> None:
    with zipfile.ZipFile(io.BytesIO(archive[0])) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == [*archive[1]]


def test_unzip(path: str) -> None:
    assert "No errors detected" in run("unzip", "-tq", path)


def test_7z(path: str, archive: tuple[bytes, dict[str, bytes]]) -> None:
    told = run("7z", "t", path)
    assert "Everything is Ok" in told
    assert f"Files: {len(archive[1])}" in told
    assert "WARNING" not in told.upper()


def test_bsdtar_from_a_pipe(archive: tuple[bytes, dict[str, bytes]]) -> None:
    written, contents = archive
    assert run("bsdtar", "-tf", "-", given=written).splitlines() == [*contents]
    small = [name for name, content in contents.items() if len(content) < LARGE]
    told = run("bsdtar", "-xOf", "-", *small[:9], given=written)
    assert told.encode() == b"".join(contents[name] for name in small[:9])


def test_java_as_a_stream(archive: tuple[bytes, dict[str, bytes]], tmp_path: Path) -> None:
    written, contents = archive
    (tmp_path / "Stream.java").write_text(STREAM)
    told = run("java", str(tmp_path / "Stream.java"), given=written)
    assert told.splitlines() == [f"{name} {zlib.crc32(contents[name])}" for name in contents]
