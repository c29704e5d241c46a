"""The documents that a version was made from, and why others were not kept, as of the version's day."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lakehouse.corpus import current
from lakehouse.declaration import Dataset

COLUMNS = ("document_id", "partition", "kept", "reasons", "pii_counts")
# The words before the first number: what a reason is of.
LIMIT = re.compile(r"^[^\d:;,]*[^\d:;,\s]")


@dataclass(frozen=True, kw_only=True)
class Material:
    """What is known of the documents as of a day.

    Attributes:
        documents: how many there are.
        kept: how many pass the filter.
        rejected: by what a document is rejected for, how many; one may be rejected for several.
        days: on how many days those of the version were delivered.
        first_day: the first of them.
        last_day: the last of them.
        personal: by kind, what was found in those of the version before it was redacted.
    """

    documents: int
    kept: int
    rejected: Mapping[str, int]
    days: int
    first_day: dt.date | None
    last_day: dt.date | None
    personal: Mapping[str, int]

    @classmethod
    def of(cls, dataset: Dataset, day: dt.date, used: Collection[str]) -> Material:
        """The documents as of a day; ``used`` are those of the version."""
        rows = current.read(dataset, day, COLUMNS)
        rejected, personal, days = Counter[str](), Counter[str](), set[dt.date]()
        kept, wanted = 0, frozenset(used)
        columns = (rows[name].to_pylist() for name in COLUMNS)
        for document, delivered, passes, reasons, found in zip(*columns, strict=True):
            kept += passes
            if not passes:
                rejected.update({limit(one) for one in reasons.split("; ") if one})
            if document in wanted:
                days.add(delivered)
                personal.update(json.loads(found or "{}"))
        return cls(
            documents=len(rows),
            kept=kept,
            rejected=dict(sorted(rejected.items())),
            days=len(days),
            first_day=min(days, default=None),
            last_day=max(days, default=None),
            personal=dict(sorted(personal.items())),
        )


def limit(reason: str) -> str:
    """What a reason is of: its words before the first number or colon."""
    found = LIMIT.match(reason)
    return found.group().strip() if found else reason
