"""The training profile of a model: how its features and scores were distributed, and how much ordinary weeks differ.

Training logs it with each version, as two files that monitoring reads:

- ``artifacts.PROFILE``: ``Profile.to_json()``, the numbers that the drift verdict compares with.
- ``artifacts.REFERENCE``: ``reference_sample(...)`` as Parquet, the rows that the drift page draws. Columns:
  ``partition`` (date), every declared feature (double, or string for a category; null for not known) and ``score`` (double, the
  version's own).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from lakehouse.declaration import Drift, Rhythm
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.population_stability import NUMBERS, Counts, Floats, ordinary, psi
from lakehouse.evaluation.quality_estimator import QualityEstimator
from lakehouse.evaluation.training_days import TrainingDays

if TYPE_CHECKING:
    import pandas as pd

PARTITION = "partition"
SCORE = "score"
REFERENCE_ROWS = 2_000

DAILY = Rhythm()


@dataclass(frozen=True, config=NUMBERS)
class Distribution:
    """The distribution of one number in training.

    Attributes:
        edges: ascending; bin i holds the values greater than edge i-1 and at most edge i.
        shares: share of rows in each of the ``len(edges) + 1`` bins, and last the share of rows where the value is null.
        ordinary_psi: the declared quantile of the PSI of every window in training against the whole of it; None when
            training is shorter than a window.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    ordinary_psi: float | None

    def bins(self, values: Floats) -> Counts:
        """The bin of each value; NaN goes to the last."""
        bins = np.searchsorted(np.asarray(self.edges), values, side="left")
        bins[np.isnan(values)] = len(self.edges) + 1
        return bins.astype(np.int64)

    @property
    def width(self) -> int:
        """The number of bins, the one of null among them."""
        return len(self.edges) + 2

    @property
    def boundaries(self) -> list[float]:
        """What decides the bin of a value, as JSON takes it."""
        return list(self.edges)

    def psi(self, counts: Counts) -> float:
        """PSI of rows counted by bin (shape ``(len(shares),)``, at least one row) against training."""
        return float(psi(np.asarray(self.shares), counts / counts.sum()))

    @classmethod
    def of(
        cls, values: Floats, day: Counts, days: int, drift: Drift, classes: int = 0, threshold: float | None = None
    ) -> Distribution:
        """The distribution of ``values``, where value i belongs to the ``day[i]``-th of ``days`` successive scored days.

        ``classes``: the values are numbers of so many classes, and each class is a bin. ``threshold``: no bin has values on both
        sides of it; the threshold itself is above.
        """
        edges = tuple(map(float, range(classes - 1))) if classes else _edges(values, drift.bins)
        if drift.measured and not classes:
            edges = with_range(edges, values)
        if threshold is not None:
            edges = tuple(sorted({*edges, float(np.nextafter(threshold, -np.inf))}))
        shape = cls(edges=edges, shares=(), ordinary_psi=None)
        width = len(shape.edges) + 2
        counts = np.bincount(day * width + shape.bins(values), minlength=days * width).reshape(days, width)
        return cls(shape.edges, *ordinary(counts, drift))


@dataclass(frozen=True, config=NUMBERS)
class Profile:
    """The distributions that a model was trained on, and its metrics.

    Attributes:
        first_day, last_day: the days of the rows that it is of: those of train and validation, with a label or without.
        rows: how many these are.
        window_days: length of the windows that ``ordinary_psi`` was measured on.
        features: the distribution of each feature over these rows.
        prediction: the distribution of the model's scores on rows that it was not fitted to; of several classes, of the numbers of
            those that it decides for.
        metrics: the model's metrics on its holdout, by name; None where the holdout does not define one.
        history: its days one by one, of a use case with measured alarms.
        estimator: of a use case whose quality is estimated before labels mature.
    """

    first_day: dt.date
    last_day: dt.date
    rows: int
    window_days: int
    features: Mapping[str, Distribution | CategoryDistribution]
    prediction: Distribution
    metrics: Mapping[str, float | None]
    history: TrainingDays | None = None
    estimator: QualityEstimator | None = None

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        prediction: pd.DataFrame,
        metrics: Mapping[str, float | None],
        drift: Drift,
        rhythm: Rhythm = DAILY,
        classes: int = 0,
        threshold: float | None = None,
    ) -> Profile:
        """Measure a profile.

        Args:
            frame: the rows of training's days, with a label or without: ``partition`` (date) and one column a feature, numeric with
                NaN for null, or of texts with None for null; nothing else.
            prediction: ``partition`` and ``score`` of rows that the model was not fitted to (of validation and holdout),
                so that over-fitting does not pass for drift.
            metrics: the model's metrics on its holdout.
            drift: the use case's declared windows and bins.
            rhythm: the days that are scored; a window's days are counted in them.
            classes: of a label of several, how many there are: then ``score`` is the number of the decided one.
            threshold: of decisions, where it is to be an edge of the scores' bins.
        """
        names = [name for name in frame.columns if name != PARTITION]
        first, last, day, days = _days(frame[PARTITION], rhythm)
        *_, scored_day, scored_days = _days(prediction[PARTITION], rhythm)
        return cls(
            first_day=first,
            last_day=last,
            rows=len(frame),
            window_days=drift.window_days,
            features={
                name: CategoryDistribution.of(frame[name], day, days, drift)
                if frame[name].dtype == object
                else Distribution.of(_floats(frame[name]), day, days, drift)
                for name in names
            },
            prediction=Distribution.of(_floats(prediction[SCORE]), scored_day, scored_days, drift, classes, threshold),
            metrics=dict(metrics),
        )

    def to_json(self) -> str:
        """The profile as JSON."""
        # A profile without them is written as ever.
        absent: dict[str, bool | set[str]] = {n: True for n in ("history", "estimator") if getattr(self, n) is None}
        if self.history is not None and not self.history.rows:
            absent["history"] = {"rows"}
        return _JSON.dump_json(self, exclude=absent or None).decode()

    @classmethod
    def from_json(cls, text: str) -> Profile:
        """The profile that ``to_json`` wrote."""
        return _JSON.validate_json(text)


_JSON = TypeAdapter(Profile)


def reference_sample(frame: pd.DataFrame, rows: int = REFERENCE_ROWS) -> pd.DataFrame:
    """At most ``rows`` rows of ``frame`` (``partition``, features, ``score``), the same on each call, in their order."""
    if len(frame) <= rows:
        return frame.reset_index(drop=True)
    return frame.sample(n=rows, random_state=rows).sort_index().reset_index(drop=True)


def _edges(values: Floats, bins: int) -> tuple[float, ...]:
    """The distinct inner quantiles: a feature of few values has a bin for each value and no empty ones."""
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return ()
    if known.min() == known.max():
        # Of a constant, later values are below it, equal to it or above.
        return (float(np.nextafter(known[0], -np.inf)), float(known[0]))
    inner = np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1], method="lower")
    # An edge at the greatest value would leave nothing above it.
    edges = np.unique(inner[inner < known.max()])
    # Where nearly all values are the greatest one, no quantile is below it: one bin for it, one for the others.
    return tuple(map(float, edges)) if len(edges) else (float(np.nextafter(known.max(), -np.inf)),)


def with_range(edges: tuple[float, ...], values: Floats) -> tuple[float, ...]:
    """The edges with two more: below the least known value and at the greatest, so that what lies outside has bins of its own."""
    known = values[np.isfinite(values)]
    if not len(known):
        return edges
    outer = (float(np.nextafter(known.min(), -np.inf)), float(known.max()))
    return tuple(sorted({*edges, *outer}))


def _days(partition: pd.Series[dt.date], rhythm: Rhythm) -> tuple[dt.date, dt.date, Counts, int]:
    """The first and the last day, the number of scored days from the first to each row's, and the number of all of them."""
    stamps = np.asarray(partition.to_numpy(), dtype="datetime64[D]")
    first, last = stamps.min().astype(dt.date), stamps.max().astype(dt.date)
    scored = np.array(rhythm.between(first, last), dtype="datetime64[D]")
    return first, last, np.searchsorted(scored, stamps).astype(np.int64), len(scored)


def _floats(column: pd.Series[float]) -> Floats:
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
