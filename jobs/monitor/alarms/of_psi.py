"""The PSI of each feature and of the scores: a measure of size beside the findings, its limit what ordinary windows give.

Nothing is decided by it: of few rows PSI is great by chance, and of a week without one weekday's rows by the calendar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import scipy

from jobs.monitor.alarms.column import Column
from jobs.monitor.alarms.finding import Finding
from jobs.monitor.alarms.memory import TINY
from jobs.monitor.alarms.windows import Recent
from jobs.monitor.verdict import DriftCheck, Kind
from lakehouse.evaluation.packed_numbers import Whole
from lakehouse.evaluation.population_stability import psi

# Less than this is nothing, also of a column that never moves.
SMALLEST = 0.01


def rows(
    kind: Kind, columns: Sequence[tuple[Column, Whole]], recent: Recent, chance: float, found: Sequence[DriftCheck]
) -> Iterator[DriftCheck]:
    """A row a column; it is called violated when a finding names the column.

    Args:
        kind: of the rows.
        columns: with the counts of the recent days, shape (days, bins).
        recent: the days.
        chance: that an ordinary window exceeds the limit.
        found: the findings of the day.
    """
    named = {one.feature for one in found if one.violated and one.kind in (kind, "data")}
    for column, counts in columns:
        shares = column.counts[0].sum(axis=0) / column.counts[0].sum()
        value = float(psi(shares, counts.sum(axis=0) / counts.sum()))
        key = (len(recent.days), chance)
        if key not in column.psi_limits:
            column.psi_limits[key] = max(SMALLEST, _limit(column, *key))
        limit = column.psi_limits[key]
        yield Finding(
            kind, column.name, "psi", round(value, 9), round(limit, 9), column.name in named,
            f"PSI of {column.name} {value:.3f} ({limit:.3g} is ordinary)", days=len(recent.days),
        )  # fmt: skip


def _limit(column: Column, length: int, chance: float) -> float:
    """What an ordinary window exceeds with this chance: as a multiple of chi-square, with training's mean and variance."""
    counts = column.counts[0][column.counts[0].sum(axis=1) > 0]
    shares = counts.sum(axis=0) / counts.sum()
    if len(counts) < max(length, 2):
        return 1.0
    windows = np.lib.stride_tricks.sliding_window_view(counts, length, axis=0).sum(axis=2)
    found = psi(shares, windows / windows.sum(axis=1, keepdims=True))
    mean, variance = float(found.mean()), float(found.var())
    degrees = float(np.clip(2 * mean**2 / max(variance, TINY), 1.0, len(shares)))
    return mean * float(scipy.special.fdtri(degrees, max(len(counts) / length, 2.0), 1 - chance))
