"""Which versions of a use case's model learned from erased rows: by their days of training, as the audit log has them.

A tree keeps no row, and so stays as it is; where the use case declares it, another training is asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from jobs.train.split import Split
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import champion_record, registry
from lakehouse.ops import model_events, retrainings
from lakehouse.storage import delta_log

TRIGGER = "erasure"


def of(use_case: UseCase, days: Collection[dt.date]) -> list[dict[str, Any]]:
    """The versions whose rows to learn from, to choose by or to be measured on were of days that had an erased row.

    Args:
        use_case: whose.
        days: those that had one.
    """
    if not days:
        return []
    events = model_events.of_model(use_case.name)
    retired = {event.model_version for event in events if event.event == model_events.RETIRED}
    found: dict[int, dict[str, Any]] = {}
    for event in events:
        said = event.evidence.get(registry.TAG_TRAINED_FOR)
        if event.event != model_events.REGISTERED or not said:
            continue
        day = dt.date.fromisoformat(str(said))
        read = Split.for_day(use_case, day).whole
        if had := sorted(one for one in days if read.first <= one <= read.last):
            found[event.model_version] = {
                "use_case": use_case.name,
                "model_version": event.model_version,
                "trained_for": day.isoformat(),
                "days": [had[0].isoformat(), had[-1].isoformat()],
                "run_id": event.run_id,
                "retired": event.model_version in retired,
            }
    return [found[number] for number in sorted(found)]


def ask_for_training(use_case: UseCase, versions: Collection[int], actor: str) -> dt.date | None:
    """Record that the champion is to be followed by a version without the erased rows; None where that is not declared, or it has
    not learned from them.

    Returns:
        The day to train for: the newest one with features.
    """
    changes = champion_record.changes(use_case.name)
    if not use_case.erasure.retrain or not changes or changes[-1].model_version not in versions:
        return None
    built = delta_log.rows_by_day(tables.features(use_case))
    if not built:
        return None
    day, champion = max(built), changes[-1]
    number = champion.model_version
    told = f"version {number} learned from rows that were erased on request"
    triggers = {TRIGGER: {"model_version": number}}
    retrainings.record(use_case.name, day, number, champion.run_id, actor, told, triggers)
    return day
