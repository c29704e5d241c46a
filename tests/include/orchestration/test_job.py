import os
import stat
import sys
import threading
import time

import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from include.orchestration import fork
from include.orchestration.job import JobOperator


@pytest.fixture(params=["copied", "fresh"], autouse=True)
def process(request, monkeypatch):
    """Each test twice: the job in a copy of the task's process, and in a new interpreter."""
    monkeypatch.setattr(fork, "possible", lambda: request.param == "copied")
    return request.param


class Events(dict):
    """What the task says about its outlets, as Airflow's context keeps it."""

    def __missing__(self, asset):
        self[asset] = keys = Keys()
        return keys


class Keys(list):
    def add_partitions(self, keys):
        self.extend(keys)


def run(operator):
    events = Events()
    return operator.execute({"outlet_events": events}), events


def job(**options):
    return JobOperator(
        task_id="score", stage="score", options={"use-case": "parcels", "partition": "2024-03-01", **options}
    )


def test_returns_the_jobs_result_and_leaves_out_empty_options(fake_job):
    fake_job("result(arguments=arguments)")
    result, _ = run(job(through="", **{"model-version": "3"}))
    assert result == {"arguments": ["score", "--use-case=parcels", "--partition=2024-03-01", "--model-version=3"]}


def test_a_range_updates_every_day_of_the_asset(fake_job):
    fake_job("result(rows=1)")
    scores = Asset("gold.parcels_scores")
    operator = job(through="2024-03-03")
    operator.outlets = [scores]
    _, events = run(operator)
    assert events == {scores: ["2024-03-01", "2024-03-02", "2024-03-03"]}


def test_a_history_without_cascade_updates_nothing(fake_job):
    fake_job("result(rows=1)")
    operator = job(through="2024-03-03")
    operator.outlets, operator.cascade = [Asset("gold.parcels_scores")], "False"
    _, events = run(operator)
    assert events == {}


def test_an_error_that_would_come_again_fails_without_retries(fake_job):
    fake_job("fail(20, 'ModelMissing', 'there is no champion of parcels', False)")
    with pytest.raises(AirflowFailException, match=r"^ModelMissing: there is no champion of parcels$"):
        run(job())


def test_an_error_that_waiting_mends_is_retried(fake_job):
    fake_job("fail(30, 'WriteConflict', 'others kept writing', True)")
    with pytest.raises(AirflowException, match=r"^WriteConflict: others kept writing$") as caught:
        run(job())
    assert not isinstance(caught.value, AirflowFailException)


def test_a_named_error_is_understood_without_a_result_file(fake_job):
    fake_job("print('ERROR ModelMissing: no champion', file=sys.stderr); sys.exit(20)")
    with pytest.raises(AirflowFailException, match=r"^ModelMissing: no champion$"):
        run(job())


def test_a_job_that_fell_over_is_retried_and_shows_its_last_line(fake_job):
    fake_job("print('out of memory'); sys.exit(137)")
    with pytest.raises(AirflowException, match=r"score ended with exit code 137: out of memory") as caught:
        run(job())
    assert not isinstance(caught.value, AirflowFailException)


def test_a_job_that_is_killed_is_retried(fake_job):
    fake_job("os.kill(os.getpid(), 9)")
    with pytest.raises(AirflowException, match=r"score ended with exit code -9") as caught:
        run(job())
    assert not isinstance(caught.value, AirflowFailException)


def test_a_job_with_nothing_to_do_skips(fake_job):
    fake_job("result(status='none')")
    with pytest.raises(AirflowSkipException):
        run(job())


def test_days_that_are_not_scored_update_nothing_and_a_run_of_them_alone_is_skipped(fake_job):
    fake_job("result(status='built', not_scored=['2024-03-02', '2024-03-03'])")
    operator = job(through="2024-03-04")
    operator.outlets = [features := Asset("gold.parcels_features")]
    assert run(operator)[1] == {features: ["2024-03-01", "2024-03-04"]}
    fake_job(
        "result(status='not scored', message='parcels: 2024-03-01 is not scored (calendar.scores: weekly on monday)')"
    )
    with pytest.raises(AirflowSkipException, match="score found nothing to do: parcels: 2024-03-01 is not scored"):
        run(job())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"partition": ""}, "Which day"),
        ({"partition": "2024-3-1x"}, "YYYY-MM-DD"),
        ({"through": "2024-02-01"}, "lies before"),
    ],
)
def test_a_run_without_a_proper_day_says_what_to_fill_in(fake_job, options, message):
    fake_job("raise SystemExit('must not start')")
    with pytest.raises(AirflowFailException, match=message):
        run(job(**options))


def test_stopping_the_task_stops_the_job(fake_job, tmp_path):
    started = tmp_path / "pid"
    fake_job(f"open({str(started)!r}, 'w').write(str(os.getpid())); time.sleep(120)")
    operator, caught = job(), []

    def execute():
        try:
            run(operator)
        except AirflowException as error:
            caught.append(error)

    thread = threading.Thread(target=execute)
    thread.start()
    deadline = time.monotonic() + 30
    while not (started.exists() and started.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    operator.on_kill()
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert "exit code -15" in str(caught[0])
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


@pytest.fixture
def submit(fake_job, tmp_path, monkeypatch):
    """A spark-submit that notes its command line and runs the job as a plain process."""
    noted = tmp_path / "command"
    script = tmp_path / "bin" / "spark-submit"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {noted}\n'
        f'while [ "${{1##*/}}" != "__main__.py" ]; do shift; done; shift\nexec {sys.executable} -m jobs "$@"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("SPARK_REMOTE")
    monkeypatch.setattr("include.orchestration.spark_submit.settings.PROJECT_ROOT", tmp_path)
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", '{"conn_type": "spark", "host": "local[2]"}')
    return noted


def test_without_a_connect_server_the_job_is_submitted(fake_job, submit):
    fake_job("result(arguments=arguments)")
    result, _ = run(job())
    assert result["arguments"] == ["score", "--use-case=parcels", "--partition=2024-03-01"]
    command = submit.read_text().split("\n")
    assert command[:2] == ["--master", "local[2]"]
    assert any(word.endswith("jobs/__main__.py") for word in command)


def test_a_submitted_job_shows_its_own_error_among_sparks_lines(fake_job, submit):
    fake_job("print('INFO SparkContext: stopping'); fail(20, 'ModelMissing', 'no champion', False)")
    with pytest.raises(AirflowFailException, match=r"^ModelMissing: no champion$"):
        run(job())


def test_a_job_of_sparks_takes_a_slot_of_the_pool_that_the_environment_names(monkeypatch):
    assert job().pool == "default_pool"
    monkeypatch.setenv("SPARK_POOL", "spark")
    assert job().pool == "spark"
    assert JobOperator(task_id="report", stage="report", options={}, needs_spark=False).pool == "default_pool"
