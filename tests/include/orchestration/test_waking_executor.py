import threading
import time

import pytest

from include.orchestration import waking_executor
from include.orchestration.database_watch import DatabaseWatch
from include.orchestration.waking_executor import WakingExecutor


@pytest.fixture
def executor(monkeypatch, tmp_path):
    """One that has begun, without the workers that it would start."""
    monkeypatch.setattr(WakingExecutor, "_spawn_workers_with_gc_freeze", lambda self, number: None)
    monkeypatch.setattr(WakingExecutor, "_check_workers", lambda self: None)
    monkeypatch.setattr(waking_executor, "REST_SECONDS", 60)
    monkeypatch.setattr(waking_executor, "BLIND_REST_SECONDS", 60)
    monkeypatch.setattr(waking_executor, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(DatabaseWatch, "of_airflow", lambda: DatabaseWatch((tmp_path / "airflow.db",)))
    made = WakingExecutor(parallelism=1)
    made.start()
    made._database.look()
    ended = []
    monkeypatch.setattr(made, "change_state", lambda key, state, *others: ended.append((key, state)))
    made.ended = ended
    return made


def test_right_after_something_happened_it_does_not_rest(executor, monkeypatch):
    monkeypatch.setattr(waking_executor, "wait", lambda *_: pytest.fail("it rested"))
    executor.sync()


def test_at_rest_it_waits_until_a_task_ends_and_tells_so_in_the_same_look(executor):
    executor._stirred = time.monotonic() - waking_executor.BRISK_SECONDS - 1
    ending = threading.Timer(0.2, executor.result_queue.put, [("task", "success", None)])
    ending.start()
    # Without the wake-up this is a minute, and the result comes a look later.
    executor.sync()
    ending.join()
    assert executor.ended == [("task", "success")]


def test_after_a_task_ended_it_looks_briskly_again(executor, monkeypatch):
    executor._stirred = time.monotonic() - waking_executor.BRISK_SECONDS - 1
    executor.result_queue.put(("task", "success", None))
    executor.sync()
    monkeypatch.setattr(waking_executor, "wait", lambda *_: pytest.fail("it rested"))
    executor.sync()


def test_work_that_is_handed_out_ends_the_rest(executor, monkeypatch):
    executor._stirred = time.monotonic() - waking_executor.BRISK_SECONDS - 1
    executor._process_workloads([])
    monkeypatch.setattr(waking_executor, "wait", lambda *_: pytest.fail("it rested"))
    executor.sync()


def test_work_in_the_database_ends_the_rest(executor, monkeypatch):
    executor._stirred = time.monotonic() - waking_executor.BRISK_SECONDS - 1
    came = iter([False, False, True])
    monkeypatch.setattr(DatabaseWatch, "work_came", lambda self: next(came))
    # Without it this is a minute.
    executor.sync()
    assert list(came) == []


def test_beside_a_database_that_is_no_file_it_rests_until_a_task_ends(executor):
    executor._stirred = time.monotonic() - waking_executor.BRISK_SECONDS - 1
    executor._database = DatabaseWatch(())
    executor.result_queue.put(("task", "success", None))
    executor.sync()
    assert executor.ended == [("task", "success")]


def test_a_rest_with_nothing_to_see_ends_by_itself(executor, monkeypatch):
    monkeypatch.setattr(waking_executor, "REST_SECONDS", 0.01)
    executor._stirred = time.monotonic() - waking_executor.BRISK_SECONDS - 1
    executor.sync()
    assert executor.ended == []
