"""Report: the Evidently page of a monitored day, logged to MLflow with the numbers of its verdict."""

from __future__ import annotations

import datetime as dt
import json
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from jobs.asked_days import NOT_SCORED, AskedDays
from jobs.report import drift_run, page
from jobs.report.arguments import ReportArguments
from jobs.report.sample import window_sample
from jobs.result import Result
from lakehouse import fingerprints, tables
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import InputsMissing
from lakehouse.evaluation.drift_profile import REFERENCE_ROWS
from lakehouse.models import artifacts, recorded_version, registry
from lakehouse.storage import partition_rows, spark_session, spark_tables

log = logging.getLogger(__name__)

Rows = list[dict[str, Any]]

DRAWN_AT_LEAST = 8


@dataclass(frozen=True, kw_only=True)
class ReportResult(Result):
    """Where the page is, and how many rows it draws."""

    run_id: str | None
    url: str
    rows: int | None = None


def run(arguments: ReportArguments) -> ReportResult:
    """Draw the day's window against the training sample; a page that exists for the same numbers is kept."""
    use_case, day = loader.by_name(arguments.use_case), arguments.partition
    asked = AskedDays.of_built(use_case, [day])
    if not asked.scored:
        return ReportResult(status=NOT_SCORED, run_id=None, url="", rows=0, message=asked.message)
    rows = partition_rows.read(tables.drift(use_case), [day])
    if not rows:
        raise InputsMissing(
            f"{tables.drift(use_case).full_name}: expected the verdict of {day}, found none; monitor first: "
            f"python -m jobs monitor --use-case {use_case.name} --partition {day}"
        )
    fingerprint = fingerprints.digest(json.dumps(rows, default=str))
    existing = drift_run.find(use_case.name, day.isoformat())
    if existing.fingerprint == fingerprint:
        return ReportResult(status="unchanged", run_id=existing.run_id, url=existing.url)
    version = rows[0]["model_version"]
    limits = psi_limits(rows)
    declared = {feature.name for feature in use_case.table_features}
    current = _window(use_case, day, version, [name for name in limits if name in declared])
    model = recorded_version.version(use_case.name, version)
    reference = pd.read_parquet(artifacts.local_copy(model, artifacts.REFERENCE))
    with tempfile.TemporaryDirectory() as folder:
        files = page.write(current, reference, limits, drawn(rows), use_case.drift.max_drifted_share, Path(folder))
        logged = drift_run.log(existing, f"drift {day}", tags(use_case, day, rows), metrics(rows), files, fingerprint)
    log.info("report: the drift page of %s is at %s", day, logged.url)
    return ReportResult(status="reported", run_id=logged.run_id, url=logged.url, rows=len(current))


def psi_limits(rows: Rows) -> dict[str, float]:
    """The limit of each feature and of the score, from the day's rows of the drift table."""
    return {row["feature"]: row["limit"] for row in rows if row["statistic"] == "psi"}


def drawn(rows: Rows) -> list[str]:
    """The columns that the page draws, from the day's rows of the drift table: the score, then the features nearest to their limit
    or beyond it; all that are beyond, and ``DRAWN_AT_LEAST`` in any case.
    """
    measured = [row for row in rows if row["statistic"] == "psi" and row["value"] is not None]
    nearest = sorted(measured, key=lambda row: (row["kind"] != "prediction", -row["value"] / row["limit"]))
    return [row["feature"] for place, row in enumerate(nearest) if place < DRAWN_AT_LEAST or row["violated"]]


def metrics(rows: Rows) -> dict[str, float]:
    """Every measured number of the day under a name for MLflow, such as ``feature/psi/distance``."""
    return {
        f"{row['kind']}/{row['statistic']}/{row['feature']}": row["value"] for row in rows if row["value"] is not None
    }


def tags(use_case: UseCase, day: dt.date, rows: Rows) -> dict[str, str]:
    """The tags that the run is searched by, and the verdict in words."""
    verdict = next(row for row in rows if row["kind"] == "verdict")
    return {
        "kind": drift_run.KIND,
        "use_case": use_case.name,
        "partition": day.isoformat(),
        "model_version": str(verdict["model_version"]),
        "verdict": "violated" if verdict["violated"] else "ordinary",
        "reasons": verdict["reason"],
    }


def _window(use_case: UseCase, day: dt.date, version: int, columns: list[str]) -> pd.DataFrame:
    """The sample of the trailing window, scored by that version."""
    session = spark_session.session(f"report {use_case.name}")
    days = use_case.calendar.scores.newest(day, use_case.drift.window_days)
    features = spark_tables.read_days(session, tables.features(use_case), days)
    by_champion = (F.col("role") == registry.CHAMPION) & (F.col("model_version") == version)
    scores = spark_tables.read_days(session, tables.scores(use_case), days).where(by_champion)
    return window_sample(features, scores, use_case.entity.key, columns, REFERENCE_ROWS).toPandas()
