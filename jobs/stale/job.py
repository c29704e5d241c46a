"""Stale: list the gold partitions whose inputs have changed since they were built, and why. Changes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from jobs import code_versions
from jobs.result import Result
from jobs.stale.arguments import StaleArguments
from lakehouse.declaration import datasets, loader
from lakehouse.staleness import dataset_report, report


@dataclass(frozen=True, kw_only=True)
class StalePartition:
    """A partition, or a delivered day of a target, that is not what it would be now."""

    table: str
    partition: dt.date
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class StaleResult(Result):
    """The stale partitions, and the days that monitoring has to repeat."""

    partitions: list[StalePartition]
    monitor: list[dt.date]


def run(arguments: StaleArguments) -> StaleResult:
    """List them, a line each; for all days, or for those from ``partition`` to ``through``."""
    if arguments.dataset:
        dataset = datasets.by_name(arguments.dataset)
        lines = dataset_report.lines(dataset, code_versions.CURRENT, arguments.partition, arguments.last)
        monitor = []
    else:
        use_case = loader.by_name(arguments.use_case)
        stale = report.find(use_case, code_versions.CURRENT, arguments.partition, arguments.last, arguments.champion)
        lines, monitor = list(stale.lines(use_case)), stale.monitor
        for table, day, why in stale.expired:
            print(f"{table} {day} stays as it is: {why}")
    partitions = [StalePartition(table=table, partition=day, reasons=why) for table, day, why in lines]
    for one in partitions:
        print(f"{one.table} {one.partition}: {'; '.join(one.reasons)}")
    print(f"{len(partitions)} stale partition(s)" if partitions else "nothing is stale")
    return StaleResult(status="stale" if partitions else "fresh", partitions=partitions, monitor=monitor)
