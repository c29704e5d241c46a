"""When to kill what: drawn from a seed, so that a failure can be repeated."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["job", "server"]

# Of four kills one is the server's: the job's are the likelier ones, and each of the server's costs a start.
SERVER_SHARE = 0.25
# A walk through the campaign holds so many kills; more of them make more walks, each in a fresh lakehouse.
KILLS_A_WALK = 50


@dataclass(frozen=True)
class Moment:
    """A kill: in which step, of what, and after which part of the step's ordinary duration."""

    step: int
    kind: Kind
    fraction: float


def walks(seed: int, kills: int, steps: int) -> list[list[Moment]]:
    """The kills of every walk, spread over the steps at random; a step may be killed several times in a row, early first."""
    dice = random.Random(seed)
    count = -(-kills // KILLS_A_WALK)
    drawn = []
    for walk in range(count):
        size = kills // count + (walk < kills % count)
        moments = [
            Moment(dice.randrange(steps), "server" if dice.random() < SERVER_SHARE else "job", round(dice.random(), 3))
            for _ in range(size)
        ]
        drawn.append(sorted(moments, key=lambda moment: (moment.step, moment.fraction)))
    return drawn
