"""What the gate had of both: where one of them was judged against the other, its evidence says by how much it was better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.analyst.comparison.version_record import VersionRecord
from lakehouse.ops import model_events


@dataclass(frozen=True)
class Judged:
    """A gate's comparison of the two versions.

    Attributes:
        challenger, champion: which was which.
        verdict: promoted or held.
        days: first and last judged day.
        rows: that were compared.
        metric: of the gate.
        certainty: of its intervals, which is not that of the other sections.
        improvement: by how much the challenger was better: ``value``, ``low``, ``high``, ``rows``, ``days``; None where it could
            not be measured.
        challenger_metrics, champion_metrics: on the same rows.
        slices: by how much it was better in each: ``slice``, ``value``, ``difference``, ``low``, ``high``, ``rows``.
        reasons: of the verdict, in words.
    """

    challenger: int
    champion: int
    verdict: str
    days: tuple[str, ...]
    rows: int | None
    metric: str | None
    certainty: float | None
    improvement: Mapping[str, Any] | None
    challenger_metrics: Mapping[str, Any]
    champion_metrics: Mapping[str, Any]
    slices: tuple[Mapping[str, Any], ...]
    reasons: str


def between(records: Sequence[VersionRecord]) -> tuple[Judged, ...]:
    """Every verdict on one of them that has the other as champion, oldest first."""
    found = []
    for record, other in (tuple(records), tuple(reversed(records))):
        for event in record.events:
            evidence = event.evidence
            if event.event not in (model_events.PROMOTED, model_events.HELD):
                continue
            if evidence.get("champion_version") != other.version:
                continue
            judged = Judged(
                challenger=record.version,
                champion=other.version,
                verdict=event.event,
                days=tuple(map(str, evidence.get("judged_days") or evidence.get("holdout") or ())),
                rows=evidence.get("rows"),
                metric=evidence.get("metric"),
                certainty=evidence.get("certainty"),
                improvement=evidence.get("improvement"),
                challenger_metrics=evidence.get("challenger") or {},
                champion_metrics=evidence.get("champion") or {},
                slices=tuple(evidence.get("slices") or ()),
                reasons=event.reason,
            )
            found.append((event.happened_at, judged))
    return tuple(judged for _, judged in sorted(found, key=lambda item: item[0]))
