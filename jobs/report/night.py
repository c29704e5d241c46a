"""All that a night's drift page is drawn from: rows that other stages have counted, measured and decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from jobs.report.window_counts import Counted
from lakehouse.declaration import UseCase
from lakehouse.declaration.known_events import KNOWN_EVENT
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.evaluation.training_days import ALL
from lakehouse.models.registry import ModelVersion
from lakehouse.ops.model_events import Event

Rows = Sequence[Mapping[str, Any]]

VERDICT = "verdict"
# So many scored days the timeline goes back.
TIMELINE_DAYS = 60


def of_all(row: Mapping[str, Any]) -> bool:
    """Whether a row of the drift table is of all rows, and not of a slice."""
    return row.get("slice") in (None, ALL)


@dataclass(frozen=True)
class Links:
    """Addresses of pages in the MLflow UI; empty where there is none.

    Attributes:
        model, training: of the champion's version, and of the run that trained it.
        before, after: of the runs of the scored days before and after.
        all: of all runs of the use case.
    """

    model: str = ""
    training: str = ""
    before: str = ""
    after: str = ""
    all: str = ""


@dataclass(frozen=True, kw_only=True)
class Night:
    """A monitored day.

    Attributes:
        use_case, day: which.
        days: the scored days of the timeline, oldest first; the last is the day.
        rows: of the drift table, of these days; those of the day have all columns, the others what a timeline needs.
        nobody: those of the days on which nobody is in the population.
        fallbacks: those of the days that the declared fallbacks scored in the champion's place.
        model: the champion's version that scored the day.
        profile: of its training; None where it can't be read, and ``no_profile`` says why.
        classes: that it decides for, of a label of several.
        counted: its rows by bin.
        performance: rows of the performance table: of all rows on the days of the timeline whose labels had matured by the day, and
            of the slices on those of the matured window.
        estimates: rows of the table of estimates, of all rows on the days of the timeline that champions scored; empty where no
            estimate is declared.
        events: of the model, in their order.
        decision: whether a retraining is asked for, in words: first what, then why.
        links: to other pages.
    """

    use_case: UseCase
    day: dt.date
    days: Sequence[dt.date]
    rows: Rows
    model: ModelVersion
    profile: Profile | None = None
    no_profile: str = ""
    classes: tuple[str, ...] = ()
    counted: Counted = field(default_factory=Counted)
    performance: Rows = ()
    estimates: Rows = ()
    events: Sequence[Event] = ()
    decision: tuple[str, str] = ("", "")
    nobody: Collection[dt.date] = ()
    fallbacks: Collection[dt.date] = ()
    links: Links = Links()

    @property
    def measured(self) -> bool:
        """Whether the day's verdict is by measured alarms: a champion that was trained before they were declared has none."""
        return any(row.get("once_in_days") is not None for row in self.of_day)

    @cached_property
    def of_day(self) -> Rows:
        """The day's rows of the drift table, without the verdict's."""
        return [row for row in self.rows if row["partition"] == self.day and row["kind"] != VERDICT]

    @cached_property
    def verdicts(self) -> Mapping[dt.date, Mapping[str, Any]]:
        """The verdict's row of each day that has one."""
        return {row["partition"]: row for row in self.rows if row["kind"] == VERDICT}

    @property
    def verdict(self) -> Mapping[str, Any]:
        """The verdict's row of the day."""
        return self.verdicts[self.day]

    def known_event(self, day: dt.date) -> str | None:
        """The known event that a day of the timeline is of: what needs no label was not judged on it."""
        its = (row for row in self.rows if row["partition"] == day and row["statistic"] == KNOWN_EVENT)
        return next((str(row["feature"]) for row in its if row["kind"] == "data"), None)

    @property
    def version(self) -> int:
        """Of the champion that scored the day."""
        return self.model.version

    def metric(self, name: str) -> Rows:
        """The rows of the performance table that have this metric of all rows of a day."""
        return [
            row
            for row in self.performance
            if row["slice"] == ALL and row["metric"] == name and row["value"] is not None
        ]

    def window(self, days: int | None = None) -> list[dt.date]:
        """The newest scored days up to the day; by default as many as the declared window has."""
        return self.use_case.calendar.scores.newest(self.day, days or self.use_case.drift.window_days)

    @property
    def last_matured(self) -> dt.date:
        """The newest day whose labels are due by the day."""
        return self.day - dt.timedelta(days=self.use_case.maturity_days)

    def matured_window(self) -> list[dt.date]:
        """The newest scored days whose labels are due by the day."""
        return self.use_case.calendar.scores.newest(self.last_matured, self.use_case.drift.window_days)

    def since(self, row: Mapping[str, Any]) -> dt.date:
        """The first of the successive days with a verdict up to the day on which what the row measures was violated."""
        if row.get("since") is not None:
            return row["since"]  # type: ignore[no-any-return]
        same = {
            other["partition"]: other["violated"]
            for other in self.rows
            if of_all(other) and all(other[name] == row[name] for name in ("kind", "feature", "statistic"))
        }
        return self.first_in_a_row(same)

    def first_in_a_row(self, same: Mapping[dt.date, bool]) -> dt.date:
        """The first of the successive days with a verdict up to the day on which something was so, by day."""
        first = self.day
        for day in reversed(self.days):
            if day in self.verdicts:
                if not same.get(day, False):
                    break
                first = day
        return first
