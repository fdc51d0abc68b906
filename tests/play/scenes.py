"""All scenes: a file of scenes is played once it is named here."""

import tests.play.addresses
import tests.play.attachments
import tests.play.attempts
import tests.play.centres
import tests.play.certificates
import tests.play.contributions
import tests.play.departures
import tests.play.docs
import tests.play.enrolments
import tests.play.exports
import tests.play.judgements
import tests.play.modules
import tests.play.pages
import tests.play.people
import tests.play.review
import tests.play.sampling
import tests.play.testimony
import tests.play.trail
import tests.play.uploads
import tests.play.verifications
import tests.play.visits
import tests.play.webhooks  # noqa: F401 (importing a file of scenes declares them)
from tests.play.stage import SCENES, play, play_all

__all__ = ["SCENES", "play", "play_all"]
