"""The commands for authors, through the command line itself."""

import json
import os
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from chalicelib.formats.modules import read_module
from cli.main import app
from tests.formats import workbook_text

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "modules" / "working-relationships.md"
FRONT = "---\nformat: 1\nid: m\ntitle: Tea & <b>cake</b>\nstandards: S\n---\n"
BODY = """\
# Element: E
## Page: P
> Boil it. [P1]
: Not for candidates.
? Which?
- [x] tea
- [ ] soup
"""
FORM = """\
# Form: Handing over {#handover by: assessor}
- **Day**: when {type: date}
- **Shift**: {#shift type: choice}
- [ ] early
- [ ] late
- **Notes**: {#notes type: text, most: 90, optional: yes}
! Late ones have notes. {when: shift is b, needs: notes given}
"""
MORE = """\
### Group: G
Together.
? Two?
- [x] a
- [x] b
- [ ] c
!! Show it {files: 1-3}
?? A (1-2 words)
?? B (3- words)
?? C (-4 words)
?? D
  >
  E
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["module", *map(str, arguments)])


def answer(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    result = run(*arguments, "--json")
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "module.md"
    path.write_text(FRONT + BODY, encoding="utf-8")
    return path


# check


def test_the_demo_module_is_fine() -> None:
    result = run("check", DEMO)
    assert result.exit_code == 0, result.stdout
    assert "pages: 18, statements: 26, choices: 29, options: 120, questions: 32" in result.stdout
    assert "Problems: 0" in result.stdout


def test_errors_are_told_with_file_line_and_code(file: Path) -> None:
    file.write_text(FRONT + BODY + "loose\n>\n", encoding="utf-8")
    result = run("check", file)
    assert result.exit_code == 1
    first, second, *_ = result.stdout.splitlines()
    assert first.startswith(f"{file}:14: unmarked-line: ")
    assert second.startswith(f"{file}:15: empty-text: ")
    code, found = answer("check", file)
    assert (code, found["readable"]) == (1, False)
    assert [(remark["line"], remark["code"]) for remark in found["remarks"]] == [
        (14, "unmarked-line"),
        (15, "empty-text"),
    ]


def test_what_stands_between_a_file_and_publication_is_a_problem(file: Path) -> None:
    file.write_text(
        FRONT + BODY.replace("[x]", "[?]").replace("[ ]", "[?]").replace("?\n", "? {choose: 1}\n"),
        encoding="utf-8",
    )
    result = run("check", file)
    assert result.exit_code == 1
    assert f"{file}:11: key-not-marked: " in result.stdout
    assert "cannot be published" in result.stdout
    code, found = answer("check", file)
    assert (code, found["readable"], found["publishable"]) == (1, True, False)


def test_warnings_alone_are_fine(file: Path) -> None:
    file.write_text(FRONT + BODY.replace("[P1]", "[see below]"), encoding="utf-8")
    result = run("check", file)
    assert result.exit_code == 0
    assert f"{file}:9: not-criteria: " in result.stdout
    assert "(warning)" in result.stdout


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("Boil it.", "The Data Protection Act 1998 applies.", 9),
        ("soup", "the Data Protection Act 1998", 11),
        ("## Page: P\n", "## Page: P\nMind the Data Protection Act 1998.\n", 8),
    ],
)
def test_superseded_law_is_a_warning_where_it_stands(
    file: Path, old: str, new: str, line: int
) -> None:
    file.write_text(FRONT + BODY.replace(old, new), encoding="utf-8")
    code, found = answer("check", file)
    assert code == 0
    assert [(r["line"], r["code"], r["error"]) for r in found["remarks"]] == [
        (line, "dated-law", False)
    ]


def test_superseded_law_that_an_author_accepts_is_not_reported(file: Path) -> None:
    body = BODY.replace("Boil it. [P1]", "The Data Protection Act 1998. {accepted: history}")
    file.write_text(FRONT + body, encoding="utf-8")
    assert answer("check", file)[1]["remarks"] == []


def test_missing_ids_are_told_and_written_on_demand(file: Path) -> None:
    before = read_module(FRONT + BODY)
    assert len(answer("check", file)[1]["derived_ids"]) == 4
    assert "Ids not written in the file: 4" in run("check", file).stdout
    assert file.read_text(encoding="utf-8") == FRONT + BODY
    assert "Wrote 4 ids" in run("check", file, "--write-ids").stdout
    after = read_module(file.read_text(encoding="utf-8"))
    assert after.module == before.module
    assert after.derived_ids == ()
    assert answer("check", file, "--write-ids")[1]["ids_written"] == 0


def test_a_second_version_without_ids_is_a_problem_until_they_are_written(file: Path) -> None:
    file.write_text(FRONT.replace("title", "version: 2\ntitle") + BODY, encoding="utf-8")
    assert "ids-not-written" in run("check", file).stdout
    assert run("check", file).exit_code == 1
    assert run("check", file, "--write-ids").exit_code == 0


def test_a_file_with_errors_gets_no_ids(file: Path) -> None:
    file.write_text(FRONT + BODY + "loose\n", encoding="utf-8")
    assert run("check", file, "--write-ids").exit_code == 1
    assert file.read_text(encoding="utf-8") == FRONT + BODY + "loose\n"


# preview


class Page(HTMLParser):
    """Collects what is in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_preview_is_what_the_candidate_sees(file: Path) -> None:
    file.write_text(FRONT + BODY.replace("Which?", "Which? {excluded: secret}"), encoding="utf-8")
    html = run("preview", file).stdout
    page = Page(html)
    assert "Tea & <b>cake</b>" in page.text
    assert page.all("b") == []
    assert "Boil it." in page.text
    assert "soup" in page.text
    assert "Not for candidates" not in html
    assert "secret" not in html
    assert not any("checked" in attributes for attributes in page.all("input"))


def test_the_key_leaves_no_trace_in_the_preview(file: Path) -> None:
    before = run("preview", file).stdout
    body = BODY.replace("[ ]", "[-]").replace("[x]", "[ ]").replace("[-]", "[x]")
    file.write_text(FRONT + body, encoding="utf-8")
    assert run("preview", file).stdout == before


def test_the_preview_stands_alone_and_names_every_field(tmp_path: Path) -> None:
    out = tmp_path / "demo.html"
    assert run("preview", DEMO, "-o", out).exit_code == 0
    page = Page(out.read_text(encoding="utf-8"))
    assert page.all("html") == [{"lang": "en-GB"}]
    assert page.all("script") == page.all("link") == page.all("img") == []
    # Statements, choice items, and what the forms of evidence have one choose.
    assert len(page.all("fieldset")) == len(page.all("legend")) == 26 + 29 + 21
    labelled = {attributes.get("for") for attributes in page.all("label")}
    assert {attributes["id"] for attributes in page.all("textarea")} <= labelled
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_preview_shows_every_kind_of_item(file: Path) -> None:
    front = FRONT + "# Definitions\n- **Term**: meaning\n# Foreword\nWelcome.\n"
    file.write_text(front + BODY + MORE, encoding="utf-8")
    text = Page(run("preview", file).stdout).text
    for words in (
        "Term",
        "meaning",
        "Welcome.",
        "Together.",
        "Choose 2 of 3.",
        "Evidence, from the candidate, with 1 to 3 files.",
    ):
        assert words in text
    for words in ("1 to 2 words.", "At least 3 words.", "At most 4 words."):
        assert words in text


def test_forms_are_checked_and_previewed(file: Path) -> None:
    item = "!! Hand over {form: handover files: 1 vacsr: yes}\n!! Be seen {form: observation}\n"
    file.write_text(FRONT + FORM + BODY.replace("? Which", f"{item}? Which"), encoding="utf-8")
    code, found = answer("check", file, "--write-ids")
    assert (code, found["publishable"], found["derived_ids"]) == (0, True, [])
    assert "- **Day**: when {#field1 type: date}\n" in file.read_text(encoding="utf-8")

    page = Page(run("preview", file).stdout)
    for words in (
        "from the assessor, with 1 file.",
        "from the assessor, with 0 to 20 files.",
        "Handing over",
        "late",
        "Notes (optional)",
        "At most 90 words.",
        "Late ones have notes.",
        "Observation",
    ):
        assert words in page.text
    labelled = {attributes.get("for") for attributes in page.all("label")}
    fields = [each for each in page.all("input") + page.all("textarea") if "id" in each]
    assert {each["id"] for each in fields} <= labelled
    assert "date" in [each.get("type") for each in page.all("input")]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_a_fault_in_a_form_is_told_with_its_line(file: Path) -> None:
    file.write_text(FRONT + FORM.replace("is b", "is c") + BODY, encoding="utf-8")
    result = run("check", file)
    assert result.exit_code == 1
    line = (FRONT + FORM).split("\n").index("# Form: Handing over {#handover by: assessor}") + 7
    assert f"{file}:{line}: condition: " in result.stdout


def test_a_preview_in_json(file: Path, tmp_path: Path) -> None:
    code, found = answer("preview", file)
    assert (code, found["counts"]["pages"]) == (0, 1)
    assert found["html"].startswith("<!DOCTYPE html>")
    assert answer("preview", file, "-o", tmp_path / "x.html")[1]["out"] == str(tmp_path / "x.html")


def test_a_preview_of_a_faulty_file_says_what_is_wrong(file: Path) -> None:
    file.write_text("nonsense", encoding="utf-8")
    result = run("preview", file)
    assert (result.exit_code, "front-matter" in result.stdout) == (1, True)


# import-workbook


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "workbook.txt"
    path.write_text(workbook_text.workbook(), encoding="utf-8")
    return path


def test_a_workbook_becomes_a_module_file(workbook: Path, tmp_path: Path) -> None:
    out = tmp_path / "module.md"
    result = run("import-workbook", workbook, "-o", out)
    assert result.exit_code == 0, result.stdout
    found = read_module(out.read_text(encoding="utf-8"))
    assert found.derived_ids == ()
    counts = found.module.counts()
    assert f"pages: {counts['pages']}, statements: {counts['statements']}" in result.stdout
    assert "left out (" in result.stdout
    assert run("check", out).exit_code == 1, "the key is not marked"


def test_with_its_key_a_workbook_is_ready_for_publication(workbook: Path, tmp_path: Path) -> None:
    key, out = tmp_path / "key.csv", tmp_path / "module.md"
    key.write_text(workbook_text.KEY, encoding="utf-8")
    assert run("import-workbook", workbook, "-o", out, "--key", key).exit_code == 0
    assert answer("check", out)[1]["publishable"]


def test_an_import_in_json(workbook: Path, tmp_path: Path) -> None:
    code, found = answer("import-workbook", workbook, "-o", tmp_path / "module.md")
    assert code == 0
    assert found["counts"]["pages"] > 0
    assert set(found["left_out"][0]) == {"line", "text", "reason"}
    assert set(found["remarks"][0]) == {"line", "code", "detail", "error"}


def test_an_existing_file_is_written_over_only_by_force(workbook: Path, file: Path) -> None:
    result = run("import-workbook", workbook, "-o", file)
    assert (result.exit_code, file.read_text(encoding="utf-8")) == (2, FRONT + BODY)
    assert "--force" in result.stderr
    assert run("import-workbook", workbook, "-o", file, "--force").exit_code == 0
    assert run("import-workbook", workbook, "-o", workbook, "--force").exit_code == 2
    assert workbook.read_text(encoding="utf-8") == workbook_text.workbook()


def test_a_key_that_cannot_be_read_is_told_by_its_own_name(workbook: Path, tmp_path: Path) -> None:
    key, out = tmp_path / "key.csv", tmp_path / "module.md"
    key.write_text("this,is,no,key\n", encoding="utf-8")
    result = run("import-workbook", workbook, "-o", out, "--key", key)
    assert (result.exit_code, out.exists()) == (1, False)
    assert result.stdout.startswith(f"{key}:")


def test_what_is_no_workbook_is_refused(file: Path, tmp_path: Path) -> None:
    code, found = answer("import-workbook", file, "-o", tmp_path / "out.md")
    assert (code, found["readable"]) == (1, False)
    assert not (tmp_path / "out.md").exists()


# wrong usage


@pytest.mark.parametrize("command", [["check"], ["preview"], ["import-workbook", "-o", "out.md"]])
def test_a_file_that_cannot_be_read_is_wrong_usage(command: list[str], tmp_path: Path) -> None:
    latin = tmp_path / "latin.md"
    latin.write_bytes("café".encode("latin-1"))
    for path, reason in (
        (tmp_path / "none.md", "No such file"),
        (tmp_path, "directory"),
        (latin, "UTF-8"),
    ):
        result = run(*command, path)
        assert result.exit_code == 2
        assert reason in result.stderr
        assert "Traceback" not in result.stderr


def test_a_place_that_cannot_be_written_is_wrong_usage(file: Path, tmp_path: Path) -> None:
    result = run("preview", file, "-o", tmp_path / "none" / "x.html")
    assert (result.exit_code, "cannot be written" in result.stderr) == (2, True)
    assert run("preview", file, "-o", file).exit_code == 2
    assert file.read_text(encoding="utf-8") == FRONT + BODY


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["check"], ["check", "a", "--nonsense"]])
def test_a_wrong_command_line_is_wrong_usage(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


# The script


def start(script: Path, *arguments: str, cwd: Path, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own script, by argument list
        [script, *arguments],
        cwd=cwd,
        env={"PATH": path, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_script_works_from_any_directory_and_through_a_link(file: Path) -> None:
    # A folder of this name must not get in the way of the project's own.
    (file.parent / "cli").mkdir()
    (file.parent / "cli" / "__init__.py").write_text("raise SystemExit(9)", encoding="utf-8")
    link = file.parent / "linked"
    link.symlink_to(ROOT / "testamur")
    for script in (ROOT / "testamur", link):
        arguments = ("module", "check", file.name)
        result = start(script, *arguments, cwd=file.parent, path=os.environ["PATH"])
        assert (result.returncode, result.stderr) == (0, "")
        assert "pages: 1" in result.stdout


def test_the_script_says_in_one_line_how_to_set_up(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("dirname", "readlink", "sh"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    copy = Path(shutil.copy(ROOT / "testamur", tmp_path / "testamur"))
    result = start(copy, "module", cwd=tmp_path, path=str(tools))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "make setup" in result.stderr
