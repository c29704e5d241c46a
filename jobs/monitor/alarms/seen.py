"""What was counted of the days that are judged, beyond what the drift verdict needs anyway."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from jobs.monitor.counts import Counts
from jobs.monitor.performance import Matured
from lakehouse.evaluation.packed_numbers import Whole


@dataclass(frozen=True)
class Seen:
    """Counts by day.

    Attributes:
        sliced: by feature and day the rows of each watched slice and bin.
        labels: by day the matured labels by bin.
        quality: by slice and day how good the scores turned out.
    """

    sliced: Mapping[str, Mapping[dt.date, Whole]] = field(default_factory=dict)
    labels: Mapping[dt.date, Counts] = field(default_factory=dict)
    quality: Mapping[tuple[str, str], Mapping[dt.date, Matured]] = field(default_factory=dict)
