"""A rollback where Mondays alone are scored: the scored nights since are scored again, as one range."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.rollback import job
from jobs.rollback.arguments import RollbackArguments
from jobs.score import job as score_job
from jobs.score.arguments import ScoreArguments
from lakehouse.ops import pending_verdicts
from tests.jobs.shelf import day, open_clinic, scored


def test_what_was_scored_on_other_days_before_the_rhythm_was_declared_stays_as_it_is(
    lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mondays = {"start": day(0), "scores": {"weekly": ["monday"]}}
    shelf = open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files", calendar=mondays)
    for number in (1, 2):
        shelf.add()
        shelf.promote(number)
    for number in (0, 3, 7, 14):
        scored(shelf.use_case, number, 2, why="champion")
    asked: list[tuple[str, dt.date, dt.date | None]] = []

    def score(arguments: ScoreArguments) -> None:
        asked.append(("score", arguments.partition, arguments.through))
        for number in (0, 7, 14):
            scored(shelf.use_case, number, 1, why="rolled back")

    def judge(arguments: MonitorArguments) -> None:
        asked.append(("monitor", arguments.partition, arguments.through))

    monkeypatch.setattr(score_job, "run", score)
    monkeypatch.setattr(monitor, "run", judge)
    found = job.run(RollbackArguments(use_case="appointments", reason="it is bad", rescore=True))
    nights = [day(number) for number in (0, 7, 14)]
    assert (found.rescored, found.judged, found.nights) == (nights, nights, list(map(str, nights)))
    assert asked == [("score", day(0), day(14)), ("monitor", day(0), day(14))]
    assert pending_verdicts.pending("appointments") == []
