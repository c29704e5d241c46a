"""Several workers at once, and what becomes of a search whose processes are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from optuna.trial import FrozenTrial, TrialState

from jobs.train.search import journal, space, tuning
from jobs.train.search.study import FIXED, WORKER, Study
from lakehouse.declaration import Model
from lakehouse.errors import TrainingFailed
from lakehouse.settings import PROJECT_ROOT
from tests.jobs.train import task
from tests.jobs.train.rows import rows

PATIENCE_SECONDS = 240
TRAIN, VALIDATION = rows(*task.TRAIN), rows(*task.VALIDATION)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "study"


def trials(folder: Path) -> list[FrozenTrial]:
    """Those in the journal, read without taking part."""
    if not (folder / "journal.log").exists():
        return []
    storage = journal.storage(folder / "journal.log")
    found = storage.get_all_studies()
    return storage.get_all_trials(found[0]._study_id) if found else []


def finished(folder: Path) -> dict[int, dict[str, float]]:
    return {t.number: t.params for t in trials(folder) if t.state in (TrialState.COMPLETE, TrialState.PRUNED)}


def running(folder: Path) -> list[FrozenTrial]:
    return [trial for trial in trials(folder) if trial.state is TrialState.RUNNING and WORKER in trial.user_attrs]


def kept(trial: FrozenTrial) -> dict[str, float]:
    """What a retry begins with. A worker killed between two parameters: then they are drawn anew, all but those given to it."""
    whole = trial.params.keys() == space.ranges(task.MODEL).keys()
    return trial.params if whole else trial.system_attrs.get(FIXED, {})


def await_that(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def start(folder: Path, workers: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.train.task", str(folder), str(workers)], cwd=PROJECT_ROOT
    )


@pytest.fixture
def started(folder: Path) -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Starts tasks, and ends those that the test has left."""
    tasks: list[subprocess.Popen[bytes]] = []

    def begin(workers: int) -> subprocess.Popen[bytes]:
        tasks.append(start(folder, workers))
        return tasks[-1]

    yield begin
    for one in tasks:
        one.kill()
        one.wait()


def workers_of(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "jobs.train.search.worker" in line]


@pytest.mark.process
def test_killed_workers_are_replaced_and_their_trials_tried_again(
    folder: Path, started: Callable[[int], subprocess.Popen[bytes]]
) -> None:
    begun = started(2)
    # On a busy machine one worker may still be starting when the other has done half.
    await_that(lambda: len(finished(folder)) >= 2 and len(running(folder)) >= 1)
    before = finished(folder)
    for victim in workers_of(begun.pid):
        os.kill(victim, signal.SIGKILL)
    assert begun.wait(PATIENCE_SECONDS) == 0
    everything = trials(folder)
    lost = [trial for trial in everything if trial.state is TrialState.FAIL]
    assert len(lost) <= 2 and len(finished(folder)) == task.MODEL.trials
    assert before.items() <= finished(folder).items()
    for trial in lost:
        (again,) = [other for other in everything if other.user_attrs.get("retry_of") == trial.number]
        assert kept(trial).items() <= again.params.items()
    assert sorted(
        trial.user_attrs["slot"] for trial in everything if trial.state.is_finished() and trial not in lost
    ) == list(range(task.MODEL.trials))


@pytest.mark.process
def test_a_killed_task_leaves_no_worker_and_the_next_goes_on(
    folder: Path, started: Callable[[int], subprocess.Popen[bytes]]
) -> None:
    begun = started(2)
    await_that(lambda: len(finished(folder)) >= 2 and len(running(folder)) >= 1)
    orphans = workers_of(begun.pid)
    assert len(orphans) == 2
    begun.kill()
    begun.wait()
    await_that(lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans))
    before, stale = finished(folder), running(folder)
    assert started(2).wait(PATIENCE_SECONDS) == 0
    assert before.items() <= finished(folder).items() and len(finished(folder)) == task.MODEL.trials
    retried = {trial.user_attrs.get("retry_of"): trial.params for trial in trials(folder)}
    assert all(kept(trial).items() <= retried[trial.number].items() for trial in stale)


@pytest.mark.process
def test_a_killed_task_with_one_worker_ends_with_the_model_of_one_that_is_not_killed(
    folder: Path, tmp_path: Path, started: Callable[[int], subprocess.Popen[bytes]]
) -> None:
    for enough in (1, 3):
        begun = started(1)
        await_that(lambda: len(finished(folder)) >= enough and len(running(folder)) == 1)  # noqa: B023
        begun.kill()
        begun.wait()
    resumed, undisturbed = task.search(folder, 1), task.search(tmp_path / "undisturbed", 1)
    told = [[(t.number, t.params, t.loss, t.rounds, t.state) for t in found.trials] for found in (resumed, undisturbed)]
    assert told[0] == told[1] and len(told[0]) == task.MODEL.trials
    assert (resumed.params, resumed.rounds) == (undisturbed.params, undisturbed.rounds)
    assert (resumed.validation_score == undisturbed.validation_score).all()


def test_every_trial_that_ended_in_an_earlier_attempt_is_reported_again_and_none_is_made(folder: Path) -> None:
    model = Model(task="classification", trials=3, max_rounds=5)
    first = tuning.tune(model, TRAIN, VALIDATION, folder=folder)
    seen: list[int] = []
    again = tuning.tune(model, TRAIN, VALIDATION, lambda trial: seen.append(trial.number), folder)
    assert seen == [0, 1, 2] and again.trials == first.trials
    assert Study(folder, model).done


@pytest.mark.process
def test_parameters_that_xgboost_refuses_end_the_search_by_name(folder: Path) -> None:
    model = Model(task="classification", trials=3, max_rounds=5, fixed={"max_depth": -3}, workers=2)
    with pytest.raises(TrainingFailed, match=r"max_depth.*look at model\.fixed"):
        tuning.tune(model, TRAIN, VALIDATION, folder=folder)


def test_minutes_that_are_over_leave_one_trial(folder: Path) -> None:
    model = Model(task="classification", trials=20, max_rounds=5, minutes=1e-6)
    assert len(tuning.tune(model, TRAIN, VALIDATION, folder=folder).trials) == 1
