"""Which release laid out the lakehouse, in ``ops.releases``: whether this one may write to it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from lakehouse import code_version, settings
from lakehouse.errors import LakehouseNewer, UpgradeNeeded
from lakehouse.storage import commits, delta_log, small_tables, sql_quoting
from lakehouse.tables import BUILDS, DELIVERIES, MODEL_EVENTS, RELEASES

# How this release lays out tables. Raised when earlier code could not read or write them rightly any more, and never for columns or
# tables that are added: those it ignores. A lakehouse without a line has the first layout.
LAYOUT = 1
# One of these is there as soon as anything is.
_FIRST = (DELIVERIES, BUILDS, MODEL_EVENTS)


def newest() -> tuple[int, str]:
    """The highest layout that is recorded, and the release that made it; the first where nothing is."""
    lines = small_tables.read(RELEASES)
    return max(((int(line["layout"]), str(line["release"])) for line in lines), default=(1, "0.1.0"))


def expect_readable(for_upgrade: bool = False) -> None:
    """Refuse a lakehouse that this release must not write to.

    Args:
        for_upgrade: the layout of an earlier release is what an upgrade is there for.

    Raises:
        LakehouseNewer: a later release has laid it out. UpgradeNeeded: an earlier one has.
    """
    layout, release = newest()
    root = settings.load().lakehouse_root
    if layout > LAYOUT:
        raise LakehouseNewer(
            f"{root}: expected layout {LAYOUT} or lower, as release {code_version.RELEASE} knows them, found {layout}: it was "
            f"upgraded to release {release}; nothing was changed: run it by release {release} or later, or restore a backup from "
            "before the upgrade"
        )
    if layout == LAYOUT or for_upgrade:
        return
    if not any(delta_log.exists(table) for table in _FIRST):
        # A new lakehouse, which this release lays out.
        record([], "job")
    else:
        raise UpgradeNeeded(
            f"{root}: expected layout {LAYOUT}, as release {code_version.RELEASE} writes it, found {layout} of release {release}; "
            "nothing was changed: python -m lakehouse upgrade --dry-run lists what has to change, and without it does it"
        )


def record(steps: Sequence[str], actor: str) -> None:
    """Write down that the lakehouse has this release's layout now."""
    now = dt.datetime.now(dt.UTC)
    line = {
        "release": code_version.RELEASE,
        "layout": LAYOUT,
        "code_version": code_version.version(),
        "steps": json.dumps(list(steps)),
        "actor": actor,
        "upgraded_at": now,
    }
    release = sql_quoting.literal(code_version.RELEASE)
    commits.replace_rows(
        RELEASES, [line], f"release = {release} AND upgraded_at = TIMESTAMP '{now.isoformat(sep=' ')}'"
    )


def recorded() -> bool:
    """Whether this release's layout is written down."""
    return any(
        (line["release"], line["layout"]) == (code_version.RELEASE, LAYOUT) for line in small_tables.read(RELEASES)
    )
