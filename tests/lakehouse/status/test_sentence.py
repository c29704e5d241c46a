"""Each situation is told by its sentence, as urgent as it is, with what to do."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.declaration import UseCase
from lakehouse.status import due, lateness, night, sentence, use_case_state
from lakehouse.status.orchestration import FailedTask, Orchestration, Question
from lakehouse.status.sentence import LEVELS, Sentence
from lakehouse.storage import table_index
from tests import status_nights as nights
from tests.status_nights import NOW, TODAY
from tests.status_situations import SITUATIONS, Situation


def told(use_case: UseCase, situation: Situation, now: dt.datetime = NOW) -> tuple[Sentence, ...]:
    state = use_case_state.of(use_case, now, use_case_state.read_books([use_case], now))
    return sentence.of(state, orchestration(use_case, situation), now)


def orchestration(use_case: UseCase, situation: Situation) -> Orchestration:
    def dag(stage: str) -> str:
        return f"{stage}__{use_case.name}"

    failed = [
        FailedTask(dag(stage), task, "run", TODAY, NOW) for stage, task in [situation.failed or ("", "")] if stage
    ]
    asked = [
        Question(dag(stage), task, "run", "Promote version 2 to champion?", NOW - dt.timedelta(hours=3))
        for stage, task in [situation.asked or ("", "")]
        if stage
    ]
    paused = frozenset({dag(situation.paused)} if situation.paused else ())
    return Orchestration(True, frozenset(), paused, frozenset(), tuple(failed), tuple(asked))


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_is_told_with_what_to_do(name: str, lakehouse_root: Path, tmp_path: Path) -> None:
    situation = SITUATIONS[name]
    use_case = nights.declare(tmp_path / "own", name, **(situation.sections or {}))
    situation.make(use_case)
    first = told(use_case, situation)[0]
    names = {"name": name, "source": use_case.entity.source}
    assert first.level == situation.level
    assert (situation.says % names) in first.text
    assert (situation.do % names) in first.todo
    assert bool(first.todo) == (first.level in ("act", "look"))


def test_the_most_urgent_comes_first_and_the_others_are_not_lost(lakehouse_root: Path, tmp_path: Path) -> None:
    use_case = nights.declare(tmp_path / "own", "several")
    SITUATIONS["violated"].make(use_case)
    found = told(use_case, replace(SITUATIONS["approval"], failed=("train", "train")))
    assert [one.kind for one in found] == ["approval", "failed", "violated"]


def test_a_night_that_is_scored_and_not_judged_waits_and_then_asks(lakehouse_root: Path, tmp_path: Path) -> None:
    use_case = nights.declare(tmp_path / "own", "unjudged")
    nights.ordinary(use_case, last=TODAY - nights.A_DAY)
    nights.arrived(use_case.entity.source, [TODAY])
    nights.built(use_case, [TODAY])
    nights.scored(use_case, [TODAY])
    scored = use_case_state.of(use_case, NOW, use_case_state.read_books([use_case], NOW)).night
    assert scored is not None
    at = scored.step("scored").at  # type: ignore[union-attr]
    assert at is not None
    state = use_case_state.of(use_case, NOW, use_case_state.read_books([use_case], NOW))
    assert [one.level for one in sentence.of(state, Orchestration(), at)] == ["wait"]
    later = sentence.of(state, Orchestration(), at + lateness.VERDICT_WAIT + dt.timedelta(minutes=1))
    assert [(one.level, one.kind) for one in later] == [("look", "unjudged")]


def test_a_target_without_the_day_is_asked_for_once_it_is_late(lakehouse_root: Path, tmp_path: Path) -> None:
    use_case = nights.declare(tmp_path / "own", "undelivered", **(SITUATIONS["delivered"].sections or {}))
    nights.ordinary(use_case)
    state = use_case_state.of(use_case, NOW, use_case_state.read_books([use_case], NOW))
    assert state.night is not None and state.night.undelivered == ("desk",)
    later = (state.night.step("scored").at or NOW) + dt.timedelta(hours=4)  # type: ignore[union-attr]
    assert "not delivered to desk" in sentence.of(state, Orchestration(), later)[0].text


def test_a_table_that_was_restored_is_read_again(lakehouse_root: Path, tmp_path: Path) -> None:
    use_case = nights.declare(tmp_path / "own", "restored")
    SITUATIONS["missing_file"].make(use_case)
    assert told(use_case, SITUATIONS["good"])[0].kind == "unreadable"
    nights.judged(use_case, [TODAY])
    assert told(use_case, SITUATIONS["good"])[0].level == "good"


def test_what_is_kept_of_a_table_is_read_once_until_it_changes(
    lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_case = nights.declare(tmp_path / "own", "kept")
    nights.ordinary(use_case)
    told(use_case, SITUATIONS["good"])
    opened = []
    monkeypatch.setattr(table_index.delta_log, "opened", lambda table: opened.append(table.name))
    monkeypatch.setattr(night.DayIndex, "read", lambda *_, **__: opened.append("read"))
    told(use_case, SITUATIONS["good"])
    assert opened == []


@given(
    failed=st.lists(st.sampled_from(("score", "monitor", "train")), max_size=3),
    days_back=st.lists(st.integers(0, 5), min_size=3, max_size=3),
    hours=st.integers(-30, 30),
)
def test_there_is_always_a_first_sentence_and_they_are_in_order(
    failed: list[str], days_back: list[int], hours: int
) -> None:
    use_case = UseCase.model_validate(nights.appointments.declaration())
    now = NOW + dt.timedelta(hours=hours)
    tasks = tuple(
        FailedTask(f"{stage}__{use_case.name}", stage, "run", TODAY - nights.A_DAY * back, now)
        for stage, back in zip(failed, days_back, strict=False)
    )
    is_due = due.of(use_case, now)
    assert is_due.day is not None
    a_night = night.of(use_case, is_due.day, {}, None, None, None, ())
    state = use_case_state.UseCaseState(use_case, is_due, a_night, None, None, ())
    found = sentence.of(state, Orchestration(True, failed=tasks), now)
    assert found and [LEVELS.index(one.level) for one in found] == sorted(LEVELS.index(one.level) for one in found)
    assert {one.run for one in found if one.kind == "failed"} <= {"run"}
    assert (found[0].level == "act") == any(task.day == is_due.day and task.task != "train" for task in tasks)
