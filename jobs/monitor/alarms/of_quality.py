"""The tests of the concept: calibration and loss of matured scores, of all rows and in each slice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from jobs.monitor.alarms import material
from jobs.monitor.alarms.best import Best
from jobs.monitor.alarms.budget import Tally
from jobs.monitor.alarms.finding import where
from jobs.monitor.alarms.means import Means
from jobs.monitor.alarms.memory import Floats
from jobs.monitor.alarms.reference import Reference
from jobs.monitor.alarms.tested import Tested, of_best
from jobs.monitor.alarms.windows import Recent
from jobs.monitor.performance import Matured
from jobs.monitor.verdict import Kind
from lakehouse.evaluation.training_days import ALL

PERFORMANCE: Kind = "performance"
Newest = Callable[[], Floats]
# Of the daily loss the mean squared error is stored where the loss is its root.
ROOT = "rmse"
LEARNED = "the relation that the model learned has changed, or the label: look at what else is found, and train again"


def quality(
    reference: Reference,
    recent: Recent,
    by_slice: Mapping[tuple[str, str], Mapping[dt.date, Matured]],
    loss_name: str,
    tally: Tally,
) -> None:
    """Matured days against days that the model was not fitted to.

    Args:
        reference: of the version that scored.
        recent: the matured days.
        by_slice: by slice and its value how good the scores of each day turned out.
        loss_name: what the loss is called.
        tally: gets the tests.
    """
    slices, gaps, losses = reference.quality
    days = [[by_slice.get(of, {}).get(day) for day in recent.days] for of in slices]
    rows = _values(days, lambda one: one.labelled_rows)
    power = 2 if loss_name == ROOT else 1
    for statistic, ordinary, values in (
        ("calibration_gap", gaps, _values(days, lambda one: one.gap)),
        ("loss_rise", losses, _values(days, lambda one: one.loss**power)),
    ):
        if ordinary is None or not slices:
            continue
        best = _best(ordinary, rows, values, recent)
        if best is None:
            continue
        told = _rise if statistic == "loss_rise" else _gap
        newest = partial(ordinary.newest, rows, values, recent.weekday)
        found = [
            told(best, place, of, _usual(losses, place), loss_name, recent, newest) for place, of in enumerate(slices)
        ]
        lengths = best.tests // len(slices)
        tally.add("quality", lengths, (one for one in found if one.slice == ALL))
        tally.add("quality of slices", best.tests - lengths, (one for one in found if one.slice != ALL))


def _best(ordinary: Means, rows: Floats, values: Floats, recent: Recent) -> Best | None:
    return Best.of(
        recent.lengths(patient=True), lambda n: ordinary.moved(rows[:, -n:], values[:, -n:], recent.weekday[-n:])
    )


def _values(days: list[list[Matured | None]], of: object) -> Floats:
    assert callable(of)
    return np.array([[0.0 if one is None else of(one) for one in line] for line in days], dtype=np.float64)


def usual_error(reference: Reference, loss_name: str) -> float:
    """What is ordinary for a single row in units of the label: 1 of a probability."""
    slices, _, losses = reference.quality
    return _usual(losses, 0) ** 0.5 if loss_name == ROOT and slices else 1.0


def _usual(losses: Means, place: int) -> float:
    """The mean loss of the days that the model was not fitted to."""
    return float((losses.centre[place] * losses.weight[place]).sum() / max(losses.weight[place].sum(), 1e-12))


def _gap(
    best: Best, place: int, of: tuple[str, str], usual: float, loss_name: str, recent: Recent, newest: Newest
) -> Tested:
    shift = float(best.shift[place])
    way = "high" if shift > 0 else "low"
    words = (
        f"scores{where(*of)}: {abs(shift):.3f} too {way} on average, beside what they were when the model was judged"
    )
    matters = abs(shift) >= material.GAP * (usual**0.5 if loss_name == ROOT else 1.0)
    return of_best(
        PERFORMANCE, "calibration", "calibration_gap", of, abs(shift), matters, words, LEARNED, best, place, recent,
        newest,
    )  # fmt: skip


def _rise(
    best: Best, place: int, of: tuple[str, str], usual: float, loss_name: str, recent: Recent, newest: Newest
) -> Tested:
    power = 0.5 if loss_name == ROOT else 1.0
    before, now = usual**power, max(usual + float(best.shift[place]), 0.0) ** power
    words = f"{loss_name}{where(*of)}: {now:.3f}, {before:.3f} when the model was judged"
    matters = now - before >= material.LOSS * before
    made = of_best(
        PERFORMANCE, loss_name, "loss_rise", of, now - before, matters, words, LEARNED, best, place, recent,
        newest,
    )  # fmt: skip
    # A loss that falls is no alarm.
    return made.with_chance(made.chance / 2 if best.z[place] > 0 else 1.0)
