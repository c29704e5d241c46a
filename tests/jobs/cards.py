"""A small use case whose label has three classes: which card will a customer take?

Its feature table, sources and ledger are written directly, so that its tests need neither ingest nor a transform.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import commits, sql_quoting

START = dt.date(2024, 1, 1)
FEATURES = ("income", "purchases", "age")
CLASSES = ("Basic", "gold card", "platinum")
# A value that is no class, once a day.
UNDECLARED = "diamond"
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def declaration(**sections: Any) -> dict[str, Any]:
    """The declaration, with some sections replaced or, where both are mappings but the label, changed."""
    content: dict[str, Any] = {
        "name": "cards",
        "title": "Cards that customers will take",
        "description": "Which card will a customer take?",
        "owner": "cards-team",
        "calendar": {"start": START},
        "sources": [
            {
                "name": "customers",
                "key": ["customer"],
                "columns": [{"name": "customer", "type": "int"}, {"name": "region", "type": "string"}],
            },
            {
                "name": "issued",
                "key": ["customer"],
                "arrives_after_days": 1,
                "columns": [
                    {"name": "customer", "type": "int"},
                    {"name": "card", "type": "string", "nullable": True},
                    {"name": "kind", "type": "string", "nullable": True, "allowed": ["a", "b"]},
                    {"name": "points", "type": "int", "nullable": True},
                    {"name": "limit", "type": "double", "nullable": True},
                ],
            },
        ],
        "entity": {"source": "customers", "key": ["customer"]},
        "inputs": [{"source": "customers"}],
        "features": [{"name": name, "description": f"the customer's {name}"} for name in FEATURES],
        "label": {"source": "issued", "column": "card", "classes": list(CLASSES), "maturity_days": 1},
        "split": {
            "train": {"first": 400, "last": 16},
            "validation": {"first": 14, "last": 9},
            "holdout": {"first": 7, "last": 1},
        },
        "model": {
            "task": "multiclass",
            "costs": {"platinum": {"Basic": 6, "gold card": 3}},
            "trials": 2,
            "max_rounds": 20,
            "early_stopping_rounds": 5,
            "search": {"eta": {"low": 0.1, "high": 0.5, "log": True}},
            "fixed": {"max_depth": 3},
        },
        "gate": {
            "metric": "log_loss",
            "min_improvement": 0.0,
            "floors": {"macro_f1": 0.3, "recall_platinum": 0.2},
            "max_calibration_error": 0.5,
            "max_slice_worsening": 0.5,
            "min_slice_rows": 20,
            "fairness": [{"slice": "region", "metric": "macro_recall", "max_gap": 0.9}],
        },
        "drift": {"window_days": 3, "max_calibration_gap": 0.3},
        "slices": ["region"],
        "reasons": {"top": 4, "each": 2},
        "deliver": [{"name": "out", "files": {"folder": "cards_out"}}],
    }
    for name, section in sections.items():
        old = content.get(name, {})
        both = isinstance(section, dict) and name != "label"
        content[name] = {**old, **section} if both else section
    return content


def declare(root: Path, name: str = "cards", **sections: Any) -> UseCase:
    """Write the use case's folder under ``root`` and load it."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / loader.FILE).write_text(yaml.safe_dump(declaration(name=name, **sections)), encoding="utf-8")
    (folder / "features.py").write_text("def build(days, inputs):\n    raise NotImplementedError\n", encoding="utf-8")
    return loader.load(folder / loader.FILE)


def fill(
    use_case: UseCase,
    numbers: Collection[int],
    rows_a_day: int = 40,
    richer: float = 0.0,
    without: Collection[str] = (),
    batch: str = "a",
) -> None:
    """Write whole days, by delta-rs: customers, features, and the cards that were issued.

    Args:
        use_case: as `declare` made it.
        numbers: of the days, from ``START``.
        rows_a_day: how many customers.
        richer: by how much more income they have, and so better cards.
        without: cards that nobody takes on these days.
        batch: stands for the deliveries' content.
    """
    customers: list[dict[str, Any]] = []
    features: list[dict[str, Any]] = []
    issued: list[dict[str, Any]] = []
    for number in numbers:
        on, dice = day(number), random.Random(f"{number}{batch}")
        for customer in range(rows_a_day):
            values = {name: dice.random() for name in FEATURES}
            values["income"] += richer
            wealth = values["income"] + 0.4 * values["purchases"] + dice.gauss(0, 0.15)
            card = "platinum" if wealth > 1.05 else "gold card" if wealth > 0.7 else "Basic"
            card = "Basic" if card in without else card
            base = {"customer": customer, "partition": on, "delivery_id": f"{batch}{on}", "line": customer + 2}
            customers.append(base | {"region": "north" if customer % 3 else "south"})
            known = {name: None if dice.random() < 0.05 else value for name, value in values.items()}
            at = dt.datetime.combine(on, dt.time(), dt.UTC)
            features.append(base | known | {"prediction_time": at, "inputs_fingerprint": f"{batch}{on}"})
            # One has no outcome row, another one an empty one, and one a card that is not declared.
            taken = None if customer == 3 else UNDECLARED if customer == 4 else card
            if customer != 5:
                issued.append(base | {"card": taken, "kind": None, "points": None, "limit": None})
    days = {day(number) for number in numbers}
    for table, rows in (
        (tables.silver(use_case.source("customers")), customers),
        (tables.silver(use_case.source("issued")), issued),
        (tables.features(use_case), features),
    ):
        lines = [{name: row[name] for name in table.column_names} for row in rows]
        commits.replace_rows(table, lines, sql_quoting.days_condition(days))
    for source, count in (("customers", rows_a_day), ("issued", rows_a_day - 1)):
        deliveries.record(
            [
                Delivery(source, f"{batch}{source}{on}", on, "f", batch, count, count, 0, 0, deliveries.INGESTED, NOW)
                for on in sorted(days)
            ]
        )
