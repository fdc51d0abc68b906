"""Publishing module versions, and reading them."""

import pytest

from chalicelib.domain.times import parse
from tests.api.door import Door, centre_path
from tests.world import SHORT_MODULE

UNREADABLE = {
    "nothing": "",
    "no module": "Dear all,\n",
    "cut short": SHORT_MODULE[:60],
    "an unknown key": SHORT_MODULE.replace("number: M1", "colour: red"),
    "a control character": SHORT_MODULE.replace("Somebody else", "Some\x07body else"),
    "an unknown form": SHORT_MODULE.replace("format: 1", "format: 2"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_sources_that_cannot_be_read(door: Door, case: str) -> None:
    path, body = f"{centre_path(door)}/modules", {"source": UNREADABLE[case]}
    refusal = door.refused("unreadable-module", "POST", path, door.world.administrator, body)
    assert all(
        flaw["detail"].startswith(f"line {flaw['line']}: ") for flaw in refusal.json["errors"]
    )


def test_a_key_that_is_not_marked(door: Door) -> None:
    source = SHORT_MODULE.replace("- [x]", "- [?]").replace("- [ ]", "- [?]")
    path = f"{centre_path(door)}/modules"
    refusal = door.refused(
        "unpublishable-module", "POST", path, door.world.administrator, {"source": source}
    )
    assert list(refusal.flaws.values()) == ["key-not-marked"]
    (flaw,) = refusal.json["errors"]
    assert source.split("\n")[flaw["line"] - 1].startswith("? ")


def test_a_version_never_changes(door: Door) -> None:
    path, administrator = f"{centre_path(door)}/modules", door.world.administrator
    again = door.done("POST", path, administrator, {"source": SHORT_MODULE})
    assert again.headers["location"].endswith("modules/moving-people/versions/1")
    written = door.written.count
    other = {"source": SHORT_MODULE.replace("last month", "last year")}
    door.refused("version-published", "POST", path, administrator, other)
    assert door.written.count == written


def test_the_same_text_with_other_line_ends_is_the_same_text(door: Door) -> None:
    path, administrator = f"{centre_path(door)}/modules", door.world.administrator
    for ends in ("\r\n", "\r"):
        source = SHORT_MODULE.replace("\n", ends)
        assert door.send("POST", path, administrator, {"source": source}).status == 201


def test_administrators_alone_publish(door: Door) -> None:
    world, path = door.world, f"{centre_path(door)}/modules"
    for other in (world.candidate, world.assessor, world.verifier):
        door.refused("role-not-allowed", "POST", path, other, {"source": SHORT_MODULE})


def test_the_list_has_the_newest_version_of_each_module_first(door: Door) -> None:
    world, path = door.world, f"{centre_path(door)}/modules"
    for title, version in (("moving-people", 2), ("a-first-module", 1), ("moving-people", 10)):
        source = SHORT_MODULE.replace("id: moving-people", f"id: {title}")
        world.publish(source.replace("version: 1", f"version: {version}"))
    listed = door.done("GET", f"{path}?limit=3", world.candidate).json
    found = listed["items"]
    assert found[0]["title"] == "Moving people safely"
    assert found[0]["number"] == "M1"
    assert parse(found[0]["published_at"]) == world.clock()
    rest = door.done("GET", f"{path}?limit=3&cursor={listed['next']}", world.candidate).json
    assert rest["next"] is None
    assert [(each["id"], each["version"]) for each in (*found, *rest["items"])] == [
        ("a-first-module", 1),
        ("moving-people", 10),
        ("moving-people", 2),
        ("moving-people", 1),
    ]


@pytest.mark.parametrize("version", ["0", "2", "01", "x", "1000000"])
def test_versions_that_are_not_there(door: Door, version: str) -> None:
    path = f"{centre_path(door)}/modules/moving-people/versions/{version}"
    door.refused("not-found", "GET", path, door.world.assessor)


def test_the_rules_of_every_item_travel_in_it(door: Door) -> None:
    path = f"{centre_path(door)}/modules/moving-people/versions/1"
    module = door.done("GET", path, door.world.candidate).json
    items = [
        item for each in module["elements"] for page in each["pages"] for item in page["items"]
    ]
    rules = {item["id"]: item for item in items}
    assert rules["plan-s1"]["max_initials"] == 10
    assert rules["plan-c1"]["choose"] == 1
    assert [option["id"] for option in rules["plan-c1"]["options"]] == ["a", "b", "c", "d"]
    question = rules["kn-q1"]
    assert (question["min_words"], question["max_words"]) == (3, 300)
    assert question["max_characters"] == 20_000


NIGHT_ROUND = """# Form: Night round {#night-round by: assessor}
- **Night**: {#night type: date}
- **Awake**: how many {#awake type: number most: 40, optional: yes}
! Somebody was awake. {#company when: night given, needs: awake at least 1}
# Element"""


def test_a_request_for_evidence_travels_with_its_form(door: Door) -> None:
    asked = "!! A photograph. {#v1 files: 2 vacsr: yes}\n!! One night. {#v2 form: night-round}\n"
    source = SHORT_MODULE.replace("# Element", NIGHT_ROUND, 1).replace("version: 1", "version: 2")
    door.world.publish(source.replace("## Page: Choosing", f"{asked}\n## Page: Choosing"))
    path = f"{centre_path(door)}/modules/moving-people/versions/2"
    module = door.done("GET", path, door.world.candidate).json
    items = {item["id"]: item for item in module["elements"][0]["pages"][0]["items"]}
    files = ("form", "by", "least_files", "most_files", "vacsr")
    assert [items["v1"][name] for name in files] == [None, "candidate", 2, 2, True]
    assert [items["v2"][name] for name in files[1:]] == ["assessor", 0, 20, False]
    form = items["v2"]["form"]
    assert (form["id"], form["title"]) == ("night-round", "Night round")
    awake = form["fields"][1]
    assert (awake["kind"], awake["hint"], awake["required"]) == ("number", "how many", False)
    assert (awake["least"], awake["most"], awake["max_characters"]) == (None, 40, None)
    assert form["rules"] == [
        {
            "id": "company",
            "text": "Somebody was awake.",
            "when": [{"field": "night", "relation": "given", "operands": []}],
            "needs": [{"field": "awake", "relation": "at least", "operands": ["1"]}],
        }
    ]
