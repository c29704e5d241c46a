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
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from stack.airflow_client import AirflowClient
from stack.lifecycle import await_all, running_stack
from stack.plan import Plan
from stack.ports import Ports
from stack.running import RunningStack
from tests.use_cases import bakery

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]

PROJECT = Path(__file__).parents[2]
START, HISTORY_END = dt.date(2024, 3, 1), dt.date(2024, 5, 20)
NIGHTS = [dt.date(2024, 5, 21) + dt.timedelta(days=offset) for offset in range(3)]
ROWS = len(bakery.SHOPS) * len(bakery.BREADS)
PATIENCE_SECONDS = 420


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
    with running_stack(plan, wait_for=["spark"]) as running:
        yield running


@pytest.fixture(scope="module")
def nights(stack: RunningStack, root: Path) -> AirflowClient:
    """History by jobs; the champion by train__bakery_sales; three nights by a backfill of both sources at once."""
    bakery.deliver(root / "landing", START, NIGHTS[-1])
    job(stack, "ingest", "--source", "bakery_plan", "--partition", START, "--through", HISTORY_END)
    known = HISTORY_END - dt.timedelta(days=7)
    job(stack, "ingest", "--source", "bakery_sales_counted", "--partition", START, "--through", known)
    job(stack, "features", "--use-case", "bakery_sales", "--partition", START, "--through", HISTORY_END)
    await_all(stack)
    airflow = AirflowClient(stack)
    airflow.trigger("train__bakery_sales", "first", conf={"partition": str(NIGHTS[0])})
    airflow.wait("train__bakery_sales", "first", PATIENCE_SECONDS)
    week = dt.timedelta(days=7)
    backfill(stack, "ingest__bakery_plan", NIGHTS[0], NIGHTS[-1])
    backfill(stack, "ingest__bakery_sales_counted", NIGHTS[0] - week, NIGHTS[-1] - week)
    await_monitored(airflow, NIGHTS)
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
    assert {day for (day,) in found} >= {night - dt.timedelta(days=7) for night in NIGHTS}


def test_each_night_has_a_drift_verdict_with_its_reason(nights: AirflowClient, root: Path) -> None:
    found = ask(root, "bakery_sales_drift", "select partition, reason from t where kind = 'verdict'")
    assert sorted(day for day, _ in found) == NIGHTS
    assert all(reason for _, reason in found)


def test_the_ledger_adds_up(nights: AirflowClient, root: Path) -> None:
    books = DeltaTable(root / "warehouse/ops/deliveries").to_pyarrow_table().to_pylist()
    days = (NIGHTS[-1] - START).days + 1
    assert len(books) == days + days - 7
    assert all(
        line["delivered_rows"] == line["accepted_rows"] + line["rejected_rows"] + line["duplicate_rows"]
        for line in books
    )


def test_each_partition_had_one_run_of_every_stage(nights: AirflowClient) -> None:
    for night in NIGHTS:
        stages = [run["dag_id"] for run in nights.runs_of(str(night)) if not run["dag_id"].startswith("ingest__")]
        assert sorted(stages) == ["features__bakery_sales", "monitor__bakery_sales", "score__bakery_sales"]


def test_clearing_a_night_and_running_it_again_changes_no_row(nights: AirflowClient, root: Path) -> None:
    before = digests(root)
    for run in [run for run in nights.runs_of(str(NIGHTS[1])) if run["dag_id"].startswith(("features__", "score__"))]:
        nights.clear(run["dag_id"], run["dag_run_id"], only_failed=False)
        nights.wait(run["dag_id"], run["dag_run_id"], PATIENCE_SECONDS)
    # Features that were built again announce the day again, so that what depends on it follows once more.
    await_quiet(nights, NIGHTS[1])
    assert digests(root) == before


def test_days_one_by_one_leave_the_same_tables_as_the_backfill(
    nights: AirflowClient, stack: RunningStack, root: Path
) -> None:
    before = digests(root)
    for night in NIGHTS:
        for stage in ("features", "score", "monitor"):
            job(stack, stage, "--use-case", "bakery_sales", "--partition", night, "--force")
    assert digests(root) == before


def test_a_failed_run_shows_the_jobs_own_error_line(nights: AirflowClient, stack: RunningStack, root: Path) -> None:
    day = NIGHTS[-1] + dt.timedelta(days=1)
    bakery.write(root / "landing", "bakery_plan", day, ["shop,bread,planned", "canal,rye,3"])
    nights.trigger("ingest__bakery_plan", "broken", str(day))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (nights.run("ingest__bakery_plan", "broken") or {})["state"] not in ("failed", "success"):
        assert time.monotonic() < deadline
        time.sleep(1)
    logs = (stack.plan.airflow_home / "logs").rglob("*ingest__bakery_plan*/*broken*/**/*.log")
    text = "\n".join(log.read_text(encoding="utf-8") for log in logs)
    assert "missing column(s) price; found shop, bread, planned" in text
    assert nights.tasks("ingest__bakery_plan", "broken") == {"ingest": "failed"}


def job(stack: RunningStack, stage: str, *arguments: object) -> dict[str, object]:
    """Run a job from the command line as a user of the stack would, and return its result."""
    file = stack.plan.state_root / "result.json"
    command = [sys.executable, "-m", "jobs", stage, *map(str, arguments), "--result", str(file)]
    done = subprocess.run(command, env=stack.env, cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(file.read_text()))


def backfill(stack: RunningStack, dag_id: str, first: dt.date, last: dt.date) -> None:
    command = ["airflow", "backfill", "create", "--dag-id", dag_id, "--from-date", str(first), "--to-date", str(last)]
    command += ["--max-active-runs", "3"]
    environment = {**stack.env, "PATH": os.pathsep.join([str(Path(sys.executable).parent), stack.env["PATH"]])}
    done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]


def await_monitored(airflow: AirflowClient, days: list[dt.date]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    waiting = list(days)
    while waiting:
        assert time.monotonic() < deadline, f"not monitored in time: {waiting}"
        for run in airflow.runs_of(str(waiting[0])):
            assert run["state"] != "failed", airflow.explain(run["dag_id"], run["dag_run_id"])
            if run["dag_id"] == "monitor__bakery_sales" and run["state"] == "success":
                waiting.pop(0)
                break
        else:
            time.sleep(1)


def await_quiet(airflow: AirflowClient, day: dt.date) -> None:
    """Wait until no run of the day is under way, and none has come for some seconds."""
    deadline, quiet_since = time.monotonic() + PATIENCE_SECONDS, time.monotonic()
    while time.monotonic() - quiet_since < 8:
        states = {run["state"] for run in airflow.runs_of(str(day))}
        assert "failed" not in states
        if states != {"success"}:
            quiet_since = time.monotonic()
        assert time.monotonic() < deadline
        time.sleep(1)


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
