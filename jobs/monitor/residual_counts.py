"""Keeping ``gold.<use_case>_residuals`` up to date: matured labels minus the champion's scores, by day, feature and bin.

Measured alarms read off them whether labels still follow each feature as the scores say. A day is summed once for each model
version, and each sum says what it was made from.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from jobs.monitor import version
from lakehouse import fingerprints, tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import key_join, labels, model_scores, residuals
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import Distribution, Profile
from lakehouse.evaluation.residuals import Residual
from lakehouse.models import registry, version_selection
from lakehouse.ops import builds
from lakehouse.staleness import up_to_date
from lakehouse.storage import arrow_dataset, commits, row_limits, sql_quoting, table_shape, worker_tasks
from lakehouse.storage.day_files import DayFiles

log = logging.getLogger(__name__)

# By day and feature.
Summed = dict[dt.date, dict[str, Residual]]


@dataclass(frozen=True)
class Days:
    """Sums one day: in this process, or in a worker.

    Attributes:
        key: of the entity.
        number: of the model version whose scores count.
        features, scores, outcomes: the files of the tables.
        bins: of each feature.
        judged: whether rules or fallbacks decide beside the model: what it said itself counts.
    """

    key: tuple[str, ...]
    number: int
    features: DayFiles
    scores: DayFiles
    outcomes: DayFiles
    bins: Mapping[str, Distribution | CategoryDistribution]
    judged: bool

    def sum(self, day: dt.date) -> dict[str, Residual]:
        """Labelled rows and residuals of a day by feature, by bin."""
        key = list(self.key)
        columns = [*key, "model_version", "score", *(model_scores.COLUMNS if self.judged else ())]
        scored = self.scores.read(day, columns)
        scored = scored.filter(pc.equal(scored.column("model_version"), self.number))
        if self.judged:
            scored = model_scores.of_model(scored)
        rows = key_join.left_join(scored.select([*key, "score"]), self.outcomes.read(day, [*key, "label"]), key)
        rows = rows.filter(pc.is_valid(rows.column("label")))
        residual = labels.floats(rows.column("label")) - labels.floats(rows.column("score"))
        # A feature may have the name of a score's column.
        joined = key_join.left_join(rows.select(key), self.features.read(day, [*key, *self.bins]), key)
        return residuals.of_columns(joined, residual, self.bins)


def of_days(
    use_case: UseCase, number: int, profile: Profile, days: Collection[dt.date]
) -> dict[str, Mapping[dt.date, Residual]]:
    """The sums of the days that the version scored and whose labels are known, by feature and day."""
    table, scored = tables.residuals(use_case), version_selection.scored(use_case)
    its = {day for day in days if day in scored and scored[day].version == number}
    # Before the files are looked up: if a day is built again in between, the next run finds that it has changed.
    built = [up_to_date.built(tables.features(use_case)), up_to_date.built(tables.outcomes(use_case))]
    bins = {
        name: item
        for name, item in profile.features.items()
        if name in (use_case.category_names if isinstance(item, CategoryDistribution) else use_case.number_names)
    }
    counter = Days(
        use_case.entity.key, number, DayFiles.of(tables.features(use_case), its),
        DayFiles.of(tables.scores(use_case), its, role=registry.CHAMPION), DayFiles.of(tables.outcomes(use_case), its),
        bins, use_case.judged,
    )  # fmt: skip
    by = fingerprints.digest(json.dumps({name: item.boundaries for name, item in sorted(bins.items())}))
    wanted = dict[dt.date, str]()
    for day, outcome in counter.outcomes.by_day.items():
        if day not in counter.features.by_day or day not in counter.scores.by_day:
            continue
        made = zip(built, (counter.features.by_day[day], outcome), strict=True)
        made_of = [known.get(day) or fingerprints.digest(*(one.path for one in its_files)) for known, its_files in made]
        inputs = {"features": made_of[0], "labels": made_of[1], "scores": scored[day].fingerprint, "bins": by}
        wanted[day] = builds.fingerprint(inputs | {"code": str(version.RESIDUALS)})
    found = _kept(table, number, wanted, bins)
    if missing := sorted(set(wanted) - set(found)):
        log.info("monitor: summed residuals of %s", ", ".join(map(str, missing)))
        found |= _sum(use_case.name, counter, missing)
        _keep(table, number, wanted, {day: found[day] for day in missing})
    return {name: {day: of_day[name] for day, of_day in sorted(found.items())} for name in bins}


def _kept(
    table: tables.Table,
    number: int,
    wanted: Mapping[dt.date, str],
    bins: Mapping[str, Distribution | CategoryDistribution],
) -> Summed:
    """The sums of the table that are made from what they would be made from now."""
    where = arrow_dataset.among("partition", sorted(wanted)) & (pc.field("model_version") == number)
    found: Summed = {}
    stored = arrow_dataset.read(table, where)
    columns = ("partition", "name", "bin", "rows", "residual", tables.INPUTS_FINGERPRINT)
    for day, name, place, rows, total, digest in zip(*(stored.column(one).to_pylist() for one in columns), strict=True):
        if wanted.get(day) != digest:
            continue
        if day not in found:
            found[day] = {one: (np.zeros(item.width, np.int64), np.zeros(item.width)) for one, item in bins.items()}
        if place >= 0:
            found[day][name][0][place], found[day][name][1][place] = rows, total
    return found


def _sum(application: str, counter: Days, missing: Sequence[dt.date]) -> Summed:
    """Sum these days: here when their rows are few, else each day by one of Spark's workers."""

    def work(at: int) -> Iterator[tuple[dt.date, dict[str, Residual]]]:
        yield missing[at], counter.sum(missing[at])

    if sum(file.rows for day in missing for file in counter.scores.by_day[day]) <= row_limits.IN_PROCESS_ROWS:
        return dict(one for at in range(len(missing)) for one in work(at))
    return dict(worker_tasks.run(f"monitor {application}", len(missing), work))


def _keep(table: tables.Table, number: int, wanted: Mapping[dt.date, str], fresh: Summed) -> None:
    """Write the days, in one commit."""
    lines: list[dict[str, Any]] = []
    for day, by_name in fresh.items():
        identity = {"partition": day, "model_version": number, tables.INPUTS_FINGERPRINT: wanted[day]}
        of_day = [
            identity | {"name": name, "bin": place, "rows": int(rows[place]), "residual": float(total[place])}
            for name, (rows, total) in by_name.items()
            for place in rows.nonzero()[0].tolist()
        ]
        # A day without a label has a line that says so: it is not summed again every night.
        lines += of_day or [identity | {"name": "", "bin": -1, "rows": 0, "residual": 0.0}]
    table_shape.ensure(table)
    commits.replace_rows(table, lines, f"{sql_quoting.days_condition(fresh)} AND model_version = {number}")
