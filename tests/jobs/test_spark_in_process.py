"""What jobs do on a server they do in a Spark of their own, as under spark-submit: some of the tests, where there is no server."""

from __future__ import annotations

import os
import subprocess
import sys

from lakehouse.settings import PROJECT_ROOT

# A commit that meets another, a join, counting, and a model in Spark's Python workers.
CHOSEN = (
    "jobs/ingest/test_at_once.py::test_the_same_day_from_two_runs_at_once_is_one_result",
    "lakehouse/test_training_set.py::test_rows_without_an_outcome_or_a_value_have_no_label_and_stay",
    "jobs/monitor/test_counts.py::test_spark_counts_the_same_bins_as_numpy",
    "jobs/score/test_score_job.py::test_a_challenger_scores_everybody_and_changes_nothing_for_the_champion",
)
SERVER = ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED")


def test_jobs_need_no_server() -> None:
    kept = {name: value for name, value in os.environ.items() if name not in SERVER and not name.startswith("PYTEST_")}
    # A Spark that lives for a minute does not repay optimised code.
    own = {"SPARK_MASTER": "local[2]", "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{test}" for test in CHOSEN)]
    done = subprocess.run(command, env=kept | own, cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and f"{len(CHOSEN)} passed" in done.stdout, done.stdout[-4000:]
