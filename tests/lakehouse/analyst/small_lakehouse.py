"""A question to a lakehouse, and changes of its log."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse.analyst import query

JUNE_1 = date(2013, 6, 1)
SCORED_AT = datetime(2013, 6, 1, 4, 30, tzinfo=UTC)
EVENTS = pa.schema([("event", pa.string()), ("reason", pa.string())])


def answered(root: str, sql: str) -> list[tuple[Any, ...]]:
    return list(query.ask(root, sql).rows)


def edit_log(table: Path, edit: Callable[[dict[str, Any]], None], version: int = 0) -> None:
    log = table / "_delta_log" / f"{version:020}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for action in actions:
        edit(action)
    log.write_text("\n".join(json.dumps(action) for action in actions))


def ask_for_deletion_vectors(action: dict[str, Any]) -> None:
    if "protocol" in action:
        action["protocol"] = {
            **{"minReaderVersion": 3, "minWriterVersion": 7},
            **{"readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]},
        }
