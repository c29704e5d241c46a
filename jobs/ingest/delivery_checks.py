"""Checking the deliveries of some days against their contract: what becomes of each row, and whether a delivery is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import replace

from jobs.ingest import volume
from jobs.ingest.row_counts import RowCounts
from lakehouse.declaration import Source, Volume
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery


def refusals_of(
    source: Source, arrived: Collection[Delivery], counts: Mapping[str, RowCounts], any_volume: bool
) -> dict[str, str]:
    """Why deliveries as a whole are refused, by their id.

    Args:
        source: the contract.
        arrived: the deliveries.
        counts: of each delivery that has rows, by its id.
        any_volume: somebody looked at the number of rows and says that it is right.
    """
    refused = {item.delivery_id: why for item in arrived if (why := refusal(source, counts.get(item.delivery_id)))}
    if source.volume is not None and not any_volume:
        lines = ledger_lines(arrived, counts, refused)
        refused = {**_wrong_volumes(source, source.volume, arrived, lines), **refused}
    return refused


def refusal(source: Source, counts: RowCounts | None) -> str | None:
    """Why a delivery as a whole is refused, from its counts (None: no rows); None when it is not."""
    if counts is not None and counts.whole is not None:
        return counts.whole
    if counts is None or counts.delivered == 0:
        if source.delivers == "snapshot":
            return "expected the rows of a snapshot, found none: taken in, it would delete every row"
        return (
            "expected rows, found none: the file is empty or has a header alone" if source.cadence == "daily" else None
        )
    broken = counts.rejected - counts.kept_out
    if broken / counts.delivered > source.max_reject_share:
        return (
            f"expected at most {source.max_reject_share:.0%} rejected rows, found {broken} of "
            f"{counts.delivered}, most of them by one rule, such as: {counts.example}"
        )
    return None


def ledger_lines(
    arrived: Collection[Delivery], counts: Mapping[str, RowCounts], refused: Collection[str]
) -> list[Delivery]:
    """The ledger's line of each delivery, ingested or refused."""
    return [
        _ledger_line(item, counts.get(item.delivery_id, RowCounts()), item.delivery_id in refused) for item in arrived
    ]


def _ledger_line(item: Delivery, counts: RowCounts, refused: bool) -> Delivery:
    return replace(
        item,
        delivered_rows=counts.delivered,
        accepted_rows=0 if refused else counts.accepted,
        rejected_rows=counts.delivered if refused else counts.rejected,
        duplicate_rows=0 if refused else counts.duplicates,
        status=deliveries.REFUSED if refused else deliveries.INGESTED,
    )


def _wrong_volumes(
    source: Source, declared: Volume, arrived: Collection[Delivery], lines: Collection[Delivery]
) -> dict[str, str]:
    """Why deliveries are refused for their number of rows, by their id.

    Only the first delivery of a day is looked at: one that follows is a correction. So is none that is in silver.
    """
    days = {item.partition for item in arrived}
    since = min(days) - dt.timedelta(days=declared.of_days)
    first_of_day = {
        line.partition: line
        for line in reversed(deliveries.lines_of([source.name], since, max(days)))
        if line.status == deliveries.INGESTED
    }
    rows_by_day = {line.partition: line.delivered_rows for line in lines if line.status == deliveries.INGESTED}
    rows_by_day |= {day: line.delivered_rows for day, line in first_of_day.items()}
    problems = {
        line.delivery_id: volume.problem(declared, line.partition, line.delivered_rows, rows_by_day)
        for line in lines
        if line.partition not in first_of_day
    }
    return {identity: problem for identity, problem in problems.items() if problem is not None}
