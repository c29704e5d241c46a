"""Scored days without Spark: a bakery that asks whether a loaf sells out, its scores written as scoring writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from jobs.deliver import place
from jobs.deliver.arguments import DeliverArguments
from jobs.deliver.job import DeliverResult, run
from jobs.deliver.rows import Checksum
from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.ops import exports
from lakehouse.ops.exports import Export
from lakehouse.storage import commits, table_schema

DAY = dt.date(2024, 3, 5)
NAME = "loaves"
TESTS = Path(__file__).resolve().parents[2]

Row = dict[str, Any]
# By shop the score; None: not scored.
Scores = Mapping[str, float]


def declare(root: Path, *targets: Mapping[str, Any], name: str = NAME, **changed: Any) -> UseCase:
    """A use case in a folder of its own under ``root``, with these targets."""
    content = yaml.safe_load((TESTS / "use_cases" / "bakery_sales" / "use_case.yaml").read_text())
    content |= {
        "name": name,
        "label": {**content["label"], "at_least": 30},
        "model": {**content["model"], "task": "classification"},
        "gate": {"metric": "roc_auc", "min_improvement": 0.0},
        "deliver": list(targets),
        **changed,
    }
    for source in content["sources"]:
        source["name"] = source["name"].replace("bakery", name)
    text = yaml.safe_dump(content, sort_keys=False).replace("bakery_plan", f"{name}_plan")
    text = text.replace("bakery_sales_counted", f"{name}_sales_counted")
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "use_case.yaml").write_text(text)
    (folder / "features.py").write_text("")
    return loader.load(folder / "use_case.yaml")


def score(
    use_case: UseCase,
    champion: Scores,
    day: dt.date = DAY,
    version: int = 1,
    challenger: Scores | None = None,
    decided_by_challenger: Sequence[str] = (),
    at: dt.datetime = dt.datetime(2024, 3, 4, 23, 0, 0, 123457, tzinfo=dt.UTC),
) -> None:
    """Replace the scores of a day by those of each shop, as scoring does, in one commit."""
    threshold = 0.5 if use_case.binary else None
    lines = []
    for role, scores, number in (("champion", champion, version), ("challenger", challenger or {}, version + 1)):
        for shop, value in scores.items():
            lines.append(
                {
                    "shop": shop,
                    "bread": "rye",
                    "partition": day,
                    "prediction_time": dt.datetime.combine(day, dt.time(), dt.UTC),
                    "role": role,
                    "model_name": use_case.name,
                    "model_version": number,
                    "score": value,
                    "decision": None if threshold is None else value >= threshold,
                    "threshold": threshold,
                    "features_version": 3,
                    "code_version": "1",
                    "run_id": "a" * 32,
                    "scored_at": at,
                    "inputs_fingerprint": f"of version {number}",
                    "chosen_by": role,
                    "decides": (shop in decided_by_challenger) == (role == "challenger"),
                }
            )
    table = tables.scores(use_case)
    commits.replace_table(pa.Table.from_pylist(lines, table_schema.arrow_schema(table)), table, {"partition": [day]})


def deliver(use_case: UseCase, day: dt.date | None = DAY, **options: Any) -> DeliverResult:
    """Run the stage in this process."""
    return run(DeliverArguments(use_case=use_case.name, partition=day, **options))


def books(use_case: UseCase, day: dt.date = DAY, target: str = "office") -> Export:
    """The line of ops.exports."""
    line = exports.find(use_case.name, target, day)
    assert line is not None
    return line


def there(use_case: UseCase, day: dt.date = DAY, target: str = "office") -> list[Row]:
    """What the target has of the day, by the shops' names."""
    declared = next(one for one in use_case.deliver if one.name == target)
    names = use_case.delivered_columns(declared)
    found = [dict(zip(names, row, strict=True)) for row in place.of(use_case, declared).there(day)]
    return sorted(found, key=lambda row: row["shop"])


def by_shop(use_case: UseCase, day: dt.date = DAY, target: str = "office") -> dict[str, float]:
    """The scores in the target; fails when a shop is there twice."""
    found = there(use_case, day, target)
    assert len({row["shop"] for row in found}) == len(found)
    return {row["shop"]: row["score"] for row in found}


def assert_books_are_right(use_case: UseCase, day: dt.date = DAY, target: str = "office") -> None:
    """The books say that it was sent, how many rows, and their checksum."""
    line, checksum = books(use_case, day, target), Checksum()
    for row in there(use_case, day, target):
        checksum.add(row.values())
    assert (line.state, line.rows, line.checksum) == (exports.SENT, checksum.rows, checksum.text)
