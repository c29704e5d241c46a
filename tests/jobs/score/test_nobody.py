"""A day on which nobody is in the population is no failure: it is not scored, and says so."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from lakehouse import tables
from lakehouse.staleness import nobody
from lakehouse.storage import commits, delta_log
from tests.jobs.shelf import ROWS, Shelf, day, live, open_clinic

NAME = "appointments"


@pytest.fixture
def shelf(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Four days are scored; then a correction leaves nobody on the third."""
    made = open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files")
    made.add()
    made.promote(1)
    live(made.use_case, 0, 1, 2, 3)
    scored(0, 3)
    commits.replace_rows(tables.features(made.use_case), [], f"partition = '{day(2)}'")
    assert nobody.record(made.use_case, {day(number): {"bookings": "d"} for number in (2, 3)}) == [day(2)]
    return made


def scored(first: int, last: int) -> score.ScoreResult:
    return score.run(ScoreArguments(use_case=NAME, partition=day(first), through=day(last)))


def days_of(shelf: Shelf) -> dict[dt.date, int]:
    return delta_log.rows_by_day(tables.scores(shelf.use_case))


def test_the_other_days_of_a_range_are_scored_and_the_scores_of_who_is_gone_go_too(shelf: Shelf) -> None:
    assert days_of(shelf)[day(2)] == ROWS
    result = scored(0, 3)
    assert result.not_scored == [day(2)]
    assert result.message == (
        f"{NAME}: 1 of the 4 days from {day(0)} to {day(3)} is not scored: nobody is in the population"
    )
    assert days_of(shelf) == {day(number): ROWS for number in (0, 1, 3)}
    assert day(2) not in delta_log.rows_by_day(tables.reasons(shelf.use_case))


def test_the_day_alone_is_no_error(shelf: Shelf) -> None:
    result = scored(2, 2)
    assert (result.status, result.not_scored, result.rows) == ("not scored", [day(2)], 0)
    watched = monitor.run(MonitorArguments(use_case=NAME, partition=day(2)))
    # Labels of other days matured.
    assert (watched.status, watched.verdict, watched.not_scored) == ("monitored", "not scored", [day(2)])
    assert watched.reasons == [f"{day(2)} is not scored (nobody is in the population)"]


def test_a_day_that_has_somebody_again_is_scored(shelf: Shelf) -> None:
    scored(2, 2)
    live(shelf.use_case, 2)
    assert nobody.days(shelf.use_case, [day(2)]) == []
    assert scored(0, 3).not_scored == []
    assert days_of(shelf)[day(2)] == ROWS
