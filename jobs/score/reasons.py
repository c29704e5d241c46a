"""Reasons of scores: gold scores and features -> gold reasons, for the rows that the use case declares.

They are made from the stored scores, after these: if a run is killed in between, the next one finds that the day's reasons
are not those of its scores, and makes them.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.score import chosen_rows, many_reasons, version
from jobs.score.explainer import Explainer
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import shap_values
from lakehouse.models import artifacts, registry, version_selection
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.storage import arrow_dataset, commits, delta_log, row_limits, table_schema, table_shape
from lakehouse.storage.day_files import DayFiles

log = logging.getLogger(__name__)


def refresh_reasons(
    use_case: UseCase, models: Mapping[dt.date, ModelVersion], features_version: int, force: bool = False
) -> dict[str, int]:
    """Make the reasons of those days whose scores, or the declared reasons, have changed.

    Args:
        use_case: whose scores; nothing is done when it declares no reasons.
        models: the version that scored each day.
        features_version: of the feature table that the days' scores were made from, or would be.
        force: also what is up to date.

    Returns:
        The number of days written, and of rows in them.
    """
    if use_case.reasons is None:
        return {"days": 0, "rows": 0}
    # At one version of the table; without days that another run scores at this moment.
    scores_version = delta_log.version(tables.scores(use_case))
    scored = version_selection.scored(use_case, at_version=scores_version)
    fingerprints = {
        day: scored[day].fingerprint
        for day, model in models.items()
        if day in scored and scored[day].version == model.version
    }
    expected = expected_inputs.for_reasons(use_case, fingerprints, version.REASONS)
    stale = up_to_date.compare_reasons(use_case, expected).outdated(force)
    if not stale:
        return {"days": 0, "rows": 0}
    table = tables.reasons(use_case)
    digests = builds.record(table, {day: expected[day] for day in stale})
    for model in {models[day].version: models[day] for day in stale}.values():
        days = [day for day in stale if models[day].version == model.version]
        log.info("explaining %d day(s) of %s by version %d", len(days), use_case.name, model.version)
        chosen = chosen_rows.of_days(use_case, use_case.reasons, days, scores_version)
        explainer = Explainer(
            model=artifacts.model_bytes(model),
            features=registry.declared_features(model, use_case),
            kept=("partition", *use_case.entity.key),
            named=use_case.reasons.each,
            model_version=model.version,
            fingerprints={day: digests[day] for day in days},
            by_tables=chosen_rows.days_of_many(chosen, shap_values.BY_XGBOOST),
            with_levels=bool(use_case.category_names),
        )
        _write(use_case, explainer, chosen, days, features_version)
    up_to_date.record_rowless(use_case, {day: expected[day] for day in stale})
    return {"days": len(stale), "rows": delta_log.rows_in(table, stale, role=registry.CHAMPION)}


def _write(
    use_case: UseCase, explainer: Explainer, chosen: pa.Table, days: list[dt.date], features_version: int
) -> None:
    """Replace the reasons of these days by those of the chosen rows."""
    source, table = tables.features(use_case), tables.reasons(use_case)
    replaced: dict[str, list[Any]] = {"partition": days, "role": [registry.CHAMPION]}
    files = DayFiles.of(source, days, features_version)
    if files.rows > row_limits.IN_PROCESS_ROWS:
        table_shape.ensure(table)
        commits.replace_by_files(many_reasons.explain(files, table, chosen, explainer), table, replaced)
        return
    on = list(explainer.kept)
    features = arrow_dataset.read(source, arrow_dataset.among("partition", days), features_version, explainer.reads)
    rows = features.join(chosen, on, join_type="left semi").sort_by([(name, "ascending") for name in on])
    by_day = [
        rows.filter(pc.equal(rows.column("partition"), pa.scalar(day)))
        for day in sorted(pc.unique(rows.column("partition")).to_pylist())
    ]
    # This process has the machine to itself; a worker has one core.
    cores = len(os.sched_getaffinity(0))
    lines = [explainer.explain(part, cores) for part in by_day] or [table_schema.arrow_schema(table).empty_table()]
    commits.replace_table(pa.concat_tables(lines), table, replaced)
