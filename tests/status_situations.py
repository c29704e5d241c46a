"""Situations that the status page has to tell: each makes the tables of a use case, and what Airflow would know of it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.ops import deliveries, exports, model_events
from lakehouse.storage import delta_log
from tests import status_nights as nights
from tests.status_nights import A_DAY, NOW, TODAY

YESTERDAY = TODAY - A_DAY
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Situation:
    """A situation.

    Attributes:
        make: makes the tables.
        level: how urgent it is told to be.
        says, do: what the sentence and the call to action have in them, with the use case's name and source to be filled in by
            ``%``; empty: there is nothing to do.
        sections: of the declaration.
        failed, asked: a task that failed of tonight, or waits for a person, as stage and task.
        paused: a stage whose DAG is paused.
    """

    make: Callable[[UseCase], None]
    level: str
    says: str
    do: str = ""
    sections: Mapping[str, Any] | None = None
    failed: tuple[str, str] | None = None
    asked: tuple[str, str] | None = None
    paused: str | None = None


def _until_yesterday(use_case: UseCase) -> None:
    nights.ordinary(use_case, last=YESTERDAY)


def _late(use_case: UseCase) -> None:
    _until_yesterday(use_case)


def _refused(use_case: UseCase) -> None:
    _until_yesterday(use_case)
    nights.arrived(use_case.entity.source, [TODAY], deliveries.REFUSED)


def _on_its_way(use_case: UseCase) -> None:
    _until_yesterday(use_case)


def _violated(use_case: UseCase) -> None:
    nights.ordinary(use_case, violated=(TODAY - 2 * A_DAY, TODAY))


def _rolled_back(use_case: UseCase) -> None:
    nights.ordinary(use_case)
    nights.happened(use_case.name, model_events.PROMOTED, 2, NOW - 9 * A_DAY, 1)
    nights.happened(
        use_case.name,
        model_events.ROLLED_BACK,
        1,
        NOW - 20 * HOUR,
        2,
        "ann",
        "worse than version 1 on three nights; log loss 0.52",
    )


def _all_by_fallback(use_case: UseCase) -> None:
    nights.ordinary(use_case)
    nights.scored(use_case, [TODAY], fallbacks=4)


def _some_by_fallback(use_case: UseCase) -> None:
    nights.ordinary(use_case)
    nights.scored(use_case, [TODAY], fallbacks=1)


def _no_model(use_case: UseCase) -> None:
    days = nights.back(5)
    nights.arrived(use_case.entity.source, days)
    nights.built(use_case, days)


def _damaged_log(use_case: UseCase) -> None:
    nights.ordinary(use_case)
    log = Path(delta_log.location(tables.drift(use_case))) / "_delta_log"
    newest = sorted(log.glob("*.json"))[-1]
    newest.write_text("{ not json", encoding="utf-8")


def _missing_file(use_case: UseCase) -> None:
    nights.ordinary(use_case)
    place = Path(delta_log.location(tables.drift(use_case)))
    shutil.rmtree(place / f"partition={TODAY}")


def _delivered(use_case: UseCase, state: str) -> None:
    nights.ordinary(use_case)
    nights.delivered(use_case, "desk", [TODAY], state)


def _retraining_failed(use_case: UseCase) -> None:
    nights.ordinary(use_case)
    nights.happened(
        use_case.name, model_events.REQUESTED, 1, NOW - 30 * HOUR, 1, "jobs.monitor", "3 of 5 days are violated"
    )
    nights.happened(
        use_case.name,
        model_events.TRAINING_FAILED,
        1,
        NOW - 26 * HOUR,
        1,
        "airflow",
        "TrainingDataTooSmall: 40 rows, expected 100",
    )


DESK = {"deliver": [{"name": "desk", "files": {"folder": "/exports/desk"}}]}
FALLBACK = {"fallback": [{"last_score": {"days": 7}}, {"base_rate": True}]}
ENDED = {"calendar": {"end": YESTERDAY - 30 * A_DAY}}

SITUATIONS: dict[str, Situation] = {
    "good": Situation(nights.ordinary, "good", "2024-06-10 is all right: 4 scores by version 1, judged ordinary"),
    "late_source": Situation(
        _late,
        "act",
        "The scores of 2024-06-10 are late: they were due by 06:30 (UTC), and wait for the "
        "delivery %(source)s of 2024-06-10",
        "Have %(source)s delivered",
    ),
    "on_its_way": Situation(
        _on_its_way,
        "wait",
        "2024-06-10 is on its way: waits for %(source)s of 2024-06-10. It is due by 23:30 (UTC)",
        sections={"alerts": {"late_after": "23:30"}},
    ),
    "refused": Situation(
        _refused,
        "act",
        "The delivery %(source)s of 2024-06-10 was refused, so 2024-06-10 can't be built",
        "delivered again",
    ),
    "violated": Situation(
        _violated,
        "look",
        "2024-06-10 is scored, but its verdict is violated: PSI of the scores 0.61 (limit 0.5)",
        "Look at the day's page",
    ),
    "approval": Situation(
        nights.ordinary,
        "act",
        "A person has to decide: Promote version 2 to champion? It has waited since 2024-06-10 05:00 UTC",
        "approve or reject",
        asked=("train", "approval"),
    ),
    "rolled_back": Situation(
        _rolled_back,
        "look",
        "Version 1 decides again in the place of version 2, rolled back by ann: worse than version 1 on three nights",
        "why the version was bad",
    ),
    "fallback": Situation(
        _some_by_fallback, "look", "On 2024-06-10 a fallback decided 1 of 4 rows", "See what was missing", FALLBACK
    ),
    "fallback_night": Situation(
        _all_by_fallback, "look", "On 2024-06-10 a fallback decided 4 of 4 rows", "See what was missing", FALLBACK
    ),
    "nothing_yet": Situation(
        lambda use_case: None,
        "look",
        "Nothing is scored yet: its deliveries have not been taken in",
        "unpause ingest__%(source)s",
    ),
    "no_model": Situation(_no_model, "look", "Nothing is scored yet: there is no model", "trigger train__%(name)s"),
    "damaged_log": Situation(_damaged_log, "act", "gold.%(name)s_drift can't be read", "Restore the table"),
    "missing_file": Situation(
        _missing_file, "act", "gold.%(name)s_drift can't be read: a file of it is missing", "Restore the table"
    ),
    "failed": Situation(
        _until_yesterday,
        "act",
        "Task score of score__%(name)s failed for 2024-06-10",
        "clear the task",
        failed=("score", "score"),
    ),
    "paused": Situation(
        _until_yesterday,
        "act",
        "Nothing new since 2024-06-09: features__%(name)s is paused, so 2024-06-10 is not scored",
        "Unpause it",
        paused="features",
    ),
    "ended": Situation(
        lambda use_case: nights.ordinary(use_case, last=YESTERDAY - 30 * A_DAY),
        "idle",
        "Its calendar ended on 2024-05-10; 2024-05-10 was scored last",
        sections=ENDED,
    ),
    "delivered": Situation(
        lambda use_case: _delivered(use_case, exports.SENT), "good", "judged ordinary, delivered", sections=DESK
    ),
    "retraining_failed": Situation(
        _retraining_failed,
        "look",
        "A retraining failed: TrainingDataTooSmall: 40 rows, expected 100",
        "next night asks again",
    ),
}

# Those that a page of all shows at once.
SHOWN = (
    "good",
    "late_source",
    "refused",
    "violated",
    "approval",
    "rolled_back",
    "fallback",
    "nothing_yet",
    "damaged_log",
)
SHOWN += ("missing_file", "failed", "paused")
