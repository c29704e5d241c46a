"""Who is champion: the last change in the diary, ``ops.model_events``. MLflow's alias ``champion`` follows it.

An alias has no compare-and-set: of two runs that promote at once the later would silently win. The diary has one: a
change names the champion that it takes over from, and is written only if that one is champion still, in a Delta commit
that fails when another change came first. A run that was killed behind its commit leaves the alias on the former version;
whoever asks for the champion next gets what the diary says, and moves the alias there.

An alias that was moved by hand is moved back for the same reason: nobody wrote down who did it, and why.
"""

from __future__ import annotations

import datetime as dt
import logging

import pyarrow.compute as pc

from lakehouse.errors import ModelMissing
from lakehouse.models import registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event
from lakehouse.storage import commits, sql_quoting
from lakehouse.tables import MODEL_EVENTS

log = logging.getLogger(__name__)

# After either, ``model_version`` is champion and ``from_version`` is not any more.
CHANGES = frozenset({model_events.PROMOTED, model_events.ROLLED_BACK})


def changes(name: str) -> list[Event]:
    """Every change of the champion, in the order in which they took effect."""
    return [event for event in model_events.of_model(name) if event.event in CHANGES]


def version_at(name: str, instant: dt.datetime) -> int | None:
    """The version that was champion at that instant; None before the first."""
    before = [event.model_version for event in changes(name) if event.happened_at <= instant]
    return before[-1] if before else None


def current(name: str) -> ModelVersion | None:
    """The champion, and the alias moved to it where it lags behind; None when there is none.

    Where no change was ever written down, it is whatever the alias names.
    """
    aliased, known = registry.by_alias(name, registry.CHAMPION), changes(name)
    if not known or (aliased is not None and aliased.version == known[-1].model_version):
        return aliased
    sync_alias(name)
    return registry.version(name, changes(name)[-1].model_version)


def champion(name: str) -> ModelVersion:
    """The champion.

    Raises:
        ModelMissing: when there is none yet.
    """
    found = current(name)
    if found is None:
        raise ModelMissing(
            f"model {name}: expected a champion, found none; train and pass the gate first: "
            f"python -m jobs train --use-case {name} --partition YYYY-MM-DD"
        )
    return found


def change(event: Event) -> bool:
    """Make ``event.model_version`` the champion in the place of ``event.from_version``, then let the alias follow.

    Repeating it changes nothing, so that a run that was killed at any point is mended by running it again.

    Args:
        event: promoted or rolled back, at the instant of its decision: a change that took effect after that one was not
            known to whoever decided, and stands.

    Returns:
        Whether it is in the diary. False: the champion has changed meanwhile; ``changes(name)[-1]`` says to which.
    """
    if event.event not in CHANGES:
        raise AssertionError(f"event: expected one of {', '.join(sorted(CHANGES))}, found {event.event!r}")
    name, stands = event.model_name, False

    def link(found: list[dict[str, object]]) -> list[dict[str, object]] | None:
        nonlocal stands
        known = sorted(map(model_events.from_row, found), key=lambda one: one.happened_at)
        if any(_same(one, event) for one in known):
            stands = True
            return None
        follows = not known or (
            known[-1].model_version == event.from_version and known[-1].happened_at < event.happened_at
        )
        stands = follows
        return [*found, model_events.as_row(event)] if follows else None

    kinds = ", ".join(map(sql_quoting.literal, sorted(CHANGES)))
    commits.amend_rows(
        MODEL_EVENTS,
        (pc.field("model_name") == name) & pc.field("event").isin(sorted(CHANGES)),
        f"model_name = {sql_quoting.literal(name)} AND event IN ({kinds})",
        link,
    )
    sync_alias(name)
    if stands:
        _back_in_service(name, event.model_version)
    return stands


def sync_alias(name: str) -> None:
    """Let the alias follow the diary. Whoever moves it looks again: the last to move it has seen the last change."""
    followed: Event | None = None
    while known := changes(name):
        last = known[-1]
        if last == followed:
            return
        aliased = registry.by_alias(name, registry.CHAMPION)
        if aliased is None or aliased.version != last.model_version:
            log.info("model %s: the alias champion follows the diary to version %d", name, last.model_version)
            registry.point(name, registry.CHAMPION, last.model_version)
        followed = last


def _back_in_service(name: str, version: int) -> None:
    """A version that was being retired just when it became champion is not: retirement looks here after it has tagged."""
    model = registry.version(name, version)
    if registry.TAG_RETIRED in model.tags:
        log.warning("model %s: version %d was retired and is champion now: it is in service again", name, version)
        registry.untag(model, registry.TAG_RETIRED)


def _same(one: Event, other: Event) -> bool:
    return (one.model_version, one.event, one.happened_at) == (other.model_version, other.event, other.happened_at)
