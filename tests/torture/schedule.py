"""When to kill what: drawn from a seed, so that a failure can be repeated."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tests.torture.campaign import Step

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


def begin(walks: Sequence[Sequence[Moment]], campaign: Sequence[Step]) -> int:
    """The step with which these walks may begin, in what an undisturbed one has left before it: with no kill before it, and
    nothing in the model registry, which can't be copied.
    """
    killed = [moment.step for walk in walks for moment in walk]
    trained = [number for number, step in enumerate(campaign) if step.stage == "train"]
    return min([*killed, *trained], default=0)
