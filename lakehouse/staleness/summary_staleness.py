"""Which days of a dataset's checked answers were made from something else than they would be now, and why.

A day's answers are made from its documents that count, from the calls about their texts, and from what is declared. No text of a
document is read: a call says which text it is about.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from lakehouse import fingerprints, tables
from lakehouse.corpus import current
from lakehouse.declaration import Dataset
from lakehouse.ops.builds import Inputs
from lakehouse.ops.call import FINAL
from lakehouse.staleness import up_to_date
from lakehouse.staleness.up_to_date import Comparison, Reasons
from lakehouse.storage import arrow_dataset
from lakehouse.teacher.asked import Asked
from lakehouse.teacher.recorded import COLUMNS
from lakehouse.teacher.subject import Rules

GONE = "none of its documents is kept any more"


@dataclass
class _Day:
    """What a day is made from: a digest of each of its documents, and by purpose of each call about their texts."""

    documents: list[bytes] = field(default_factory=list)
    calls: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def inputs(self, rules: Rules) -> dict[str, str]:
        """By name, in words that show what has changed."""
        found = {
            "the documents": _counted(self.documents, "kept"),
            "the answers": _counted(self.calls[rules.teacher.purpose], "recorded"),
        }
        if rules.judge is not None:
            found["the marks"] = _counted(self.calls[rules.judge.purpose], "recorded")
        return found


def expected(dataset: Dataset, code: int, as_of: dt.date) -> dict[dt.date, Inputs]:
    """What each day would be made from now: each that has a document which is kept as of a day.

    Args:
        dataset: whose answers.
        code: the version of the checking code.
        as_of: the day.

    Raises:
        DeclarationError: when a prompt is not fit for use.
    """
    rules = Rules.of(dataset)
    days = _days(dataset, rules, as_of)
    check = f"{rules.check.model_dump_json()} {rules.same_language}"
    declared = {
        "the check": fingerprints.digest(check),
        "the teacher": rules.teacher.digest,
        "the checking code": str(code),
    }
    if rules.judge is not None:
        declared["the judge"] = fingerprints.digest(rules.judge.digest, rules.least)
    return {day: {**declared, **found.inputs(rules)} for day, found in days.items()}


def compare(dataset: Dataset, inputs: Mapping[dt.date, Inputs]) -> Comparison:
    """These days as they are in the table now."""
    return up_to_date.compare(tables.summaries(dataset), inputs)


def gone(comparison: Comparison, as_of: dt.date) -> list[dt.date]:
    """The days up to ``as_of`` that have answers, and no document that counts any more."""
    return sorted(day for day in comparison.built if day <= as_of and day not in comparison.expected)


def stale(dataset: Dataset, code: int, as_of: dt.date | None = None) -> Reasons:
    """Why the answers of each day are not what they would be now, among the days that were ever checked.

    Args:
        dataset: whose.
        code: the version of the checking code.
        as_of: which documents count; None: the newest of all.
    """
    built = up_to_date.built(tables.summaries(dataset))
    if not built:
        return {}
    last = as_of or dt.date.max
    comparison = compare(dataset, {day: made for day, made in expected(dataset, code, last).items() if day in built})
    return {**comparison.reasons(), **{day: [GONE] for day in gone(comparison, last)}}


def _days(dataset: Dataset, rules: Rules, as_of: dt.date) -> dict[dt.date, _Day]:
    rows = current.read(
        dataset, as_of, ("content_digest", "partition", "document_id", "language", "language_share"), True
    )
    days: dict[dt.date, _Day] = defaultdict(_Day)
    about: dict[str, set[dt.date]] = defaultdict(set)
    for digest, day, *rest in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        days[day].documents.append(_digest(digest, *rest))
        about[digest].add(day)
    for way in (rules.teacher, rules.judge):
        if way is not None:
            _take_calls(dataset, way, days, about)
    return dict(days)


def _take_calls(
    dataset: Dataset, way: Asked, days: Mapping[dt.date, _Day], about: Mapping[str, Collection[dt.date]]
) -> None:
    found = way.recorded(dataset.name, COLUMNS).filter(arrow_dataset.among("state", FINAL)).select(COLUMNS)
    for batch in found.to_batches(max_chunksize=10_000):
        for key, digest, *rest in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            # Two documents of one text share the call.
            for day in about.get(digest, ()):
                days[day].calls[way.purpose].append(_digest(key, *rest))


def _digest(*values: object) -> bytes:
    return hashlib.sha256(repr(values).encode("utf-8", "surrogatepass")).digest()


def _counted(digests: list[bytes], what: str) -> str:
    whole = hashlib.sha256(b"".join(sorted(digests))).hexdigest()
    return f"{len(digests)} {what} ({whole[: fingerprints.LENGTH]})"
