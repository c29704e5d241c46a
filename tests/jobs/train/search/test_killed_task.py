"""What becomes of a search whose task is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from optuna.trial import FrozenTrial, TrialState

from jobs.train.search import journal, space, tuning
from jobs.train.search.study import FIXED, MOST_TRIES, RETRY_OF, Study
from lakehouse.declaration import Model
from lakehouse.errors import TrainingFailed
from lakehouse.settings import PROJECT_ROOT
from tests.jobs.train import search_task
from tests.jobs.train.rows import rows

PATIENCE_SECONDS = 240
TRAIN, VALIDATION = rows(*search_task.TRAIN), rows(*search_task.VALIDATION)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "study"


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a task that searches, and ends those that the test has left."""
    tasks: list[subprocess.Popen[bytes]] = []

    def started() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.jobs.train.search_task", str(folder)]
        tasks.append(subprocess.Popen(command, cwd=PROJECT_ROOT))
        return tasks[-1]

    yield started
    for task in tasks:
        task.kill()
        task.wait()


def trials(folder: Path) -> list[FrozenTrial]:
    """Those in the journal, read without taking part."""
    if not (folder / "journal.log").exists():
        return []
    storage = journal.storage(folder / "journal.log")
    studies = storage.get_all_studies()
    return storage.get_all_trials(studies[0]._study_id) if studies else []


def finished(folder: Path) -> dict[int, dict[str, float]]:
    return {t.number: t.params for t in trials(folder) if t.state in (TrialState.COMPLETE, TrialState.PRUNED)}


def running(folder: Path) -> list[FrozenTrial]:
    return [trial for trial in trials(folder) if trial.state is TrialState.RUNNING]


def kept(trial: FrozenTrial) -> dict[str, float]:
    """What a retry begins with. A task killed between two parameters: then they are drawn anew, all but those given to it."""
    whole = trial.params.keys() == space.ranges(search_task.MODEL).keys()
    return trial.params if whole else trial.system_attrs.get(FIXED, {})


def kill_in_a_trial(task: subprocess.Popen[bytes], folder: Path, after: int) -> None:
    """Kill the task while it runs a trial, when so many have ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (len(finished(folder)) >= after and running(folder)):
        assert time.monotonic() < deadline and task.poll() is None, "the task met no such moment"
        time.sleep(0.02)
    task.kill()
    task.wait()


@pytest.mark.process
def test_a_killed_task_continues_with_its_search_and_ends_with_the_model_of_one_that_is_not_killed(
    folder: Path, tmp_path: Path, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    interrupted: dict[int, FrozenTrial] = {}
    for after in (1, 3):
        kill_in_a_trial(start(), folder, after)
        before = finished(folder)
        interrupted |= {trial.number: trial for trial in running(folder)}
    resumed, undisturbed = search_task.search(folder), search_task.search(tmp_path / "undisturbed")
    # What had ended is kept, and what ran is tried again with its parameters.
    everything = trials(folder)
    assert before.items() <= finished(folder).items() and len(finished(folder)) == search_task.MODEL.trials
    for number, trial in interrupted.items():
        assert everything[number].state in (TrialState.FAIL, TrialState.COMPLETE, TrialState.PRUNED)
        if everything[number].state is TrialState.FAIL:
            (again,) = [other for other in everything if other.user_attrs.get(RETRY_OF) == number]
            assert kept(trial).items() <= again.params.items()
    one, other = (
        [(t.number, t.params, t.loss, t.rounds, t.state) for t in tuned.trials] for tuned in (resumed, undisturbed)
    )
    assert one == other and len(one) == search_task.MODEL.trials
    assert resumed.params == undisturbed.params and resumed.rounds == undisturbed.rounds
    assert (resumed.validation_score == undisturbed.validation_score).all()


def test_every_trial_that_ended_in_an_earlier_attempt_is_reported_again_and_none_is_made(folder: Path) -> None:
    model = Model(task="classification", trials=3, max_rounds=5)
    first = tuning.tune(model, TRAIN, VALIDATION, folder=folder)
    seen: list[int] = []
    again = tuning.tune(model, TRAIN, VALIDATION, lambda trial: seen.append(trial.number), folder)
    assert seen == [0, 1, 2] and again.trials == first.trials
    assert Study(folder, model).done


def test_parameters_that_xgboost_refuses_end_the_search_by_name(folder: Path) -> None:
    # A declaration with it would not load.
    model = Model(task="classification", trials=3, max_rounds=5).model_copy(update={"fixed": {"max_depth": -3}})
    with pytest.raises(TrainingFailed, match=r"max_depth.*look at model\.fixed"):
        tuning.tune(model, TRAIN, VALIDATION, folder=folder)


def test_a_search_whose_every_trial_kills_its_task_ends_by_name(folder: Path) -> None:
    model = Model(task="classification", trials=1, max_rounds=5)
    for _ in range(MOST_TRIES):
        killed = Study(folder, model)
        assert killed.ask() is not None
        killed.close()
    with pytest.raises(TrainingFailed, match=r"found none of 1: the task was killed 4 times in each; give the machine"):
        tuning.tune(model, TRAIN, VALIDATION, folder=folder)


def test_minutes_that_are_over_leave_one_trial(folder: Path) -> None:
    model = Model(task="classification", trials=20, max_rounds=5, minutes=1e-6)
    assert len(tuning.tune(model, TRAIN, VALIDATION, folder=folder).trials) == 1
