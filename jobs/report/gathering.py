"""Reading what a night's page is drawn from: some thousand counted rows, however many rows were scored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from jobs.report import decision, window_counts
from jobs.report.drift_run import find
from jobs.report.night import TIMELINE_DAYS, VERDICT, Links, Night, Rows
from lakehouse import tables
from lakehouse.declaration import UseCase, metric_names
from lakehouse.errors import ModelMissing, NightjarError
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.evaluation.training_days import ALL
from lakehouse.models import artifacts, mlflow_client, mlflow_rest, recorded_version, registry, version_selection
from lakehouse.models.class_decision import ClassRule
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.staleness import nobody
from lakehouse.storage import arrow_dataset

# The columns of the drift table that a timeline needs.
OF_TIMELINE = ("partition", "model_version", "kind", "feature", "statistic", "value", "limit", "violated")
OF_FINDINGS = ("once_in_days", "slice")
# Days that are drawn though the first of them have no verdict.
LEAST_DAYS = 14
# Where a run's page in the MLflow UI has the file.
PAGE = "/artifacts/drift/drift.html"


def gather(use_case: UseCase, day: dt.date, of_day: Rows, experiment: str) -> Night:
    """The night of a day that has a verdict.

    Args:
        use_case: whose.
        day: which.
        of_day: its rows of the drift table.
        experiment: the id of the use case's in MLflow.
    """
    days = [past for past in use_case.calendar.scores.newest(day, TIMELINE_DAYS) if past >= use_case.calendar.start]
    past = _earlier(use_case, days[:-1])
    judged = {row["partition"] for row in past} | {day}
    days = [one for place, one in enumerate(days) if one >= min(judged) or place >= len(days) - LEAST_DAYS]
    gaps = [one for one in days if one not in judged]
    version = next(row["model_version"] for row in of_day if row["kind"] == VERDICT)
    model, no_model = _model(use_case.name, version)
    profile, missing = _profile(model) if not no_model else (None, no_model)
    scored = version_selection.scored(use_case)
    classes = _classes(use_case, model, profile)
    return Night(
        use_case=use_case,
        day=day,
        days=days,
        rows=[*past, *of_day],
        model=model,
        profile=profile,
        no_profile=missing,
        classes=classes,
        counted=window_counts.Counted()
        if profile is None
        else window_counts.read(use_case, day, version, profile, classes),
        performance=_performance(use_case, day, days),
        estimates=_estimates(use_case, days),
        events=model_events.of_model(use_case.name),
        decision=decision.of_day(use_case, day, version, day == max(scored, default=day)),
        nobody=nobody.days(use_case, gaps) if gaps else (),
        fallbacks=[one for one in days if one in scored and scored[one].why == version_selection.FALLBACK],
        links=_links(use_case, day, experiment, model),
    )


def _earlier(use_case: UseCase, days: Sequence[dt.date]) -> list[dict[str, Any]]:
    table = tables.drift(use_case)
    names = [*OF_TIMELINE, *(name for name in OF_FINDINGS if name in table.column_names)]
    where = arrow_dataset.among("partition", days)
    rows: list[dict[str, Any]] = arrow_dataset.read(table, where, columns=names).to_pylist()
    return rows


def _model(name: str, number: int) -> tuple[ModelVersion, str]:
    """The version, and why it is not there any more: a page of an old day is drawn without it."""
    try:
        return recorded_version.version(name, number), ""
    except ModelMissing as error:
        return ModelVersion(name, number, "", {}), str(error)


def _profile(model: ModelVersion) -> tuple[Profile | None, str]:
    try:
        text = artifacts.local_copy(model, artifacts.PROFILE).read_text(encoding="utf-8")
        return Profile.from_json(text), ""
    except ModelMissing as error:
        return None, str(error)


def _classes(use_case: UseCase, model: ModelVersion, profile: Profile | None) -> tuple[str, ...]:
    """Those that the version decides for, which its file knows; where that is gone, the declared ones."""
    if not use_case.classes or profile is None:
        return ()
    from lakehouse.scorers import model_files

    try:
        rule = ClassRule.of(model_files.load(artifacts.model_bytes(model)))
    except NightjarError:
        rule = None
    return use_case.classes if rule is None else rule.classes


def _performance(use_case: UseCase, day: dt.date, days: Sequence[dt.date]) -> list[dict[str, Any]]:
    last = day - dt.timedelta(days=use_case.maturity_days)
    window = use_case.calendar.scores.newest(last, use_case.drift.window_days)
    whole = arrow_dataset.among("partition", [one for one in days if one <= last]) & (pc.field("slice") == ALL)
    sliced = pc.field("metric").isin([metric_names.LOSS[use_case.model.task], metric_names.CALIBRATION_GAP])
    where = whole | (arrow_dataset.among("partition", window) & sliced)
    rows: Iterable[Mapping[str, Any]] = arrow_dataset.read(tables.performance(use_case), where).to_pylist()
    return sorted((dict(row) for row in rows), key=lambda row: (row["partition"], row["role"], row["model_version"]))


def _estimates(use_case: UseCase, days: Sequence[dt.date]) -> list[dict[str, Any]]:
    if use_case.drift.estimate is None:
        return []
    whole = (pc.field("slice") == ALL) & (pc.field("role") == registry.CHAMPION)
    found = arrow_dataset.read(tables.estimates(use_case), arrow_dataset.among("partition", days) & whole)
    rows: list[dict[str, Any]] = found.to_pylist()
    return sorted(rows, key=lambda row: (row["partition"], row["model_version"], row["metric"]))


def _links(use_case: UseCase, day: dt.date, experiment: str, model: ModelVersion) -> Links:
    rhythm = use_case.calendar.scores
    neighbours = [
        find(use_case.name, one.isoformat(), experiment) for one in (rhythm.newest(day, 2)[0], rhythm.after(day, 1))
    ]
    before, after = (f"{found.url}{PAGE}" if found.run_id else "" for found in neighbours)
    return Links(
        model=f"{mlflow_rest.address()}/#/models/{model.name}/versions/{model.version}",
        training=mlflow_client.run_page(experiment, model.run_id) if model.run_id else "",
        before=before,
        after=after,
        all=f"{mlflow_rest.address()}/#/experiments/{experiment}",
    )
