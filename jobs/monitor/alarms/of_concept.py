"""The tests of the relations that the model learned: whether labels follow each feature as the scores foretell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np

from jobs.monitor.alarms import material
from jobs.monitor.alarms.best import Best
from jobs.monitor.alarms.budget import Tally
from jobs.monitor.alarms.contrasts import Contrast
from jobs.monitor.alarms.memory import Floats
from jobs.monitor.alarms.reference import Reference
from jobs.monitor.alarms.tested import WHOLE, Tested, of_best
from jobs.monitor.alarms.windows import Recent
from jobs.monitor.verdict import Kind
from lakehouse.evaluation.residuals import Residual

PERFORMANCE: Kind = "performance"
RELATION = "relation"
CHANGED = (
    "the relation that the model learned has changed, or what the feature is made of: look at both, and train again"
)


def relations(
    reference: Reference,
    recent: Recent,
    by_feature: Mapping[str, Mapping[dt.date, Residual]],
    usual_error: float,
    tally: Tally,
) -> None:
    """Matured days against days that the model was not fitted to.

    Args:
        reference: of the version that scored.
        recent: the matured days.
        by_feature: by feature and day the labelled rows by bin, and their residuals.
        usual_error: what is ordinary for a single row in units of the label: 1 of a probability.
        tally: gets the tests.
    """
    among = np.array([one.column.name in by_feature for one in reference.contrasts], dtype=np.bool_)
    contrasts = [one for one, kept in zip(reference.contrasts, among, strict=True) if kept]
    if not contrasts:
        return
    ordinary = reference.relations.only(among)
    rows, mean = (
        np.array(part)
        for part in zip(*(_daily(one, by_feature[one.column.name], recent) for one in contrasts), strict=True)
    )
    lengths = recent.lengths(patient=True)
    best = Best.of(lengths, lambda n: ordinary.moved(rows[:, -n:], mean[:, -n:], recent.weekday[-n:]))
    if best is None:
        return

    def newest() -> Floats:
        return ordinary.newest(rows, mean, recent.weekday)

    found = dict[str, Tested]()
    for place, one in enumerate(contrasts):
        name, shift = one.column.name, float(best.shift[place])
        if name in found and found[name].chance <= best.chance[place]:
            continue
        words = (
            f"{name}: labels {one.words} are {abs(shift):.3f} {'higher' if shift > 0 else 'lower'} than the scores say, "
            "a standard deviation, beside what they were when the model was judged"
        )
        matters = abs(shift) >= material.GAP * usual_error
        found[name] = of_best(
            PERFORMANCE, name, RELATION, WHOLE, abs(shift), matters, words, CHANGED, best, place, recent, newest
        )
    tally.add("concept", len(contrasts) * len(lengths), found.values())


def _daily(one: Contrast, by_day: Mapping[dt.date, Residual], recent: Recent) -> tuple[list[float], list[float]]:
    """Labelled rows and mean of each of the recent days."""
    rows, mean = [], []
    for day in recent.days:
        counted, total = by_day.get(day, (np.zeros(1), np.zeros(1)))
        labelled = float(counted.sum())
        rows.append(labelled)
        mean.append(float(total @ one.weights) / labelled if labelled else 0.0)
    return rows, mean
