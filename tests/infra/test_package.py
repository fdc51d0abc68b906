"""The package: the same bytes every time, complete, and made only when it must be."""

import shutil
from pathlib import Path

import pytest

from infra.check_package import check
from infra.package import INPUTS, ROOT, PackagingError, package

CLOUD = ROOT / ".cloud"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Copy what is packaged, to spoil it; libraries are taken from where they were made."""
    package()
    for name in INPUTS:
        target = tmp_path / "sources" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / name, target)
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud" / "libraries").symlink_to(CLOUD / "libraries")
    return tmp_path / "sources"


def test_the_same_sources_give_the_same_bytes(sources: Path) -> None:
    other = package(sources, sources.parent / "cloud")
    for name in ("deployment.zip", "sam.json"):
        assert (other / name).read_bytes() == (package() / name).read_bytes()


def test_packaging_again_does_nothing(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = package(sources, sources.parent / "cloud")
    before = (made / "deployment.zip").stat().st_mtime_ns
    monkeypatch.setenv("PATH", "")  # no pip, no Chalice, no network
    package(sources, sources.parent / "cloud")
    assert (made / "deployment.zip").stat().st_mtime_ns == before


def test_the_package_imports_alone() -> None:
    assert check(package()) == []


def test_a_forgotten_library_is_found(sources: Path) -> None:
    with (sources / "app.py").open("a") as app:
        app.write("\nimport moto\n")
    (problem,) = check(package(sources, sources.parent / "cloud"))
    assert "No module named 'moto'" in problem


def test_an_early_renderer_is_found(sources: Path) -> None:
    with (sources / "app.py").open("a") as app:
        app.write("\nimport PIL\n")
    assert check(package(sources, sources.parent / "cloud")) == [
        "importing the handlers imports PIL"
    ]


def test_sources_that_do_not_compile_are_refused(sources: Path) -> None:
    with (sources / "chalicelib" / "__init__.py").open("a") as module:
        module.write("\ndef\n")
    with pytest.raises(PackagingError):
        package(sources, sources.parent / "cloud")


def test_a_library_without_a_wheel_for_lambda_is_refused(sources: Path) -> None:
    (sources / "requirements.txt").write_text("pillow==13.0.0\n")  # none for Lambda's old glibc
    (sources.parent / "cloud" / "libraries").unlink()
    with pytest.raises(PackagingError, match="pillow"):
        package(sources, sources.parent / "cloud")


def test_a_library_that_is_not_pinned_is_refused(sources: Path) -> None:
    (sources / "requirements.txt").write_text("Jinja2==3.1.6\n")
    (sources.parent / "cloud" / "libraries").unlink()
    with pytest.raises(PackagingError, match="markupsafe"):
        package(sources, sources.parent / "cloud")
