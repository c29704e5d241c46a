"""How much a commit has written, read from the log's own line of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lakehouse.metering import written
from lakehouse.storage import object_store
from lakehouse.tables import Table

log = logging.getLogger(__name__)

# The suffix of the tables of scores, and the role of those that count.
SCORES, ROLE, CHAMPION = "_scores", "role", "champion"


def count(table: Table, location: str, began: int, mark: str) -> int | None:
    """Add what the commit with this mark has written to the counts of this process. Nothing here fails.

    Args:
        table: the same table.
        location: of the table.
        began: a version before the commit; its own is the next, or soon after.
        mark: of the commit.

    Returns:
        The version that the commit became; None when it is not found.
    """
    try:
        for version, text in enumerate(_versions_after(location, began), began + 1):
            if mark in text:
                written.committed(*_size(table, [json.loads(line) for line in text.splitlines()]))
                return version
    except Exception as error:
        log.debug("%s: what the commit has written is not counted: %s", table.full_name, error)
    return None


def _versions_after(location: str, began: int) -> Iterator[str]:
    """The log's lines of each version, until there is none."""
    while True:
        began += 1
        name = f"_delta_log/{began:020d}.json"
        try:
            if object_store.is_address(location):
                filesystem, root = object_store.filesystem_of(location)
                with filesystem.open_input_file(f"{root}/{name}") as opened:
                    yield opened.read().decode()
            else:
                yield (Path(location) / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return


def _size(table: Table, actions: list[dict[str, Any]]) -> tuple[int, int, int]:
    """Rows, the predictions among them, and bytes."""
    rows = predictions = size = 0
    for added in (action["add"] for action in actions if "add" in action):
        size += added["size"]
        if not added["dataChange"] or table.layer == "ops":
            continue
        records = json.loads(added.get("stats") or "{}").get("numRecords", 0)
        rows += records
        if table.layer == "gold" and table.name.endswith(SCORES) and added["partitionValues"].get(ROLE) == CHAMPION:
            predictions += records
    return rows, predictions, size
