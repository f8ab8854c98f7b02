"""Whether a server takes the alerts of all departments: one node of several of a Redis cluster does not.

Each department's keys share a slot, the departments' slots lie on whatever node has them, and Vigie speaks to one
server. Who asks so needs no right beyond those of publishing, and a proxy that takes every key answers as it should.
"""

from collections.abc import Sequence

from alerts.outage import code_of, passes
from alerts.routing import QUEUES, stream_key
from alerts.scripts import Command

PROBE: list[Command] = [("XLEN", stream_key(queue)) for queue in QUEUES]
"""The commands to ask with, in one round trip; what they answer is of no interest but for refusals."""


def moved(answers: Sequence[object]) -> list[Exception]:
    """Of the answers to PROBE, each that says that a department's keys are on another node."""
    return [answer for answer in answers if isinstance(answer, Exception) and code_of(answer) == "MOVED"]


def refusal(answers: Sequence[object]) -> Exception | None:
    """Why nothing is to be published: keys are elsewhere, or the server could not tell yet. None: it takes all.

    What lasts and is of one department alone is met when an alert of that department comes.
    """
    passing = [answer for answer in answers if isinstance(answer, Exception) and passes(answer)]
    return next(iter([*moved(answers), *passing]), None)
