"""The gate's decision: a pure function of numbers and declared limits, which returns its reasons."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.gate.results import CERTAINTY, ChallengerResult, ChampionResult, IntervalEstimate, SliceGap
from lakehouse.declaration import Gate, metric_names
from lakehouse.evaluation import metrics
from lakehouse.ops import model_events

# Fewer days can't tell a better model from a lucky week: there are too few ways to draw them (docs/decisions/0022).
MIN_DAYS = 5

# Of these, a slice may lie neither above nor below all rows; of other metrics it may only not be worse.
EITHER_WAY = frozenset(
    {
        "alarm_rate",
        "false_alarm_rate",
        "precision",
        "recall",
        "macro_precision",
        "macro_recall",
        metric_names.CALIBRATION_GAP,
    }
)


@dataclass(frozen=True)
class GateDecision:
    """The verdict (``promoted`` or ``held``) and its reasons, each a sentence with its numbers."""

    verdict: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class GateCheck:
    """What one rule measured, in words, and whether the challenger breaks it."""

    message: str
    broken: bool = False


def decide(gate: Gate, challenger: ChallengerResult, champion: ChampionResult | None) -> GateDecision:
    """Promote or hold.

    A challenger is promoted when its lineage is complete, it keeps every limit and, where there is a champion that can be
    measured, it is better on the declared metric by the declared margin beyond noise and harms no slice. A champion that
    can't score any more prevents no promotion. Where the gate compares with the baselines, a challenger is held that is worse
    than one of them beyond noise.
    """
    if challenger.missing:
        return GateDecision(model_events.HELD, tuple(f"lineage is incomplete: {what}" for what in challenger.missing))
    limits = [*_floors(gate, challenger), *_calibration(gate, challenger), *_fairness(gate, challenger)]
    comparisons = [*_improvement(gate, challenger, champion), *_slices(gate, champion), *_baselines(gate, challenger)]
    broken = [check.message for check in [*limits, *comparisons] if check.broken]
    kept = [check.message for check in [*comparisons, *limits] if not check.broken]
    return GateDecision(model_events.HELD if broken else model_events.PROMOTED, (*broken, *kept))


def _floors(gate: Gate, challenger: ChallengerResult) -> list[GateCheck]:
    return [_limit(metric, challenger.metrics.get(metric), limit) for metric, limit in sorted(gate.floors.items())]


def _calibration(gate: Gate, challenger: ChallengerResult) -> list[GateCheck]:
    if gate.max_calibration_error is None:
        return []
    name = metric_names.CALIBRATION_ERROR
    return [_limit(name, challenger.metrics.get(name), gate.max_calibration_error)]


def _limit(metric: str, value: float | None, limit: float) -> GateCheck:
    floor = metric_names.greater_is_better(metric)
    bound = f"{'floor' if floor else 'ceiling'} {limit:g}"
    if value is None:
        message = f"{_words(metric)} can't be computed on the holdout, so its {bound} is not shown to hold"
        return GateCheck(message, broken=True)
    if metrics.better_by(metric, value, limit) < 0:
        return GateCheck(f"{_words(metric)} {value:.4f} is {'below' if floor else 'above'} the {bound}", broken=True)
    return GateCheck(f"{_words(metric)} {value:.4f} keeps the {bound}")


def _improvement(gate: Gate, challenger: ChallengerResult, champion: ChampionResult | None) -> list[GateCheck]:
    """Whether the challenger is better than the champion by the margin and beyond noise."""
    if champion is None:
        return [GateCheck("there is no champion yet")]
    name = f"champion version {champion.version}"
    if champion.unusable:
        return [GateCheck(f"{name} can't score any more ({champion.unusable}): judged on the limits alone")]
    if not champion.unseen:
        message = f"{name} was trained on every day of the holdout: there are no rows to compare on. {champion.note}"
        return [GateCheck(message.strip(), broken=True)]
    new, old = challenger.metrics.get(gate.metric), (champion.metrics or {}).get(gate.metric)
    gain = champion.gain
    if new is None or old is None or gain is None:
        message = f"{_words(gate.metric)} can't be computed on the holdout: nothing to compare with {name}"
        return [GateCheck(message, broken=True)]
    how = "better" if gain.value > 0 else "worse" if gain.value < 0 else "different"
    message = f"{_words(gate.metric)} {new:.4f} against {old:.4f} of {name}: {abs(gain.value):.4f} {how}"
    notes = [GateCheck(champion.note)] if champion.note else []
    if gain.days < MIN_DAYS or gain.low is None:
        few = f"{message}, on {gain.days} day(s); expected at least {MIN_DAYS} days to tell a difference from noise"
        return [GateCheck(few, broken=True), *notes]
    message += f", {_interval(gain)} over {gain.days} days"
    if gate.promote == "not_worse":
        so = "worse beyond noise" if gain.below_zero else "not worse beyond noise, and newer"
        return [GateCheck(f"{message}; {so}", broken=gain.below_zero), *notes]
    better = gain.low > 0 and gain.low >= gate.min_improvement
    margin = "its lower end is at least" if better else "expected a lower end of at least"
    return [GateCheck(f"{message}; {margin} {gate.min_improvement:g}", broken=not better), *notes]


def _slices(gate: Gate, champion: ChampionResult | None) -> list[GateCheck]:
    """The slices in which the challenger is worse than the champion by more than allowed, and beyond noise."""
    limit = gate.max_slice_worsening
    if limit is None or champion is None or not champion.slices:
        return []
    measurable = [one for one in champion.slices if _is_measurable(gate, one.gain)]
    worse = [
        GateCheck(
            f"{one.name} {one.value}: {_words(gate.metric)} {-one.gain.value:.4f} worse than champion version "
            f"{champion.version}, {_interval(one.gain)} on {one.gain.rows} rows; at most "
            f"{limit:g} is allowed",
            broken=True,
        )
        for one in measurable
        if one.gain.value < -limit and one.gain.below_zero
    ]
    small = len(champion.slices) - len(measurable)
    none_worse = f"worse by more than {limit:g} in none of {len(measurable)} slices ({small} have too few rows to tell)"
    return worse or [GateCheck(none_worse)]


def _baselines(gate: Gate, challenger: ChallengerResult) -> list[GateCheck]:
    """The simple models that the challenger is worse than beyond noise."""
    if gate.baselines != "compare":
        return []
    checks = []
    for one in challenger.baselines:
        name, gain = f"the {_words(one.name)}", one.gain
        if one.challenger is None or one.baseline is None or gain is None:
            checks.append(
                GateCheck(f"{_words(gate.metric)} can't be computed on the holdout: nothing to compare with {name}")
            )
            continue
        how = "better" if gain.value > 0 else "worse" if gain.value < 0 else "different"
        message = f"{_words(gate.metric)} {one.challenger:.4f} against {one.baseline:.4f} of {name}: {abs(gain.value):.4f} {how}"
        if gain.days < MIN_DAYS or gain.low is None:
            checks.append(GateCheck(f"{message}, on {gain.days} day(s): too few to tell it from noise"))
            continue
        so = "a simple model is better" if gain.below_zero else "not worse"
        message += f", {_interval(gain)} over {gain.days} days; {so} beyond noise"
        checks.append(GateCheck(message, broken=gain.below_zero))
    return checks


def _fairness(gate: Gate, challenger: ChallengerResult) -> list[GateCheck]:
    """The slices that lie further from all rows than allowed, and beyond noise."""
    checks = []
    for limit in gate.fairness:
        measurable = [one for one in challenger.gaps if one.limit == limit and _is_measurable(gate, one.gap)]
        unfair = [one for one in measurable if _is_unfair(one)]
        checks += [
            GateCheck(
                f"{one.limit.slice} {one.value}: {_words(limit.metric)} {abs(one.gap.value):.4f} "
                f"{'above' if one.gap.value > 0 else 'below'} that of all rows, {_interval(one.gap)} on "
                f"{one.gap.rows} rows; at most {limit.max_gap:g} is allowed",
                broken=True,
            )
            for one in unfair
        ]
        if not unfair:
            slices = f"{len(measurable)} slices of {limit.slice}"
            checks.append(GateCheck(f"{_words(limit.metric)} of {slices} within {limit.max_gap:g} of all rows'"))
    return checks


def _is_unfair(one: SliceGap) -> bool:
    gap, metric = one.gap, one.limit.metric
    if not (gap.above_zero or gap.below_zero):
        return False
    away = abs(gap.value) if metric in EITHER_WAY else -metrics.better_by(metric, gap.value, 0.0)
    return away > one.limit.max_gap


def _is_measurable(gate: Gate, estimate: IntervalEstimate) -> bool:
    return estimate.rows >= gate.min_slice_rows and estimate.days >= MIN_DAYS and estimate.low is not None


def _interval(estimate: IntervalEstimate) -> str:
    return f"{CERTAINTY * 100:g} % interval {estimate.low:.4f} to {estimate.high:.4f}"


def _words(metric: str) -> str:
    return metric.replace("_", " ")
