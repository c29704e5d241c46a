"""The whole road for a use case that only the tests know, through the real scheduler, checked by readers not ours.

The bakery is a regression with another key and labels that come a week late; that its DAGs run without a line changed in
dags/, jobs/ or lakehouse/ is half of what is proved here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest
from deltalake import DeltaTable

from stack.airflow_client import PAUSE_SECONDS, AirflowClient
from stack.errors import StackError
from stack.lifecycle import await_all, running_stack
from stack.plan import Plan
from stack.ports import Ports
from stack.running import RunningStack
from tests.services import short_lived_spark
from tests.use_cases import bakery

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]

PROJECT = Path(__file__).parents[2]
WEEK = dt.timedelta(days=7)
# As many days as a training reads. A day each for "the night that is run again" and "the night after it".
START, HISTORY_END = dt.date(2024, 3, 1), dt.date(2024, 5, 14)
NIGHTS = [HISTORY_END + dt.timedelta(days=offset) for offset in (1, 2)]
BROKEN = NIGHTS[-1] + dt.timedelta(days=1)
ROWS = len(bakery.SHOPS) * len(bakery.BREADS)
PATIENCE_SECONDS = 420
# Nobody changes a DAG file meanwhile: they are parsed once.
PARSED_ONCE = {
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "3600",
}


# Several jobs, one after the other, in one Python: what a test asks of them is what they write.
IN_A_ROW = """
import json, sys
from jobs.__main__ import main
for arguments in json.loads(sys.argv[1]):
    if main(arguments) != 0:
        sys.exit(f"failed: {arguments}")
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack").resolve()


@pytest.fixture(scope="module")
def stack(root: Path) -> Iterator[RunningStack]:
    """A stack of the test's own: other ports, other folders, and the tests' use cases alone."""
    plan = replace(
        Plan.from_environ(),
        state_root=root / "state",
        ports=Ports.free(),
        lakehouse_root=str(root / "warehouse"),
        landing_root=str(root / "landing"),
        use_case_roots=str(PROJECT / "tests" / "use_cases"),
    )
    with patch.dict(os.environ, PARSED_ONCE), short_lived_spark(), running_stack(plan, wait_for=["spark"]) as running:
        yield running


@pytest.fixture(scope="module")
def nights(stack: RunningStack, root: Path) -> AirflowClient:
    """History by jobs; the champion by train__bakery_sales, and a refused delivery; the nights by backfills of both sources."""
    bakery.deliver(root / "landing", START, NIGHTS[-1])
    bakery.write(root / "landing", "bakery_plan", BROKEN, ["shop,bread,planned", "canal,rye,3"])
    plans = begin(stack, "ingest", "--source", "bakery_plan", "--partition", START, "--through", HISTORY_END)
    sales = "bakery_sales_counted"
    end(plans, begin(stack, "ingest", "--source", sales, "--partition", START, "--through", HISTORY_END - WEEK))
    end(begin(stack, "features", "--use-case", "bakery_sales", "--partition", START, "--through", HISTORY_END))
    await_all(stack)
    airflow = AirflowClient(stack)
    stages = ("features__bakery_sales", "score__bakery_sales", "monitor__bakery_sales", "train__bakery_sales")
    airflow.await_dags(*stages, "ingest__bakery_plan", "ingest__bakery_sales_counted")
    airflow.trigger("train__bakery_sales", "first", conf={"partition": str(NIGHTS[0])})
    airflow.trigger("ingest__bakery_plan", "broken", str(BROKEN))
    airflow.wait("train__bakery_sales", "first", PATIENCE_SECONDS)
    end(
        backfill(stack, "ingest__bakery_plan", NIGHTS[0], NIGHTS[-1]),
        backfill(stack, "ingest__bakery_sales_counted", NIGHTS[0] - WEEK, NIGHTS[-1] - WEEK),
    )
    await_runs(airflow, {night: {"features": 1, "score": 1, "monitor": 1} for night in NIGHTS})
    return airflow


def test_every_night_is_scored_once_by_the_champion(nights: AirflowClient, root: Path) -> None:
    found = ask(root, "bakery_sales_scores", "select partition, role, model_version, count(*) from t group by all")
    assert sorted(found) == [(night, "champion", 1, ROWS) for night in NIGHTS]


def test_no_score_is_doubled_and_each_knows_where_it_comes_from(nights: AirflowClient, root: Path) -> None:
    ((rows, keys, without, decided),) = ask(
        root,
        "bakery_sales_scores",
        "select count(*), count(distinct (shop, bread, partition)),"
        " count(*) filter (run_id is null or code_version is null or features_version is null or score is null),"
        " count(decision) from t",
    )
    assert (rows, keys, without, decided) == (ROWS * len(NIGHTS), ROWS * len(NIGHTS), 0, 0)


def test_labels_mature_after_a_week_and_unlabelled_rows_are_counted(nights: AirflowClient, root: Path) -> None:
    found = ask(root, "bakery_sales_outcomes", "select distinct partition from t")
    assert {day for (day,) in found} >= {night - WEEK for night in NIGHTS}


def test_each_night_has_a_drift_verdict_with_its_reason(nights: AirflowClient, root: Path) -> None:
    found = ask(root, "bakery_sales_drift", "select partition, reason from t where kind = 'verdict'")
    assert sorted(day for day, _ in found) == NIGHTS
    assert all(reason for _, reason in found)


def test_the_ledger_adds_up(nights: AirflowClient, root: Path) -> None:
    books = DeltaTable(root / "warehouse/ops/deliveries").to_pyarrow_table().to_pylist()
    days = (NIGHTS[-1] - START).days + 1
    assert Counter(line["status"] for line in books) == {"ingested": days + days - 7, "refused": 1}
    assert all(
        line["delivered_rows"] == line["accepted_rows"] + line["rejected_rows"] + line["duplicate_rows"]
        for line in books
    )


def test_each_partition_had_one_run_of_every_stage(nights: AirflowClient) -> None:
    for night in NIGHTS:
        stages = [run["dag_id"] for run in nights.runs_of(str(night)) if not run["dag_id"].startswith("ingest__")]
        assert sorted(stages) == ["features__bakery_sales", "monitor__bakery_sales", "score__bakery_sales"]


def test_clearing_what_a_night_built_and_running_it_again_changes_no_row(nights: AirflowClient, root: Path) -> None:
    before = digests(root)
    for stage, night in (("features", NIGHTS[0]), ("score", NIGHTS[1])):
        (run,) = [run for run in nights.runs_of(str(night)) if run["dag_id"] == f"{stage}__bakery_sales"]
        nights.clear(run["dag_id"], run["dag_run_id"], only_failed=False)
        assert run["dag_run_id"] in [one["dag_run_id"] for one in nights.under_way(run["dag_id"])]
    # What was made again is announced again, so that what depends on it follows once more.
    await_runs(
        nights,
        {NIGHTS[0]: {"features": 1, "score": 2, "monitor": 2}, NIGHTS[1]: {"features": 1, "score": 1, "monitor": 2}},
    )
    assert digests(root) == before


def test_days_one_by_one_leave_the_same_tables_as_the_backfill(
    nights: AirflowClient, stack: RunningStack, root: Path
) -> None:
    before = digests(root)
    jobs = [
        [stage, "--use-case", "bakery_sales", "--partition", str(night), "--force"]
        for night in NIGHTS
        for stage in ("features", "score", "monitor")
    ]
    end(start(stack, sys.executable, "-c", IN_A_ROW, json.dumps(jobs)))
    assert digests(root) == before


def test_a_failed_run_shows_the_jobs_own_error_line(nights: AirflowClient, stack: RunningStack) -> None:
    with pytest.raises(StackError, match="run broken of ingest__bakery_plan failed in ingest"):
        nights.wait("ingest__bakery_plan", "broken", PATIENCE_SECONDS)
    logs = (stack.plan.airflow_home / "logs").rglob("*ingest__bakery_plan*/*broken*/**/*.log")
    text = "\n".join(log.read_text(encoding="utf-8") for log in logs)
    assert "missing column(s) price; found shop, bread, planned" in text
    assert nights.tasks("ingest__bakery_plan", "broken") == {"ingest": "failed"}


def begin(stack: RunningStack, *arguments: object) -> subprocess.Popen[bytes]:
    """Begin a job from the command line, as a user of the stack would."""
    return start(stack, sys.executable, "-m", "jobs", *arguments)


def backfill(stack: RunningStack, dag_id: str, first: dt.date, last: dt.date) -> subprocess.Popen[bytes]:
    """Begin to ask for a backfill, as a user of the stack would."""
    days = ("--from-date", first, "--to-date", last)
    return start(stack, "airflow", "backfill", "create", "--dag-id", dag_id, *days, "--max-active-runs", len(NIGHTS))


def start(stack: RunningStack, *command: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*map(str, command)], env=stack.env, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def end(*begun: subprocess.Popen[bytes]) -> None:
    """Wait for commands that were begun, and see that all went well."""
    for process in begun:
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, said.decode()[-2000:]


def await_runs(airflow: AirflowClient, expected: Mapping[dt.date, Mapping[str, int]]) -> None:
    """Wait until each day has had so many runs of each stage behind the ingestion, no more and no fewer, and all went well."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    for day, stages in expected.items():
        while True:
            runs = [run for run in airflow.runs_of(str(day)) if not run["dag_id"].startswith("ingest__")]
            failed = [airflow.explain(run["dag_id"], run["dag_run_id"]) for run in runs if run["state"] == "failed"]
            assert not failed, failed
            found = Counter(run["dag_id"].partition("__")[0] for run in runs)
            if found == stages and {run["state"] for run in runs} == {"success"}:
                break
            assert time.monotonic() < deadline, f"{day}: expected runs {stages}, found {found}"
            time.sleep(PAUSE_SECONDS)


def ask(root: Path, table: str, sql: str) -> list[tuple[object, ...]]:
    """Ask DuckDB of a gold table, opened by delta-rs."""
    dataset = DeltaTable(root / "warehouse/gold" / table).to_pyarrow_dataset()
    with duckdb.connect() as connection:
        connection.register("t", dataset)
        return connection.execute(sql).fetchall()


def digests(root: Path) -> dict[str, str]:
    """A digest of the rows of each gold table, without the columns that say when and by which version."""
    audit = {"scored_at", "features_version"}
    result = {}
    # No performance: the labels of these nights come after the last of them.
    for made in ("features", "scores", "outcomes", "drift"):
        name = f"bakery_sales_{made}"
        table = DeltaTable(root / "warehouse/gold" / name).to_pyarrow_table()
        kept = sorted(set(table.column_names) - audit)
        rows = sorted(repr(sorted(row.items())) for row in table.select(kept).to_pylist())
        result[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return result
