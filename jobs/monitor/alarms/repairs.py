"""Findings that ask for a delivery's repair and for no training.

Values that are gone, and rows that are missing, doubled or refused, come back when the delivery is put right. A training on such
days would learn the gap, and a storm or an outage of three days would start one. Measured alarms tell them from what may be another
world: values that moved, and values that training did not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

STATISTICS = frozenset({"missing", "volume", "duplicates", "rejected"})


def is_one(found: Mapping[str, Any]) -> bool:
    """Whether a finding, by its fields as the drift table has them, is one of these."""
    return found.get("kind") == "data" and found.get("statistic") in STATISTICS


def alone(found: Iterable[Mapping[str, Any]]) -> bool:
    """Whether what violates a day, by the fields of its findings, is nothing else. By declared limits nothing is."""
    # What has no chance decides nothing: the PSI of a column that is named.
    violated = [one for one in found if one["violated"] and one.get("chance") is not None]
    return bool(violated) and all(map(is_one, violated))
