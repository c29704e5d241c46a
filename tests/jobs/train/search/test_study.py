"""The study on disk: what is asked next, and what a killed task leaves behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from jobs.train.search import journal, space
from jobs.train.search.study import MOST_TRIES, Study, Trial
from lakehouse.declaration import Model, Range

MODEL = Model(task="classification", trials=9)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "study"


def loss_of(params: dict[str, float]) -> float:
    return float(params["subsample"]) + 1 / float(params["max_depth"])


def search(study: Study, most: int = 100) -> None:
    while most > 0 and (trial := study.ask()) is not None:
        study.tell(trial, loss_of(trial.params), 10, pruned=False)
        most -= 1


def points(study: Study) -> list[tuple[int, dict[str, float], float]]:
    return [(trial.number, dict(trial.params), trial.loss) for trial in study.ended()]


def kill(study: Study) -> None:
    """What the operating system does when the process is killed: its lock is released, its trial stays as running."""
    study._lock.close()


def test_a_search_that_is_killed_again_and_again_ends_as_one_that_is_not(tmp_path: Path) -> None:
    search(undisturbed := Study(tmp_path / "undisturbed", MODEL, [space.middles(MODEL)]))
    for finished in (0, 1, 3, 2):
        search(study := Study(tmp_path / "killed", MODEL, [space.middles(MODEL)]), most=finished)
        assert study.ask() is not None
        kill(study)
    search(last := Study(tmp_path / "killed", MODEL))
    assert points(last) == points(undisturbed) and len(points(last)) == MODEL.trials


@pytest.mark.parametrize("starts", [[], [space.middles(MODEL)]])
def test_a_task_that_is_killed_while_it_draws_a_trial_changes_nothing_of_it(
    tmp_path: Path, starts: list[dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    search(undisturbed := Study(tmp_path / "undisturbed", MODEL, starts))
    suggest, drawn = space.suggest, list(space.ranges(MODEL))
    for finished, dies_before in ((0, drawn[0]), (0, drawn[2]), (3, drawn[4]), (1, drawn[1])):

        def dying(trial: optuna.Trial, name: str, declared: Range, last: str = dies_before) -> space.Value:
            if name == last:
                raise KeyboardInterrupt
            return suggest(trial, name, declared)

        search(study := Study(tmp_path / "killed", MODEL, starts), most=finished)
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(space, "suggest", dying)
            study.ask()
        kill(study)
    search(last := Study(tmp_path / "killed", MODEL))
    assert points(last) == points(undisturbed) and len(points(last)) == MODEL.trials


def test_the_interrupted_trial_is_tried_again_with_its_parameters_and_the_finished_are_kept(folder: Path) -> None:
    search(study := Study(folder, MODEL), most=3)
    before, lost = points(study), study.ask()
    assert lost is not None
    kill(study)
    again = Study(folder, MODEL)
    retried = again.ask()
    assert retried is not None and retried.params == lost.params and retried.number == lost.number + 1
    assert points(again) == before
    assert again.optuna.trials[lost.number].state is TrialState.FAIL


def test_a_second_search_of_the_same_waits_for_the_first_and_takes_over_nothing_of_it(folder: Path) -> None:
    first = Study(folder, MODEL)
    mine = first.ask()
    assert mine is not None
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(Study, folder, MODEL)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        first.tell(mine, loss_of(mine.params), 10, pruned=False)
        search(first)
        first.close()
        second = waiting.result(timeout=20)
    assert second.ask() is None and points(second) == points(first)
    assert len(second.optuna.trials) == MODEL.trials


def test_a_trial_in_which_every_task_is_killed_is_given_up_and_the_others_go_on(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(MOST_TRIES):
        study = Study(folder, MODEL)
        assert study.ask() is not None
        kill(study)
    search(last := Study(folder, MODEL))
    assert [trial.number for trial in last.ended()] == list(range(1, MODEL.trials))
    assert f"given up, {MOST_TRIES} tasks were killed in it" in caplog.text


def test_a_kill_between_the_new_try_and_the_end_of_the_old_one_doubles_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(folder, MODEL)
    lost = study.ask()
    kill(study)
    second = Study(folder, MODEL)
    with monkeypatch.context() as patched:
        patched.setattr(second.optuna, "tell", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            second.ask()
    kill(second)
    search(third := Study(folder, MODEL))
    assert [trial.number for trial in third.ended()] == list(range(MODEL.trials))
    assert lost is not None and third.ended()[0].params == lost.params
    assert len(third.optuna.trials) == MODEL.trials + 1


def test_a_journal_whose_last_line_is_half_written_is_gone_on_with(folder: Path) -> None:
    search(study := Study(folder, MODEL), most=2)
    before = points(study)
    study.close()
    with (folder / "journal.log").open("ab") as file:
        file.write(b'{"op_code":4,"study_id":0,"date')
    search(again := Study(folder, MODEL), most=1)
    assert points(again)[:2] == before and len(points(again)) == 3


def test_what_needs_no_healing_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "journal.log"
    for content in (b"", b"one\n", b"one\ntwo\n"):
        file.write_bytes(content)
        journal.heal(file)
        assert file.read_bytes() == content
    file.write_bytes(b"half")
    journal.heal(file)
    assert file.read_bytes() == b""


def test_starts_are_tried_first_and_those_of_the_first_attempt_count(folder: Path) -> None:
    first, second = space.middles(MODEL), {**space.middles(MODEL), "max_depth": 4}
    search(study := Study(folder, MODEL, [first, second]), most=1)
    study.close()
    search(again := Study(folder, MODEL, [{**first, "max_depth": 9}]), most=2)
    assert [trial.params for trial in again.ended()[:2]] == [first, second]


def test_when_the_time_is_over_no_trial_is_begun_but_there_is_always_one(folder: Path) -> None:
    study = Study(folder, MODEL)
    over = time.time() - 1
    only = study.ask(until=over)
    assert only is not None
    study.tell(only, 0.5, 10, pruned=False)
    assert study.ask(until=over) is None
    assert study.ask(until=time.time() + 60) is not None


def test_a_pruned_trial_keeps_its_least_loss(folder: Path) -> None:
    study = Study(folder, MODEL)
    trial = study.ask()
    assert trial is not None
    trial.report(0.9, 20)
    ended = study.tell(trial, 0.4, 21, pruned=True)
    assert isinstance(ended, Trial) and (ended.state, ended.loss, ended.rounds) == ("pruned", 0.4, 21)
