"""The categories of rows to train on or to measure with: by whose levels they are coded, and which levels they have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lakehouse.errors import TrainingFailed
from lakehouse.evaluation import category_codes
from lakehouse.evaluation.category_codes import Levels
from lakehouse.evaluation.labelled_rows import TrainingSet

if TYPE_CHECKING:
    import pandas as pd

# Beyond so many it is an identifier: each level has too few rows to learn from, and every day brings new ones.
MOST_LEVELS = 100_000


def by_levels(rows: TrainingSet, levels: Levels) -> TrainingSet:
    """The same rows, with the codes of these categories as places in ``levels``; NaN for a level that is not among them."""
    other = {name: known for name, known in levels.items() if rows.levels[name] != known}
    if not other:
        return rows
    features = rows.features.copy()
    for name, known in other.items():
        position = rows.names.index(name)
        features[:, position] = category_codes.recoded(features[:, position], rows.levels[name], known)
    return replace(rows, features=features, levels={**rows.levels, **other})


def row_counts(rows: TrainingSet, name: str) -> dict[str, int]:
    """The number of rows of each level of a category, in the order of the levels; of those that have any."""
    codes, levels = rows.features[:, rows.names.index(name)], rows.levels[name]
    counts = np.bincount(codes[~np.isnan(codes)].astype(np.intp), minlength=len(levels))
    return {levels[place]: int(counts[place]) for place in counts.nonzero()[0]}


def learned(rows: TrainingSet, most: int) -> Levels:
    """The levels of each category that a model of these rows learns, in the order of their code points.

    Those that the rows have; of more than ``most`` the most frequent, and of equally frequent ones the first.

    Raises:
        TrainingFailed: when a category has more than ``MOST_LEVELS`` levels.
    """
    found = {name: row_counts(rows, name) for name in rows.levels}
    for name, counts in found.items():
        if len(counts) > MOST_LEVELS:
            raise TrainingFailed(
                f"feature {name}: expected a category of at most {MOST_LEVELS:,} levels, found {len(counts):,} in "
                f"{len(rows):,} rows; group its values in features.py, or leave an identifier out of the features"
            )
    return {
        name: tuple(sorted(sorted(counts, key=lambda level: (-counts[level], level))[:most]))
        for name, counts in found.items()
    }


def by_own_levels(rows: TrainingSet) -> TrainingSet:
    """The same rows, coded by the levels that they have: whatever else they were read with."""
    return by_levels(rows, {name: tuple(row_counts(rows, name)) for name in rows.levels})


def joined(first: TrainingSet, second: TrainingSet) -> TrainingSet:
    """The rows of both, one after the other, without their slices; coded by the levels of both."""
    levels = {name: tuple(sorted({*own, *second.levels[name]})) for name, own in first.levels.items()}
    first, second = by_levels(first, levels), by_levels(second, levels)
    return TrainingSet(
        first.names,
        np.concatenate([first.features, second.features]),
        np.concatenate([first.label, second.label]),
        np.concatenate([first.days, second.days]),
        levels=levels,
        drawn=None if first.drawn is None or second.drawn is None else first.drawn.followed_by(second.drawn),
    )


def unseen(rows: TrainingSet, levels: Levels) -> dict[str, int]:
    """By category the number of rows whose level is not among ``levels``; a row without a value has none."""
    coded = by_levels(rows, levels)
    missing = {name: np.isnan(coded.features[:, rows.names.index(name)]) for name in levels}
    return {
        name: int((gone & ~np.isnan(rows.features[:, rows.names.index(name)])).sum()) for name, gone in missing.items()
    }


def arrow(rows: TrainingSet) -> pa.Table:
    """The features as the feature table has them: doubles, and texts of categories; null where a category is not known."""
    columns = {
        name: pa.array(category_codes.texts_of(values, rows.levels[name]), pa.string())
        if name in rows.levels
        else pa.array(values)
        for name, values in zip(rows.names, rows.features.T, strict=True)
    }
    return pa.table(columns)


def frame(rows: TrainingSet) -> pd.DataFrame:
    """The features as a table of pandas': numbers as doubles, categories as texts, None where one is not known."""
    import pandas as pd

    table = pd.DataFrame(rows.features, columns=list(rows.names))
    for name, levels in rows.levels.items():
        table[name] = pd.Series(category_codes.texts_of(rows.features[:, rows.names.index(name)], levels), dtype=object)
    return table
