"""The documentation page, its vendored files, and the pages of the problems."""

import hashlib
import json
import re

from chalicelib.api.docs import VENDORED
from chalicelib.api.flaws import FLAWS
from chalicelib.api.http import OPERATIONS
from chalicelib.api.openapi import GUIDE, description
from chalicelib.api.problems import CODES
from infra.clients import OPTIONS
from tests.api.door import Door
from tests.api.test_problems import SOURCES

LAMBDA_ANSWERS = 6 * 1024 * 1024  # bytes


def test_vendored_files_are_what_was_published() -> None:
    told = json.loads((VENDORED / "vendored.json").read_text(encoding="utf-8"))
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDORED.iterdir()
        if path.name != "vendored.json"
    }
    assert found == told["files"]
    assert {"LICENSE", "NOTICE"} <= set(found)


def test_the_page_brings_all_it_needs(shared: Door) -> None:
    page = shared.send("GET", "/v1/docs")
    assert "unsafe" not in page.headers["content-security-policy"]
    files = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)
    assert len(files) == 4
    for name in files:
        first = shared.send("GET", f"/v1/{name}")
        assert first.status == 200
        assert len(json.dumps(first.text)) < LAMBDA_ANSWERS
        assert "immutable" in first.headers["cache-control"]
        again = shared.send("GET", f"/v1/{name}", if_none_match=first.headers["etag"])
        assert (again.status, again.text) == (304, "")


def test_no_other_file_is_to_be_had(shared: Door) -> None:
    for name in ("docs.html", "..%2Fdocs.py", "vendored.json", "docs.js"):
        shared.refused("not-found", "GET", f"/v1/docs/{name}")


def test_all_problems_are_listed(shared: Door) -> None:
    listed = shared.send("GET", "/v1/problems").json
    assert [each["code"] for each in listed["items"]] == sorted(CODES)
    assert listed["next"] is None


def test_browsers_get_a_page_of_each_problem(shared: Door) -> None:
    every = shared.send("GET", "/v1/problems", accept="text/html,*/*;q=0.8")
    for code in re.findall(r'href="problems/([^"]+)"', every.text):
        page = shared.send("GET", f"/v1/problems/{code}", accept="text/html")
        assert page.media == "text/html"
        assert code in page.text
    assert set(re.findall(r'id="([^"]+)"', every.text)) == set(CODES)


def test_every_fault_of_a_request_is_explained() -> None:
    """Those that the door has met besides, of pydantic, are looked up by the door itself."""
    for source in SOURCES:
        text = source.read_text(encoding="utf-8")
        for code in re.findall(r"\bFlaw\(\s*[^,]+,\s*\"([a-z]+(?:-[a-z]+)*)\"", text):
            assert code in FLAWS, f"{source}: explain {code} in chalicelib/api/flaws.py"


def test_no_type_is_without_a_name() -> None:
    """Generators make up a name for each object that has none."""
    for name, schema in description()["components"]["schemas"].items():
        anonymous = [each for each in schema.get("properties", {}).values() if "properties" in each]
        assert not anonymous, name
    for path in description()["paths"].values():
        for operation in path.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                for content in body.get("content", {}).values():
                    assert "properties" not in content["schema"], operation["operationId"]


def test_every_field_is_described_or_plain() -> None:
    """A field of a request says what belongs there."""
    schemas = description()["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith(("Request", "Change")):
            for field, written in schema["properties"].items():
                plain = field == "module_id" or "$ref" in written
                assert plain or written.get("description"), f"{name}.{field}"


def test_the_guide_names_what_there_is() -> None:
    """Operations and problem codes of the prose exist, and are spelt as they are."""
    guide = GUIDE.read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]+(?:[A-Z][a-z]+)+)`", guide))
    assert named <= {each.id for each in OPERATIONS}
    statuses = re.findall(r"(\d{3}) `([a-z-]+)`", guide)
    assert statuses
    assert all(CODES[code].status == int(status) for status, code in statuses)


def test_the_guide_recommends_what_is_generated_in_the_check() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    for options in OPTIONS.values():
        for name, value in options.items():
            if name not in {"packageName", "projectName"}:
                assert f"{name}={value}" in guide
