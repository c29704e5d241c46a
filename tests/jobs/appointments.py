"""A small use case for the tests of training and gate: which appointments will be missed?

Its feature table, labels and ledger are written directly, so that these tests need neither ingest nor a transform.
"""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import yaml

from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import commits, sql_quoting

START = dt.date(2024, 1, 1)
FEATURES = ("lead_days", "missed_before", "age")


def declaration(**sections: Any) -> dict[str, Any]:
    """The declaration, with some sections replaced or, where both are mappings, changed."""
    content: dict[str, Any] = {
        "name": "appointments",
        "title": "Appointments that will be missed",
        "description": "Which appointments of tomorrow will the patient miss?",
        "owner": "clinic",
        "calendar": {"start": START},
        "sources": [
            {
                "name": "bookings",
                "key": ["appointment"],
                "columns": [
                    {"name": "appointment", "type": "int"},
                    {"name": "clinic", "type": "string", "nullable": True},
                ],
            },
            {
                "name": "visits",
                "key": ["appointment"],
                "arrives_after_days": 1,
                "columns": [
                    {"name": "appointment", "type": "int"},
                    {"name": "minutes_late", "type": "double", "nullable": True},
                ],
            },
        ],
        "entity": {"source": "bookings", "key": ["appointment"]},
        "inputs": [{"source": "bookings"}],
        "features": [{"name": name, "description": name} for name in FEATURES],
        "label": {"source": "visits", "column": "minutes_late", "at_least": 30, "maturity_days": 1},
        "split": {
            "train": {"first": 400, "last": 16},
            "validation": {"first": 14, "last": 9},
            "holdout": {"first": 7, "last": 1},
        },
        "model": {
            "task": "classification",
            "trials": 3,
            "max_rounds": 20,
            "early_stopping_rounds": 5,
            "search": {
                "max_depth": {"low": 2, "high": 4, "integer": True},
                "eta": {"low": 0.05, "high": 0.5, "log": True},
            },
        },
        "gate": {"metric": "log_loss", "min_improvement": 0.0005, "floors": {"roc_auc": 0.55}},
        "drift": {},
        "slices": ["clinic"],
    }
    for name, section in sections.items():
        old = content.get(name, {})
        content[name] = {**old, **section} if isinstance(section, dict) else section
    return content


def declare(root: Path, name: str = "appointments", **sections: Any) -> UseCase:
    """Write the use case's folder under ``root`` and load it."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / loader.FILE).write_text(yaml.safe_dump(declaration(name=name, **sections)), encoding="utf-8")
    (folder / "features.py").write_text("def build(days, inputs):\n    raise NotImplementedError\n", encoding="utf-8")
    return loader.load(folder / loader.FILE)


def fill(
    use_case: UseCase,
    first: dt.date,
    days: int,
    rows_a_day: int = 40,
    signal: float = 1.0,
    batch: str = "a",
) -> None:
    """Write features, outcomes and ledger of some days; by delta-rs, in a hundredth of the time that Spark takes.

    ``signal`` is how much the features say about the label, ``batch`` stands for the deliveries' content: another batch
    is a restatement. Every twentieth appointment has no outcome row and every tenth an outcome without a value.
    """
    features, outcomes, bookings, lines = [], [], [], []
    for offset in range(days):
        day = first + dt.timedelta(days=offset)
        dice = random.Random(f"{day}{batch}")
        before = len(outcomes)
        for number in range(rows_a_day):
            values = {name: dice.random() for name in use_case.feature_names}
            risk = signal * (values["lead_days"] + values["missed_before"] - 1) + dice.gauss(0, 0.3)
            minutes = None if number % 10 == 3 else (45.0 if risk > 0 else 5.0)
            known = [None if dice.random() < 0.05 else value for value in values.values()]
            clinic = None if number % 15 == 14 else "north" if number % 3 else "south"
            bookings.append((number, clinic, f"{batch}{day}", number, day))
            features.append((number, *known, dt.datetime.combine(day, dt.time(), dt.UTC), f"{batch}{day}", day))
            if number % 20 != 7:
                outcomes.append((number, minutes, f"{batch}{day}", number, day))
        count = len(outcomes) - before
        now = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
        lines.append(
            Delivery("visits", f"{batch}{day}", day, "visits.csv", batch, count, count, 0, 0, deliveries.INGESTED, now)
        )
    where = sql_quoting.days_condition({row[-1] for row in features})
    for table, written in (
        (tables.features(use_case), features),
        (tables.silver(use_case.source("visits")), outcomes),
        (tables.silver(use_case.source("bookings")), bookings),
    ):
        commits.replace_rows(table, [dict(zip(table.column_names, row, strict=True)) for row in written], where)
    deliveries.record(lines)
