"""Package the application: `.cloud/package/{deployment.zip,sam.json}`, the same bytes every time.

    python -m infra.package

Chalice packages the sources without their requirements. Those are added here, because Chalice
only prints a warning about one that cannot be packaged, ships all of botocore's data, and ships
no bytecode. Nothing is done twice: libraries are kept by the digest of `requirements.txt`, the
whole by the digest of all inputs, and then no network is needed.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
INPUTS = ("app.py", "chalicelib", ".chalice", "infra/resources.yaml", "requirements.txt")
# Chalice looks up the partition of some region; the template itself names none.
REGION = "eu-west-2"
# The services whose descriptions botocore needs; it brings four hundred more.
SERVICES = ("dynamodb", "events", "kms", "s3", "secretsmanager", "ses", "sqs")
# What no import reaches: command lines, tests, stubs, examples, the books of the installer.
LEFT_OUT = re.compile(
    r"^(bin|share)/|/tests?/|\.(pyi|pxd|pyx|h|c)$"
    r"|\.dist-info/(?!METADATA$|entry_points\.txt$|licenses?/)"
    r"|^boto3/(data|examples)/|^botocore/data/.*/examples-1\.json"
    rf"|^botocore/data/(?!({'|'.join(SERVICES)})/)[^/]+/",
)


class PackagingError(Exception):
    """The application cannot be packaged as it is."""


def package(root: Path = ROOT, cloud: Path = ROOT / ".cloud") -> Path:
    """Package what is in `root` and say where it is."""
    out = cloud / "package"
    digest = _digest(root)
    stamp = out / "digest"
    if stamp.exists() and stamp.read_text() == digest:
        return out
    stamp.unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    libraries = _libraries(root / "requirements.txt", cloud / "libraries")
    with tempfile.TemporaryDirectory() as work:
        template, sources = _chalice(root, Path(work))
        _compile(sources)
        shutil.copyfile(libraries, out / "deployment.zip")
        _add(out / "deployment.zip", sources)
        (out / "sam.json").write_text(json.dumps(template, indent=1, sort_keys=True) + "\n")
    stamp.write_text(digest)
    return out


def _digest(root: Path) -> str:
    """Digest all that the package is made of: sources, this file, the interpreter."""
    whole = hashlib.sha256(sys.version.encode() + Path(__file__).read_bytes())
    for name in INPUTS:
        for path in sorted({root / name, *(root / name).rglob("*")}):
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(f"{path.relative_to(root)}\0".encode())
                whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _libraries(requirements: Path, kept: Path) -> Path:
    """Make the ZIP of what the application needs, once for each list of requirements."""
    pins = sorted(re.findall(r"^([\w.-]+)==([\w.]+)", requirements.read_text(), re.MULTILINE))
    key = hashlib.sha256(repr((pins, sys.version)).encode() + Path(__file__).read_bytes())
    archive = kept / f"{key.hexdigest()[:16]}.zip"
    if archive.exists():
        return archive
    with tempfile.TemporaryDirectory() as work:
        target = Path(work) / "libraries"
        _run(
            # Lambda's system is older than this machine's: wheels for it, or a failure.
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--target", target, "--only-binary=:all:", "--platform", "manylinux2014_x86_64"),
            *("--implementation", "cp", "--python-version", _version("."), "--no-compile"),
            *("--requirement", requirements),
        )
        _refuse_unpinned(target, pins)
        for path in sorted(target.rglob("*")):
            if path.is_file() and LEFT_OUT.search(path.relative_to(target).as_posix()):
                path.unlink()
        _compile(target)
        kept.mkdir(parents=True, exist_ok=True)
        _add(Path(work) / "libraries.zip", target)
        shutil.move(Path(work) / "libraries.zip", archive)
    return archive


def _refuse_unpinned(target: Path, pins: list[tuple[str, str]]) -> None:
    """Refuse what pip brought along unasked: tomorrow it would bring another version."""
    pinned = {re.sub(r"[-_.]+", "_", f"{name}-{version}").lower() for name, version in pins}
    for info in sorted(target.glob("*.dist-info")):
        if re.sub(r"[-_.]+", "_", info.stem).lower() not in pinned:
            message = f"requirements.txt does not pin {info.stem}"
            raise PackagingError(message)


def _chalice(root: Path, work: Path) -> tuple[object, Path]:
    """Let Chalice make its template and collect the sources."""
    stage = work / "stage"
    for name in INPUTS:
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        if (root / name).is_dir():
            shutil.copytree(root / name, stage / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(root / name, stage / name)
    (stage / "requirements.txt").write_text("")
    _run(
        *(Path(sys.executable).with_name("chalice"), "--project-dir", stage, "package"),
        *("--stage", "any", "--merge-template", stage / "infra/resources.yaml", work / "made"),
    )
    with zipfile.ZipFile(work / "made/deployment.zip") as made:
        made.extractall(work / "sources")
    return yaml.safe_load((work / "made/sam.yaml").read_text()), work / "sources"


def _compile(directory: Path) -> None:
    """Add bytecode that is never checked against its source: it halves a cold start."""
    # In a process of its own: which strings a used one has interned changes the bytes.
    _run(
        *(sys.executable, "-I", "-m", "compileall", "-q", "-r", "20"),
        *("--invalidation-mode", "unchecked-hash", "-s", directory, "-p", "/var/task", directory),
    )


def _add(archive: Path, directory: Path) -> None:
    """Add the files below a directory: in order, without times, readable by all."""
    with zipfile.ZipFile(archive, "a") as opened:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(directory).as_posix())
                entry.external_attr = 0o644 << 16
                opened.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def _version(separator: str) -> str:
    return separator.join(map(str, sys.version_info[:2]))


def _run(*command: object) -> None:
    arguments = [str(part) for part in command]
    # Nothing here is anybody's account; a profile that is missing would stop Chalice.
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = own | {"AWS_DEFAULT_REGION": REGION}
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{' '.join(arguments[:4])}: {done.stderr.strip() or done.stdout.strip()}"
        raise PackagingError(message)


def main() -> None:
    """Package the application and print the sizes."""
    try:
        out = package()
    except PackagingError as error:
        sys.exit(f"cannot package: {error}")
    with zipfile.ZipFile(out / "deployment.zip") as archive:
        whole = sum(entry.file_size for entry in archive.infolist())
    size = (out / "deployment.zip").stat().st_size
    print(f"{out.relative_to(ROOT)}: {size / 1e6:.1f} MB, {whole / 1e6:.0f} MB unzipped")


if __name__ == "__main__":
    main()
