"""The gate's decision: a pure function of numbers and declared limits, which returns its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse import events, metrics
from lakehouse.declaration import Gate

Metrics = Mapping[str, float | None]


@dataclass(frozen=True)
class Rival:
    """The champion as the challenger meets it.

    Attributes:
        version: its number.
        metrics: on the same rows as the challenger's; None when it could not be measured.
        unseen: whether the holdout has days that the champion was not trained on.
        unusable: why it can't score the feature table as it is now; empty when it can.
        note: what a reader should know about the comparison; may be empty.
    """

    version: int
    metrics: Metrics | None
    unseen: bool = True
    unusable: str = ""
    note: str = ""


@dataclass(frozen=True)
class Decision:
    """The verdict (``promoted`` or ``held``) and its reasons, each a sentence with its numbers."""

    verdict: str
    reasons: tuple[str, ...]


def decide(gate: Gate, challenger: Metrics, rival: Rival | None) -> Decision:
    """Promote or hold.

    Promoted is who keeps within every limit and, where there is a champion that can be measured, is better on the
    declared metric by at least the declared margin. A champion that can't score any more does not stand in the way.
    """
    broken, kept = _floors(gate, challenger)
    if broken:
        return Decision(events.HELD, (*broken, *_against(gate, challenger, rival)[1]))
    better, reasons = _against(gate, challenger, rival)
    return Decision(events.PROMOTED if better else events.HELD, (*reasons, *kept))


def _floors(gate: Gate, challenger: Metrics) -> tuple[list[str], list[str]]:
    """The limits that are broken and those that hold, in words."""
    broken, kept = [], []
    for metric, limit in sorted(gate.floors.items()):
        value = challenger.get(metric)
        floor = metric in metrics.GREATER_IS_BETTER
        what = f"{'floor' if floor else 'ceiling'} {limit:g}"
        if value is None:
            broken.append(f"{_words(metric)} can't be computed on the holdout, so its {what} is not shown to hold")
        elif metrics.better_by(metric, value, limit) < 0:
            broken.append(f"{_words(metric)} {value:.4f} is {'below' if floor else 'above'} the {what}")
        else:
            kept.append(f"{_words(metric)} {value:.4f} keeps the {what}")
    return broken, kept


def _against(gate: Gate, challenger: Metrics, rival: Rival | None) -> tuple[bool, list[str]]:
    """Whether the champion gives way, and why."""
    if rival is None:
        return True, ["there is no champion yet"]
    name = f"champion version {rival.version}"
    if rival.unusable:
        return True, [f"{name} can't score any more ({rival.unusable}): judged on the floors alone"]
    if not rival.unseen:
        return False, [
            f"{name} was trained on every day of the holdout: there are no rows to compare on. {rival.note}".strip()
        ]
    mine, theirs = challenger.get(gate.metric), (rival.metrics or {}).get(gate.metric)
    if mine is None or theirs is None:
        return False, [f"{_words(gate.metric)} can't be computed on the holdout: nothing to compare with {name}"]
    gain = metrics.better_by(gate.metric, mine, theirs)
    better = gain > 0 and gain >= gate.min_improvement
    how = "better" if gain > 0 else "worse" if gain < 0 else "different"
    said = (
        f"{_words(gate.metric)} {mine:.4f} against {theirs:.4f} of {name}: {abs(gain):.4f} {how}, "
        f"{'at least' if better else 'expected at least'} {gate.min_improvement:g} better"
    )
    return better, [said, rival.note] if rival.note else [said]


def _words(metric: str) -> str:
    return metric.replace("_", " ")
