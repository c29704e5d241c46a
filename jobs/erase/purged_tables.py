"""The tables that may have had what is erased, and how its rows in them are known: what is on the disk of earlier versions goes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from jobs.erase import recorded_calls, versions
from jobs.erase.dataset_rows import DatasetRows
from jobs.erase.delivered_rows import DeliveredRows
from jobs.erase.recorded_calls import RecordedCalls
from jobs.erase.versions import Versions
from lakehouse.storage import purging
from lakehouse.storage.purging import Affected
from lakehouse.tables import CALLS, DATASET_VERSIONS, Table


@dataclass(frozen=True)
class Suspect:
    """A table, the columns that tell, and which rows are meant."""

    table: Table
    columns: Sequence[str]
    affected: Affected


def of_source(delivered: DeliveredRows) -> list[Suspect]:
    """The tables of a source."""
    bronze, silver, rejects = delivered.tables
    return [
        Suspect(bronze, delivered.bronze_columns, delivered.in_bronze),
        Suspect(silver, delivered.subject.columns, delivered.in_silver),
        Suspect(rejects, ["raw", "reasons"], delivered.in_rejects),
    ]


def of_datasets(
    datasets: Collection[DatasetRows], calls: Collection[RecordedCalls], logs: Collection[Versions]
) -> list[Suspect]:
    """The tables of datasets, and the two logs that all datasets share."""
    if not datasets:
        return []
    return [
        *(Suspect(table, one.columns(table), one.affected(table)) for one in datasets for table in one.tables),
        Suspect(CALLS, recorded_calls.COLUMNS, _any([one.affected for one in calls])),
        Suspect(DATASET_VERSIONS, versions.COLUMNS, _any([one.affected for one in logs])),
    ]


def purge(suspects: Collection[Suspect], now: dt.datetime) -> list[str]:
    """Leave one version of each table; files that a job may be about to commit, and that may have it, are named."""
    left = []
    for one in suspects:
        left += [
            f"{file}: no version of {one.table.full_name} has it, and it may have what is erased: a job is writing it, or was "
            "killed within a day: run again when no job writes this table, or a day after the kill"
            for file in purging.purge(one.table, one.columns, one.affected, now)
        ]
    return left


def _any(affected: Sequence[Affected]) -> Affected:
    def found(rows: pa.Table) -> pa.ChunkedArray:
        return reduce(pc.or_, (one(rows) for one in affected))

    return found
