"""Situations in which two things are true at once, or little is known: the sentence is true, and what it asks for can be done."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse import tables
from lakehouse.alerts import facts
from lakehouse.declaration import UseCase
from lakehouse.ops import deliveries, model_events, rowless
from lakehouse.status import due, lateness, night, sentence, use_case_state
from lakehouse.status.orchestration import FailedTask, Orchestration, Question
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


CASES: dict[str, Case] = {
    "a paused monitor does not keep a night from being scored": Case(
        until_yesterday, "act", "wait for the delivery", "Have ", ("paused",), airflow=paused("monitor", "deliver"), sections=DESK
    ),
    "a paused monitor is why a scored night is not judged": Case(
        unjudged, "look", "is scored, but not judged: monitor__x is paused", "Unpause it", airflow=paused("monitor")
    ),
    "a paused delivery is why a target lacks the night": Case(
        nights.ordinary, "act", "not delivered to desk: deliver__x is paused", "Unpause it", sections=DESK,
        airflow=paused("deliver"),
    ),
    "three paused": Case(
        until_yesterday, "act", "Nothing new since 2024-06-09: ingest__x_bookings, features__x and 1 more are paused",
        "Unpause them",
        airflow=lambda name: Orchestration(
            True, paused=frozenset({f"ingest__{name}_bookings", f"features__{name}", f"score__{name}"})
        ),
    ),
    "what has arrived needs its paused DAG no more": Case(
        ready, "act", "The features are built, and score has not written", "No run of score__x is under way", ("paused",),
        airflow=lambda name: Orchestration(True, paused=frozenset({f"ingest__{name}_bookings", f"features__{name}"})),
    ),
    "a file that can't be imported": Case(
        ready, "act", "score__x can't be imported, so 2024-06-10 is not scored", "import error", airflow=broken("score")
    ),
    "a run is under way": Case(
        ready, "act", "score has not written", "See what the run waits for",
        airflow=lambda name: Orchestration(True, running=frozenset({f"score__{name}"})),
    ),
    "scores that can't be read are not late": Case(
        scored_with_an_unreadable_table, "act", "gold.x_scores can't be read", "Restore", ("are late", "not scored")
    ),
    "a ledger that can't be read says nothing of what has arrived": Case(
        late_and_unreadable(lambda _: DELIVERIES), "act", "ops.deliveries can't be read", "Restore",
        ("Everything has arrived", "no champion"),
    ),
    "features that can't be read are not missing": Case(
        late_and_unreadable(tables.features), "act", "gold.x_features can't be read", "Restore", ("the features are not built",)
    ),
    "a champion that is not known is not missing": Case(
        late_and_unreadable(lambda _: MODEL_EVENTS), "act", "ops.model_events can't be read", "Restore", ("no champion", "Train")
    ),
    "refused, then delivered again": Case(corrected, "good", "2024-06-10 is all right", never=("refused",)),
    "the books are empty, and the night is there": Case(
        empty_books, "good", "2024-06-10 is all right: 4 scores by version 1, judged ordinary"
    ),
    "a champion since this morning": Case(
        lambda one: champion_without_a_night(one, NOW - HOUR), "wait", "version 1 is champion since 2024-06-10 07:00 UTC",
        never=("deliveries have not been taken in", "late"),
    ),
    "a champion since yesterday that has not scored": Case(
        lambda one: champion_without_a_night(one, NOW - 30 * HOUR), "act", "The scores of 2024-06-10 are late",
        never=("deliveries have not been taken in",),
    ),
    "the first version was held": Case(
        first_was_held, "look", "version 1 was held, and there is no champion: roc auc 0.51", "trigger train__x",
        ("there is no model.",),
    ),
    "history without a model": Case(
        history_alone, "look", "Nothing is scored yet: there is no model", "trigger train__x", ("not been taken in",)
    ),
    "one source of two": Case(
        one_source_alone, "look", "Nothing is scored yet: x_bookings has not been taken in", "unpause ingest__x_bookings"
    ),
    "the calendar has not begun": Case(
        lambda _: None, "idle", "Nothing is due before 2024-07-01", never=("landing zone",),
        sections={"calendar": {"start": dt.date(2024, 7, 1)}},
    ),
    "nobody is there": Case(
        nobody, "good", "2024-06-10 is all right: nobody is in its population", never=("late",), sections=DESK
    ),
    "a training failed, and tonight is violated": Case(
        training_failed, "look", "Task train of train__x failed", "Remove the cause", ("Act",), airflow=failed("train", "train")
    ),
    "the approval of one's own request": Case(
        nights.ordinary, "act", "Task approval of train__x failed", "clear the task", airflow=failed("train", "approval", None)
    ),
    "tidying up failed": Case(
        nights.ordinary, "look", "Task retire of retire__x failed", "clear the task", airflow=failed("retire", "retire", None)
    ),
    "rolled back twice": Case(
        rolled_back_twice, "look", "Version 1 decides again in the place of version 2, rolled back by ann", "See why"
    ),
    "the challenger alone has scored": Case(
        challenger_alone, "act", "The scores of 2024-06-10 are late", "No run of score__x", ("all right",)
    ),
    "a day of the year to come is scored": Case(
        future, "act", "The scores of 2024-06-10 are late", never=("all right",)
    ),
    "an approval has waited for three days": Case(
        nights.ordinary, "act", "It has waited since 2024-06-07 08:00 UTC", "approve or reject",
        airflow=lambda name: Orchestration(
            True, questions=(Question(f"train__{name}", "approval", "run", "Promote version 2?", NOW - 72 * HOUR),)
        ),
    ),
    "the last day of a calendar was never scored": Case(
        last_day_missing, "look", "Its calendar ended on 2024-06-09, and 2024-06-09 was not scored", "features__x for 2024-06-09",
        sections={"calendar": {"end": YESTERDAY}},
    ),
    "the last night of an ended calendar was violated": Case(
        lambda one: nights.ordinary(one, last=YESTERDAY, violated=(YESTERDAY,)), "idle", "Its calendar ended on 2024-06-09",
        sections={"calendar": {"end": YESTERDAY}}, at=dt.datetime.now(dt.UTC) + 4 * A_DAY,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_a_situation_is_told_truly_and_what_it_asks_for_can_be_done(
    what: str, lakehouse_root: Path, tmp_path: Path
) -> None:
    case = CASES[what]
    use_case = nights.declare(tmp_path / "own", "x", **case.sections)
    case.make(use_case)
    found = of(use_case, case.airflow("x"), case.at)
    assert (found[0].level, case.says in found[0].text) == (case.level, True), found
    assert case.do in found[0].todo and bool(found[0].todo) == (case.level in ("act", "look")), found
    assert not [one for one in found for text in case.never if text in f"{one.text} {one.todo}"], found
    holds(use_case, found)


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


def test_an_unjudged_night_is_told_beside_a_violated_one_before_it(lakehouse_root: Path, tmp_path: Path) -> None:
    use_case = nights.declare(tmp_path / "own", "x")
    unjudged(use_case, violated=(YESTERDAY,))
    later = dt.datetime.now(dt.UTC) + lateness.VERDICT_WAIT + HOUR
    state = use_case_state.of(use_case, NOW, use_case_state.read_books([use_case], NOW))
    found = sentence.of(state, QUIET, later)
    assert [one.kind for one in found] == ["unjudged", "violated"]


def test_nobody_is_told_that_a_night_without_anybody_is_late(lakehouse_root: Path, tmp_path: Path) -> None:
    use_case = nights.declare(tmp_path / "own", "x")
    nobody(use_case)
    assert facts.late(use_case, TODAY, "06:30", NOW) is None
    # Once somebody is there, the scores are waited for.
    nights.built(use_case, [TODAY])
    assert facts.late(use_case, TODAY, "06:30", NOW) is not None


def test_an_hour_before_that_of_the_night_is_the_next_morning_s(tmp_path: Path) -> None:
    sections = {"alerts": {"late_after": "00:10"}, "calendar": {"start": dt.date(2024, 1, 1), "nightly": "30 2 * * *"}}
    found = due.of(nights.declare(tmp_path / "own", "x", **sections), NOW)
    assert found.begins is not None and found.by == found.begins + dt.timedelta(hours=21, minutes=40) and found.declared


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"])


@given(
    ZONES,
    st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2025, 1, 1)),
    st.sampled_from(["30 2 * * *", "0 0 * * *", "59 23 * * *"]),
)
@settings(max_examples=200)
def test_a_night_is_never_late_before_it_begins_also_when_clocks_are_changed(
    zone: str, at: dt.datetime, nightly: str
) -> None:
    declared = nights.appointments.declaration(
        calendar={"start": dt.date(2023, 1, 1), "timezone": zone, "nightly": nightly}
    )
    use_case, now = UseCase.model_validate(declared), at.replace(tzinfo=dt.UTC)
    found = due.of(use_case, now)
    assert found.day is not None and found.begins is not None and found.by is not None
    assert found.begins <= now + HOUR and found.by > found.begins
    # One night a day, and none is left out.
    assert dt.timedelta() <= now - found.begins < dt.timedelta(hours=26) or found.begins > now


STATES = st.sampled_from(["done", "waits", "unknown"])
STAGES = ("features", "score", "monitor", "train", "rollback", "restate", "retire")


@given(
    steps=st.tuples(st.sampled_from(["done", "waits", "bad", "unknown"]), STATES, STATES, STATES),
    stopped=st.lists(st.sampled_from(STAGES), max_size=3),
    imports=st.lists(st.sampled_from(STAGES), max_size=2),
    running=st.lists(st.sampled_from(STAGES), max_size=2),
    tasks=st.lists(st.tuples(st.sampled_from(STAGES), st.integers(0, 3)), max_size=3, unique=True),
    hours=st.integers(-30, 30),
    champion_since=st.none() | st.integers(-48, 48),
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_known_the_sentences_agree_with_it(
    steps: tuple[str, ...], stopped: list[str], imports: list[str], running: list[str], tasks: list[tuple[str, int]],
    hours: int, champion_since: int | None,
) -> None:  # fmt: skip
    use_case = UseCase.model_validate(nights.appointments.declaration())
    now, name = NOW + hours * HOUR, use_case.name
    is_due = due.of(use_case, now)
    assert is_due.day is not None
    names = ("arrived", "built", "scored", "judged")
    source = use_case.entity.source
    a_night = night.Night(
        is_due.day,
        tuple(night.Step(one, state, "as drawn", now) for one, state in zip(names, steps, strict=True)),  # type: ignore[arg-type]
        ((source, is_due.day),) if steps[0] == "bad" else (),
        ((source, is_due.day),) if steps[0] == "waits" else (),
        4 if steps[2] == "done" else 0,
        (1,) if steps[2] == "done" else (),
        0,
        None,
        (),
    )
    changes = () if champion_since is None else (model_events_line(name, NOW + champion_since * HOUR),)
    state = use_case_state.UseCaseState(
        use_case, is_due, a_night, is_due.day if steps[2] == "done" else is_due.day - A_DAY,
        use_case_state.champion.of(changes), (), {}, changes, (), frozenset(use_case.reads),
    )  # fmt: skip
    orchestration = Orchestration(
        True,
        paused=frozenset(f"{one}__{name}" for one in stopped),
        broken=frozenset(f"{one}__{name}" for one in imports),
        running=frozenset(f"{one}__{name}" for one in running),
        failed=tuple(FailedTask(f"{one}__{name}", one, "run", is_due.day - A_DAY * back, now) for one, back in tasks),
    )
    found = sentence.of(state, orchestration, now)
    assert found
    levels = [LEVELS.index(one.level) for one in found]
    assert levels == sorted(levels)
    said = " ".join(f"{one.text} {one.todo}" for one in found)
    if steps[2] == "done":
        assert "are late" not in said and "is not scored" not in said
    if steps[2] == "unknown":
        assert "are late" not in said and "is not scored" not in said and "no scores" not in said
    if "paused" in said:
        assert stopped
    if "imported" in said:
        assert imports
    if "Everything has arrived" in said:
        assert steps[0] == "done"
    if "Have " in said:
        assert steps[0] in ("waits", "bad")
    assert all(bool(one.todo) == (one.level in ("act", "look")) for one in found)


def model_events_line(name: str, at: dt.datetime) -> Any:
    from lakehouse.status.books import ModelEvent

    return ModelEvent(
        model_name=name, model_version=1, event=model_events.PROMOTED, from_version=None, actor="ann", reason="better",
        run_id="run", happened_at=at,
    )  # fmt: skip
