"""The documentation of the DAGs that take in deliveries, shown by Airflow's UI, made from the declaration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from include.orchestration.rerun_docs import RERUN
from lakehouse import tables
from lakehouse.declaration import Owner, Source


def ingest(owner: Owner, source: Source, readers: Sequence[str] = ()) -> str:
    """What ``ingest__<source>`` does, how to load days again, and what follows: ``readers`` are the use cases that read it."""
    arrives = {0: "before its day begins", 1: "the day after"}.get(
        source.arrives_after_days, f"{source.arrives_after_days} days after its day"
    )
    absent = (
        f"A day without a delivery {_patience(source)}."
        if source.cadence == "daily"
        else "Reference data: it comes when it changes, and a night without a delivery is skipped."
    )
    first = owner.calendar.start + dt.timedelta(days=30)
    last = first + dt.timedelta(days=9)
    return f"""
### Ingest {source.name}

{source.description or "A source"}, of **{owner.title}**. Read by {_named(readers)}. A day's delivery arrives {arrives}. {absent}
{_mongo(source)}{_sql(source)}{_kafka(source)}{_fetch(source)}{_catch_up(owner)}
Each delivery is taken into `{tables.bronze(source).full_name}` as it is, checked against its contract, and lands in
`{tables.silver(source).full_name}`; rows that break the contract go to `{tables.rejects(source).full_name}` with their
reasons. More than {source.max_reject_share:.0%} of rejects fail the delivery as a whole.

**By hand.** Trigger with `partition` (and `through` for a range, one Spark application). Switch "Let the DAGs
that follow run" off for a long history.

**Backfill.** `airflow backfill create --dag-id ingest__{source.name} --from-date {first} --to-date {last}
--max-active-runs 4`; the dates are partitions. Days that already ran are left alone, unless you add
`--reprocess-behavior completed`. The features of a day follow when *all* daily sources that they need were ingested,
as the pages of the DAGs `features__<use_case>` list them: backfill them together.
{RERUN}"""


def _named(readers: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in readers) or "no use case"


def _catch_up(owner: Owner) -> str:
    nights = owner.calendar.catch_up_nights
    what = f"the newest {nights} at most, the oldest first" if nights > 1 else "the newest alone"
    return f"""
**After an outage or a pause** missed nights are caught up: {what} (`calendar.catch_up_nights`). Days before these are named by a
warning in the task's log, with the command that takes them in; `python -m lakehouse sources` lists them too.
"""


def _patience(source: Source) -> str:
    if source.freshness is None:
        return "fails, and is tried again for two minutes"
    hours = f"{source.freshness.hours:g} hours after the midnight that starts the day it arrives on"
    return f"is waited for (the task is deferred) until it is due, {hours}, and fails then"


def _mongo(source: Source) -> str:
    if source.mongo is None:
        return ""
    return f"""
**From MongoDB.** With a connection `mongo_default`, `extract` first lands what changed in
`{source.mongo.database}.{source.mongo.collection}` since the window before, by `{source.mongo.updated_at}`. Without it, that
task is skipped and files are taken in.
"""


def _sql(source: Source) -> str:
    if source.sql is None:
        return ""
    if source.sql.updated_at is not None:
        which = f"what changed since the windows before, by `{source.sql.updated_at}`"
    elif source.sql.partition_column is not None:
        which = f"the rows of the day, by `{source.sql.partition_column}`"
    else:
        which = "all rows"
    return f"""
**From a database.** With a connection `{source.sql.connection}`, `extract` first lands {which}, of `{source.sql.address}`. Without
it, that task is skipped and files are taken in.
"""


def _kafka(source: Source) -> str:
    if source.kafka is None:
        return ""
    return f"""
**From Kafka.** With a connection `{source.kafka.connection}`, `extract` first lands the messages of `{source.kafka.topic}`
since the windows before, by their offsets, which the ledger keeps. Without it, that task is skipped and files are taken in.
Messages that were deleted before they were read fail it; the switch "Any gap" goes on without them.
"""


def _fetch(source: Source) -> str:
    if source.fetch is None:
        return ""
    by = f" with the connection `{source.fetch.connection}`" if source.fetch.connection else ""
    return f"""
**From a service.** `extract` first lands what `fetch(window, connection)` in the use case's `{source.fetch.file}` yields{by},
whole or not at all.
"""
