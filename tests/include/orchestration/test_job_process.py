import logging
import os
import re
import subprocess
import sys

import pytest

from include.orchestration import fork, job_process


class Log:
    """What the task's log gets."""

    def __init__(self):
        self.lines = []

    def info(self, text, *values):
        self.lines.append(text % values)


@pytest.fixture(params=["copied", "fresh"])
def follow(request, monkeypatch, fake_job):
    """Run a job of these lines to its end, both ways; its exit code, last line and log."""
    monkeypatch.setattr(fork, "possible", lambda: request.param == "copied")

    def one(body, environment=None, background=False):
        fake_job(body)
        log = Log()
        arguments = ["score", "--use-case=a b", "--result", "nowhere"]
        ended = job_process.start(arguments, environment or {}, background, log).follow(log)
        return *ended, log.lines

    return one


def test_the_log_has_the_command_each_line_and_the_exit_code(follow):
    code, last, lines = follow("print('one'); print('two', file=sys.stderr); sys.exit(3)")
    assert (code, last) == (3, "two")
    assert lines == [
        "Running python -m jobs score '--use-case=a b' --result nowhere",
        "one",
        "two",
        "The job ended with exit code 3",
    ]


def test_what_a_process_of_the_job_writes_is_logged_too(follow):
    assert "a child" in follow("import subprocess; subprocess.run(['echo', 'a child'])")[2]


def test_the_jobs_log_lines_are_its_own_and_not_the_tasks(follow, caplog):
    with caplog.at_level(logging.DEBUG):
        lines = follow("import logging; logging.basicConfig(format='job: %(message)s'); logging.warning('careful')")[2]
    assert "job: careful" in lines
    assert "careful" not in caplog.text


def test_an_unexpected_error_ends_with_its_traceback(follow):
    code, last, _ = follow("raise OSError('no disk')")
    assert (code, last) == (1, "OSError: no disk")


def test_connections_are_in_the_jobs_environment_alone(follow):
    assert follow("print(os.environ['THE_PASSWORD'])", {"THE_PASSWORD": "secret"})[1] == "secret"
    assert "THE_PASSWORD" not in os.environ


def test_a_job_works_in_the_projects_folder_and_in_a_session_of_its_own(follow):
    folder, session, own = follow("print(os.getcwd(), os.getsid(0), os.getpid())")[1].split()
    assert folder == str(job_process.settings.PROJECT_ROOT)
    assert session == own


def test_a_background_job_is_nice(follow):
    assert int(follow("print(os.nice(0))", background=True)[1]) == os.nice(0) + job_process.NICE


def test_a_job_holds_nothing_open_that_its_task_has_open(follow, tmp_path):
    with (tmp_path / "held").open("w") as file:
        os.set_inheritable(file.fileno(), False)
        body = "import glob; held = [os.path.realpath(one) for one in glob.glob('/proc/self/fd/*')]; "
        body += f"print(held.count({file.name!r}))"
        assert follow(body)[1] == "0"


def test_what_the_task_has_imported_is_there_at_once_in_a_copy(follow, request):
    last = follow("print('include.orchestration.job_process' in sys.modules)")[1]
    assert last == str("copied" in request.node.name)


@pytest.mark.process
def test_a_question_is_answered_by_a_process_of_its_own(monkeypatch):
    monkeypatch.setattr(fork, "possible", lambda: True)
    assert fork.ask(os.getpid) != os.getpid()


@pytest.mark.process
def test_an_error_of_a_question_is_raised_in_the_task(monkeypatch):
    monkeypatch.setattr(fork, "possible", lambda: True)
    with pytest.raises(ValueError, match="invalid literal"):
        fork.ask(lambda: int("x"))


@pytest.mark.process
def test_a_question_whose_process_is_killed_fails(monkeypatch):
    monkeypatch.setattr(fork, "possible", lambda: True)
    with pytest.raises(fork.AirflowException, match="exit code -9"):
        fork.ask(lambda: os.kill(os.getpid(), 9))


@pytest.mark.process
def test_a_process_with_a_second_thread_is_not_copied():
    lines = "import threading, include.orchestration.fork as fork; alone = fork.possible(); wait = threading.Event();"
    lines += "threading.Thread(target=wait.wait).start(); print(alone, fork.possible()); wait.set()"
    said = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True).stdout
    assert re.search(r"True False$", said.strip())
