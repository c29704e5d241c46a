"""The gate's decision: a pure function of numbers and declared limits, which returns its reasons."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.gate.evidence import CERTAINTY, ChallengerResult, ChampionResult, IntervalEstimate, SliceGap
from lakehouse.declaration import Gate, metric_names
from lakehouse.evaluation import metrics
from lakehouse.ops import model_events

# Fewer days can't tell a better model from a lucky week: there are too few ways to draw them (docs/decisions/0022).
MIN_DAYS = 5

# Of these, a slice may lie neither above nor below all rows; of other metrics it may only not be worse.
EITHER_WAY = frozenset({"alarm_rate", "false_alarm_rate", "precision", "recall", metric_names.CALIBRATION_GAP})


@dataclass(frozen=True)
class GateDecision:
    """The verdict (``promoted`` or ``held``) and its reasons, each a sentence with its numbers."""

    verdict: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class GateCheck:
    """What one rule found, in words, and whether it stands in the way."""

    said: str
    broken: bool = False


def decide(gate: Gate, challenger: ChallengerResult, rival: ChampionResult | None) -> GateDecision:
    """Promote or hold.

    Promoted is who is complete in lineage, keeps within every limit and, where there is a champion that can be measured,
    is better on the declared metric by the declared margin beyond noise and harms no slice. A champion that can't score
    any more does not stand in the way.
    """
    if challenger.missing:
        return GateDecision(model_events.HELD, tuple(f"lineage is incomplete: {what}" for what in challenger.missing))
    limits = [*_floors(gate, challenger), *_calibration(gate, challenger), *_fairness(gate, challenger)]
    compared = [*_against(gate, challenger, rival), *_slices(gate, rival)]
    broken = [one.said for one in [*limits, *compared] if one.broken]
    kept = [one.said for one in [*compared, *limits] if not one.broken]
    return GateDecision(model_events.HELD if broken else model_events.PROMOTED, (*broken, *kept))


def _floors(gate: Gate, challenger: ChallengerResult) -> list[GateCheck]:
    return [_limit(metric, challenger.metrics.get(metric), limit) for metric, limit in sorted(gate.floors.items())]


def _calibration(gate: Gate, challenger: ChallengerResult) -> list[GateCheck]:
    if gate.max_calibration_error is None:
        return []
    name = metric_names.CALIBRATION_ERROR
    return [_limit(name, challenger.metrics.get(name), gate.max_calibration_error)]


def _limit(metric: str, value: float | None, limit: float) -> GateCheck:
    floor = metric in metric_names.GREATER_IS_BETTER
    what = f"{'floor' if floor else 'ceiling'} {limit:g}"
    if value is None:
        said = f"{_words(metric)} can't be computed on the holdout, so its {what} is not shown to hold"
        return GateCheck(said, broken=True)
    if metrics.better_by(metric, value, limit) < 0:
        return GateCheck(f"{_words(metric)} {value:.4f} is {'below' if floor else 'above'} the {what}", broken=True)
    return GateCheck(f"{_words(metric)} {value:.4f} keeps the {what}")


def _against(gate: Gate, challenger: ChallengerResult, rival: ChampionResult | None) -> list[GateCheck]:
    """Whether the champion gives way, and why."""
    if rival is None:
        return [GateCheck("there is no champion yet")]
    name = f"champion version {rival.version}"
    if rival.unusable:
        return [GateCheck(f"{name} can't score any more ({rival.unusable}): judged on the limits alone")]
    if not rival.unseen:
        said = f"{name} was trained on every day of the holdout: there are no rows to compare on. {rival.note}".strip()
        return [GateCheck(said, broken=True)]
    mine, theirs = challenger.metrics.get(gate.metric), (rival.metrics or {}).get(gate.metric)
    if mine is None or theirs is None or rival.gain is None:
        said = f"{_words(gate.metric)} can't be computed on the holdout: nothing to compare with {name}"
        return [GateCheck(said, broken=True)]
    gain = rival.gain
    how = "better" if gain.value > 0 else "worse" if gain.value < 0 else "different"
    said = f"{_words(gate.metric)} {mine:.4f} against {theirs:.4f} of {name}: {abs(gain.value):.4f} {how}"
    notes = [GateCheck(rival.note)] if rival.note else []
    if gain.days < MIN_DAYS or gain.low is None:
        few = f"{said}, on {gain.days} day(s); expected at least {MIN_DAYS} days to tell a difference from noise"
        return [GateCheck(few, broken=True), *notes]
    better = gain.low > 0 and gain.low >= gate.min_improvement
    wanted = "its lower end is at least" if better else "expected a lower end of at least"
    said += f", {_interval(gain)} over {gain.days} days; {wanted} {gate.min_improvement:g}"
    return [GateCheck(said, broken=not better), *notes]


def _slices(gate: Gate, rival: ChampionResult | None) -> list[GateCheck]:
    """The slices in which the challenger is worse than the champion by more than allowed, and beyond noise."""
    limit = gate.max_slice_worsening
    if limit is None or rival is None or not rival.slices:
        return []
    told = [one for one in rival.slices if _tells(gate, one.gain)]
    worse = [
        GateCheck(
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
    return worse or [GateCheck(fine)]


def _fairness(gate: Gate, challenger: ChallengerResult) -> list[GateCheck]:
    """The slices that lie further from all rows than allowed, and beyond noise."""
    found = []
    for limit in gate.fairness:
        told = [one for one in challenger.gaps if one.limit == limit and _tells(gate, one.gap)]
        unfair = [one for one in told if _unfair(one)]
        found += [
            GateCheck(
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
            found.append(GateCheck(said))
    return found


def _unfair(one: SliceGap) -> bool:
    gap, metric = one.gap, one.limit.metric
    assert gap.low is not None and gap.high is not None
    if not (gap.low > 0 or gap.high < 0):
        return False
    away = abs(gap.value) if metric in EITHER_WAY else -metrics.better_by(metric, gap.value, 0.0)
    return away > one.limit.max_gap


def _tells(gate: Gate, span: IntervalEstimate) -> bool:
    return span.rows >= gate.min_slice_rows and span.days >= MIN_DAYS and span.low is not None


def _interval(span: IntervalEstimate) -> str:
    return f"{CERTAINTY * 100:g} % interval {span.low:.4f} to {span.high:.4f}"


def _words(metric: str) -> str:
    return metric.replace("_", " ")
