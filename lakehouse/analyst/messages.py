"""What people were told, as rows for a screen."""

from __future__ import annotations

from typing import Any

from lakehouse.ops import alerts

COLUMNS = ("recorded_at", "state", "tries", "receiver", "subject", "error")


def rows(whose: str | None, unsent: bool) -> list[list[Any]]:
    """The lines of ``ops.alerts``, the newest first.

    Args:
        whose: of this use case or source alone; None: of all.
        unsent: those alone that were not sent.
    """
    found = [
        line for line in alerts.lines() if whose in (None, line.whose) and not (unsent and line.state == alerts.SENT)
    ]
    return [
        [f"{line.recorded_at:%Y-%m-%d %H:%M}", *(getattr(line, name) for name in COLUMNS[1:])]
        for line in reversed(found)
    ]
