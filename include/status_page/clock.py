"""The present, which everything on a page is compared with."""

from __future__ import annotations

import datetime as dt


def now() -> dt.datetime:
    """The instant at which a page is made."""
    return dt.datetime.now(dt.UTC)
