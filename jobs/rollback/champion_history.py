"""Who was champion before whom, by the record: pure functions of the changes in ``ops.model_events``."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event


def champions_in_order(changes: Sequence[Event]) -> list[int]:
    """The champions, each standing on the one before it; the last is champion now.

    A rollback takes away all that stand on the version that comes back, so that another one goes one further back.
    """
    found: list[int] = []
    for event in changes:
        if not found and event.from_version is not None:
            # It was made champion before changes were written down.
            found.append(event.from_version)
        if event.event == model_events.ROLLED_BACK and event.model_version in found:
            top = max(place for place, version in enumerate(found) if version == event.model_version)
            del found[top + 1 :]
        else:
            found.append(event.model_version)
    return found


def former_champions(changes: Sequence[Event]) -> set[int]:
    """Every version that was champion at some time."""
    return {event.model_version for event in changes} | {
        event.from_version for event in changes if event.from_version is not None
    }


def versions_rolled_back(changes: Sequence[Event], version: int) -> set[int]:
    """The champions since ``version`` was it last: those whose nights it takes over when it comes back."""
    found: set[int] = set()
    for event in reversed(changes):
        if event.model_version == version:
            return found
        found.add(event.model_version)
    return found
