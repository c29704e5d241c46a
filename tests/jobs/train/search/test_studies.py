"""What a search learns from those before it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from jobs.train.search import space, studies, tuning
from lakehouse.declaration import Range, UseCase
from lakehouse.storage import file_locks
from tests.jobs import appointments
from tests.jobs.train.rows import rows

DAY = dt.date(2024, 6, 1)
MIDDLE = {"max_depth": 3, "eta": 0.1}


def use_case(**model: object) -> UseCase:
    return UseCase.model_validate(appointments.declaration(model={"trials": 9, **model}))


def found(fingerprint: str, day: dt.date, **best: float) -> Path:
    place = studies.folder(use_case(), fingerprint)
    place.mkdir(parents=True)
    studies.remember(place, day, {**MIDDLE, **best}, 0.5)
    return place


pytestmark = pytest.mark.usefixtures("lakehouse_root")


def test_the_best_trials_of_the_last_studies_come_first_the_newest_before_the_others() -> None:
    for days, fingerprint in ((4, "d"), (1, "a"), (2, "b"), (3, "c")):
        found(fingerprint, DAY - dt.timedelta(days=days), eta=days / 100 + 0.1)
    assert [point["eta"] for point in studies.best_of_last(use_case(), "now", DAY)] == pytest.approx([0.11, 0.12, 0.13])


def test_points_take_a_third_of_the_budget_at_most() -> None:
    for number in range(3):
        found(f"f{number}", DAY, eta=0.1 + number / 100)
    assert len(studies.best_of_last(use_case(trials=3), "now", DAY)) == 1
    assert studies.best_of_last(use_case(trials=2), "now", DAY) == []


def test_a_study_for_a_later_day_is_not_looked_at_nor_is_the_search_s_own() -> None:
    found("later", DAY + dt.timedelta(days=1))
    found("own", DAY)
    assert studies.best_of_last(use_case(), "own", DAY) == []


def test_points_outside_of_the_ranges_as_they_are_now_are_left_out() -> None:
    found("deep", DAY, max_depth=5)
    found("half", DAY, max_depth=2.5)
    found("other", DAY, subsample=0.5)
    assert studies.best_of_last(use_case(), "now", DAY) == []
    wider = use_case().model.model_copy(
        update={"search": {**use_case().model.search, "max_depth": Range(low=2, high=6, integer=True)}}
    )
    assert space.fits(wider, {**MIDDLE, "max_depth": 5})


def test_the_best_point_of_an_older_release_is_read_with_its_whole_numbers_whole() -> None:
    place = studies.folder(use_case(), "older")
    place.mkdir(parents=True)
    (place / "found.json").write_text(
        '{"day": "2024-05-31", "best": {"max_depth": 3, "eta": 0.1234567890123456}, "loss": 0.5}'
    )
    (point,) = studies.best_of_last(use_case(), "now", DAY)
    assert point == {"max_depth": 3, "eta": 0.1234567890123456} and isinstance(point["max_depth"], int)


def test_the_oldest_studies_are_forgotten_but_none_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "KEPT", 2)
    oldest = found("f0", DAY)
    with file_locks.locked(studies.training_lock(oldest)):
        found("f1", DAY)
        found("f2", DAY)
        found("f3", DAY)
    assert sorted(place.name for place in oldest.parent.iterdir() if place.is_dir()) == ["f0", "f2", "f3"]


def test_a_search_begins_with_its_starts_and_then_the_middle(tmp_path: Path) -> None:
    model = use_case(trials=3).model
    tuned = tuning.tune(model, rows(400, 1), rows(200, 2), folder=tmp_path / "s", starts=[{**MIDDLE, "max_depth": 2}])
    assert [dict(trial.params) for trial in tuned.trials[:2]] == [{**MIDDLE, "max_depth": 2}, space.middles(model)]
