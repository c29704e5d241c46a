"""What jobs tell an OpenLineage receiver: the graph of their events leads from a score back to the deliveries, as the books say."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.__main__ import main
from lakehouse import settings, tables
from lakehouse.declaration import loader
from lakehouse.ops import builds, deliveries
from lakehouse.staleness import up_to_date
from lakehouse.storage import delta_log
from tests.jobs.bakery_days import DAY, START, prepared
from tests.jobs.shelf import Shelf
from tests.lineage_receiver import Receiver
from tests.use_cases import bakery, grouped_bakery

DICE = random.Random(os.environ.get("NIGHTJAR_SEED", "7"))
SECRET = "hunter2-" + "".join(DICE.choice("abcdef") for _ in range(6))
PARENT = "default/score__bakery_sales.score/019ad1f0-0000-7000-8000-000000000001"
ROOT = "default/score__bakery_sales/019ad1f0-0000-7000-8000-000000000002"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def run(stage: str, **options: object) -> int:
    return main([stage, *(f"--{name.replace('_', '-')}={value}" for name, value in options.items())])


@pytest.fixture(scope="module")
def told(spark: SparkSession, receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A use case with a feature group, from its deliveries to its scores, with drawn names: each job tells the receiver."""
    with prepared(tmp_path_factory.mktemp("told")) as folder, pytest.MonkeyPatch.context() as patch:
        name = DICE.choice(("loaves", "tomorrow", "ovens"))
        roots = grouped_bakery.declare(folder / "roots", [name], publish={"to": "delta"})
        patch.setenv("USE_CASE_ROOTS", str(roots))
        patch.setenv("OPENLINEAGE_URL", receiver.address)
        patch.setenv("OPENLINEAGE_PARENT_ID", PARENT)
        patch.setenv("OPENLINEAGE_ROOT_PARENT_ID", ROOT)
        patch.setenv("NIGHTJAR_CONNECTION_TILLS", f"postgresql://ann:{SECRET}@tills/db")
        bakery.deliver(folder / "landing", START, DAY)
        for source in ("bakery_plan", "bakery_sales_counted"):
            assert run("ingest", source=source, partition=START, through=DAY) == 0
        bakery.write(
            folder / "landing", "bakery_plan", DAY, ["shop,bread,planned,price", "canal,rye,-4,1", "canal,rye,9,4"]
        )
        assert run("ingest", source="bakery_plan", partition=DAY) in (0, 11)
        assert run("group", group="bread_record", version=1, partition=DAY) == 0
        assert run("features", use_case=name, partition=DAY) == 0
        shelf = Shelf(loader.by_name(name), folder / "models")
        shelf.install(patch)
        shelf.add()
        shelf.promote(1)
        assert run("score", use_case=name, partition=DAY) == 0
        yield folder


def score_job(receiver: Receiver) -> str:
    return next(one["job"]["name"] for one in receiver.events if one["job"]["name"].startswith("score."))


def test_every_event_keeps_the_standard_and_every_run_has_a_begin_and_one_end(told: Path, receiver: Receiver) -> None:
    assert receiver.wrong == []
    runs: dict[str, list[str]] = {}
    for event in receiver.events:
        runs.setdefault(event["run"]["runId"], []).append(event["eventType"])
    assert len(runs) == 6
    assert all(kinds[0] == "START" and len(kinds) == 2 and kinds[1] in ("COMPLETE", "FAIL") for kinds in runs.values())


def test_the_graph_leads_from_the_scores_to_the_deliveries_as_the_books_do(told: Path, receiver: Receiver) -> None:
    use_case = loader.by_name(score_job(receiver).removeprefix("score."))
    reached = receiver.reached(tables.scores(use_case).full_name)
    # Independently: by the fingerprints in the rows, and ops.builds.
    (day_from,) = builds.inputs_behind(
        tables.features(use_case), {DAY: up_to_date.built(tables.features(use_case))[DAY]}
    ).values()
    sources = {name.split(" ")[0] for name in day_from if not name.startswith("the ")} & {
        "bakery_plan",
        "bakery_sales_counted",
    }
    (group,) = (taken.group for taken in use_case.taken)
    assert sources == {"bakery_plan", "bakery_sales_counted"}
    assert {f"landing.{name}" for name in sources} <= reached
    assert {tables.features(use_case).full_name, tables.group(group).full_name, f"models.{use_case.name}"} <= reached
    assert {f"silver.{name}" for name in sources} <= reached
    # Bronze is made in the same run: the columns lead through it.
    of_columns = receiver.columns("silver.bakery_plan", "planned")
    assert ("bronze.bakery_plan", "planned") in of_columns and ("landing.bakery_plan", "planned") in of_columns
    assert not any(name.startswith("ops.") for name in reached)


def test_the_deliveries_are_the_ledgers(told: Path, receiver: Receiver) -> None:
    known: dict[str, dict[str, Any]] = {}
    for event in receiver.events:
        for one in event.get("inputs", ()):
            found = one.get("inputFacets", {}).get("nightjar_deliveries", {}).get("deliveries", ())
            known |= {line["deliveryId"]: line for line in found}
    ledger = {line.delivery_id: line for line in deliveries.lines_of(["bakery_plan", "bakery_sales_counted"])}
    assert known.keys() == ledger.keys() and len(ledger) > 40
    for identity, line in ledger.items():
        told_of = known[identity]
        assert (told_of["checksum"], told_of["partition"]) == (line.checksum, str(line.partition))
        assert told_of["deliveredRows"] == told_of["acceptedRows"] + told_of["rejectedRows"] + told_of["duplicateRows"]
        assert told_of["acceptedRows"] == line.accepted_rows


def test_written_tables_have_version_schema_statistics_and_builds(told: Path, receiver: Receiver) -> None:
    job = score_job(receiver)
    use_case = loader.by_name(job.removeprefix("score."))
    (done,) = receiver.of(job, "COMPLETE")
    outputs = {one["name"]: one for one in done["outputs"]}
    table = tables.scores(use_case)
    scores = outputs[table.full_name]
    assert scores["namespace"] == "file"
    assert scores["facets"]["version"]["datasetVersion"] == str(delta_log.version(table))
    assert [field["name"] for field in scores["facets"]["schema"]["fields"]] == list(table.column_names)
    assert all(field["description"] for field in scores["facets"]["schema"]["fields"] if field["name"] == "score")
    written = scores["outputFacets"]["outputStatistics"]
    files = list((told / "warehouse/gold" / table.name).rglob("*.parquet"))
    assert written["rowCount"] == delta_log.rows_in(table, [DAY])
    assert (written["fileCount"], written["size"]) == (len(files), sum(file.stat().st_size for file in files))
    (build,) = scores["facets"]["nightjar_builds"]["builds"]
    assert build["fingerprint"] == up_to_date.built(table, role="champion")[DAY]
    assert build["inputs"] == builds.inputs_behind(table, {DAY: build["fingerprint"]})[DAY]
    (model,) = (one for one in done["inputs"] if one["name"] == f"models.{use_case.name}")
    (version,) = model["facets"]["nightjar_modelVersion"]["versions"]
    assert (version["version"], version["runId"]) == (1, "run1")
    made_of = {one["field"] for one in scores["facets"]["columnLineage"]["fields"]["score"]["inputFields"]}
    assert made_of == set(use_case.feature_names)
    features = next(
        one
        for one in receiver.of(f"features.{use_case.name}", "COMPLETE")[0]["outputs"]
        if one["name"].endswith("_features")
    )
    assert set(features["facets"]["nightjar_unknownColumns"]["columns"]) == set(use_case.own_feature_names)
    joined = features["facets"]["columnLineage"]["fields"]["bread_record_v1_sold_mean_5d"]["inputFields"]
    assert [(one["name"], one["field"]) for one in joined] == [("gold.bread_record_v1", "sold_mean_5d")]


def test_a_job_is_the_child_of_its_task_and_tells_no_secret(told: Path, receiver: Receiver) -> None:
    parents = {json.dumps(one["run"]["facets"]["parent"]["run"]["runId"]) for one in receiver.events}
    assert parents == {json.dumps(PARENT.rpartition("/")[2])}
    assert receiver.events[0]["run"]["facets"]["parent"]["root"]["run"]["runId"] == ROOT.rpartition("/")[2]
    assert not any(SECRET in body for body in receiver.bodies)


def test_a_failure_is_told_with_its_error_and_without_its_login(
    told: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ConnectionError(f"postgresql://ann:{SECRET}@tills/db refused: password={SECRET}x")

    monkeypatch.setattr("jobs.ingest.job.run", broken)
    before = len(receiver.events)
    assert run("ingest", source="bakery_plan", partition=DAY) != 0
    begun, failed = receiver.events[before:]
    assert (begun["eventType"], failed["eventType"]) == ("START", "FAIL")
    message = failed["run"]["facets"]["errorMessage"]["message"]
    assert "refused" in message and SECRET not in receiver.bodies[-1]
    assert failed["run"]["facets"]["nightjar_run"]["exitCode"] != 0
    assert receiver.wrong == []


@pytest.mark.process
def test_a_killed_job_has_no_end(told: Path, receiver: Receiver, tmp_path: Path) -> None:
    waits = "import time, jobs.ingest.job as job; job.run = lambda _: time.sleep(60)\n"
    code = f"{waits}from jobs.__main__ import main\nmain(['ingest', '--source=bakery_plan', '--partition={DAY}'])"
    before = len(receiver.events)
    job = subprocess.Popen([sys.executable, "-c", code], cwd=settings.PROJECT_ROOT, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while len(receiver.events) == before and time.monotonic() < until:
        time.sleep(0.05)
    job.kill()
    job.wait()
    assert [one["eventType"] for one in receiver.events[before:]] == ["START"]


@pytest.mark.parametrize("fault", ["slow", "refusing", "gone", "no address at all"])
def test_a_bad_receiver_neither_fails_nor_holds_up_a_job(
    told: Path, receiver: Receiver, fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("lakehouse.lineage.sending.PATIENCE", 0.3)
    receiver.delay, receiver.status = (5.0 if fault == "slow" else 0.0), (500 if fault == "refusing" else 201)
    if fault == "gone":
        monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    if fault == "no address at all":
        monkeypatch.setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", "{not json")
    try:
        assert run("ingest", source="bakery_plan", partition=DAY - dt.timedelta(days=1)) == 0
    finally:
        receiver.delay, receiver.status = 0.0, 201
    assert any(line.getMessage().startswith("lineage: ") for line in caplog.records)


def test_spark_shows_the_comments_too(told: Path, spark: SparkSession) -> None:
    table = tables.silver(loader.sources()[0][1])
    lines = spark.sql(f"DESCRIBE TABLE delta.`{delta_log.location(table)}`").collect()
    comments = {line["col_name"]: line["comment"] for line in lines if not line["col_name"].startswith("#")}
    assert {name: comments[name] for name in table.column_names} == {one.name: one.description for one in table.columns}
