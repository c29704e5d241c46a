"""The result of monitoring: the verdict of each day, and the retraining or rollback that follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.asked_days import NOT_SCORED, ScoredDaysResult
from jobs.monitor.new_categories import KIND


@dataclass(frozen=True, kw_only=True)
class DayVerdict:
    """The verdict of a day: by the champion that scored it, with its reasons and the features that drifted.

    A day that is not scored has none: version 0, not violated, and the reason says so.

    Attributes:
        new_categories: by feature how many of the day's rows have a level that the champion's training did not have; the reasons
            name the levels, ``gold.<use_case>_drift_counts`` has all.
    """

    partition: dt.date
    model_version: int
    violated: bool
    verdict: str
    reasons: list[str]
    drifted_features: list[str]
    new_categories: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]], day: dt.date) -> DayVerdict:
        """The verdict that the drift table's rows have for ``day``."""
        of_day = [row for row in rows if row["partition"] == day]
        final = next(row for row in of_day if row["kind"] == "verdict")
        return cls(
            partition=day,
            model_version=final["model_version"],
            violated=final["violated"],
            verdict="violated" if final["violated"] else "ordinary",
            reasons=final["reason"].split("; "),
            drifted_features=sorted({row["feature"] for row in of_day if row["kind"] == "feature" and row["violated"]}),
            new_categories={
                row["feature"]: int(row["value"]) for row in of_day if row["kind"] == KIND and row["value"]
            },
        )

    @classmethod
    def none(cls, day: dt.date, why: str) -> DayVerdict:
        """Of a day that is not scored."""
        return cls(
            partition=day, model_version=0, violated=False, verdict=NOT_SCORED, reasons=[why], drifted_features=[]
        )


@dataclass(frozen=True, kw_only=True)
class RollbackForm:
    """The form of the rollback, filled in."""

    from_version: int | None
    to_version: int | None
    rescore: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class MonitorResult(ScoredDaysResult, DayVerdict):
    """The verdict of the last day, and what follows from all days.

    Attributes:
        retrain: whether a retraining is requested; ``retrain_reasons`` why, or why not.
        retrain_triggers: what asked for it: drift, performance, schedule, new labels.
        retrain_for: the day that it is requested for, whose verdict has the reasons ``retrain_because``.
        roll_back: whether the last promotion is taken back; ``roll_back_reasons`` why, or why not.
        rollback: the form of the rollback.
        judged_again: later days whose verdict looks back at these days, and was given again.
        outcomes_partition: the last day whose labels have matured; None when none has.
        outcomes_written: the days whose labels were written.
        labelled_rows: of the champion's scores of ``outcomes_partition``.
        days: the verdict of each day.
        undeclared_labels: how often each value came on ``outcomes_partition`` that is no declared class; such rows have no label.
    """

    retrain: bool
    retrain_reasons: list[str]
    retrain_triggers: list[str]
    retrain_for: dt.date
    retrain_because: list[str]
    roll_back: bool
    roll_back_reasons: list[str]
    rollback: RollbackForm
    judged_again: list[dt.date]
    outcomes_partition: dt.date | None
    outcomes_written: list[dt.date]
    labelled_rows: int
    days: list[DayVerdict]
    undeclared_labels: dict[str, int]
