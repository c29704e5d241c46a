"""The gate's decision: a pure function of numbers and declared limits, which returns its reasons."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.gate.evidence import CERTAINTY, Challenger, Rival, SliceGap, Span
from lakehouse import events, metrics
from lakehouse.declaration import Gate

# Fewer days can't tell a better model from a lucky week: there are too few ways to draw them (docs/decisions/0022).
MIN_DAYS = 5

# Of these, a slice may lie neither above nor below all rows; of other metrics it may only not be worse.
EITHER_WAY = frozenset({"alarm_rate", "false_alarm_rate", "precision", "recall", metrics.CALIBRATION_GAP})


@dataclass(frozen=True)
class Decision:
    """The verdict (``promoted`` or ``held``) and its reasons, each a sentence with its numbers."""

    verdict: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """What one rule found, in words, and whether it stands in the way."""

    said: str
    broken: bool = False


def decide(gate: Gate, challenger: Challenger, rival: Rival | None) -> Decision:
    """Promote or hold.

    Promoted is who is complete in lineage, keeps within every limit and, where there is a champion that can be measured,
    is better on the declared metric by the declared margin beyond noise and harms no slice. A champion that can't score
    any more does not stand in the way.
    """
    if challenger.missing:
        return Decision(events.HELD, tuple(f"lineage is incomplete: {what}" for what in challenger.missing))
    limits = [*_floors(gate, challenger), *_calibration(gate, challenger), *_fairness(gate, challenger)]
    compared = [*_against(gate, challenger, rival), *_slices(gate, rival)]
    broken = [one.said for one in [*limits, *compared] if one.broken]
    kept = [one.said for one in [*compared, *limits] if not one.broken]
    return Decision(events.HELD if broken else events.PROMOTED, (*broken, *kept))


def _floors(gate: Gate, challenger: Challenger) -> list[Finding]:
    return [_limit(metric, challenger.metrics.get(metric), limit) for metric, limit in sorted(gate.floors.items())]


def _calibration(gate: Gate, challenger: Challenger) -> list[Finding]:
    if gate.max_calibration_error is None:
        return []
    name = metrics.CALIBRATION_ERROR
    return [_limit(name, challenger.metrics.get(name), gate.max_calibration_error)]


def _limit(metric: str, value: float | None, limit: float) -> Finding:
    floor = metric in metrics.GREATER_IS_BETTER
    what = f"{'floor' if floor else 'ceiling'} {limit:g}"
    if value is None:
        said = f"{_words(metric)} can't be computed on the holdout, so its {what} is not shown to hold"
        return Finding(said, broken=True)
    if metrics.better_by(metric, value, limit) < 0:
        return Finding(f"{_words(metric)} {value:.4f} is {'below' if floor else 'above'} the {what}", broken=True)
    return Finding(f"{_words(metric)} {value:.4f} keeps the {what}")


def _against(gate: Gate, challenger: Challenger, rival: Rival | None) -> list[Finding]:
    """Whether the champion gives way, and why."""
    if rival is None:
        return [Finding("there is no champion yet")]
    name = f"champion version {rival.version}"
    if rival.unusable:
        return [Finding(f"{name} can't score any more ({rival.unusable}): judged on the limits alone")]
    if not rival.unseen:
        said = f"{name} was trained on every day of the holdout: there are no rows to compare on. {rival.note}".strip()
        return [Finding(said, broken=True)]
    mine, theirs = challenger.metrics.get(gate.metric), (rival.metrics or {}).get(gate.metric)
    if mine is None or theirs is None or rival.gain is None:
        said = f"{_words(gate.metric)} can't be computed on the holdout: nothing to compare with {name}"
        return [Finding(said, broken=True)]
    gain = rival.gain
    how = "better" if gain.value > 0 else "worse" if gain.value < 0 else "different"
    said = f"{_words(gate.metric)} {mine:.4f} against {theirs:.4f} of {name}: {abs(gain.value):.4f} {how}"
    notes = [Finding(rival.note)] if rival.note else []
    if gain.days < MIN_DAYS or gain.low is None:
        few = f"{said}, on {gain.days} day(s); expected at least {MIN_DAYS} days to tell a difference from noise"
        return [Finding(few, broken=True), *notes]
    better = gain.low > 0 and gain.low >= gate.min_improvement
    wanted = "its lower end is at least" if better else "expected a lower end of at least"
    said += f", {_interval(gain)} over {gain.days} days; {wanted} {gate.min_improvement:g}"
    return [Finding(said, broken=not better), *notes]


def _slices(gate: Gate, rival: Rival | None) -> list[Finding]:
    """The slices in which the challenger is worse than the champion by more than allowed, and beyond noise."""
    limit = gate.max_slice_worsening
    if limit is None or rival is None or not rival.slices:
        return []
    told = [one for one in rival.slices if _tells(gate, one.gain)]
    worse = [
        Finding(
            f"{one.name} {one.value}: {_words(gate.metric)} {-one.gain.value:.4f} worse than champion version "
            f"{rival.version}, {_interval(one.gain)} on {one.gain.rows} rows; at most "
            f"{limit:g} is allowed",
            broken=True,
        )
        for one in told
        if one.gain.value < -limit and one.gain.high is not None and one.gain.high < 0
    ]
    unknown = len(rival.slices) - len(told)
    fine = f"worse by more than {limit:g} in none of {len(told)} slices ({unknown} have too few rows to tell)"
    return worse or [Finding(fine)]


def _fairness(gate: Gate, challenger: Challenger) -> list[Finding]:
    """The slices that lie further from all rows than allowed, and beyond noise."""
    found = []
    for limit in gate.fairness:
        told = [one for one in challenger.gaps if one.limit == limit and _tells(gate, one.gap)]
        unfair = [one for one in told if _unfair(one)]
        found += [
            Finding(
                f"{one.limit.slice} {one.value}: {_words(limit.metric)} {abs(one.gap.value):.4f} "
                f"{'above' if one.gap.value > 0 else 'below'} that of all rows, {_interval(one.gap)} on "
                f"{one.gap.rows} rows; at most {limit.max_gap:g} is allowed",
                broken=True,
            )
            for one in unfair
        ]
        if not unfair:
            said = (
                f"{_words(limit.metric)} of {len(told)} slices of {limit.slice} within {limit.max_gap:g} of all rows'"
            )
            found.append(Finding(said))
    return found


def _unfair(one: SliceGap) -> bool:
    gap, metric = one.gap, one.limit.metric
    assert gap.low is not None and gap.high is not None
    if not (gap.low > 0 or gap.high < 0):
        return False
    away = abs(gap.value) if metric in EITHER_WAY else -metrics.better_by(metric, gap.value, 0.0)
    return away > one.limit.max_gap


def _tells(gate: Gate, span: Span) -> bool:
    return span.rows >= gate.min_slice_rows and span.days >= MIN_DAYS and span.low is not None


def _interval(span: Span) -> str:
    return f"{CERTAINTY * 100:g} % interval {span.low:.4f} to {span.high:.4f}"


def _words(metric: str) -> str:
    return metric.replace("_", " ")
