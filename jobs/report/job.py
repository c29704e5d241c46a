"""Report: the drift page of a monitored day, logged to MLflow with the numbers of its verdict."""

from __future__ import annotations

import datetime as dt
import json
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

from jobs.asked_days import NOT_SCORED, AskedDays
from jobs.report import drift_run, gathering, page
from jobs.report.arguments import ReportArguments
from jobs.report.drift_run import DriftRun
from jobs.report.night import VERDICT, Rows, of_all
from jobs.result import Result
from lakehouse import fingerprints, tables
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import InputsMissing
from lakehouse.storage import partition_rows

log = logging.getLogger(__name__)

TAG_EVIDENTLY = "evidently_fingerprint"


@dataclass(frozen=True, kw_only=True)
class ReportResult(Result):
    """Where the page is, and how many rows Evidently's draws (None where it was not asked for)."""

    run_id: str | None
    url: str
    rows: int | None = None


def run(arguments: ReportArguments) -> ReportResult:
    """Draw the page of a day from what monitoring has counted; a page that would be the same is kept."""
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
    existing = drift_run.find(use_case.name, day.isoformat(), drift_run.experiment(use_case.name))
    logged = _with_page(existing, use_case, day, rows)
    drawn = None
    if arguments.evidently:
        logged, drawn = _with_evidently(logged, use_case, day, rows)
    if logged is existing:
        return ReportResult(status="unchanged", run_id=existing.run_id, url=existing.url)
    log.info("report: the drift page of %s is at %s", day, logged.url)
    return ReportResult(status="reported", run_id=logged.run_id, url=logged.url, rows=drawn)


def _with_page(run: DriftRun, use_case: UseCase, day: dt.date, rows: Rows) -> DriftRun:
    """The run with the page; the same object where it has it."""
    made = page.content(gathering.gather(use_case, day, rows, run.experiment_id))
    html = page.html(made)
    fingerprint = fingerprints.digest(html)
    if run.fingerprint == fingerprint:
        return run
    marked = {**tags(use_case, day, rows), drift_run.TAG_FINGERPRINT: fingerprint}
    with tempfile.TemporaryDirectory(prefix="nightjar-rows-") as folder:
        files = [Path(folder) / "drift.html", Path(folder) / "drift.json"]
        for file, text in zip(files, (html, page.numbers(made)), strict=True):
            file.write_text(text, encoding="utf-8")
        return drift_run.log(run, f"drift {day}", marked, metrics(rows), files, drift_run.TAG_FINGERPRINT)


def _with_evidently(run: DriftRun, use_case: UseCase, day: dt.date, rows: Rows) -> tuple[DriftRun, int | None]:
    """The run with Evidently's page, and how many rows that draws; the same object, and None, where it has it."""
    from jobs.report import evidently_report

    fingerprint = fingerprints.digest(json.dumps(rows, default=str))
    if run.tags.get(TAG_EVIDENTLY) == fingerprint:
        return run, None
    with tempfile.TemporaryDirectory(prefix="nightjar-rows-") as folder:
        drawn, files = evidently_report.write(use_case, day, rows, Path(folder))
        return drift_run.log(run, f"drift {day}", {TAG_EVIDENTLY: fingerprint}, {}, files, TAG_EVIDENTLY), drawn


def metrics(rows: Rows) -> dict[str, float]:
    """Every measured number of the day of all rows under a name for MLflow, such as ``feature/psi/distance``."""
    return {
        f"{row['kind']}/{row['statistic']}/{row['feature']}": row["value"]
        for row in rows
        if row["value"] is not None and of_all(row)
    }


def tags(use_case: UseCase, day: dt.date, rows: Rows) -> dict[str, str]:
    """The tags that the run is searched by, and the verdict in words."""
    verdict = next(row for row in rows if row["kind"] == VERDICT)
    return {
        "kind": drift_run.KIND,
        "use_case": use_case.name,
        "partition": day.isoformat(),
        "model_version": str(verdict["model_version"]),
        "verdict": "violated" if verdict["violated"] else "ordinary",
        "reasons": verdict["reason"],
    }
