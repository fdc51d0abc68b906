"""Something to export, and archives as a stranger reads them."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.exports import Export
from chalicelib.domain.judgements import Appraisal, Decision
from chalicelib.formats.verifiers import FOLDER
from cli.verifying.checks import check
from tests.world import ARCHIVES, World, clients


def decided(item_id: str, *, competent: bool = True) -> Decision:
    """Decide about a page, and find nothing lacking of its evidence."""
    fine = Appraisal(valid=True, authentic=True, current=True, sufficient=True, reliable=True)
    return Decision(
        competent=competent,
        initials="AE",
        feedback="=1+1 Say more.",
        evidence={item_id: fine},
    )


def everything(world: World) -> Enrolment:
    """Sign both pages with evidence, have one returned and judged anew, and certify it."""
    enrolment = world.enrol()
    picture = world.attach(b"The room, prepared.")
    for competent in (False, True):
        answers = world.answers("show-1", picture)
        etag = world.save(enrolment, "show-1", answers).etag
        first = world.sign_as_shown(enrolment, "show-1", etag)
        world.judge(enrolment, first, decision=decided("pictures", competent=competent))
    world.contribute(enrolment, "show-2", "observed")
    world.judge(enrolment, world.sign(enrolment, "show-2"), decision=decided("observed"))
    world.finalise(enrolment)
    return enrolment


def members(world: World, export: Export) -> dict[str, bytes]:
    """Read an archive back by a stranger's reader."""
    with zipfile.ZipFile(io.BytesIO(world.archive(export))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def objects(prefix: str = "") -> list[str]:
    _, s3 = clients()
    listed = s3.list_objects_v2(Bucket=ARCHIVES, Prefix=prefix)
    return [each["Key"] for each in listed.get("Contents", ())]


def verified(world: World, export: Export, folder: Path) -> None:
    """Check an archive with the command of the project, and with the verifier that ships."""
    path = folder / "export.zip"
    path.write_bytes(world.archive(export))
    with path.open("rb") as archive:
        report = check(archive, world.runtime.sealer.jwk["kid"], lambda _: None)
    assert report.export.export_id == export.id
    run = subprocess.run(  # noqa: S603 (the verifier that ships)
        [sys.executable, "-I", FOLDER / "verify.py", path, "--key", report.export.kid],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
