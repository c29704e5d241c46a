"""A version as the audit log knows it: the registry's must have the run, and the model file, that were recorded.

A number alone is no identity. A registered model that is deleted and made again begins at 1, a registry that is restored from a
backup gives numbers out twice, and anybody may change a tag: then another model answers to the number that passed the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.errors import ModelMissing, RegistryChanged
from lakehouse.models import registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event

# A version with one of these has been champion, and its last one says which run that was.
AS_CHAMPION = frozenset({model_events.PROMOTED, model_events.ROLLED_BACK})
# Before that, its registration and its verdict do.
IDENTIFYING = frozenset({model_events.REGISTERED, model_events.HELD, *AS_CHAMPION})


@dataclass(frozen=True)
class Record:
    """What the audit log has of a version.

    Attributes:
        event: the line that decides which run it is.
        sha256: of its model file; None in lines of earlier releases.
    """

    event: Event
    sha256: str | None


def record_of(events: Sequence[Event]) -> Record | None:
    """The record of a version, from its lines in their order; None when none identifies it."""
    known = [event for event in events if event.event in IDENTIFYING]
    if not known:
        return None
    decisive = ([event for event in known if event.event in AS_CHAMPION] or known)[-1]
    digests = [_sha256(event) for event in known if event.run_id == decisive.run_id]
    return Record(decisive, next((digest for digest in reversed(digests) if digest), None))


def difference(model: ModelVersion, record: Record | None) -> str | None:
    """How the registry's version differs from its record, in words; None when it does not, or nothing is recorded."""
    if record is None:
        return None
    event = record.event
    where = f"{event.event} at {event.happened_at:%Y-%m-%d %H:%M} UTC in ops.model_events"
    if model.run_id != event.run_id:
        found = f"run {model.run_id}" if model.run_id else "no such version"
        return f"expected run {event.run_id} ({where}), the registry has {found}"
    tagged = model.tags.get(registry.TAG_SHA256)
    if record.sha256 is not None and tagged != record.sha256:
        return f"expected a model file with SHA-256 {record.sha256} ({where}), the registry says {tagged}"
    return None


def problem(model: ModelVersion) -> str | None:
    """The difference from what the audit log has of this version now."""
    return difference(model, record_of(model_events.of_model(model.name, model.version)))


def check(model: ModelVersion) -> ModelVersion:
    """The same version.

    Raises:
        RegistryChanged: when it is another than the one that was recorded under its number.
    """
    if (differs := problem(model)) is not None:
        raise RegistryChanged(f"model {model.name} version {model.version}: {differs}; {_remedy(model.name)}")
    return model


def version(name: str, number: int) -> ModelVersion:
    """The version of that number, as it was recorded.

    Raises:
        ModelMissing: when the registry has none, and none is recorded. RegistryChanged: when it has none, or another one.
    """
    try:
        return check(registry.version(name, number))
    except ModelMissing as error:
        if (record := record_of(model_events.of_model(name, number))) is None:
            raise
        differs = difference(ModelVersion(name, number, "", {}), record)
        raise RegistryChanged(f"model {name} version {number}: {differs}; {_remedy(name)}") from error


def _remedy(name: str) -> str:
    back = f"python -m jobs rollback --use-case {name} --to-version N --reason ..."
    return (
        "the registry was restored, or the model was deleted and made again: restore a backup of MLflow that has this "
        f"version; or, where it is champion, go back to one that is there ({back}) or train a new one, which the gate then "
        "holds against the limits alone"
    )


def _sha256(event: Event) -> str | None:
    digest = event.evidence.get(registry.TAG_SHA256) or (event.evidence.get("lineage") or {}).get(registry.TAG_SHA256)
    return None if digest is None else str(digest)
