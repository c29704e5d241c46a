"""The audit log of the models, ``ops.model_events``: registered, promoted, held, rolled back, retired; retrainings requested
and failed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from lakehouse.storage import commits, small_tables, sql_quoting
from lakehouse.tables import MODEL_EVENTS

REGISTERED = "registered"
PROMOTED = "promoted"
HELD = "held"
ROLLED_BACK = "rolled back"
RETIRED = "retired"
# Of the version whose scores drifted; ``partition`` in the evidence is the day to train a new version for.
REQUESTED = "retraining requested"
# The training of that day, of the same version: it has made none. A training that nobody requested is not recorded here.
TRAINING_FAILED = "retraining failed"

EVENTS = frozenset({REGISTERED, PROMOTED, HELD, ROLLED_BACK, RETIRED, REQUESTED, TRAINING_FAILED})


@dataclass(frozen=True)
class Event:
    """One line of the audit log; the fields are the table's columns, ``evidence`` parsed.

    ``happened_at`` has a time zone and is part of an event's identity: a repeated write has the same instant.
    """

    model_name: str
    model_version: int
    event: str
    from_version: int | None
    actor: str
    reason: str
    evidence: Mapping[str, Any]
    run_id: str
    happened_at: dt.datetime

    def __post_init__(self) -> None:
        """Refuse an event that readers of the audit log could not interpret."""
        if self.event not in EVENTS:
            raise AssertionError(f"event: expected one of {', '.join(sorted(EVENTS))}, found {self.event!r}")
        if self.happened_at.tzinfo is None:
            raise AssertionError(f"happened_at: expected an instant with a time zone, found {self.happened_at!r}")


def record(event: Event) -> None:
    """Write the event, in one commit. Writing it again changes nothing, and no other event is touched."""
    if event in of_model(event.model_name, event.model_version):
        return
    # The whole key: an event of the same kind at another instant stays.
    where = (
        f"model_name = {sql_quoting.literal(event.model_name)} AND model_version = {event.model_version:d} "
        f"AND event = {sql_quoting.literal(event.event)} "
        f"AND happened_at = TIMESTAMP '{event.happened_at.astimezone(dt.UTC).isoformat(sep=' ')}'"
    )
    commits.replace_rows(MODEL_EVENTS, [as_row(event)], where)


def as_row(event: Event) -> dict[str, Any]:
    """The event as a row of the table."""
    return vars(event) | {"evidence": json.dumps(event.evidence, sort_keys=True)}


def from_row(row: Mapping[str, Any]) -> Event:
    """The event that a row of the table holds."""
    return Event(**{**row, "evidence": json.loads(row["evidence"])})


def of_model(name: str, version: int | None = None) -> list[Event]:
    """The events of a model, or of one version of it, in the order in which they happened."""
    condition = pc.field("model_name") == name
    if version is not None:
        condition &= pc.field("model_version") == version
    events = map(from_row, small_tables.read(MODEL_EVENTS, condition))
    return sorted(events, key=lambda event: (event.happened_at, event.model_version))
