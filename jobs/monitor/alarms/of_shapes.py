"""The test of a distribution's shape, of any column that is counted by bin."""

from __future__ import annotations

import numpy as np

from jobs.monitor.alarms import material
from jobs.monitor.alarms.column import Column
from jobs.monitor.alarms.finding import where
from jobs.monitor.alarms.means import NEWEST
from jobs.monitor.alarms.reference import Reference
from jobs.monitor.alarms.tested import Tested, over
from jobs.monitor.alarms.windows import Recent
from jobs.monitor.verdict import Kind
from lakehouse.evaluation.packed_numbers import Whole


def shape(
    kind: Kind, reference: Reference, column: Column, series: int, counts: Whole, recent: Recent, advice: str
) -> list[Tested]:
    """The window whose shape is least probable; nothing where training has too few windows.

    Args:
        kind: of the finding.
        reference: has training's windows.
        column: which.
        series: 0 for all rows, else the number of a slice.
        counts: shape (days, bins).
        recent: the days.
        advice: what to do.
    """
    found = []
    for length in recent.lengths():
        ordinary = reference.shape(column, series, length)
        window = counts[-length:][:, column.known]
        if ordinary is not None and window.any():
            ratio, chance = ordinary.measured(window)
            found.append((chance, -ratio, length, ordinary, window))
    if not found:
        return []
    chance, ratio, length, ordinary, window = min(found, key=lambda one: one[:3])
    now, of = window.sum(axis=0) / window.sum(), reference.slices[series]
    difference = now - ordinary.shares
    most = int(np.argmax(np.abs(difference)))
    bin_words = column.bin_in_words(int(np.flatnonzero(column.known)[most]))
    words = (
        f"{column.name}{where(*of)}: chi-square {-ratio:.1f} times the expected one, most of all {bin_words} with "
        f"{now[most]:.1%} of the known values, {ordinary.shares[most]:.1%} in training"
    )
    if now.max() == 1 and len(now) > 2:
        words = f"{column.name}{where(*of)}: all {int(window.sum())} values are in one bin, {bin_words}"
    matters = float((difference**2 / ordinary.shares).sum()) >= material.SHAPE
    said = f"{words}, over {over(length, recent)}"
    since = recent.days[-length]
    return [
        Tested(
            kind, column.name, "shape", *of, -ratio, matters, said, advice, chance, length, since, ordinary.bound,
            lambda: _newest(reference, column, series, counts),
        )
    ]  # fmt: skip


def _newest(reference: Reference, column: Column, series: int, counts: Whole) -> float:
    """The chance of the newest days alone; of days that last it is never small (`Shape.least`)."""
    ordinary, window = reference.shape(column, series, NEWEST), counts[-NEWEST:][:, column.known]
    return 1.0 if ordinary is None or len(window) < NEWEST or not window.any() else ordinary.measured(window)[1]
