"""Limits of drift proposed from the watched days: of features, of the scores, of matured quality, and of the trigger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from jobs.calibrate import feature_limits, limit, outcome
from jobs.calibrate.limit import DRIFT, Limit
from jobs.calibrate.outcome import Outcome
from jobs.calibrate.watch import Watch
from jobs.monitor.drift import LOSS_RISE
from jobs.monitor.verdict import DriftCheck
from lakehouse.declaration import Drift, UseCase, metric_names

# The statistics that a day's verdict looks at: each gets an equal part of the rate.
WATCHED = 4
# Two distributions with less than this between them are held for the same by everybody who uses PSI.
SAME_PSI = 0.1
# No limit is smaller than this part of an error's usual size: a difference that matters to nobody.
SMALLEST_PART = 0.01
# So many needless retrainings a year are borne; above it, more violated days are asked for.
RETRAININGS_A_YEAR = 1.0

Seen = Sequence[tuple[Watch, dt.date, DriftCheck]]


@dataclass(frozen=True)
class DriftProposal:
    """The proposed section, its fields one by one, and what declared and proposed limits do together."""

    drift: Drift
    limits: tuple[Limit, ...]
    declared: Outcome
    proposed: Outcome

    @property
    def expected(self) -> float:
        """The share of fresh ordinary days that the proposed limits call violated, at most: as if no two came on one day."""
        watched = (one for one in self.limits if one.field.startswith("max_") and one.quantile is not None)
        return min(1.0, sum(1 - one.quantile for one in watched if one.quantile is not None))


def propose(use_case: UseCase, watches: Sequence[Watch], rate: float) -> DriftProposal:
    """Limits that ordinary days exceed with the chance ``rate``, all statistics together.

    Args:
        use_case: declares the limits as they are.
        watches: of past models, at least one.
        rate: the share of ordinary days that may be violated.
    """
    declared, each = use_case.drift, rate / WATCHED
    if declared.measured:
        # The verdict has no limits to propose: only how many violated days ask for a retraining.
        trigger = _trigger(use_case, watches, declared)
        drift = _with(declared, [trigger])
        before, after = (outcome.of_limits(use_case, watches, limits) for limits in (declared, drift))
        return DriftProposal(drift, (trigger,), before, after)
    seen = [
        (watch, day, check) for watch in watches for day, checks in watch.checks(use_case).items() for check in checks
    ]
    floor = feature_limits.floor(declared, watches[-1])
    pairs = [(watch, check) for watch, _, check in seen]
    factor = feature_limits.factor(declared, watches, pairs, floor.proposed or declared.feature_psi_floor)
    drift = _with(declared, [floor, factor])
    scale = _scale(use_case, watches)
    found = [
        floor,
        factor,
        feature_limits.share(use_case, watches, drift, each),
        _of_checks(declared, seen, "max_prediction_psi", lambda check: check.kind == "prediction", each, SAME_PSI),
        _of_checks(declared, seen, "max_calibration_gap", _named(metric_names.CALIBRATION_GAP), each, scale),
        _of_checks(declared, seen, "max_loss_rise", _named(LOSS_RISE), each, scale),
    ]
    trigger = _trigger(use_case, watches, _with(declared, found))
    found.append(trigger)
    drift = _with(declared, found)
    before, after = (outcome.of_limits(use_case, watches, limits) for limits in (declared, drift))
    return DriftProposal(drift, tuple(found), before, after)


def _with(drift: Drift, limits: Iterable[Limit]) -> Drift:
    """The section with what is proposed, as it would be read from the file."""
    proposed = {one.field: one.proposed for one in limits if one.proposed is not None}
    return Drift.model_validate(drift.model_dump() | proposed)


def _named(statistic: str) -> Callable[[DriftCheck], bool]:
    return lambda check: check.statistic == statistic


def _of_checks(
    declared: Drift, seen: Seen, field: str, chosen: Callable[[DriftCheck], bool], rate: float, least: float
) -> Limit:
    measured = [(day, check.value) for _, day, check in seen if chosen(check) and check.value is not None]
    independent, now = len({day for day, _ in measured}) / declared.window_days, getattr(declared, field)
    note = "" if now is not None else "not watched as declared"
    return limit.of_values(DRIFT, field, now, [value for _, value in measured], independent, rate, least, note=note)


def _trigger(use_case: UseCase, watches: Sequence[Watch], drift: Drift) -> Limit:
    """The declared number of violated days, or the least greater one that asks for few enough retrainings."""
    declared, proposed = use_case.drift.violated_days, drift.violated_days
    for number in range(declared, drift.of_days + 1):
        proposed = number
        limits = drift.model_copy(update={"violated_days": number})
        retrainings = outcome.of_limits(use_case, watches, limits).retrainings
        if retrainings is None or retrainings.a_year <= RETRAININGS_A_YEAR:
            break
    note = f"of the last {drift.of_days} days (of_days, kept)"
    return Limit(section=DRIFT, field="violated_days", declared=declared, proposed=proposed, note=note)


def _scale(use_case: UseCase, watches: Sequence[Watch]) -> float:
    """The least limit of an error: a part of a probability's range, or of the loss on the holdouts."""
    if use_case.model.task != "regression":
        return SMALLEST_PART
    losses = [watch.evidence.profile.metrics.get(metric_names.LOSS[use_case.model.task]) or 0.0 for watch in watches]
    return SMALLEST_PART * (float(np.mean(losses)) or 1.0)
