"""The operator's commands that make many known or enrolled, against the deployed template."""

import json
from pathlib import Path
from uuid import uuid4

from typer.testing import CliRunner, Result

from chalicelib.domain.people import Role
from chalicelib.formats.modules import read_module
from cli.cast import create_cast
from cli.main import app
from cli.playing import Play
from cli.stack import Stack
from cli.stages import SERVED
from tests.world import SHORT_MODULE

TEXT = "name;roles;learner_number\r\nZoë Nguyen;candidate;L-1\r\nAnn Müller;candidate;L-2\r\n"


def run(home: Path, file: Path, centre_id: str, *more: str, of: str = "people") -> Result:
    arguments = [of, "import", str(file), "--centre", centre_id, "--home", str(home), *more]
    return CliRunner().invoke(app, arguments)


def test_a_list_of_a_spreadsheet_is_tried_applied_and_applied_again(
    stack: Stack, tmp_path: Path
) -> None:
    served = {"endpoint": stack.cloud.endpoint, "table": stack.resources["Table"]}
    (tmp_path / SERVED).write_text(json.dumps(served))
    cast = create_cast(stack, f"{uuid4().hex}.example")
    file = tmp_path / "people.csv"
    file.write_bytes(TEXT.encode("windows-1252"))

    dry = run(tmp_path, file, cast.centre_id)
    applied = run(tmp_path, file, cast.centre_id, "--apply", "--json")
    again = run(tmp_path, file, cast.centre_id, "--apply")

    assert dry.exit_code == applied.exit_code == again.exit_code == 0, dry.output
    assert "read as windows-1252; created: 2" in dry.stdout
    assert "nothing was written" in dry.stdout
    assert json.loads(applied.stdout)["counts"]["created"] == 2
    assert "unchanged: 2" in again.stdout

    file.write_text("name,roles,learner_number\n=1+1,candidate,L-3\n", encoding="utf-8")
    refused = run(tmp_path, file, cast.centre_id, "--apply")
    assert refused.exit_code == 1
    assert f"{file}:2: name: formula:" in refused.stdout
    nowhere = run(tmp_path, file, "01" * 13)
    assert nowhere.exit_code == 2


def test_a_list_of_enrolments_is_tried_applied_and_applied_again(
    stack: Stack, tmp_path: Path
) -> None:
    served = {"endpoint": stack.cloud.endpoint, "table": stack.resources["Table"]}
    (tmp_path / SERVED).write_text(json.dumps(served))
    cast = create_cast(stack, f"{uuid4().hex}.example")
    Play(stack, cast, read_module(SHORT_MODULE).module).publish(SHORT_MODULE)
    candidate, assessor = cast.people[Role.CANDIDATE], cast.username(Role.ASSESSOR)
    lines = ["candidate,assessor,module_id,module_version"]
    lines.append(f"{candidate},{assessor},moving-people,1")
    file = tmp_path / "enrolments.csv"
    file.write_text("\n".join(lines), encoding="utf-8")

    dry = run(tmp_path, file, cast.centre_id, of="enrolment")
    applied = run(tmp_path, file, cast.centre_id, "--apply", "--json", of="enrolment")
    again = run(tmp_path, file, cast.centre_id, "--apply", of="enrolment")

    assert dry.exit_code == applied.exit_code == again.exit_code == 0, dry.output
    assert "nothing was written" in dry.stdout
    report = json.loads(applied.stdout)
    assert report["counts"]["created"] == 1
    assert report["lines"][0]["enrolment_id"]
    assert "unchanged: 1" in again.stdout
