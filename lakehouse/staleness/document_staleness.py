"""Which days of a dataset's documents were made from something else than they would be now, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

from lakehouse import fingerprints, tables
from lakehouse.declaration import Dataset, standardise
from lakehouse.ops import builds, deliveries, rowless
from lakehouse.ops.builds import Inputs
from lakehouse.staleness import up_to_date
from lakehouse.staleness.up_to_date import Comparison, Reasons
from lakehouse.storage import arrow_dataset

# Why a day of documents has no row.
ROWLESS = {"rows": "none: its deliveries have no document that may be kept"}


def expected(dataset: Dataset, days: Iterable[dt.date], code: int) -> dict[dt.date, Inputs]:
    """What each of the days would be made from now: its deliveries, what is declared, the teacher's marks, and the code.

    Only days with deliveries have documents; the others are left out.
    """
    wanted = sorted(set(days))
    if not wanted:
        return {}
    source = dataset.source.name
    arrived = deliveries.arrived([source], wanted[0], wanted[-1])
    found = [day for day in wanted if (source, day) in arrived]
    declared = _declared(dataset, code)
    marks = _marks(dataset, found)
    return {day: {f"{source} {day}": ",".join(arrived[source, day]), **declared, **marks.get(day, {})} for day in found}


def built(dataset: Dataset) -> dict[dt.date, str]:
    """The fingerprint of each day that is built."""
    table = tables.documents(dataset)
    without = {day: builds.fingerprint(inputs) for day, inputs in rowless.inputs(table, ROWLESS).items()}
    return {**without, **up_to_date.built(table)}


def record_rowless(dataset: Dataset, inputs: Mapping[dt.date, Inputs]) -> None:
    """Record that these days, all just written, have no document."""
    rowless.record(tables.documents(dataset), ROWLESS, inputs)


def compare(dataset: Dataset, inputs: Mapping[dt.date, Inputs]) -> Comparison:
    """These days as they are built now."""
    return Comparison(tables.documents(dataset), inputs, built(dataset))


def stale(dataset: Dataset, code: int, first: dt.date | None = None, last: dt.date | None = None) -> Reasons:
    """Why each built day from ``first`` to ``last`` (all, when not given) is not what it would be now."""
    days = [day for day in built(dataset) if (first or day) <= day <= (last or day)]
    return compare(dataset, expected(dataset, days, code)).reasons()


def marks_of(dataset: Dataset) -> dict[str, float]:
    """The teacher's marks of documents by the digest of their texts; none where the dataset declares no ``grade``."""
    if dataset.grade is None:
        return {}
    from lakehouse.teacher import marks

    found: dict[str, float] = marks.marks(dataset, "grade")
    return found


def _declared(dataset: Dataset, code: int) -> Inputs:
    sections = {
        "the documents section": dataset.documents.model_dump_json(),
        "the runs of words": str(dataset.near.ngram),
        "the heuristics": dataset.heuristics.model_dump_json(),
        "the filter": dataset.filter.model_dump_json(),
        "the standardising": standardise.digest(dataset),
    }
    digests = {name: fingerprints.digest(said) for name, said in sections.items()}
    return {**digests, "the building code": str(code)}


def _marks(dataset: Dataset, days: Collection[dt.date]) -> dict[dt.date, Inputs]:
    """Digest of the marks of each day's documents, as the table has them now."""
    marks = marks_of(dataset)
    if dataset.grade is None:
        return {}
    rows = arrow_dataset.read(
        tables.documents(dataset), arrow_dataset.among("partition", days), columns=("partition", "content_digest")
    )
    of_day: dict[dt.date, set[tuple[str, float]]] = {day: set() for day in days}
    for day, digest in zip(rows["partition"].to_pylist(), rows["content_digest"].to_pylist(), strict=True):
        if digest in marks:
            of_day[day].add((digest, marks[digest]))
    return {day: {"the teacher's marks": fingerprints.digest(*sorted(found))} for day, found in of_day.items()}
