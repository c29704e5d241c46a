"""What jobs do on a server they do in a Spark of their own, as under spark-submit: some of the tests, where there is no server."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lakehouse.settings import PROJECT_ROOT
from tests.services import with_own_spark

pytestmark = pytest.mark.process

# A commit that meets another, a join, counting, and a model in Spark's Python workers.
CHOSEN = (
    "jobs/ingest/test_at_once.py::test_the_same_day_from_two_runs_at_once_is_one_result",
    "lakehouse/test_training_set.py::test_rows_without_an_outcome_or_a_value_have_no_label_and_stay",
    "jobs/monitor/test_counts.py::test_spark_counts_the_same_bins_as_numpy",
    "jobs/score/test_score_job.py::test_a_challenger_scores_everybody_and_changes_nothing_for_the_champion",
)


def test_jobs_need_no_server() -> None:
    environment = {name: value for name, value in with_own_spark().items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--own-spark"]
    command += [f"tests/{test}" for test in CHOSEN]
    done = subprocess.run(command, env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and f"{len(CHOSEN)} passed" in done.stdout, done.stdout[-4000:]
