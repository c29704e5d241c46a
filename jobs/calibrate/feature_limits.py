"""When a feature has drifted, and how many may: proposed from the watched days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from jobs.calibrate import limit
from jobs.calibrate.limit import DRIFT, Limit, rounded_up
from jobs.calibrate.outcome import windows
from jobs.calibrate.rates import Rate
from jobs.calibrate.watch import Watch
from jobs.monitor.verdict import DriftCheck
from lakehouse.declaration import Drift, UseCase
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import Distribution
from lakehouse.evaluation.population_stability import psi

# Of windows drawn from training's own distribution so many may exceed the floor of a feature.
BY_CHANCE, DRAWN = 0.01, 400


def floor(declared: Drift, watch: Watch) -> Limit:
    """The declared floor, or more where so few rows differ by chance alone."""
    noise = max((_noise(shape, watch.rows_a_window) for shape in watch.evidence.profile.features.values()), default=0.0)
    proposed = max(declared.feature_psi_floor, rounded_up(noise))
    note = f"the {watch.rows_a_window} rows of a window exceed {rounded_up(noise):g} by chance in 1 of 100 windows"
    return Limit(
        section=DRIFT,
        field="feature_psi_floor",
        declared=declared.feature_psi_floor,
        proposed=proposed,
        note=note if proposed > declared.feature_psi_floor else f"kept: {note}",
    )


def _noise(shape: Distribution | CategoryDistribution, rows: int) -> float:
    """The PSI that so many rows drawn from training's own distribution exceed in 1 of 100 windows."""
    if rows < 1:
        return 0.0
    shares = np.asarray(shape.shares)
    drawn = np.random.default_rng(rows).multinomial(rows, shares / shares.sum(), size=DRAWN)
    return float(np.quantile(psi(shares, drawn / rows), 1 - BY_CHANCE))


def factor(declared: Drift, watches: Sequence[Watch], seen: Sequence[tuple[Watch, DriftCheck]], lowest: float) -> Limit:
    """The least factor by which no more features drift on ordinary days than the declared quantile leaves.

    Args:
        declared: the section as it is.
        watches: all of them.
        seen: each check of each watched day.
        lowest: the floor that goes with the factor.
    """
    field = "feature_psi_factor"
    pairs = [
        (check.value, watch.evidence.profile.features[check.feature].ordinary_psi or 0.0)
        for watch, check in seen
        if check.kind == "feature" and check.value is not None
    ]
    if not pairs:
        note = "no feature measured"
        return Limit(section=DRIFT, field=field, declared=declared.feature_psi_factor, proposed=None, note=note)
    allowed = int((1 - declared.ordinary_quantile) * len(pairs) + 1e-9)
    # A feature that did not move in training is held to the floor alone.
    above = sorted((value / usual for value, usual in pairs if value > lowest and usual > 0), reverse=True)
    proposed = max(1.0, rounded_up(above[allowed])) if len(above) > allowed else 1.0

    def drifted(least: float, times: float) -> Rate | None:
        return Rate.of((value > max(least, times * usual) for value, usual in pairs), windows(watches, declared))

    return Limit(
        section=DRIFT,
        field=field,
        declared=declared.feature_psi_factor,
        proposed=proposed,
        quantile=declared.ordinary_quantile,
        at_declared=drifted(declared.feature_psi_floor, declared.feature_psi_factor),
        at_proposed=drifted(lowest, proposed),
        note="counted are features on days (ordinary_quantile, kept)",
    )


def share(use_case: UseCase, watches: Sequence[Watch], drift: Drift, rate: float) -> Limit:
    """How many features may drift at once, when each drifts by the limits of ``drift``. A single one never is a violation."""

    def shares(limits: Drift) -> list[float]:
        like = use_case.model_copy(update={"drift": limits})
        found = []
        for watch in watches:
            for checks in watch.checks(like).values():
                features = [check.violated for check in checks if check.kind == "feature" and check.value is not None]
                found += [sum(features) / len(features)] if features else []
        return found

    independent, step = windows(watches, drift), 1 / len(use_case.feature_names)
    declared = use_case.drift.max_drifted_share
    made = limit.of_values(
        DRIFT, "max_drifted_share", declared, shares(drift), independent, rate, least=step, most=1.0, step=step
    )
    if made.proposed == 1:
        words = "on ordinary days nearly all may drift at once: features alone make no day violated"
        made = replace(made, note=f"{made.note}; {words}" if made.note else words)
    # Declared and proposed limits of a feature count other features as drifted.
    return replace(made, at_declared=Rate.of((one > declared for one in shares(use_case.drift)), independent))
