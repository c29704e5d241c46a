"""The tests of what may not be there at all: values that are gone, values beyond training, and the number of rows."""

from __future__ import annotations

import numpy as np

from jobs.monitor.alarms import material
from jobs.monitor.alarms.best import Best
from jobs.monitor.alarms.budget import Tally
from jobs.monitor.alarms.column import Column
from jobs.monitor.alarms.finding import where
from jobs.monitor.alarms.memory import Floats
from jobs.monitor.alarms.reference import Reference
from jobs.monitor.alarms.tested import WHOLE, Tested, of_best
from jobs.monitor.alarms.windows import Recent
from jobs.monitor.verdict import Kind
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.packed_numbers import Whole
from lakehouse.evaluation.training_days import ALL

DATA: Kind = "data"
# By feature the counts of the recent days: shape (1 + slices, days, bins).
Windows = dict[str, Whole]

GONE = (
    "look at the delivery of the source that it is made of, and at features.py; when values come late, restate the days"
)
NEW = "ask whether its source has changed a unit or a code; else train again when the new values have labels"
ROWS = "ask who is missing or new in the source of the rows that are scored, and whether its deliveries are whole"


def missing(reference: Reference, recent: Recent, windows: Windows, tally: Tally) -> None:
    """Rows without a value, of each feature and in each slice."""
    columns, lengths = list(windows), recent.lengths(at_once=True)
    ordinary = reference.missing.only(np.repeat(reference.among(windows), len(reference.slices)))
    rows = np.concatenate([counts.sum(axis=-1) for counts in windows.values()]).astype(np.float64)
    hits = np.concatenate([counts[..., -1] for counts in windows.values()]).astype(np.float64)
    best = Best.of(
        lengths, lambda n: ordinary.moved(hits[:, -n:], rows[:, -n:], recent.weekday[-n:], n > 1, ways="more")
    )
    if best is None:
        return

    def newest() -> Floats:
        return ordinary.newest(hits, rows, recent.weekday, "more")

    found = list[Tested]()
    for place, (name, of) in enumerate((name, of) for name in columns for of in reference.slices):
        share = _share(hits[place], rows[place], int(best.length[place]))
        more = float(best.shift[place])
        words = f"{name}{where(*of)}: {share:.1%} of the rows have no value, {share - more:.1%} are expected"
        found.append(
            of_best(DATA, name, "missing", of, share, more >= material.SHARE, words, GONE, best, place, recent, newest)
        )
    tally.add("data", len(columns) * len(lengths), (one for one in found if one.slice == ALL))
    sliced = len(columns) * (len(reference.slices) - 1) * len(lengths)
    tally.add("data of slices", sliced, (one for one in found if one.slice != ALL))


def beyond(reference: Reference, recent: Recent, windows: Windows, tally: Tally) -> None:
    """Values outside of what training saw, of each feature."""
    columns, lengths = [reference.features[name] for name in windows], recent.lengths(at_once=True)
    ordinary = reference.beyond.only(reference.among(windows))
    counts = [counts[0] for counts in windows.values()]
    hits = np.stack([one[:, c.outside].sum(axis=-1) for c, one in zip(columns, counts, strict=True)]).astype(np.float64)
    rows = np.stack([one[:, :-1].sum(axis=-1) for one in counts]).astype(np.float64)
    best = Best.of(
        lengths, lambda n: ordinary.moved(hits[:, -n:], rows[:, -n:], recent.weekday[-n:], n > 1, ways="more")
    )
    if best is None:
        return

    def newest() -> Floats:
        return ordinary.newest(hits, rows, recent.weekday, "more")

    found = []
    for place, column in enumerate(columns):
        length = int(best.length[place])
        share = _share(hits[place], rows[place], length)
        words = f"{column.name}: {share:.1%} of the values are {_outside(column, counts[place][-length:])}"
        matters = float(best.shift[place]) >= material.SHARE
        found.append(
            of_best(DATA, column.name, "beyond", WHOLE, share, matters, words, NEW, best, place, recent, newest)
        )
    tally.add("data", len(columns) * len(lengths), found)


def volume(reference: Reference, recent: Recent, rows: Whole, tally: Tally) -> None:
    """How many rows a day has; ``rows`` of shape (days,)."""
    known, logs = (rows > 0).astype(np.float64)[None], np.log(np.maximum(rows, 1))[None]
    lengths = recent.lengths()
    best = Best.of(lengths, lambda n: reference.volume.moved(known[:, -n:], logs[:, -n:], recent.weekday[-n:]))
    if best is None:
        return
    change = float(np.exp(best.shift[0]) - 1)
    words = f"{abs(change):.0%} {'more' if change > 0 else 'fewer'} rows than on ordinary days"
    matters = abs(change) >= material.VOLUME
    tally.add(
        "volume",
        len(lengths),
        [
            of_best(
                DATA,
                "rows",
                "volume",
                WHOLE,
                abs(change),
                matters,
                words,
                ROWS,
                best,
                0,
                recent,
                lambda: reference.volume.newest(known, logs, recent.weekday),
            )
        ],
    )


def _share(hits: Floats, rows: Floats, length: int) -> float:
    return float(hits[-length:].sum() / max(rows[-length:].sum(), 1.0))


def _outside(column: Column, counts: Whole) -> str:
    if isinstance(column.item, CategoryDistribution):
        return "of levels that training did not have"
    edges = () if column.item is None else column.item.edges
    below = int(counts[:, 0].sum()) if column.outside[0] else 0
    above = int(counts[:, -2].sum()) if column.outside[-2] else 0
    sides = [f"below {edges[0]:.6g}"] * (below > 0) + [f"above {edges[-1]:.6g}"] * (above > 0)
    unit = ", as after a change of unit" if 2 * (below + above) > int(counts[:, :-1].sum()) else ""
    return f"{' or '.join(sides) or 'outside of the range'}, where training had none{unit}"
