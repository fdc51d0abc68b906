"""Methods: a known address answers every method, and says which it takes."""

from chalicelib.api.http import METHODS, OPERATIONS
from tests.api.door import Door


def test_every_other_method_of_a_known_path_is_a_405_with_allow(shared: Door) -> None:
    for path in sorted({each.path for each in OPERATIONS}):
        taken = {each.method for each in OPERATIONS if each.path == path} | {"OPTIONS"}
        taken |= {"HEAD"} if "GET" in taken else set()
        for method in set(METHODS) - taken:
            # The HEAD of a path that cannot be read has no body to look into.
            reply = shared.send(method, path, shared.world.administrator, {"any": "body"})
            assert reply.status == 405
            assert set(reply.headers["allow"].split(", ")) == taken
            if method != "HEAD":
                assert reply.json["code"] == "method-not-allowed"


def test_head_is_get_without_its_body(shared: Door) -> None:
    world = shared.world
    enrolment = world.enrol()
    path = f"/v1/centres/{world.centre.id}/enrolments/{enrolment.id}"
    for address, who in (
        ("/v1/openapi.json", None),
        ("/v1/me", world.candidate),
        (path, world.candidate),
    ):
        got, headed = shared.send("GET", address, who), shared.send("HEAD", address, who)
        assert (headed.status, headed.text) == (200, "")
        assert headed.headers == got.headers
