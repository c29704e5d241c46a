"""Whether the former champion, in shadow since the last promotion, was better: then the promotion is taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from jobs.monitor.performance import ALL
from lakehouse import tables
from lakehouse.declaration import Rollout, UseCase
from lakehouse.errors import ModelMissing, RegistryChanged
from lakehouse.evaluation import metrics
from lakehouse.models import champion_record, recorded_version, registry, shadow
from lakehouse.storage import partition_rows

# The confidence that the former champion is better at all, beyond what nights differ by chance.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class PairedNight:
    """How good both were on the same labelled rows of one night, by the gate's metric."""

    day: dt.date
    rows: int
    champion: float
    former: float


@dataclass(frozen=True)
class RollbackDecision:
    """Whether to roll back, from and to which version, and why or why not."""

    roll_back: bool
    reasons: tuple[str, ...]
    from_version: int | None = None
    to_version: int | None = None


def compare_nights(
    rollout: Rollout, margin: float, metric: str, champion: int, former: int, nights: Sequence[PairedNight]
) -> RollbackDecision:
    """A pure function of the declared limits and of the nights that both have scored.

    Labels of one night have common causes, so nights are independent and rows are not. The mean gain of the nights, weighted
    by their rows, has to reach the margin, and the lower end of its one-sided interval (Student's t over nights) has to be
    above zero.
    """
    rows = sum(night.rows for night in nights)
    counted = f"{len(nights)} night(s) with {rows} labelled rows scored by both versions {champion} and {former}"
    if len(nights) < rollout.rollback_nights or rows < rollout.rollback_rows:
        needed = f"{rollout.rollback_nights} nights and {rollout.rollback_rows} rows are needed"
        return RollbackDecision(False, (f"{counted}: {needed}",))
    gains = [metrics.better_by(metric, night.former, night.champion) for night in nights]
    weights = [night.rows / rows for night in nights]
    gain = sum(weight * value for weight, value in zip(weights, gains, strict=True))
    low = gain - _spread(gains, weights, gain)
    how = "better" if gain > 0 else "worse"
    measured = (
        f"version {former}, champion before, was {abs(gain):.4f} {how} by {metric.replace('_', ' ')} than version {champion} "
        f"over {counted}, at least {low:.4f} with {CONFIDENCE:.0%} confidence"
    )
    if gain < margin:
        return RollbackDecision(False, (f"{measured}: a rollback asks for {margin:g}",))
    if low <= 0:
        return RollbackDecision(False, (f"{measured}: nights differ too much to tell",))
    return RollbackDecision(True, (f"{measured}, and a rollback asks for {margin:g}",), champion, former)


def decide(use_case: UseCase) -> RollbackDecision:
    """The decision on what has been measured so far."""
    rollout, metric, margin = use_case.rollout, use_case.gate.metric, use_case.rollout.rollback_margin
    if margin is None:
        return RollbackDecision(False, ("the use case declares no rollback_margin",))
    before, champion = shadow.former(use_case), champion_record.current(use_case.name)
    if before is None or champion is None or before == champion.version:
        return RollbackDecision(False, ("no former champion is in shadow",))
    try:
        former = recorded_version.version(use_case.name, before)
    except (ModelMissing, RegistryChanged) as error:
        return RollbackDecision(False, (f"the former champion can't be compared with: {error}",))
    first = _first_unseen(champion, former)
    days = [day for day in shadow.nights(use_case, champion.version, before) if day >= first]
    measured = partition_rows.read(tables.performance(use_case), days)
    nights = paired(measured, metric, champion.version, before)
    return compare_nights(rollout, margin, metric, champion.version, before, nights)


def paired(rows: Iterable[Mapping[str, Any]], metric: str, champion: int, former: int) -> list[PairedNight]:
    """The nights of the performance table on which both versions were measured on equally many labelled rows."""
    measured: dict[tuple[dt.date, str], tuple[int, float]] = {}
    roles = {(registry.CHAMPION, champion), (registry.CHALLENGER, former)}
    for row in rows:
        has_value = row["slice"] == ALL and row["metric"] == metric and row["value"] is not None
        if has_value and (row["role"], row["model_version"]) in roles:
            measured[row["partition"], row["role"]] = (row["labelled_rows"], row["value"])
    pairs = []
    for day in sorted({day for day, _ in measured}):
        new, old = measured.get((day, registry.CHAMPION)), measured.get((day, registry.CHALLENGER))
        if new is not None and old is not None and new[0] == old[0]:
            pairs.append(PairedNight(day, new[0], champion=new[1], former=old[1]))
    return pairs


def _first_unseen(*models: registry.ModelVersion) -> dt.date:
    """The first day that none of them was trained on."""
    through = [model.trained_through for model in models if registry.TAG_TRAINED_THROUGH in model.tags]
    return max((day + dt.timedelta(days=1) for day in through), default=dt.date.min)


def _spread(gains: Sequence[float], weights: Sequence[float], mean: float) -> float:
    """Half the width of the interval: of a mean weighted by rows, over nights that are independent of one another."""
    # What scipy.stats.t.ppf calls; importing scipy.stats takes longer than a night of a thousand rows is monitored.
    from scipy.special import stdtrit

    count = len(gains)
    squares = sum((weight * (gain - mean)) ** 2 for gain, weight in zip(gains, weights, strict=True))
    return float(stdtrit(count - 1, CONFIDENCE)) * sqrt(squares * count / (count - 1))
