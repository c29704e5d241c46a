"""The note that a serving table keeps of itself: which rows it has, and of which day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

# The table or collection of these notes, in the schema or database of the serving table.
NAME = "nightjar_serving"


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a serving table has.

    Attributes:
        feature_group: whose rows.
        version: of the group.
        day: the newest day that was built when they were published.
        fingerprint: of the rows, as in `jobs.publish.serving_rows`.
        source_version: Delta version of the group's table that they were read at.
        rows: how many.
        published_at: when.
    """

    feature_group: str
    version: int
    day: dt.date
    fingerprint: str
    source_version: int
    rows: int
    published_at: dt.datetime
