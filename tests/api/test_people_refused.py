"""What is refused of people, by name, with nothing written."""

from typing import Any

import pytest

from tests.api.door import Door
from tests.api.test_people import ASSESSES, NEW, identity, people_path, unchanged


@pytest.mark.parametrize(
    ("fields", "code", "flaws"),
    [
        ({"name": "Z" + "\u0301" * 200}, "invalid-body", {"/name": "invalid-text"}),
        ({"name": "Two\nlines"}, "invalid-person", {"/name": "invalid-name"}),
        ({"roles": []}, "invalid-body", {"/roles": "too-short"}),
        ({"roles": ["assessor"]}, "invalid-person", {"/address": "address-required"}),
        ({"address": "no address"}, "invalid-person", {"/address": "invalid-address"}),
        ({"learner_number": "a\tb"}, "invalid-person", {"/learner_number": "invalid-number"}),
        (
            {"identities": [{"issuer": "https://elsewhere.example", "subject": "1"}]},
            "invalid-person",
            {"/identities/0/issuer": "unknown-issuer"},
        ),
        (
            {"identities": [identity("1"), identity("1")]},
            "invalid-person",
            {"/identities": "count"},
        ),
        (
            {"starts_on": "2026-03-02", "ends_on": "2026-03-01"},
            "invalid-person",
            {"/ends_on": "ends-before-start"},
        ),
        ({"ends_on": "9999-12-31"}, "invalid-body", {"/ends_on": "less-than-equal"}),
        ({"ends_on": "2026-02-30"}, "invalid-body", {"/ends_on": "date-parsing"}),
        (
            {"authorisations": [ASSESSES]},
            "invalid-person",
            {"/authorisations/0/role": "role-not-held"},
        ),
        (
            {
                "roles": ["assessor"],
                "address": "n@example.org",
                "authorisations": [ASSESSES | {"countersigner_id": "01" * 13}],
            },
            "invalid-person",
            {"/authorisations/0/countersigner_id": "not-an-assessor"},
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    shared: Door, fields: dict[str, Any], code: str, flaws: dict[str, str]
) -> None:
    administrator = shared.world.administrator
    reply = shared.refused(code, "POST", people_path(shared), administrator, NEW | fields)
    assert reply.flaws == flaws


@pytest.mark.parametrize(
    "fields",
    [
        {"roles": ["candidate"]},
        {"ends_on": "2026-03-01"},
        {"starts_on": "2026-04-01"},
        {"identities": []},
    ],
)
def test_administrators_do_not_shut_themselves_out(shared: Door, fields: dict[str, Any]) -> None:
    administrator = shared.world.administrator
    unchanged(shared, "own-membership", administrator, **fields)
    path = people_path(shared, administrator)
    shared.refused("own-membership", "DELETE", path, administrator)
