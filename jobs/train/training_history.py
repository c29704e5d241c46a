"""The days of a training one by one, for alarms with a known error rate: what each day, slice, score and label was like."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from jobs.train import quality_history
from jobs.train.quality_history import Scored
from lakehouse.declaration import Rhythm
from lakehouse.evaluation import beyond_training, drift_profile, residuals
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import Distribution, Profile
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.evaluation.packed_numbers import Whole, pack, pack_floats
from lakehouse.evaluation.training_days import Relation, TrainingDays, weeks

# So many values of a slice are watched, those with the most rows, when at least this share of the rows have them.
MOST_VALUES, LEAST_SHARE = 16, 0.01
# Labels of a regression are counted by so many bins.
LABEL_BINS = 10


def measure(
    profile: Profile,
    learned: list[TrainingSet],
    scored: list[Scored],
    rhythm: Rhythm,
    threshold: float | None,
    others: Sequence[Scored] = (),
    rows: Mapping[dt.date, int] | None = None,
) -> TrainingDays:
    """Count the days.

    Args:
        profile: by whose bins.
        learned: the rows of train and validation, with a label or without, with their slices where these are watched.
        scored: labelled rows that the model was not fitted to.
        rhythm: the days that are scored.
        threshold: of decisions.
        others: rows of the same windows without a label: their scores are counted.
        rows: how many rows each day has, where an even part of them is counted.
    """
    days = rhythm.between(profile.first_day, profile.last_day)
    place = np.concatenate([_places(part, days) for part in learned])
    block = weeks(np.array([day.toordinal() for day in days], dtype=np.int64))[place]
    slices = tuple(_watched(learned))
    members = [np.concatenate([part.slices[name] == value for part in learned]) for name, value in slices]
    counts, beyond, sliced = dict[str, str](), dict[str, str](), dict[str, str]()
    for name, item in profile.features.items():
        bins = np.concatenate([_bins(item, part, name) for part in learned])
        counts[name] = pack(_by_day(bins, place, len(days), item.width))
        beyond[name] = pack(_beyond(item, learned, name, place, block, len(days)))
        of_slices = [_by_day(bins[kept], place[kept], len(days), item.width) for kept in members]
        sliced[name] = pack(np.stack(of_slices) if of_slices else np.zeros((0, len(days), item.width), np.int64))
    label = np.concatenate([part.label for part in learned])
    known = ~np.isnan(label)
    label, labelled_on = label[known], place[known]
    of_labels = Distribution(edges=_label_edges(label), shares=(), ordinary_psi=None)
    every = [*scored, *others]
    scored_days = rhythm.between(*_first_and_last(every))
    of_scores = [
        _by_day(
            profile.prediction.bins(part.score if part.decided is None else part.decided.astype(np.float64)),
            _places(part.rows, scored_days), len(scored_days), profile.prediction.width,
        )
        for part in every
    ]  # fmt: skip
    return TrainingDays(
        days=tuple(days),
        slices=slices,
        counts=counts,
        beyond=beyond,
        sliced=sliced,
        scored_days=tuple(scored_days),
        scores=pack(np.sum(of_scores, axis=0)),
        label_edges=of_labels.edges,
        labels=pack(_by_day(of_labels.bins(label), labelled_on, len(days), of_labels.width)),
        quality=tuple(
            quality_history.of_slices(
                scored, slices, np.concatenate([_places(part.rows, scored_days) for part in scored]), len(scored_days)
            )
        ),
        threshold=threshold,
        relations=dict(_relations(profile, scored, scored_days)),
        rows=pack(np.array([rows.get(day, 0) for day in days], dtype=np.int64)) if rows else "",
    )


def _relations(profile: Profile, scored: list[Scored], days: list[dt.date]) -> Iterator[tuple[str, Relation]]:
    if any(part.score.ndim == 2 for part in scored):
        return
    place = np.concatenate([_places(part.rows, days) for part in scored])
    residual = np.concatenate([part.rows.label - part.score for part in scored])
    for name, item in profile.features.items():
        bins = np.concatenate([_bins(item, part.rows, name) for part in scored])
        rows, total = residuals.by_bin(place * item.width + bins, residual, len(days) * item.width)
        squares = np.bincount(bins, weights=np.nan_to_num(residual) ** 2, minlength=item.width)
        yield name, Relation(pack(rows), pack_floats(total), tuple(map(float, squares)))


def _places(rows: TrainingSet, days: list[dt.date]) -> Whole:
    return np.searchsorted(np.array(days, dtype="datetime64[D]"), rows.days).astype(np.int64)


def _first_and_last(scored: list[Scored]) -> tuple[dt.date, dt.date]:
    stamps = np.concatenate([part.rows.days for part in scored])
    return stamps.min().astype(dt.date), stamps.max().astype(dt.date)


def _by_day(bins: Whole, place: Whole, days: int, width: int) -> Whole:
    return np.bincount(place * width + bins, minlength=days * width).reshape(days, width).astype(np.int64)


def _bins(item: Distribution | CategoryDistribution, rows: TrainingSet, name: str) -> Whole:
    values = rows.features[:, rows.names.index(name)]
    if isinstance(item, Distribution):
        return item.bins(values)
    of_level = dict(zip(item.levels, item.bin, strict=True))
    table = np.array([*(of_level.get(level, item.new) for level in rows.levels[name]), item.width - 1], dtype=np.int64)
    return np.asarray(table[np.where(np.isnan(values), len(table) - 1, values).astype(np.intp)])


def _beyond(
    item: Distribution | CategoryDistribution,
    parts: list[TrainingSet],
    name: str,
    place: Whole,
    block: Whole,
    days: int,
) -> Whole:
    values = [part.features[:, part.names.index(name)] for part in parts]
    if isinstance(item, Distribution):
        return beyond_training.of_numbers(np.concatenate(values), place, block, days)
    # Each part has its own codes.
    number = {level: float(code) for code, level in enumerate(item.levels)}
    for at, part in enumerate(parts):
        table = np.array([*(number.get(level, np.nan) for level in part.levels[name]), np.nan])
        values[at] = table[np.where(np.isnan(values[at]), len(table) - 1, values[at]).astype(np.intp)]
    return beyond_training.of_levels(np.concatenate(values), place, block, days)


def _watched(parts: list[TrainingSet]) -> Iterator[tuple[str, str]]:
    """Name and value of each slice that has enough rows; a slice of one value alone is the whole."""
    for name in parts[0].slices:
        values, rows = np.unique(np.concatenate([part.slices[name] for part in parts]), return_counts=True)
        most = sorted(zip(rows.tolist(), values.tolist(), strict=True), key=lambda pair: (-pair[0], pair[1]))
        chosen = [str(value) for count, value in most[:MOST_VALUES] if count >= LEAST_SHARE * rows.sum()]
        yield from ((name, value) for value in sorted(chosen) if len(values) > 1)


def _label_edges(label: Floats) -> tuple[float, ...]:
    distinct = np.unique(label)
    if len(distinct) <= LABEL_BINS:
        # A bin a value: of yes and no, of classes, of small counts.
        return tuple(map(float, distinct[:-1]))
    inner = np.quantile(label, np.linspace(0, 1, LABEL_BINS + 1)[1:-1], method="lower")
    return drift_profile.with_range(tuple(map(float, np.unique(inner))), label)
