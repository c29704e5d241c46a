"""Check: the answers about a dataset's documents, measured and judged -> the table of its summaries. No call is made."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from jobs.check import rows, version
from jobs.check.arguments import CheckArguments
from jobs.check.rows import Placed
from jobs.result import Result
from lakehouse import tables
from lakehouse.corpus import streamed
from lakehouse.declaration import Dataset, datasets
from lakehouse.ops import builds
from lakehouse.ops.call import OPEN
from lakehouse.staleness import summary_staleness
from lakehouse.storage import arrow_dataset, commits, delta_log, table_schema
from lakehouse.teacher import pool, subject
from lakehouse.teacher.recorded import Recordings
from lakehouse.teacher.subject import Rules

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CheckResult(Result):
    """What the table has of the documents as of the day.

    Attributes:
        days: that were made again, or taken away.
        answers: rows up to the day: one a kept document and variant.
        kept: how many of them pass.
        open: how many have no outcome yet: `teach` asks for them.
        table_version: of the table with them.
    """

    days: int = 0
    answers: int = 0
    kept: int = 0
    open: int = 0
    table_version: int = -1


def run(arguments: CheckArguments) -> CheckResult:
    """Make the days again whose documents, calls, limits or code have changed; take away those without a document that counts."""
    dataset, as_of = datasets.by_name(arguments.dataset), arguments.partition
    table = tables.summaries(dataset)
    inputs = summary_staleness.expected(dataset, version.SUMMARIES, as_of)
    comparison = summary_staleness.compare(dataset, inputs)
    stale, gone = comparison.outdated(arguments.force), summary_staleness.gone(comparison, as_of)
    if stale:
        by_day = builds.record(table, {day: inputs[day] for day in stale})
        made = pa.concat_tables([table_schema.arrow_schema(table).empty_table(), *_rows(dataset, as_of, by_day)])
        commits.replace_table(made, table, {"partition": [*stale, *gone]})
    elif gone:
        commits.replace_table(table_schema.arrow_schema(table).empty_table(), table, {"partition": gone})
    found = _counted(dataset, as_of, len(stale) + len(gone))
    log.info("check %s: %s: %s", dataset.name, found.status, found.message)
    return found


def _rows(dataset: Dataset, as_of: dt.date, by_day: Mapping[dt.date, str]) -> Iterator[pa.Table]:
    rules = Rules.of(dataset)
    work = partial(rows.of, rules=rules, table=tables.summaries(dataset))
    yield from pool.mapped(work, _placed(dataset, as_of, rules, by_day))


def _placed(dataset: Dataset, as_of: dt.date, rules: Rules, by_day: Mapping[dt.date, str]) -> Iterable[Placed]:
    calls, marks = Recordings(dataset, rules.teacher), Recordings(dataset, rules.judge)
    columns = (*subject.COLUMNS, "partition")
    for batch in streamed.batches(dataset, as_of, columns, days=by_day):
        digests, days = (batch.column(name).to_pylist() for name in ("content_digest", "partition"))
        found = subject.of_documents(batch, calls, marks)
        for one, digest, day in zip(found, digests, days, strict=True):
            yield Placed(one, digest, day, by_day[day])


def _counted(dataset: Dataset, as_of: dt.date, days: int) -> CheckResult:
    table = tables.summaries(dataset)
    found = arrow_dataset.read(table, pc.field("partition") <= as_of, columns=("state", "kept"))
    answers, kept = len(found), int(pc.sum(found["kept"]).as_py() or 0)
    missing = int(pc.sum(pc.equal(found["state"], OPEN)).as_py() or 0)
    message = f"{kept} of {answers} answer(s) kept"
    if missing:
        message += f"; {missing} open, which teach asks for"
    return CheckResult(
        status="checked" if days else "unchanged",
        message=message,
        days=days,
        answers=answers,
        kept=kept,
        open=missing,
        table_version=delta_log.version(table),
    )
