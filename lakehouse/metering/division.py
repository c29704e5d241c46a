"""Dividing the processor time of a server among the runs that it works for."""

from __future__ import annotations

from collections.abc import Mapping

# An operation of which the server runs no task: it is planned, or waits for its turn.
WAITING = 0.1


def weight(operations: Mapping[str, float | None]) -> float:
    """How much of a server a run uses, beside others.

    Args:
        operations: of the run, those that are under way: how many tasks of each run, None as long as the server has not said.
    """
    return sum(1.0 if tasks is None else max(tasks, WAITING) for tasks in operations.values())


def divided(seconds: float, weights: Mapping[str, float]) -> dict[str, float]:
    """The seconds by run, in proportion to their weights; evenly where none has any. Their sum is the whole.

    Args:
        seconds: that the server took since it was looked at before.
        weights: of the runs that were connected meanwhile.
    """
    if not weights:
        return {}
    total = sum(weights.values())
    if total <= 0:
        return {run: seconds / len(weights) for run in weights}
    return {run: seconds * (of_run / total) for run, of_run in weights.items()}
