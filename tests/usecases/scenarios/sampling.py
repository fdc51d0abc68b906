"""What happens between reading and writing of samples."""

from chalicelib.usecases import sampling
from tests.sampling import judged, planned
from tests.usecases.scenarios import Conditioned, refusals
from tests.world import World, request


def two_who_draw_at_once(world: World) -> bool:
    """Have one draw from more than the other has seen."""
    judged(world)
    plan = planned(world)
    first = []

    def quicker() -> None:
        judged(world, name="Lea Later")
        first.append(sampling.draw_sample(world.runtime, world.verifier, plan.id))

    world.table.interruption = quicker
    second = sampling.draw_sample(world.runtime, world.verifier, plan.id)
    return second == first[0]


def two_who_choose_one_judgement_at_once(world: World) -> bool:
    """Why it was chosen, and by whom, is what the first has said."""
    unit = f"{judged(world).id}/kn-1/1"
    plan = planned(world)

    def choose(reason: str) -> None:
        asked = request(world.verifier)
        sampling.choose(world.runtime, world.verifier, plan.id, [unit], reason, asked)

    world.table.interruption = lambda: choose("First.")
    with refusals():
        choose("Second.")
    (chosen,) = sampling.get_sample(world.runtime, world.verifier, plan.id).choices
    return chosen.reason == "First."


CONDITIONS: list[Conditioned] = [
    ("SAMPLING#", "drawn_at", two_who_draw_at_once),
    ("SAMPLING#", "choices", two_who_choose_one_judgement_at_once),
]
