"""The note that a target keeps of a day, beside the rows: it says after a kill whether they are there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

# The table or collection of these notes, in the schema or database of the target.
NAME = "nightjar_exports"


@dataclass(frozen=True, kw_only=True)
class Marker:
    """What the target has of a day: the same as a line of ops.exports says."""

    fingerprint: str
    scores_version: int
    rows: int
    checksum: str
    model_versions: list[int]
    sent_at: dt.datetime
