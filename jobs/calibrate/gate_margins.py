"""Margins of the gate proposed from comparisons of equal models, and what declared and proposed margins do to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jobs.calibrate import limit
from jobs.calibrate.backtest import PastModel
from jobs.calibrate.equals import Comparison
from jobs.calibrate.limit import GATE, Limit
from jobs.calibrate.rates import Rate
from jobs.gate.checks import MIN_DAYS
from lakehouse.declaration import Gate, UseCase, metric_names
from lakehouse.ops import model_events

# No smaller calibration error is asked for: a hundredth of a probability matters to nobody.
LEAST_ERROR = 0.01


@dataclass(frozen=True)
class Promotions:
    """How often a gate promotes: of equal models, which is always by mistake, and of retrained ones in ordinary weeks."""

    equals: Rate | None
    successors: Rate | None


@dataclass(frozen=True)
class GateProposal:
    """The proposed section, its fields one by one, and what declared and proposed margins do."""

    gate: Gate
    margins: tuple[Limit, ...]
    declared: Promotions
    proposed: Promotions


def propose(
    use_case: UseCase,
    models: Sequence[PastModel],
    equals: Sequence[Comparison],
    successors: Sequence[Comparison],
    rate: float,
) -> GateProposal:
    """Margins that chance alone passes, and limits that an ordinary model breaks, with the chance ``rate`` each.

    Args:
        use_case: declares the gate as it is.
        models: of the walk.
        equals: comparisons of equal models, both ways.
        successors: comparisons of each model with the one before.
        rate: the chance.
    """
    independent = _holdouts(models)
    found = [
        _improvement(use_case.gate, equals, independent, rate),
        _calibration(use_case, models, independent, rate),
        _slices(use_case.gate, equals, independent, rate),
    ]
    proposed = {one.field: one.proposed for one in found if one.proposed is not None}
    gate = use_case.gate.model_copy(update=proposed)

    def promotions(margins: Gate) -> Promotions:
        return Promotions(_promoted(margins, equals, independent), _promoted(margins, successors, independent))

    return GateProposal(gate, tuple(found), promotions(use_case.gate), promotions(gate))


def _holdouts(models: Sequence[PastModel]) -> float:
    """How many holdouts that share no day there are: so many independent comparisons they count for."""
    days = {day for past in models for day in past.parts.holdout.days.tolist()}
    longest = max(len(set(past.parts.holdout.days.tolist())) for past in models)
    return len(days) / longest


def _promoted(gate: Gate, comparisons: Sequence[Comparison], independent: float) -> Rate | None:
    return Rate.of((one.decision(gate).verdict == model_events.PROMOTED for one in comparisons), independent)


def _improvement(gate: Gate, equals: Sequence[Comparison], independent: float, rate: float) -> Limit:
    gains = [one.champion.gain for one in equals]
    lows = [gain.low for gain in gains if gain is not None and gain.low is not None and gain.days >= MIN_DAYS]
    note = "" if lows else f"no holdout has {MIN_DAYS} days with labels: nothing is promoted over a champion"
    made = limit.of_values(GATE, "min_improvement", gate.min_improvement, lows, independent, rate, least=0.0, note=note)
    if not lows or made.proposed:
        return made
    return replace(made, note=f"{made.note}; {_ALONE}" if made.note else _ALONE)


_ALONE = "equal models do not get so far: that the interval lies above 0 is enough"


def _calibration(use_case: UseCase, models: Sequence[PastModel], independent: float, rate: float) -> Limit:
    name, loss = metric_names.CALIBRATION_ERROR, metric_names.LOSS[use_case.model.task]
    measured = [past.model.metrics["model"] for past in models]
    errors = [value for one in measured if (value := one.get(name)) is not None]
    # Of a value the error is in its own unit: a part of the usual loss.
    losses = [value for one in measured if (value := one.get(loss)) is not None]
    least = LEAST_ERROR if use_case.binary or not losses else LEAST_ERROR * sum(losses) / len(losses)
    now = use_case.gate.max_calibration_error
    note = "" if now is not None else "not asked for as declared"
    return limit.of_values(GATE, "max_calibration_error", now, errors, independent, rate, least, note=note)


def _slices(gate: Gate, equals: Sequence[Comparison], independent: float, rate: float) -> Limit:
    worst = []
    for one in equals:
        gains = [each.gain for each in one.champion.slices]
        told = [gain.value for gain in gains if gain.rows >= gate.min_slice_rows and gain.days >= MIN_DAYS]
        worst += [max(0.0, *(-value for value in told))] if told else []
    note = "not asked for as declared" if gate.max_slice_worsening is None else ""
    note = note if worst else f"no slice has {gate.min_slice_rows} labelled rows (min_slice_rows) on {MIN_DAYS} days"
    return limit.of_values(
        GATE, "max_slice_worsening", gate.max_slice_worsening, worst, independent, rate, 0.0, note=note
    )
