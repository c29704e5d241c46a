"""Keeping ``gold.<use_case>_drift_counts`` up to date: a day is counted once for each model version whose bins it is counted by.

A window looks back at days that other windows have looked at. Of these the counts are kept, and each says what it was made from:
the day's rows, the bins, and the counting code. What is made from the same again is read and not counted.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pyarrow.compute as pc

from jobs.monitor import counted_rows, counts, new_categories
from jobs.monitor.counted_rows import FEATURE, MODEL_VERSION, NEW_CATEGORY, Counted, Kind, Rows
from jobs.monitor.counts import DailyCounts
from lakehouse import fingerprints, tables
from lakehouse.declaration import UseCase
from lakehouse.declaration.reserved_names import LEVEL
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import SCORE, Profile
from lakehouse.models import registry, version_selection
from lakehouse.staleness import up_to_date
from lakehouse.storage import arrow_dataset, commits, sql_quoting, table_shape
from lakehouse.storage.day_files import DayFiles

log = logging.getLogger(__name__)


def of_days(
    use_case: UseCase, number: int, profile: Profile, days: Collection[dt.date], classes: tuple[str, ...] = ()
) -> tuple[DailyCounts, DailyCounts]:
    """The counts of the features' rows of these days, and of the scores by the model version ``number``, by its profile's bins."""
    kinds: dict[Kind, Rows] = {
        "feature": _features(use_case, profile, days),
        "prediction": replace(_scores(use_case, number, profile, days), classes=classes),
    }
    kept = _kept(use_case, number, kinds)
    missing = [
        (kind, day) for kind, rows in kinds.items() if rows.bins for day in rows.files.by_day if (kind, day) not in kept
    ]
    fresh = counted_rows.count(use_case.name, number, kinds, missing)
    if fresh:
        log.info("monitor: counted %s", ", ".join(f"{kind} rows of {day}" for kind, day in sorted(missing)))
        _keep(use_case, number, kinds, kept, fresh)
    counted = kept | fresh
    features, scores = (
        {name: {day: found[name] for (k, day), found in sorted(counted.items()) if k == kind} for name in rows.bins}
        for kind, rows in kinds.items()
    )
    return features, scores


def _features(use_case: UseCase, profile: Profile, days: Collection[dt.date]) -> Rows:
    table = tables.features(use_case)
    # Before the files are looked up: if a day is built again in between, the next run finds that it has changed.
    built = up_to_date.built(table)
    files = DayFiles.of(table, days)
    # A feature that is declared as another type now can't be compared with what it was.
    still_declared = {
        name: item
        for name, item in profile.features.items()
        if name in (use_case.category_names if isinstance(item, CategoryDistribution) else use_case.number_names)
    }
    return Rows(files, _identities(files, built), still_declared)


def _scores(use_case: UseCase, number: int, profile: Profile, days: Collection[dt.date]) -> Rows:
    scored = version_selection.scored(use_case)
    others = {day for day, scores in scored.items() if scores.version != number}
    files = DayFiles.of(tables.scores(use_case), set(days) - others, role=registry.CHAMPION)
    built = {day: scores.fingerprint for day, scores in scored.items()}
    return Rows(files, _identities(files, built), {SCORE: profile.prediction}, judged=use_case.judged)


def _identities(files: DayFiles, built: Mapping[dt.date, str]) -> dict[dt.date, str]:
    """The fingerprint of each day's rows; of a day that has several, the names of its files."""
    return {
        day: built.get(day) or fingerprints.digest(*(file.path for file in found))
        for day, found in files.by_day.items()
    }


def _kept(use_case: UseCase, number: int, kinds: Mapping[Kind, Rows]) -> Counted:
    """The counts of the table that are made from what they would be made from now."""
    days = sorted({day for rows in kinds.values() for day in rows.files.by_day})
    where = arrow_dataset.among("partition", days) & (pc.field(MODEL_VERSION) == number)
    expected = {(kind, day): rows.fingerprint(day) for kind, rows in kinds.items() for day in rows.files.by_day}
    found: Counted = {}
    stored = arrow_dataset.read(tables.drift_counts(use_case), where)
    columns = (
        stored.column(name).to_pylist()
        for name in ("kind", "partition", "name", "bin", "rows", tables.INPUTS_FINGERPRINT)
    )
    levels = stored.column(LEVEL).to_pylist() if LEVEL in stored.column_names else [None] * len(stored)
    for kind, day, name, place, rows, fingerprint, level in zip(*columns, levels, strict=True):
        if kind == NEW_CATEGORY and expected.get((FEATURE, day)) == fingerprint:
            found.setdefault((kind, day), {}).setdefault(name, Counter())[level] = rows
        elif expected.get((kind, day)) == fingerprint:
            if (kind, day) not in found:
                found[kind, day] = {column: counts.none(item) for column, item in kinds[kind].bins.items()}
            found[kind, day][name][place] = rows
    return found


def _keep(use_case: UseCase, number: int, kinds: Mapping[Kind, Rows], kept: Counted, fresh: Counted) -> None:
    """Write the counted days, with those of their counts that have not changed, in one commit."""
    days = {day for _, day in fresh}
    lines: list[dict[str, Any]] = []
    for (kind, day), by_name in (kept | fresh).items():
        if day not in days:
            continue
        identity = {"partition": day, MODEL_VERSION: number, "kind": kind}
        identity[tables.INPUTS_FINGERPRINT] = kinds[FEATURE if kind == NEW_CATEGORY else kind].fingerprint(day)
        for name, found in by_name.items():
            if kind == NEW_CATEGORY:
                lines += [identity | line for line in new_categories.lines(name, found)]
                continue
            lines += [
                identity | {"name": name, "bin": place, "rows": int(found[place]), LEVEL: None}
                for place in found.nonzero()[0].tolist()
            ]
    where = f"{sql_quoting.days_condition(days)} AND {MODEL_VERSION} = {number}"
    table = tables.drift_counts(use_case)
    if LEVEL in table.column_names:
        # A use case that has its first category adds the column.
        table_shape.ensure(table)
    commits.replace_rows(table, lines, where)
