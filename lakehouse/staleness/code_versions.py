"""The versions of the code that decides the values of the gold tables, as the stages declare them next to their transformations.

They stand for the code among a partition's inputs: a changed comment makes nothing stale, and a change of what is computed
raises the version.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CodeVersions:
    """A version for each table, and for the deliveries, whose days are compared with what they would be made from."""

    features: int
    groups: int
    scores: int
    reasons: int
    outcomes: int
    performance: int
    deliveries: int
    estimates: int
    documents: int
    summaries: int
