"""Answers that say the same on two sides of the split: one side loses them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobs.assemble.split import words
from jobs.assemble.ties import TEST, TRAIN, VALIDATION


def left_out(answers: Sequence[int], sides: Sequence[int], earlier: Mapping[int, int]) -> list[str | None]:
    """Why each answer is no example; None where it may be one.

    What was trained on stays in training alone; of others the test keeps an answer before validation, and that before training.

    Args:
        answers: of each the number of its words.
        sides: of each.
        earlier: by number the sides that earlier versions had the answer on, as bits.
    """
    found = dict(earlier)
    for answer, side in zip(answers, sides, strict=True):
        found[answer] = found.get(answer, 0) | side
    keeps = {answer: _keeps(bits, earlier.get(answer, 0)) for answer, bits in found.items()}
    return [
        None if side == keeps[answer] else f"its answer is, or was, in {words(keeps[answer])} too"
        for answer, side in zip(answers, sides, strict=True)
    ]


def _keeps(bits: int, before: int) -> int:
    if before & TRAIN:
        return TRAIN
    return next(side for side in (TEST, VALIDATION, TRAIN) if bits & side)
