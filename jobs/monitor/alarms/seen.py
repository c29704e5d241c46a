"""What was counted of the days that are judged, beyond what the drift verdict needs anyway."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from jobs.monitor.counts import Counts
from jobs.monitor.estimates import Daily
from jobs.monitor.performance import Matured
from lakehouse.evaluation.packed_numbers import Whole
from lakehouse.evaluation.residuals import Residual


@dataclass(frozen=True)
class Delivered:
    """The rows of a delivery, and how many of them came twice or failed the contract."""

    rows: int
    duplicates: int
    rejected: int


@dataclass(frozen=True)
class Seen:
    """Counts by day, and what is known of the inputs.

    Attributes:
        sliced: by feature and day the rows of each watched slice and bin.
        labels: by day the matured labels by bin.
        quality: by slice and day how good the scores turned out.
        residuals: by feature and day the labels minus the scores, by bin.
        delivered: by source and day what it delivered.
        built_again: scored days whose features are others now than those that were scored.
        estimates: by metric and day the quality that the scores are expected to have, where that is declared.
    """

    sliced: Mapping[str, Mapping[dt.date, Whole]] = field(default_factory=dict)
    labels: Mapping[dt.date, Counts] = field(default_factory=dict)
    quality: Mapping[tuple[str, str], Mapping[dt.date, Matured]] = field(default_factory=dict)
    residuals: Mapping[str, Mapping[dt.date, Residual]] = field(default_factory=dict)
    delivered: Mapping[str, Mapping[dt.date, Delivered]] = field(default_factory=dict)
    built_again: tuple[dt.date, ...] = ()
    estimates: Daily = field(default_factory=dict)
