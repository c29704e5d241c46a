"""The lines of a release in ``ops.dataset_versions``: each is written once, however often the release is repeated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lakehouse.ops import dataset_versions
from lakehouse.ops.dataset_versions import VersionEvent


def record(
    event: VersionEvent, state: str, actor: str, reason: str, evidence: Mapping[str, Any], **places: str | None
) -> VersionEvent:
    """Write a line about a version.

    Args:
        event: the version as it is now.
        state: of the line.
        actor: who asked.
        reason: why.
        evidence: what the gate found.
        places: folder, hub_commit and tag.
    """
    new = replace(
        event,
        state=state,
        actor=actor,
        reason=reason,
        evidence=evidence,
        folder=places.get("folder"),
        hub_commit=places.get("hub_commit"),
        tag=places.get("tag"),
        happened_at=dt.datetime.now(dt.UTC),
    )
    dataset_versions.record(new)
    return new


def held_already(log: Sequence[VersionEvent], reasons: Sequence[str]) -> bool:
    """Whether the last decision was the same; ``log`` has the lines about the examples as they are."""
    decisions = [event for event in log if event.state in (dataset_versions.HELD, dataset_versions.APPROVED)]
    if not decisions or decisions[-1].state != dataset_versions.HELD:
        return False
    return list(decisions[-1].evidence.get("reasons", ())) == list(reasons)
