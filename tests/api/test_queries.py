"""What stands after the question mark: known parameters alone, each once."""

from tests.api.door import Door


def test_a_parameter_that_nothing_takes_is_refused(shared: Door) -> None:
    candidate = shared.world.candidate
    reply = shared.refused("invalid-query", "GET", "/v1/me?limit=3&other=4", candidate)
    assert reply.flaws == {"?limit": "extra-forbidden", "?other": "extra-forbidden"}


def test_a_parameter_given_twice_is_refused(shared: Door) -> None:
    reply = shared.refused("invalid-query", "GET", "/v1/me?a=1&a=2", shared.world.candidate)
    assert reply.flaws == {"?a": "given-twice"}
