"""Margins of the gate proposed from comparisons of equal models, and what declared and proposed margins do to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jobs.calibrate import limit
from jobs.calibrate.backtest import PastModel
from jobs.calibrate.equals import REPLICAS, Comparison, Comparisons
from jobs.calibrate.limit import GATE, Limit, rounded_up
from jobs.calibrate.rates import Rate
from jobs.gate.checks import MIN_DAYS
from lakehouse.declaration import Gate, UseCase, metric_names
from lakehouse.ops import model_events

# No smaller calibration error is asked for than this part of a probability, or of the usual loss: it matters to nobody.
LEAST_ERROR = 0.01


@dataclass(frozen=True)
class Promotions:
    """How often a gate promotes: of equal models, which is always by mistake, and of the next training's in ordinary weeks."""

    equals: Rate | None
    successors: Rate | None


@dataclass(frozen=True)
class GateProposal:
    """The proposed section, its fields one by one, and what declared and proposed margins do."""

    gate: Gate
    margins: tuple[Limit, ...]
    declared: Promotions
    proposed: Promotions


def propose(use_case: UseCase, models: Sequence[PastModel], compared: Comparisons, rate: float) -> GateProposal:
    """Margins that an ordinary model breaks, or chance alone passes, with the chance ``rate`` each.

    Args:
        use_case: declares the gate as it is.
        models: of the walk.
        compared: their comparisons.
        rate: the chance.
    """
    holdouts = _holdouts(models)
    # Three replicas have two differences that do not follow from one another.
    independent = holdouts * (REPLICAS - 1)
    found = [
        _improvement(use_case.gate, compared.equals, independent, rate),
        _calibration(use_case, models, holdouts, rate),
        _slices(use_case.gate, compared.equals, independent, rate),
    ]
    proposed = {one.field: one.proposed for one in found if one.proposed is not None}
    gate = Gate.model_validate(use_case.gate.model_dump() | proposed)

    def promotions(margins: Gate) -> Promotions:
        return Promotions(
            _promoted(margins, compared.equals, independent), _promoted(margins, compared.successors, holdouts)
        )

    return GateProposal(gate, tuple(found), promotions(use_case.gate), promotions(gate))


def _holdouts(models: Sequence[PastModel]) -> float:
    """How many holdouts that share no day there are."""
    by_model = [set(past.parts.holdout.days.tolist()) for past in models]
    return len(set().union(*by_model)) / max(map(len, by_model))


def _promoted(gate: Gate, comparisons: Sequence[Comparison], independent: float) -> Rate | None:
    return Rate.of((one.decision(gate).verdict == model_events.PROMOTED for one in comparisons), independent)


def _improvement(gate: Gate, equals: Sequence[Comparison], independent: float, rate: float) -> Limit:
    """The margin that the intervals' lower ends of equal models do not pass.

    As it was measured, without a guess beyond: that an interval has to lie above 0 is a promise of its own.
    """
    gains = [one.champion.gain for one in equals]
    lows = [gain.low for gain in gains if gain is not None and gain.low is not None and gain.days >= MIN_DAYS]
    if not lows:
        note = f"no holdout has {MIN_DAYS} days with labels: nothing is promoted over a champion"
        return _margin("min_improvement", gate.min_improvement, None, (), independent, note)
    proposed = max(0.0, rounded_up(float(np.quantile(lows, 1 - rate, method="higher"))))
    note = "lower ends of the intervals of equal models"
    if not proposed:
        note += ": none lies above 0, so the interval alone is enough"
    return _margin("min_improvement", gate.min_improvement, proposed, lows, independent, note)


def _calibration(use_case: UseCase, models: Sequence[PastModel], holdouts: float, rate: float) -> Limit:
    name, loss = metric_names.CALIBRATION_ERROR, metric_names.LOSS[use_case.model.task]
    measured = [past.model.metrics["model"] for past in models]
    errors = [value for one in measured if (value := one.get(name)) is not None]
    losses = [value for one in measured if (value := one.get(loss)) is not None]
    least = LEAST_ERROR if use_case.model.task != "regression" or not losses else LEAST_ERROR * float(np.mean(losses))
    now = use_case.gate.max_calibration_error
    note = "" if now is not None else "not asked for as declared"
    return limit.of_values(GATE, "max_calibration_error", now, errors, holdouts, rate, least, note=note)


def _slices(gate: Gate, equals: Sequence[Comparison], independent: float, rate: float) -> Limit:
    """The declared limit while it holds few enough equal models; else one that does."""
    field, now = "max_slice_worsening", gate.max_slice_worsening
    by_comparison = [
        [
            gain
            for one in each.champion.slices
            if (gain := one.gain).rows >= gate.min_slice_rows and gain.days >= MIN_DAYS
        ]
        for each in equals
    ]
    measured = [gains for gains in by_comparison if gains]
    if not measured:
        note = f"no slice has {gate.min_slice_rows} labelled rows (min_slice_rows) on {MIN_DAYS} days"
        return _margin(field, now, None, (), independent, note)
    # The gate goes by differences beyond noise; where nothing is declared, by how much the slices differ at all.
    harmed = [max(0.0, *(-gain.value for gain in gains if gain.below_zero), 0.0) for gains in measured]
    worst = [max(0.0, *(-gain.value for gain in gains), 0.0) for gains in measured]
    if now is not None and sum(value > now for value in harmed) <= rate * len(harmed):
        return _margin(field, now, now, harmed, independent, "kept: worst slices of equal models, beyond noise")
    proposed = rounded_up(float(np.quantile(worst if now is None else harmed, 1 - rate, method="higher")))
    note = "not asked for as declared" if now is None else "worst slices of equal models, beyond noise"
    return _margin(field, now, proposed, harmed, independent, note)


def _margin(
    field: str, declared: float | None, proposed: float | None, values: Sequence[float], independent: float, note: str
) -> Limit:
    """A margin that stands on a quantile of what was measured."""

    def beyond(value: float | None) -> Rate | None:
        return None if value is None else Rate.of((one > value for one in values), independent)

    at_proposed = beyond(proposed)
    return Limit(
        section=GATE,
        field=field,
        declared=declared,
        proposed=proposed,
        quantile=None if at_proposed is None else 1 - at_proposed.share,
        median=float(np.median(values)) if values else None,
        greatest=max(values, default=None),
        at_declared=beyond(declared),
        at_proposed=at_proposed,
        note=note,
    )
