"""Explaining rows: from rows of features to rows of the reasons table, in the job's process or in Spark's workers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.score.predict import predict
from lakehouse import tables
from lakehouse.evaluation import feature_matrix, shap_values
from lakehouse.models import category_record, registry
from lakehouse.models.class_decision import ClassRule
from lakehouse.scorers import model_files


@dataclass(frozen=True)
class Explainer:
    """Explains the scores that one version gave; it can be sent to a worker.

    Attributes:
        model: the model's file.
        features: that the model reads, in its order; null becomes NaN, XGBoost's missing value.
        kept: the columns that identify a row.
        named: how many features to name for each row.
        model_version: of the model.
        fingerprints: of each day's reasons.
        by_tables: the days with so many rows that tables explain them.
        with_levels: whether the reasons table has the column ``level``.
    """

    model: bytes
    features: tuple[str, ...]
    kept: tuple[str, ...]
    named: int
    model_version: int
    fingerprints: Mapping[dt.date, str]
    by_tables: frozenset[dt.date] = frozenset()
    with_levels: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of the feature table that it reads."""
        return tuple(dict.fromkeys((*self.kept, *self.features)))

    def explain(self, rows: pa.Table, threads: int = 1) -> pa.Table:
        """The rows of the reasons table for feature rows of one day: for each its greatest contributions and, if there are
        more features, one line for the sum of the others.
        """
        (day,) = pc.unique(rows.column("partition")).to_pylist()
        lines = lines_of(
            self.model,
            rows,
            self.kept,
            self.features,
            self.named,
            day in self.by_tables,
            threads,
            self.with_levels,
        )
        count = len(lines)
        stamps = {
            "role": pa.repeat(registry.CHAMPION, count),
            "model_version": pa.repeat(pa.scalar(self.model_version, pa.int32()), count),
            tables.INPUTS_FINGERPRINT: pa.repeat(self.fingerprints[day], count),
        }
        for name, values in stamps.items():
            lines = lines.append_column(name, values)
        return lines


def lines_of(
    content: bytes,
    rows: pa.Table,
    kept: tuple[str, ...],
    features: tuple[str, ...],
    named: int,
    by_tables: bool = False,
    threads: int = 1,
    with_levels: bool = False,
) -> pa.Table:
    """For each row its lines: the columns of ``kept``, rank, feature, value, contribution and base value; ``level``, the value of
    a category; and of several classes the decided one, which the contributions are of.
    """
    model = model_files.load(content)
    levels = category_record.levels_of(model)
    values = np.empty((len(rows), len(features)), dtype=np.float64)
    for position, name in enumerate(features):
        values[:, position] = feature_matrix.column(rows.column(name), levels.get(name))
    rule = ClassRule.of(model)
    decided = None if rule is None else rule.decide(predict(model, rows, features))
    explained_by = model.contributions(values.astype(np.float32), by_tables, threads, decided)
    greatest = shap_values.ranked(*explained_by, named)
    columns, amounts = greatest.feature, greatest.contribution
    values[:, [position for position, name in enumerate(features) if name in levels]] = np.nan
    shown = np.take_along_axis(values, columns, 1)
    if columns.shape[1] < len(features):
        columns = np.column_stack([columns, np.full(len(rows), len(features))])
        amounts = np.column_stack([amounts, greatest.others])
        shown = np.column_stack([shown, np.full(len(rows), np.nan)])
    lines = columns.shape[1]
    repeated = pa.array(np.repeat(np.arange(len(rows)), lines))
    names = pa.array([*features, shap_values.OTHERS], pa.string())
    explained: dict[str, pa.Array | pa.ChunkedArray] = {name: rows.column(name).take(repeated) for name in kept}
    explained["rank"] = pa.array(np.tile(np.arange(1, lines + 1, dtype=np.int32), len(rows)))
    explained["feature"] = names.take(pa.array(columns.ravel()))
    explained["value"] = pa.array(shown.ravel(), from_pandas=True)
    explained["contribution"] = pa.array(amounts.ravel())
    explained["base_value"] = pa.array(np.repeat(greatest.base, lines))
    if with_levels:
        explained["level"] = _levels(rows, {features.index(name): name for name in levels}, columns)
    if rule is not None and decided is not None:
        explained["decision"] = pa.array(rule.classes, pa.string()).take(pa.array(np.repeat(decided, lines)))
    return pa.table(explained)


def _levels(rows: pa.Table, categories: Mapping[int, str], columns: NDArray[np.intp]) -> pa.Array:
    """The level of each line whose feature is a category, by the feature's position; null for the others."""
    texts = np.full(columns.shape, None, dtype=object)
    for position, name in categories.items():
        row, line = np.nonzero(columns == position)
        texts[row, line] = rows.column(name).to_numpy(zero_copy_only=False)[row]
    return pa.array(texts.ravel(), pa.string())
