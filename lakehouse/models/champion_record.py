"""The champion: the last change in the audit log, ``ops.model_events``. MLflow's alias ``champion`` follows it.

An alias has no compare-and-set: of two runs that promote at once the later would win without a trace. The audit log has one: a
change names the champion that it replaces, and is written only if that version is still champion, in a Delta commit that
fails when another change comes first. A run that is killed after its commit leaves the alias on the former version; the next
run that reads the champion reads it from the audit log and moves the alias.

An alias that was moved by hand is moved back for the same reason: no line has its actor and its reason.
"""

from __future__ import annotations

import logging

import pyarrow.compute as pc

from lakehouse.errors import ModelMissing
from lakehouse.models import recorded_version, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event
from lakehouse.storage import commits, sql_quoting
from lakehouse.tables import MODEL_EVENTS

log = logging.getLogger(__name__)

# The events that make ``model_version`` the champion in the place of ``from_version``.
CHANGES = frozenset({model_events.PROMOTED, model_events.ROLLED_BACK})


def changes(name: str) -> list[Event]:
    """Every change of the champion, in the order in which they took effect."""
    return [event for event in model_events.of_model(name) if event.event in CHANGES]


def number(name: str) -> int | None:
    """The champion's number, whatever the registry has under it; None when there is none."""
    if known := changes(name):
        return known[-1].model_version
    aliased = registry.by_alias(name, registry.CHAMPION)
    return None if aliased is None else aliased.version


def current(name: str) -> ModelVersion | None:
    """The champion; None when there is none. Moves the alias to it where the alias differs.

    Without a change in the audit log it is the version that the alias names.

    Raises:
        RegistryChanged: when the registry has another version under the champion's number, or none.
    """
    aliased, known = registry.by_alias(name, registry.CHAMPION), changes(name)
    if not known or (aliased is not None and aliased.version == known[-1].model_version):
        return None if aliased is None else recorded_version.check(aliased)
    sync_alias(name)
    return recorded_version.version(name, changes(name)[-1].model_version)


def as_registered(name: str) -> ModelVersion | None:
    """The registry's version of the champion's number, recorded or not; one without run and tags where it has none."""
    if (champion_number := number(name)) is None:
        return None
    try:
        return registry.version(name, champion_number)
    except ModelMissing:
        return ModelVersion(name, champion_number, "", {})


def champion(name: str) -> ModelVersion:
    """The champion.

    Raises:
        ModelMissing: when there is none yet.
    """
    version = current(name)
    if version is None:
        raise ModelMissing(
            f"model {name}: expected a champion, found none; train and pass the gate first: "
            f"python -m jobs train --use-case {name} --partition YYYY-MM-DD"
        )
    return version


def change(event: Event) -> bool:
    """Make ``event.model_version`` the champion in the place of ``event.from_version``, then let the alias follow.

    It can be repeated without effect, so a run that was killed at any point is completed by running it again.

    Args:
        event: promoted or rolled back, at the instant of its decision. A later change was not known to that decision, and is
            kept.

    Returns:
        Whether the audit log has the event. False: the champion has changed since; ``changes(name)[-1]`` has the change.
    """
    if event.event not in CHANGES:
        raise AssertionError(f"event: expected one of {', '.join(sorted(CHANGES))}, found {event.event!r}")
    name, recorded = event.model_name, False

    def append(rows: list[dict[str, object]]) -> list[dict[str, object]] | None:
        nonlocal recorded
        known = sorted(map(model_events.from_row, rows), key=lambda one: one.happened_at)
        if any(_same(one, event) for one in known):
            recorded = True
            return None
        follows = not known or (
            known[-1].model_version == event.from_version and known[-1].happened_at < event.happened_at
        )
        recorded = follows
        return [*rows, model_events.as_row(event)] if follows else None

    kinds = ", ".join(map(sql_quoting.literal, sorted(CHANGES)))
    commits.amend_rows(
        MODEL_EVENTS,
        (pc.field("model_name") == name) & pc.field("event").isin(sorted(CHANGES)),
        f"model_name = {sql_quoting.literal(name)} AND event IN ({kinds})",
        append,
    )
    sync_alias(name)
    if recorded:
        _back_in_service(name, event.model_version)
    return recorded


def sync_alias(name: str) -> None:
    """Move the alias to the audit log's champion, then read the log again: the last run to move it has seen the last change."""
    followed: Event | None = None
    while known := changes(name):
        last = known[-1]
        if last == followed:
            return
        aliased = registry.by_alias(name, registry.CHAMPION)
        if aliased is None or aliased.version != last.model_version:
            # An alias on a version that is not the recorded one would offer it to other readers of the registry.
            recorded_version.version(name, last.model_version)
            log.info("model %s: the alias champion moves to version %d, as in the audit log", name, last.model_version)
            registry.point(name, registry.CHAMPION, last.model_version)
        followed = last


def _back_in_service(name: str, version: int) -> None:
    """Take back a retirement that ran at the same time: it tags the version first, and checks for its use afterwards."""
    model = registry.version(name, version)
    if registry.TAG_RETIRED in model.tags:
        log.warning("model %s: version %d was retired and is champion now, so it is in service again", name, version)
        registry.untag(model, registry.TAG_RETIRED)


def _same(one: Event, other: Event) -> bool:
    return (one.model_version, one.event, one.happened_at) == (other.model_version, other.event, other.happened_at)
