"""Each situation is told truly, and what it asks for can be done."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lakehouse import tables
from lakehouse.alerts import facts
from lakehouse.status import lateness, sentence, use_case_state
from lakehouse.status.orchestration import Orchestration, Question
from lakehouse.tables import DELIVERIES, MODEL_EVENTS
from tests import status_nights as nights
from tests.lakehouse.status.more_situations import (
    DESK,
    HOUR,
    QUIET,
    YESTERDAY,
    Case,
    broken,
    challenger_alone,
    champion_without_a_night,
    corrected,
    empty_books,
    failed,
    first_was_held,
    future,
    history_alone,
    holds,
    last_day_missing,
    late_and_unreadable,
    nobody,
    of,
    one_source_alone,
    paused,
    ready,
    rolled_back_twice,
    scored_with_an_unreadable_table,
    training_failed,
    unjudged,
    until_yesterday,
)
from tests.status_nights import A_DAY, NOW, TODAY

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
