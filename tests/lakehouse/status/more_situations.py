"""Situations in which a use case may be, and what its page says of each."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.ops import deliveries, model_events, rowless
from lakehouse.status import sentence, use_case_state
from lakehouse.status.orchestration import FailedTask, Orchestration
from lakehouse.status.sentence import LEVELS, Sentence
from lakehouse.storage import commits, delta_log
from lakehouse.tables import DELIVERIES, MODEL_EVENTS, Table
from tests import status_nights as nights
from tests.status_nights import A_DAY, NOW, TODAY

YESTERDAY = TODAY - A_DAY
HOUR = dt.timedelta(hours=1)
DESK = {"deliver": [{"name": "desk", "files": {"folder": "/exports/desk"}}]}
# What the page knows of Airflow in most of these: that it answers, and that nothing is wrong there.
QUIET = Orchestration(True)


@dataclass(frozen=True)
class Case:
    """What is made, what Airflow knows, and what is said first; ``never``: what no sentence may say."""

    make: Callable[[UseCase], None]
    level: str
    says: str
    do: str = ""
    never: tuple[str, ...] = ()
    sections: dict[str, Any] = field(default_factory=dict)
    airflow: Callable[[str], Orchestration] = lambda name: QUIET
    at: dt.datetime = NOW


def of(use_case: UseCase, orchestration: Orchestration = QUIET, now: dt.datetime = NOW) -> tuple[Sentence, ...]:
    state = use_case_state.of(use_case, now, use_case_state.read_books([use_case], now))
    return sentence.of(state, orchestration, now)


def paused(*stages: str) -> Callable[[str], Orchestration]:
    return lambda name: Orchestration(True, paused=frozenset(f"{stage}__{name}" for stage in stages))


def broken(*stages: str) -> Callable[[str], Orchestration]:
    return lambda name: Orchestration(True, broken=frozenset(f"{stage}__{name}" for stage in stages))


def failed(stage: str, task: str, day: dt.date | None = TODAY) -> Callable[[str], Orchestration]:
    return lambda name: Orchestration(True, failed=(FailedTask(f"{stage}__{name}", task, "run", day, NOW),))


def until_yesterday(use_case: UseCase) -> None:
    nights.ordinary(use_case, last=YESTERDAY)


def ready(use_case: UseCase) -> None:
    """Tonight has arrived and is built, and is not scored."""
    until_yesterday(use_case)
    nights.arrived(use_case.entity.source, [TODAY])
    nights.built(use_case, [TODAY])


def unjudged(use_case: UseCase, violated: tuple[dt.date, ...] = ()) -> None:
    nights.ordinary(use_case, last=YESTERDAY, violated=violated)
    nights.arrived(use_case.entity.source, [TODAY])
    nights.built(use_case, [TODAY])
    nights.scored(use_case, [TODAY])


def late_and_unreadable(table: Callable[[UseCase], Table]) -> Callable[[UseCase], None]:
    def make(use_case: UseCase) -> None:
        ready(use_case)
        log = Path(delta_log.location(table(use_case))) / "_delta_log"
        sorted(log.glob("*.json"))[-1].write_text("{ not json", encoding="utf-8")

    return make


def scored_with_an_unreadable_table(use_case: UseCase) -> None:
    nights.ordinary(use_case)
    log = Path(delta_log.location(tables.scores(use_case))) / "_delta_log"
    sorted(log.glob("*.json"))[-1].write_text("{ not json", encoding="utf-8")


def corrected(use_case: UseCase) -> None:
    """Tonight's delivery was refused, came again right, and the night went well."""
    nights.arrived(use_case.entity.source, [TODAY], deliveries.REFUSED)
    nights.ordinary(use_case)


def champion_without_a_night(use_case: UseCase, at: dt.datetime) -> None:
    for name in use_case.reads:
        nights.arrived(name, nights.back(20))
    nights.built(use_case, nights.back(20))
    nights.happened(use_case.name, model_events.REGISTERED, at=at - HOUR)
    nights.happened(use_case.name, model_events.PROMOTED, at=at)


def first_was_held(use_case: UseCase) -> None:
    for name in use_case.reads:
        nights.arrived(name, nights.back(20))
    nights.built(use_case, nights.back(20))
    nights.happened(use_case.name, model_events.REGISTERED, at=NOW - 3 * HOUR)
    nights.happened(use_case.name, model_events.HELD, at=NOW - 2 * HOUR, reason="roc auc 0.51 is below the floor 0.55")


def history_alone(use_case: UseCase) -> None:
    """The history is loaded, tonight has not come, and no model was trained."""
    for name in use_case.reads:
        nights.arrived(name, nights.back(20, YESTERDAY))


def one_source_alone(use_case: UseCase) -> None:
    nights.arrived(use_case.label.sources[0], nights.back(20, YESTERDAY))


def nobody(use_case: UseCase) -> None:
    until_yesterday(use_case)
    nights.arrived(use_case.entity.source, [TODAY])
    rowless.record(tables.features(use_case), rowless.NOBODY, {TODAY: {"bookings": "d"}})


def empty_books(use_case: UseCase) -> None:
    """All was well, and then somebody emptied the platform's own tables."""
    nights.ordinary(use_case)
    for table in (DELIVERIES, MODEL_EVENTS):
        commits.replace_rows(table, [], "true")


def training_failed(use_case: UseCase) -> None:
    nights.ordinary(use_case, violated=(TODAY,))
    nights.happened(
        use_case.name, model_events.REQUESTED, 1, NOW - 3 * HOUR, 1, "jobs.monitor", "3 of 5 days are violated"
    )
    nights.happened(use_case.name, model_events.TRAINING_FAILED, 1, NOW - HOUR, 1, "airflow", "OutOfMemory: killed")


def rolled_back_twice(use_case: UseCase) -> None:
    nights.ordinary(use_case)
    for version, hours in ((2, 90), (3, 60)):
        nights.happened(use_case.name, model_events.PROMOTED, version, NOW - hours * HOUR, version - 1)
    for version, hours in ((2, 30), (1, 6)):
        nights.happened(
            use_case.name, model_events.ROLLED_BACK, version, NOW - hours * HOUR, version + 1, "ann", "worse"
        )


def challenger_alone(use_case: UseCase) -> None:
    ready(use_case)
    nights.scored(use_case, [TODAY], version=2, role="challenger")


def future(use_case: UseCase) -> None:
    """Somebody has scored a day of the year to come, by a mistake in a form."""
    nights.ordinary(use_case, last=YESTERDAY)
    nights.scored(use_case, [TODAY + 300 * A_DAY])


def last_day_missing(use_case: UseCase) -> None:
    nights.ordinary(use_case, last=YESTERDAY - A_DAY)


def holds(use_case: UseCase, found: tuple[Sentence, ...]) -> None:
    """What is true of all sentences: in order, one of each, and every DAG and source that they name is there."""
    state = use_case_state.of(use_case, NOW, use_case_state.read_books([use_case], NOW))
    dags = {*state.dags, *(f"ingest__{source}" for source in use_case.reads)}
    levels = [LEVELS.index(one.level) for one in found]
    assert levels == sorted(levels) and len({one.text for one in found}) == len(found)
    assert sum(one.level in ("good", "wait", "idle") for one in found) <= 1
    for one in found:
        assert (
            one.text[0].isupper()
            or one.text[0].isdigit()
            or "can't be read" in one.text
            or "is paused" in one.text
            or ("can't be imported" in one.text)
        ), one
        assert one.text.endswith((".", "?")) and ".." not in one.text, one
        assert not one.dag or one.dag in dags, one
        assert not one.source or one.source in use_case.reads, one
        assert set(re.findall(r"\b[a-z]+__\w+", f"{one.text} {one.todo}")) <= dags, one
