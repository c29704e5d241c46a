"""What jobs do on a server they do in a Spark of their own, as under spark-submit: some of the tests, where there is no server.

All of them run in one process with one Spark, in a mount namespace of its own where this machine grants one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from xml.etree import ElementTree

import pytest

from lakehouse.settings import PROJECT_ROOT
from tests.services import with_own_spark

pytestmark = pytest.mark.process

# A commit that meets another, a join, counting, and a model in Spark's Python workers.
CHOSEN = (
    "jobs/ingest/test_at_once.py::test_the_same_day_from_two_runs_at_once_is_one_result",
    "lakehouse/evaluation/test_labelled_rows.py::test_rows_without_an_outcome_or_a_value_have_no_label_and_stay",
    "jobs/monitor/test_job.py::test_few_rows_and_many_give_the_same_tables",
    "jobs/score/test_score_job.py::test_a_challenger_scores_everybody_and_changes_nothing_for_the_champion",
)
NEED_A_DISK = (
    "jobs/narrow_disk.py::test_a_full_disk_is_named_and_the_rerun_is_complete",
    "jobs/narrow_disk.py::test_a_landing_folder_that_can_not_be_written_to_is_named_and_the_rerun_is_complete",
)
# A mount namespace in which this user is root.
NAMESPACE = ("unshare", "-rm")


def may_mount() -> bool:
    """Whether this machine lets us have a mount namespace: containers often do not."""
    return (
        shutil.which("unshare") is not None
        and subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode == 0
    )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Of every test that was run, by its name: what went wrong, or "" where nothing did."""
    report = tmp_path_factory.mktemp("own_spark") / "report.xml"
    environment = {name: value for name, value in with_own_spark().items() if not name.startswith("PYTEST_")}
    tests, prefix = (CHOSEN + NEED_A_DISK, NAMESPACE) if may_mount() else (CHOSEN, ())
    command = [*prefix, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--own-spark"]
    command += [f"--junitxml={report}", f"--basetemp={report.parent / 'tests'}", *(f"tests/{test}" for test in tests)]
    done = subprocess.run(command, env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert report.exists(), done.stdout[-4000:] + done.stderr[-4000:]
    cases = ElementTree.parse(report).getroot().iter("testcase")
    return {case.attrib["name"]: "\n".join(part.text or part.tag for part in case)[-4000:] for case in cases}


@pytest.mark.parametrize("test", CHOSEN, ids=lambda test: test.partition("::test_")[2])
def test_jobs_need_no_server(test: str, outcomes: Mapping[str, str]) -> None:
    assert outcomes[test.partition("::")[2]] == ""


@pytest.mark.parametrize("test", NEED_A_DISK, ids=lambda test: test.partition("::test_")[2])
def test_a_disk_that_takes_no_more_loses_nothing(test: str, outcomes: Mapping[str, str]) -> None:
    if not may_mount():
        pytest.skip("needs user namespaces to mount a disk")
    assert outcomes[test.partition("::")[2]] == ""
