"""Worlds of real flights for the bench of alarms: the weeks of a lakehouse in drawn order, so that nothing lasting happens in them.

Each week is whole, with its weather and its delays. Which weeks are learned from and which are watched is drawn, so ordinary weeks
differ as real ones do, and no season or trend is between the two. Scores are those of a model that was not fitted to the week.

On some days something did happen: holidays, which a use case can declare before they come, and storms, which show by the flights
that never arrived.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from deltalake import DeltaTable

from lakehouse.declaration import UseCase, loader
from lakehouse.declaration.known_events import KnownEvent
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.bench.alarm_nights import Floats, Stage
from tests.bench.alarm_worlds import Change, day

NAME = "flight_delays"
# Of the weeks that there are, those that the profile is of; all others are watched.
LEARNED, SCORED = 11, 2
WEEK = 7
# Independence Day, Thanksgiving, and Christmas to New Year, with their days of travel.
HOLIDAYS = (("2013-07-04", "2013-07-07"), ("2013-11-27", "2013-12-01"), ("2013-12-23", "2013-12-31"))
# A day on which a greater part of the flights never arrived is one of a storm.
STORM = 0.2
PARAMS = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.1, "subsample": 0.7, "nthread": 1}
TREES = 80
THRESHOLD = 0.3


@dataclass(frozen=True)
class Flights:
    """All whole weeks of the lakehouse.

    Attributes:
        use_case: with measured alarms.
        rows: of all weeks, by day.
        week: shape (rows,), from 0.
        models: that of the even weeks and that of the odd ones.
    """

    use_case: UseCase
    rows: TrainingSet
    week: np.ndarray[tuple[int], np.dtype[np.int64]]
    models: tuple[Any, Any]

    @classmethod
    def of(cls, lakehouse: Path) -> Flights:
        """Read the features and the labels, and fit the two models."""
        use_case = loader.by_name(NAME)
        drift = use_case.drift.model_copy(update={"alarms": "measured"})
        use_case = use_case.model_copy(update={"drift": drift})
        key, names = list(use_case.entity.key), use_case.feature_names
        features = DeltaTable(lakehouse / "gold" / f"{NAME}_features").to_pandas(columns=["partition", *key, *names])
        column = str(use_case.label.column)
        outcomes = DeltaTable(lakehouse / "silver" / str(use_case.label.source)).to_pandas(
            columns=["partition", *key, column]
        )
        joined = features.merge(outcomes, on=["partition", *key], how="left").sort_values(["partition", *key])
        days = joined["partition"].to_numpy("datetime64[D]")
        # Weeks begin on Mondays, as the made-up days do.
        monday = days.min() + np.timedelta64((7 - days.min().astype(object).weekday()) % 7, "D")
        week = (days - monday).astype(np.int64) // WEEK
        whole = (week >= 0) & (week < ((days.max() - monday).astype(np.int64) + 1) // WEEK)
        rows = TrainingSet(
            names,
            joined[list(names)].to_numpy(np.float64)[whole],
            _labels(joined[column].to_numpy(np.float64), use_case)[whole],
            days[whole],
            {name: joined[name].to_numpy().astype(np.str_)[whole] for name in use_case.slices},
        )
        models = tuple(_fit(rows, week[whole] % 2 == parity) for parity in (0, 1))
        return cls(use_case, rows, week[whole], (models[0], models[1]))

    def stage(self, rows_a_day: int, seed: int, change: Change | None = None, since: int = 0) -> Stage:
        """The weeks in drawn order, on made-up days, with so many drawn rows a day; something happens from a watched day on."""
        dice = np.random.default_rng(seed)
        order = dice.permutation(int(self.week.max()) + 1)
        share = min(1.0, rows_a_day / (len(self.rows) / len(np.unique(self.rows.days))))
        kept = np.flatnonzero(dice.random(len(self.rows)) < share)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        weekday = (self.rows.days[kept].astype("datetime64[D]").astype(np.int64) + 3) % WEEK
        number = place[self.week[kept]] * WEEK + weekday
        by_day = np.argsort(number, kind="stable")
        kept, number = kept[by_day], number[by_day]
        first = (LEARNED + SCORED) * WEEK
        features, label = self.rows.features[kept].copy(), self.rows.label[kept].copy()
        slices = {name: values[kept] for name, values in self.rows.slices.items()}
        if change is not None:
            last = first + since + change.watched
            for on in range(first + since, last):
                its = np.flatnonzero(number == on)
                _happen(change, self, features, label, slices, its, on - first - since, dice)
            # No longer than is waited for it.
            ends = int(np.searchsorted(number, last))
            kept, number, features, label = kept[:ends], number[:ends], features[:ends], label[:ends]
            slices = {name: values[:ends] for name, values in slices.items()}
        stamps = np.datetime64(day(0)) + number.astype("timedelta64[D]")
        rows = replace(self.rows, features=features, label=label, days=stamps, slices=slices)
        score = np.empty(len(kept))
        for parity, model in enumerate(self.models):
            # By the model of the other weeks.
            others = self.week[kept] % 2 != parity
            if others.any():
                score[others] = model.inplace_predict(features[others])
        learned, (judged, its_score), (watched, later) = (
            rows.between(day(0), day(LEARNED * WEEK - 1)),
            _between(rows, score, LEARNED * WEEK, first),
            _between(rows, score, first - 14, int(number.max()) + 1),
        )
        days = [on for on in np.unique(watched.days).astype(object).tolist() if on >= day(first)]
        its = self.rows.days[kept].astype("datetime64[D]")
        known, storms = (_events(name, np.unique(number[np.isin(its, of)])) for name, of in self.happened.items())
        return Stage(learned, judged, its_score, watched, later, days, THRESHOLD, known, storms)

    @cached_property
    def happened(self) -> dict[str, np.ndarray[tuple[int], np.dtype[np.datetime64]]]:
        """The days of the year on which something happened, and those after them, whose features tell of it."""
        days, place = np.unique(self.rows.days.astype("datetime64[D]"), return_inverse=True)
        lost = np.bincount(place, np.isnan(self.rows.label)) / np.bincount(place) > STORM
        holiday = np.zeros(len(days), dtype=bool)
        for first, last in HOLIDAYS:
            holiday |= (days >= np.datetime64(first)) & (days <= np.datetime64(last))
        later = np.timedelta64(1, "D")
        return {
            name: np.unique(np.concatenate([days[its], days[its] + later]))
            for name, its in (("holiday", holiday), ("storm", lost))
        }


def _events(name: str, numbers: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[KnownEvent, ...]:
    """An event for each run of successive days."""
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1) if len(numbers) else []
    return tuple(KnownEvent(name=name, start=day(int(run[0])), end=day(int(run[-1]))) for run in runs)


def _between(rows: TrainingSet, score: Floats, start: int, end: int) -> tuple[TrainingSet, Floats]:
    kept = (rows.days >= np.datetime64(day(start))) & (rows.days < np.datetime64(day(end)))
    return rows.between(day(start), day(end - 1)), score[kept]


def _fit(rows: TrainingSet, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Any:
    kept = kept & ~np.isnan(rows.label)
    return xgboost.train(PARAMS, xgboost.DMatrix(rows.features[kept], rows.label[kept]), TREES)


def _labels(minutes: Floats, use_case: UseCase) -> Floats:
    """NaN of a flight that never arrived: it is scored as any other."""
    assert use_case.label.at_least is not None
    return np.where(np.isnan(minutes), np.nan, (minutes >= use_case.label.at_least).astype(np.float64))


def _happen(
    change: Change,
    flights: Flights,
    features: Floats,
    label: Floats,
    slices: dict[str, np.ndarray[tuple[int], np.dtype[np.str_]]],
    its: np.ndarray[tuple[int], np.dtype[np.int64]],
    since: int,
    dice: np.random.Generator,
) -> None:
    """Change these rows, of one day, in place."""
    if change.rate > 1:
        raised = (label[its] == 0) & (
            dice.random(len(its)) < (change.rate - 1) * np.nanmean(label[its]) / max(1 - np.nanmean(label[its]), 1e-9)
        )
        label[its[raised]] = 1.0
    if change.turned:
        # Each row gets the label of the row that lies as far from the other end.
        order = its[np.argsort(features[its, flights.rows.names.index("departure_minute")], kind="stable")]
        label[order] = label[order[::-1]].copy()
    if change.column and change.features is not None:
        place = flights.rows.names.index(change.column)
        chosen = its[slices["origin"][its] == change.region] if change.region else its
        spread = np.nanstd(flights.rows.features[:, place])
        features[chosen, place] = change.features(features[chosen, place] / spread, since, dice) * spread


def _gone(share: float) -> Callable[[Floats, int, np.random.Generator], Floats]:
    return lambda values, since, dice: np.where(dice.random(len(values)) < share, np.nan, values)


# Values are in standard deviations here.
CHANGES = (
    Change("flights: distance shifted by half a standard deviation", "distance", features=lambda v, s, d: v + 0.5),
    Change("flights: the same, at one airport", "distance", "LGA", features=lambda v, s, d: v + 0.5),
    Change("flights: 30 % of the seats gone", "aircraft_seats", features=_gone(0.3)),
    Change("flights: distance in kilometres", "distance", features=lambda v, s, d: v * 1.609),
    Change("flights: temperature shifted by half", "temperature", features=lambda v, s, d: v + 0.5),
    Change("flights: label rate up by a third", needs_labels=True, rate=4 / 3),
    Change("flights: hours of departure turned round", "departure_minute", needs_labels=True, turned=True),
)
