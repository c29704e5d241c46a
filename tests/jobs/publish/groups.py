"""A feature group that is published, whose days the tests write themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.publish import job, parity, server
from jobs.publish.arguments import ParityArguments, PublishArguments
from lakehouse import tables
from lakehouse.arrivals import group_days
from lakehouse.declaration import FeatureGroup, feature_groups
from lakehouse.ops import builds
from lakehouse.storage import commits, table_schema
from tests.use_cases import grouped_bakery, shared_bakery

DAY = dt.date(2024, 3, 25)
KEYS = (("rye", 1), ("wheat", 1), ("rye", 2), ("spelt 'n oats", 2), ("brød", 3), ("", 4))
Values = Mapping[tuple[str, int], float | None]


def declare(root: Path, publish: dict[str, Any]) -> FeatureGroup:
    """The group, with a key of two columns; by default of all fields as in the tests' bakery."""
    shared_bakery.declare(root, [])
    key = [{"name": "bread", "type": "string"}, {"name": "oven", "type": "int"}]
    grouped_bakery.write_group(root, key=key, publish=publish)
    return feature_groups.by_name("bread_record", 1)


def build(group: FeatureGroup, values: Values, day: dt.date = DAY, note: str = "") -> None:
    """Write the group's day, as building does: a third, that no double has exactly, and the given value."""
    table = tables.group(group)
    inputs = {day: {"a delivery": f"{sorted(values.items(), key=repr)}{note}"}}
    digest = builds.record(table, inputs)[day]
    rows = [
        {
            "bread": bread,
            "oven": oven,
            "partition": day,
            "sold_mean_5d": value,
            "counts_5d": oven / 3,
            "known_at": dt.datetime.now(dt.UTC),
            tables.INPUTS_FINGERPRINT: digest,
        }
        for (bread, oven), value in values.items()
    ]
    schema = table_schema.arrow_schema(table)
    commits.replace_table(pa.Table.from_pylist(rows, schema), table, {"partition": [day]})
    if not rows:
        group_days.record_rowless(table, inputs)


def publish(force: bool = False) -> job.PublishResult:
    return job.run(PublishArguments(group="bread_record", version=1, force=force))


def compare(keys: int = 1000) -> parity.ParityResult:
    return parity.run(ParityArguments(group="bread_record", version=1, keys=keys))


def served(group: FeatureGroup) -> dict[tuple[str, int], float | None]:
    """What a reader finds: each key's value."""
    keys = [*KEYS, ("never", 9)]
    return {key: row[3] for key, row in server.of(group).rows(keys).items()}
