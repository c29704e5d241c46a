"""The window's rows by bin of the champion's training profile, as monitoring has counted them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.evaluation.training_days import LABEL
from lakehouse.storage import arrow_dataset

Counts = NDArray[np.int64]
Daily = Mapping[dt.date, Counts]

FEATURE, PREDICTION, SLICE = "feature", "prediction", "slice"


@dataclass(frozen=True)
class Counted:
    """Rows by bin, null last.

    Attributes:
        features: by feature and day.
        scores: by day; of several classes by decided one.
        sliced: of measured alarms, by feature and day, shape (slices, bins).
        labels: of measured alarms, by day.
    """

    features: Mapping[str, Daily] = field(default_factory=dict)
    scores: Daily = field(default_factory=dict)
    sliced: Mapping[str, Daily] = field(default_factory=dict)
    labels: Daily = field(default_factory=dict)


def read(use_case: UseCase, day: dt.date, version: int, profile: Profile, classes: tuple[str, ...] = ()) -> Counted:
    """The counts of the window that ends with the day, and of labels of the matured one.

    Args:
        use_case: whose.
        day: the last of the window.
        version: by whose bins.
        profile: of that version.
        classes: that it decides for; of them the last bin is of those that are no more.
    """
    rhythm, length = use_case.calendar.scores, use_case.drift.window_days
    days = rhythm.newest(day, length)
    features: dict[str, dict[dt.date, Counts]] = {}
    scores: dict[dt.date, Counts] = {}
    for row in _rows(tables.drift_counts(use_case), days, version).to_pylist():
        name, on = row["name"], row["partition"]
        if row["kind"] == FEATURE and name in profile.features:
            _add(features.setdefault(name, {}), on, (profile.features[name].width,), row["bin"], row["rows"])
        elif row["kind"] == PREDICTION:
            _add(scores, on, (profile.prediction.width,), row["bin"], row["rows"])
    if not use_case.drift.measured or profile.history is None:
        return Counted(features, scores)
    place = {of: at for at, of in enumerate(profile.history.slices)}
    sliced: dict[str, dict[dt.date, Counts]] = {}
    labels: dict[dt.date, Counts] = {}
    matured = rhythm.newest(day - dt.timedelta(days=use_case.maturity_days), length)
    for row in _rows(tables.alarm_counts(use_case), [*days, *matured], version).to_pylist():
        name, on, of = row["name"], row["partition"], (row["slice"], row["slice_value"])
        if row["kind"] == LABEL and on in matured:
            _add(labels, on, (profile.history.label_width,), row["bin"], row["rows"])
        elif row["kind"] == SLICE and name in profile.features and of in place and on in days:
            shape = (len(place), profile.features[name].width)
            _add(sliced.setdefault(name, {}), on, shape, (place[of], row["bin"]), row["rows"])
    return Counted(features, scores, sliced, labels)


def _rows(table: tables.Table, days: list[dt.date], version: int) -> pa.Table:
    where = arrow_dataset.among("partition", sorted(set(days))) & (pc.field("model_version") == version)
    names = [name for name in table.column_names if name != tables.INPUTS_FINGERPRINT]
    return arrow_dataset.read(table, where, columns=names)


def _add(by_day: dict[dt.date, Counts], day: dt.date, shape: tuple[int, ...], place: Any, rows: int) -> None:
    if day not in by_day:
        by_day[day] = np.zeros(shape, dtype=np.int64)
    by_day[day][place] += rows
