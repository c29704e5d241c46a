"""Writing the scores of days in one commit: few rows by the job's process, many by Spark's workers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from jobs.score import many_rows
from jobs.score.role_scorer import RoleScorer
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.storage import arrow_dataset, commits, row_limits, table_schema, table_shape
from lakehouse.storage.day_files import DayFiles

if TYPE_CHECKING:
    from jobs.score.absent_rows import AbsentRows


@dataclass(frozen=True)
class RoleDays:
    """What scores some days in one role.

    Attributes:
        scorer: of the rows of the feature table.
        days: which.
        of_absent: scores the entities that the feature table has no row of; None: they are not scored.
    """

    scorer: RoleScorer
    days: list[dt.date]
    of_absent: RoleScorer | None = None


def write(use_case: UseCase, roles: Sequence[RoleDays], features_version: int) -> None:
    """Score the days of each role, and replace all rows of these days by theirs, in one commit.

    Raises:
        NotScorable: a row has neither the model's score nor a fallback's.
    """
    source, table = tables.features(use_case), tables.scores(use_case)
    days = sorted({day for role in roles for day in role.days})
    at = features_version if features_version >= 0 else None
    read = DayFiles.of(source, days, at)
    asked = sorted({day for role in roles if role.of_absent is not None for day in role.days})
    absent = _absent(use_case, asked, at) if asked else None
    if read.rows + (0 if absent is None else absent.rows) > row_limits.IN_PROCESS_ROWS:
        by_day = {day: tuple(role.scorer for role in roles if day in role.days) for day in days}
        of_absent = {
            day: tuple(role.of_absent for role in roles if day in role.days and role.of_absent is not None)
            for day in (() if absent is None else absent.days)
        }
        table_shape.ensure(table)
        files = many_rows.score(read, table, by_day, absent, of_absent)
        commits.replace_by_files(files, table, {"partition": days})
        return
    columns = tuple(dict.fromkeys(name for role in roles for name in role.scorer.reads))
    rows = arrow_dataset.read(source, arrow_dataset.among("partition", days), at, columns)
    scored = [role.scorer.score(_of_days(rows, role.days)) for role in roles]
    for role in roles:
        scorer = role.of_absent
        if absent is not None and scorer is not None:
            scored += [
                scorer.score(absent.read(day, read.columns, scorer.reads)) for day in absent.days if day in role.days
            ]
    # Constant columns are dictionaries of different values.
    declared = table_schema.arrow_schema(table)
    whole = scored if len({one.schema for one in scored}) == 1 else [one.cast(declared) for one in scored]
    commits.replace_table(pa.concat_tables(whole), table, {"partition": days})


def _absent(use_case: UseCase, days: list[dt.date], features_version: int | None) -> AbsentRows:
    # Only where there are fallbacks: who is in a population takes longer to import than a few rows to score.
    from jobs.score.absent_rows import AbsentRows

    return AbsentRows.of(use_case, days, features_version)


def _of_days(rows: pa.Table, days: list[dt.date]) -> pa.Table:
    return rows.filter(pc.is_in(rows.column("partition"), value_set=pa.array(days, pa.date32())))
