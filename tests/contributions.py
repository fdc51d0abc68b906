"""A page that an assessor and a witness contribute to, and how tests do that."""

import re
from dataclasses import asdict
from typing import Any

from chalicelib.domain.access import Actor
from chalicelib.domain.answers import Answer
from chalicelib.domain.attempts import Signature
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.testimony import Witness, witness_link
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.contributions import to_contribution
from chalicelib.usecases import contributions, testimony
from chalicelib.usecases.contributions import Contributing, Part
from tests.world import SHORT_MODULE, World, request

PAGE, SEEN, TOLD = "work-1", "work-o1", "work-w1"
LINK = re.compile(r"https?://\S+?(/v1/testimony/\S+)")
FORMS = """# Form: Brief {#brief by: assessor}

- **What was observed**: {#observed type: text least: 3}
- **Asked first**: {#asked type: yes-no}

! Whoever uses services is asked first. {#consent needs: asked is yes}

# Form: Account {#account by: witness}

Tell only what you saw yourself.

- **Your position**: Your job, or what you do there. {#position}
- **How you know the candidate**: {#known type: choice}
- [ ] I manage them.
- [ ] I work with them.
- **What you saw**: {#saw type: text least: 3 most: 300}
- **Day**: {#day type: date}
- **How often**: {#often type: number least: 1 most: 99}
- **What the candidate used**: {#used type: choices least: 1}
- [ ] the plan
- [ ] a hoist
- **Independent**: I am no relative of the candidate. {#independent type: yes-no}
- **Anything else**: {#more type: text optional: yes}

! A witness is no relative of the candidate. {#unbiased needs: independent is yes}

"""
PAGES = f"""
# Element: Seen at work {{#work}}

## Page: At work {{#{PAGE}}}

!! What did the candidate do before the move? {{#{SEEN} form: brief, files: 0-2}}

!! What have you seen the candidate do? {{#{TOLD} form: account}}
"""
FRONT, _, REST = SHORT_MODULE.replace("id: moving-people", "id: at-work").partition("# Element")
CONTRIBUTED_MODULE = f"{FRONT}{FORMS}# Element{REST}{PAGES}"
OBSERVED = {"observed": "She read the plan aloud.", "asked": True}
WITNESS = Witness(
    name="Wanda Witness",
    address="wanda@example.org",
    relationship="line manager",
    status="Registered nurse",
)
INVITED = asdict(WITNESS)
TESTIFIED = {
    "values.position": "Ward manager",
    "values.known": "a",
    "values.saw": "She asked before she moved the hoist.",
    "values.day": "2026-02-27",
    "values.often": "3",
    "values.used.a": "yes",
    "values.used.b": "yes",
    "values.independent": "yes",
    "status": "Registered nurse, ward 4",
    "declaration": "1",
    "signature": "Wanda Witness",
}
TESTIFIED_ANSWER = Answer(
    values={
        "position": "Ward manager",
        "known": "a",
        "saw": "She asked before she moved the hoist.",
        "day": "2026-02-27",
        "often": 3,
        "used": ("a",),
        "independent": True,
    }
)


def begin(world: World, **more: Any) -> Enrolment:
    """Enrol the candidate in the module, published where it is not yet."""
    world.module = world.publish(CONTRIBUTED_MODULE)
    return world.enrol(**more)


def observe(world: World, enrolment: Enrolment, **more: Any) -> Contributing:
    """Save what the assessor observed, complete unless something else is given."""
    actor: Actor = more.pop("actor", world.assessor)
    of = (enrolment.id, PAGE, SEEN)
    etag = contributions.get_contribution(world.runtime, actor, *of).etag
    answer = Answer(values=OBSERVED | more.pop("values", {}), **more)
    return contributions.save_contribution(world.runtime, actor, *of, answer, etag)


def sign_observation(world: World, enrolment: Enrolment, etag: str, **more: Any) -> Part:
    """Sign it as it was shown."""
    given: dict[str, Any] = {
        "actor": world.assessor,
        "signature": Signature("1", "Asa Essor"),
        "request": request(world.assessor),
    }
    given |= more
    of = (enrolment.id, PAGE, SEEN)
    return contributions.sign_contribution(
        world.runtime, given["actor"], *of, given["signature"], etag, given["request"]
    )


def invite(world: World, enrolment: Enrolment, witness: Witness = WITNESS) -> Contributing:
    """Ask a witness, as the candidate."""
    of = (enrolment.id, PAGE, TOLD)
    return testimony.invite(world.runtime, world.candidate, *of, witness, request(world.candidate))


def mailed(world: World, enrolment: Enrolment) -> str:
    """Have the link mailed that is due, and return its path."""
    assert testimony.mail_invitation(world.runtime, world.centre.id, enrolment.id, PAGE, TOLD)
    found = LINK.search(world.outbox.sent[-1][2])
    assert found
    return found[1]


def token_of(runtime: Runtime, centre_id: str, enrolment_id: str) -> str:
    """Make the token that the mail to the witness carries."""
    of = (centre_id, enrolment_id, PAGE, TOLD)
    item = runtime.table.get(keys.contribution(*of))
    invitation = to_contribution(item).invitation if item else None
    assert invitation
    return runtime.signer.testimony_token(witness_link(*of, invitation))
