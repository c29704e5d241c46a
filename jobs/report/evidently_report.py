"""Evidently's page of a day: a sample of the window against the sample of training that the champion keeps."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
from pyspark.sql import functions as F

from jobs.report import evidently_page
from jobs.report.night import VERDICT, Rows
from jobs.report.sample import window_sample
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation.drift_profile import REFERENCE_ROWS
from lakehouse.models import artifacts, recorded_version, registry
from lakehouse.storage import spark_session, spark_tables

DRAWN_AT_LEAST = 8


def write(use_case: UseCase, day: dt.date, rows: Rows, folder: Path) -> tuple[int, list[Path]]:
    """Write the page into a folder; returns how many rows of the window it draws, and the files.

    Args:
        use_case: whose.
        day: which.
        rows: its rows of the drift table.
        folder: existing, for the files.
    """
    version = next(row["model_version"] for row in rows if row["kind"] == VERDICT)
    limits = psi_limits(rows)
    declared = {feature.name for feature in use_case.table_features}
    current = _window(use_case, day, version, [name for name in limits if name in declared])
    model = recorded_version.version(use_case.name, version)
    reference = pd.read_parquet(artifacts.local_copy(model, artifacts.REFERENCE))
    files = evidently_page.write(current, reference, limits, drawn(rows), use_case.drift.max_drifted_share, folder)
    return len(current), files


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


def _window(use_case: UseCase, day: dt.date, version: int, columns: list[str]) -> pd.DataFrame:
    """The sample of the trailing window, scored by that version."""
    session = spark_session.session(f"report {use_case.name}")
    days = use_case.calendar.scores.newest(day, use_case.drift.window_days)
    features = spark_tables.read_days(session, tables.features(use_case), days)
    by_champion = (F.col("role") == registry.CHAMPION) & (F.col("model_version") == version)
    scores = spark_tables.read_days(session, tables.scores(use_case), days).where(by_champion)
    return window_sample(features, scores, use_case.entity.key, columns, REFERENCE_ROWS).toPandas()
