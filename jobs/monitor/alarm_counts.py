"""Keeping ``gold.<use_case>_alarm_counts`` up to date: what measured alarms count besides the drift counts.

Feature rows of a day by watched slice and bin, and its matured labels by bin. As with the drift counts a day is counted once for
each model version, and each count says what it was made from.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.monitor import counts, version
from lakehouse import fingerprints, tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import key_join, labels
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import Distribution, Profile
from lakehouse.evaluation.packed_numbers import Whole
from lakehouse.evaluation.slice_texts import SliceTexts
from lakehouse.evaluation.training_days import ALL, LABEL, TrainingDays
from lakehouse.ops import builds
from lakehouse.populations import population
from lakehouse.populations.population import DayRows
from lakehouse.staleness import up_to_date
from lakehouse.storage import arrow_dataset, commits, row_limits, sql_quoting, table_shape, worker_tasks
from lakehouse.storage.day_files import DayFiles

log = logging.getLogger(__name__)

Kind = Literal["slice", "label"]
# By kind and day: of slices by feature the rows of each slice and bin, of labels those of each bin under ``LABEL``.
Counted = dict[tuple[Kind, dt.date], dict[str, Whole]]


@dataclass(frozen=True)
class Days:
    """Counts one day: in this process, or in a worker.

    Attributes:
        key: of the entity.
        features, outcomes: the files of the tables.
        population: who was scored, with the columns of the slices.
        slices: name and value of each watched slice.
        bins: of each feature.
        labels: the bins of labels.
    """

    key: tuple[str, ...]
    features: DayFiles
    outcomes: DayFiles
    population: DayRows
    slices: tuple[tuple[str, str], ...]
    bins: Mapping[str, Distribution | CategoryDistribution]
    labels: Distribution

    def count(self, kind: Kind, day: dt.date) -> dict[str, Whole]:
        """The counts of a day, by name."""
        if kind == LABEL:
            found = labels.floats(self.outcomes.read(day, ["label"]).column("label"))
            return {LABEL: counts.by_bin(found, self.labels)[None]}
        rows = self.features.read(day, [*self.key, *self.bins])
        names = list(dict.fromkeys(name for name, _ in self.slices))
        entities = self.population.read(day, list(dict.fromkeys([*self.key, *names])))
        coded, texts = entities.select(list(self.key)), dict[str, tuple[str, ...]]()
        for name in names:
            of_rows = SliceTexts.of(entities.column(name))
            coded, texts[name] = coded.append_column(f"slice_{name}", pa.array(of_rows.code)), of_rows.texts
        rows = key_join.left_join(rows, coded, list(self.key))
        by_slice = []
        for name, value in self.slices:
            place = texts[name].index(value) if value in texts[name] else len(texts[name])
            its = rows.filter(pc.equal(rows.column(f"slice_{name}"), place))
            by_slice.append(counts.of_columns(its.select(list(self.bins)), self.bins))
        return {name: np.stack([one[name] for one in by_slice]) for name in self.bins}


def of_days(
    use_case: UseCase,
    number: int,
    profile: Profile,
    history: TrainingDays,
    days: Collection[dt.date],
    matured: Collection[dt.date],
) -> tuple[dict[str, dict[dt.date, Whole]], dict[dt.date, Whole]]:
    """The counts of slices on ``days`` by feature and day, and of labels of the days ``matured``, by the bins of a version."""
    table, features, outcomes = tables.alarm_counts(use_case), tables.features(use_case), tables.outcomes(use_case)
    # Before the files are looked up: if a day is built again in between, the next run finds that it has changed.
    built = {"slice": up_to_date.built(features), "label": up_to_date.built(outcomes)}
    declared = {
        name: item
        for name, item in profile.features.items()
        if name in (use_case.category_names if isinstance(item, CategoryDistribution) else use_case.number_names)
    }
    bins = Distribution(edges=history.label_edges, shares=(), ordinary_psi=None)
    who = population.of(use_case, days, coded={name for name, _ in history.slices})
    counter = Days(
        use_case.entity.key, DayFiles.of(features, days), DayFiles.of(outcomes, matured), who, history.slices, declared,
        bins,
    )  # fmt: skip
    by = {
        "slice": json.dumps([history.slices, {name: item.boundaries for name, item in sorted(declared.items())}]),
        "label": json.dumps(bins.boundaries),
    }
    wanted: dict[tuple[Kind, dt.date], str] = {}
    for kind, files in (("slice", counter.features), ("label", counter.outcomes)):
        for day, its in files.by_day.items():
            rows = built[kind].get(day) or fingerprints.digest(*(file.path for file in its))
            inputs = {"rows": rows, "bins": fingerprints.digest(by[kind]), "code": str(version.ALARM_COUNTS)}
            if kind == LABEL or history.slices:
                wanted["slice" if kind == "slice" else "label", day] = builds.fingerprint(inputs)
    counted = _kept(table, number, wanted, counter)
    missing = sorted(set(wanted) - set(counted))
    if missing:
        log.info("monitor: counted %s", ", ".join(f"{kind}s of {day}" for kind, day in missing))
        fresh = _count(use_case.name, counter, missing)
        counted |= fresh
        _keep(table, number, counter.slices, wanted, counted, {day for _, day in missing})
    sliced: dict[str, dict[dt.date, Whole]] = {name: {} for name in declared}
    for (kind, day), found in counted.items():
        if kind == "slice":
            for name, rows_of in found.items():
                sliced[name][day] = rows_of
    return sliced, {day: found[LABEL][0] for (kind, day), found in counted.items() if kind == LABEL}


def _kept(table: tables.Table, number: int, wanted: Mapping[tuple[Kind, dt.date], str], counter: Days) -> Counted:
    """The counts of the table that are made from what they would be made from now."""
    where = arrow_dataset.among("partition", sorted({day for _, day in wanted})) & (pc.field("model_version") == number)
    place = {pair: at for at, pair in enumerate(counter.slices)} | {(ALL, ALL): 0}
    found: Counted = {}
    columns = ("kind", "partition", "slice", "slice_value", "name", "bin", "rows", tables.INPUTS_FINGERPRINT)
    stored = arrow_dataset.read(table, where)
    lines = zip(*(stored.column(name).to_pylist() for name in columns), strict=True)
    for kind, day, name, value, column, at, rows, digest in lines:
        if wanted.get((kind, day)) != digest:
            continue
        if (kind, day) not in found:
            found[kind, day] = _nothing(kind, counter)
        found[kind, day][column][place[name, value], at] = rows
    return found


def _nothing(kind: Kind, counter: Days) -> dict[str, Whole]:
    if kind == LABEL:
        return {LABEL: np.zeros((1, counter.labels.width), dtype=np.int64)}
    return {name: np.zeros((len(counter.slices), item.width), dtype=np.int64) for name, item in counter.bins.items()}


def _count(application: str, counter: Days, missing: Sequence[tuple[Kind, dt.date]]) -> Counted:
    """Count the rows of these days: here when they are few, else each day by one of Spark's workers."""
    files = {"slice": counter.features, "label": counter.outcomes}
    rows = sum(file.rows for kind, day in missing for file in files[kind].by_day[day])

    def work(at: int) -> Iterator[tuple[tuple[Kind, dt.date], dict[str, Whole]]]:
        yield missing[at], counter.count(*missing[at])

    if rows <= row_limits.IN_PROCESS_ROWS:
        return dict(one for at in range(len(missing)) for one in work(at))
    return dict(worker_tasks.run(f"monitor {application}", len(missing), work))


def _keep(
    table: tables.Table,
    number: int,
    slices: Sequence[tuple[str, str]],
    wanted: Mapping[tuple[Kind, dt.date], str],
    counted: Counted,
    days: Collection[dt.date],
) -> None:
    """Write the counted days, with those of their counts that have not changed, in one commit."""
    lines: list[dict[str, Any]] = []
    for (kind, day), by_name in sorted(counted.items()):
        if day not in days:
            continue
        identity = {
            "partition": day,
            "model_version": number,
            "kind": kind,
            tables.INPUTS_FINGERPRINT: wanted[kind, day],
        }
        for column, found in by_name.items():
            for at, place in zip(*(axis.tolist() for axis in found.nonzero()), strict=True):
                name, value = (ALL, ALL) if kind == LABEL else slices[at]
                of = {"slice": name, "slice_value": value, "name": column, "bin": place, "rows": int(found[at, place])}
                lines.append(identity | of)
    where = f"{sql_quoting.days_condition(days)} AND model_version = {number}"
    table_shape.ensure(table)
    commits.replace_rows(table, lines, where)
