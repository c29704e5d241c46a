"""Erase again what was erased before and is there: after a restore, or where another writer has brought it back.

The record of erasures has digests alone. So the rows that are there are looked at, and those whose digest it has are erased as if
somebody had asked by their key.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import logging
from collections.abc import Iterator

import pyarrow as pa

from jobs.erase import job
from jobs.erase.arguments import EraseArguments
from jobs.erase.erase_result import EraseResult
from lakehouse import tables, value_text
from lakehouse.declaration import Source, loader
from lakehouse.ops import kept_out
from lakehouse.ops.kept_out import Way
from lakehouse.storage import arrow_dataset, delta_log
from lakehouse.tables import Table

log = logging.getLogger(__name__)

REASON = "erased before, and found again"


def run(arguments: EraseArguments) -> EraseResult:
    """Erase everything of one source, or of all, that the record of erasures says to be erased.

    Raises:
        BadArguments: when there is no such source, or a declaration is wrong. ErasureIncomplete, CallsBusy, RetentionRefused: as
            of the erasure of one key; what came before it is erased.
    """
    named = [loader.by_source(arguments.source)[1]] if arguments.source else [source for _, source in loader.sources()]
    places: dict[str, int] = {}
    again: list[str] = []
    count = 0
    for source in named:
        for way, texts in there(source):
            found = job.run(_asked(arguments, source, way, texts))
            count += 1
            again += [name for name in found.sources if name not in again]
            for place, rows in found.places.items():
                places[place] = places.get(place, 0) + rows
    log.info("erase --replay: %d key(s) were there again", count)
    status = "unchanged" if not count else "planned" if arguments.dry_run else "erased"
    return EraseResult(
        status=status,
        message=f"{count} key(s) of what was erased before {'are' if arguments.dry_run else 'were'} there again",
        source=arguments.source or "all",
        sources=again,
        places=dict(sorted(places.items())),
    )


def there(source: Source) -> list[tuple[Way, tuple[str, ...]]]:
    """What bronze and silver have of what was erased from a source: how it is known, and the one text of each value."""
    out = kept_out.of_source(source)
    if not out:
        return []
    columns = sorted({name for way in out.ways for name in way.columns})
    found: dict[tuple[Way, tuple[str, ...]], None] = {}
    # What silver has is written here, with a point in its numbers whatever the deliveries have.
    for table, known in ((tables.bronze(source), out), (tables.silver(source), dataclasses.replace(out, decimal="."))):
        for rows in _texts(table, columns):
            found |= known.found(rows)
    return list(found)


def _texts(table: Table, columns: list[str]) -> Iterator[pa.Table]:
    if not delta_log.exists(table):
        return
    location = delta_log.location(table)
    for batch in arrow_dataset.open_dataset(delta_log.open_at(location), location).to_batches(columns=columns):
        texts = {name: [value_text.text_of(value) for value in batch.column(name).to_pylist()] for name in columns}
        yield pa.table({name: pa.array(values, pa.string()) for name, values in texts.items()})


def _asked(arguments: EraseArguments, source: Source, way: Way, texts: tuple[str, ...]) -> EraseArguments:
    # By their places: a name beside a value is the named source's own, and a value may look like one.
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(texts)
    return dataclasses.replace(
        arguments,
        replay=False,
        reason=arguments.reason or REASON,
        source=None if way.subject else source.name,
        subject=way.subject or None,
        key=(line.getvalue(),) if len(texts) > 1 else (),
        document=texts[0] if len(texts) == 1 else None,
    )
