"""Fingerprints: short digests of what a row was made from, by which a rerun knows that nothing has changed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column

# A column read from the log's statistics must be at most 32 characters long.
LENGTH = 16


def of(*parts: object) -> str:
    """The fingerprint of the parts' texts, in their order."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:LENGTH]


def column(by_day: Mapping[dt.date, str]) -> Column:
    """The fingerprint of a row's ``partition``; ``by_day`` has every day that occurs."""
    from pyspark.sql import functions as F

    pairs = [F.lit(part) for day, digest in sorted(by_day.items()) for part in (day.isoformat(), digest)]
    return F.create_map(*pairs)[F.col("partition").cast("string")]
