"""The profile of a dataset's documents: rows of its table, from the documents as they are on a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from jobs.explore import distributions, duplicates, limits
from jobs.explore.distributions import Floats, Mask, Row, row
from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_documents import MEASURES

# What the profile reads.
COLUMNS = ("content_digest", "signature", "language", "licence", "reasons", "kept", *MEASURES)
# How the documents' table separates reasons; each begins with the name of its limit.
BETWEEN = "; "
DOCUMENTS, EXACT, NEAR, REASON, REASON_ALONE = (
    "documents",
    "the same text",
    "nearly the same text",
    "reason",
    "reason alone",
)


def profile(dataset: Dataset, documents: pa.Table) -> Iterator[Row]:
    """The rows of the profile, without their day.

    Args:
        dataset: whose limits are looked at.
        documents: ``COLUMNS`` of those that count.
    """
    kept = documents["kept"].to_numpy().astype(np.bool_)
    reasons = [_names(one) for one in documents["reasons"].to_pylist()]
    yield row(DOCUMENTS, 0, len(kept), kept.sum())
    # A document without a text has no measure: it is among the reasons.
    has_text = np.array(documents["characters"].to_numpy() > 0, np.bool_)
    for measure in MEASURES:
        yield from distributions.binned(measure, _floats(documents[measure])[has_text], kept[has_text])
    for measure in ("language", "licence"):
        yield from distributions.by_value(measure, documents[measure].to_pylist(), kept)
    yield from _duplicates(dataset, documents, kept)
    yield from _reasons(reasons)
    for measure in MEASURES:
        values = _floats(documents[measure])[has_text]
        otherwise = np.array([not (found - {measure}) for found in reasons], np.bool_)[has_text]
        needed = measure == "grade" and limits.declared(dataset, measure) is not None
        yield from limits.candidates(measure, values, otherwise, limits.declared(dataset, measure), needed)


def _names(written: str) -> frozenset[str]:
    """The limits that a document breaks, by their names."""
    names = (reason.split(":")[0] for reason in written.split(BETWEEN) if reason)
    return frozenset("grade" if name == "no grade yet" else name for name in names)


def _floats(column: pa.ChunkedArray) -> Floats:
    found: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def _duplicates(dataset: Dataset, documents: pa.Table, kept: Mask) -> Iterator[Row]:
    same = duplicates.exact(documents["content_digest"])
    near = duplicates.near(documents["signature"].to_pylist(), dataset.near.jaccard)
    for at, (value, found) in enumerate(((EXACT, same), (NEAR, near & ~same))):
        yield row("duplicates", at, found.sum(), (found & kept).sum(), value=value)


def _reasons(reasons: Sequence[frozenset[str]]) -> Iterator[Row]:
    """How many documents each limit rejects, and how many it rejects alone; none of them is kept."""
    of_all = Counter(name for found in reasons for name in found)
    alone = Counter(name for found in reasons if len(found) == 1 for name in found)
    for at, name in enumerate(sorted(of_all, key=lambda name: (-of_all[name], name))):
        yield row(REASON, at, of_all[name], 0, value=name)
        yield row(REASON_ALONE, at, alone[name], 0, value=name)
