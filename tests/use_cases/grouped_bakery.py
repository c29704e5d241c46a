"""The bakery whose sources stand on their own, with a feature group that two use cases take: how each bread was sold."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.use_cases import shared_bakery

GROUP, VERSION = "bread_record", 1
TTL_DAYS = 3
TRANSFORM = """
from pyspark.sql import functions as F

# A bread has a row on the days of whose window it was sold somewhere.
def build(days, inputs):
    feeds = F.explode(F.sequence(F.date_add("partition", 7), F.date_add("partition", 7 + 4)))
    return (
        inputs["bakery_sales_counted"]
        .where("sold is not null")
        .select("bread", "sold", feeds.alias("day"))
        .groupBy("bread", F.col("day").alias("partition"))
        .agg(F.round(F.avg("sold"), 6).alias("sold_mean_5d"), F.count("*").alias("counts_5d"))
        .join(days, "partition", "left_semi")
    )
"""


def group(calendar: Any, /, **changes: Any) -> dict[str, Any]:
    """The declaration of the group, with some fields changed; None leaves one out."""
    content = {
        "name": GROUP,
        "version": VERSION,
        "title": "How each bread was sold",
        "description": "counted sales of a bread in all shops",
        "owner": "bakery-planning",
        "calendar": calendar,
        "key": [{"name": "bread", "type": "string"}],
        "inputs": [{"source": "bakery_sales_counted", "first": 11, "last": 7}],
        "features": [
            {"name": "sold_mean_5d", "description": "mean of the counted sales"},
            {"name": "counts_5d", "description": "how many sales were counted"},
        ],
        "ttl_days": TTL_DAYS,
        **changes,
    }
    return {name: value for name, value in content.items() if value is not None}


def write_group(root: Path, transform: str = TRANSFORM, **changes: Any) -> Path:
    """Write a version of the group under ``root``; its folder."""
    calendar = yaml.safe_load((root / "sources/bakery_plan/source.yaml").read_text(encoding="utf-8"))["calendar"]
    content = group(calendar, **changes)
    folder = root / "features" / content["name"] / f"v{content['version']}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "group.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    (folder / "features.py").write_text(transform, encoding="utf-8")
    return folder


def declare(
    root: Path,
    use_cases: Sequence[str] = shared_bakery.BOTH,
    uses: Sequence[dict[str, Any]] | None = None,
    **changes: Any,
) -> Path:
    """Write use cases, shared sources and the group into folders of ``root``; returns it.

    Args:
        root: an empty or a new folder.
        use_cases: their names.
        uses: their section ``groups``; by default they take the group whole.
        changes: of the group's declaration.
    """
    shared_bakery.declare(root, use_cases)
    write_group(root, **changes)
    for name in use_cases:
        take(root, name, [{"group": GROUP, "version": VERSION}] if uses is None else uses)
    return root


def take(root: Path, use_case: str, uses: Sequence[dict[str, Any]]) -> None:
    """Give a use case another section ``groups``."""
    file = root / use_case / "use_case.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8")) | {"groups": list(uses)}
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    # The example of docs/feature-groups.md, into a folder of declarations such as include.
    declare(Path(sys.argv[1]), ["bakery_sales"], publish={"to": "delta"})
