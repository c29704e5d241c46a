"""The order of the champions: pure functions of the changes in ``ops.model_events``."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event


def champions_in_order(changes: Sequence[Event]) -> list[int]:
    """The champions as a stack, oldest first; the last is champion now.

    A rollback removes all champions after the version that it returns to, so that the next rollback goes one further back.
    """
    stack: list[int] = []
    for event in changes:
        if not stack and event.from_version is not None:
            # It became champion before changes were recorded.
            stack.append(event.from_version)
        if event.event == model_events.ROLLED_BACK and event.model_version in stack:
            top = max(place for place, version in enumerate(stack) if version == event.model_version)
            del stack[top + 1 :]
        else:
            stack.append(event.model_version)
    return stack


def former_champions(changes: Sequence[Event]) -> set[int]:
    """Every version that was champion at some time."""
    return {event.model_version for event in changes} | {
        event.from_version for event in changes if event.from_version is not None
    }


def versions_rolled_back(changes: Sequence[Event], version: int) -> set[int]:
    """The champions since ``version`` was champion last: it takes their nights over when a rollback returns to it."""
    since: set[int] = set()
    for event in reversed(changes):
        if event.model_version == version:
            break
        since.add(event.model_version)
    return since
