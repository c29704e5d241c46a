"""A small use case with categories: which parcels will be late? Its silver and ledger are written directly, its features built."""

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

NAME = "parcels"
START = dt.date(2024, 1, 1)
ROWS = 30
CARRIERS = ("ant", "bee", "cat; dog", "", "été")
NEW = "zeppelin"
TRANSFORM = """
from pyspark.sql import functions as F

def build(days, inputs):
    parcels = inputs["parcels_sent"].join(days, "partition", "left_semi")
    return parcels.select("parcel", "partition", "carrier", "zone", F.col("express"), "weight")
"""
FEATURES = [
    {"name": "carrier", "description": "who carries it", "type": "category"},
    {"name": "zone", "description": "where to", "type": "category"},
    {"name": "express", "description": "whether it is express", "type": "category"},
    {"name": "weight", "description": "in kg"},
]


def declaration(**sections: Any) -> dict[str, Any]:
    """The declaration, with some sections replaced."""
    column = {"type": "string", "nullable": True}
    return {
        "name": NAME,
        "title": "Parcels that will be late",
        "description": "Which parcels of tomorrow will be late?",
        "owner": "depot",
        "calendar": {"start": START},
        "sources": [
            {
                "name": "parcels_sent",
                "key": ["parcel"],
                "columns": [
                    {"name": "parcel", "type": "int"},
                    {"name": "carrier", **column},
                    {"name": "zone", "type": "int", "nullable": True},
                    {"name": "express", "type": "boolean"},
                    {"name": "weight", "type": "double", "nullable": True},
                ],
            },
            {
                "name": "parcels_arrived",
                "key": ["parcel"],
                "arrives_after_days": 1,
                "columns": [{"name": "parcel", "type": "int"}, {"name": "hours_late", "type": "double"}],
            },
        ],
        "entity": {"source": "parcels_sent", "key": ["parcel"]},
        "inputs": [{"source": "parcels_sent"}],
        "features": FEATURES,
        "label": {"source": "parcels_arrived", "column": "hours_late", "at_least": 1, "maturity_days": 1},
        "split": {
            "train": {"first": 400, "last": 16},
            "validation": {"first": 14, "last": 9},
            "holdout": {"first": 7, "last": 1},
        },
        "model": {
            "task": "classification",
            "trials": 2,
            "max_rounds": 20,
            "early_stopping_rounds": 5,
            "search": {"max_depth": {"low": 2, "high": 4, "integer": True}},
        },
        "gate": {"metric": "log_loss", "min_improvement": 0.0005, "floors": {"roc_auc": 0.55}},
        "drift": {"window_days": 4},
        "reasons": {"top": 5, "each": 2},
        "slices": ["carrier"],
        **sections,
    }


def declare(root: Path, transform: str = TRANSFORM, **sections: Any) -> UseCase:
    """Write the use case's folder under ``root`` and load it."""
    folder = root / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / loader.FILE).write_text(yaml.safe_dump(declaration(**sections), allow_unicode=True), encoding="utf-8")
    (folder / "features.py").write_text(transform, encoding="utf-8")
    return loader.load(folder / loader.FILE)


def fill(use_case: UseCase, first: int, last: int, carriers: tuple[str, ...] = CARRIERS) -> None:
    """Parcels, their arrivals and the ledger of some days, by their numbers; every tenth carrier is not known."""
    sent: list[dict[str, Any]] = []
    arrived: list[dict[str, Any]] = []
    lines: dict[str, list[Delivery]] = {"parcels_sent": [], "parcels_arrived": []}
    now = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
    for number in range(first, last + 1):
        day = START + dt.timedelta(days=number)
        dice = random.Random(number)
        for parcel in range(ROWS):
            carrier = None if parcel % 10 == 9 else carriers[parcel % len(carriers)]
            zone, weight = dice.randrange(1, 8), dice.random()
            lateness = (carrier in ("bee", "")) + (zone in (2, 5)) + weight + dice.gauss(0, 0.4) - 1.4
            base = {"parcel": parcel, "partition": day, "line": parcel + 2, "delivery_id": f"d{number}"}
            sent.append(base | {"carrier": carrier, "zone": zone, "express": parcel % 2 == 0, "weight": weight})
            arrived.append(base | {"hours_late": 3.0 if lateness > 0 else 0.0})
        for source, ledger in lines.items():
            name = f"{source}{number}"
            ledger.append(Delivery(source, name, day, "f", "c", ROWS, ROWS, 0, 0, deliveries.INGESTED, now))
    where = sql_quoting.days_condition({row["partition"] for row in sent})
    commits.replace_rows(tables.silver(use_case.source("parcels_sent")), sent, where)
    commits.replace_rows(tables.silver(use_case.source("parcels_arrived")), arrived, where)
    for ledger in lines.values():
        deliveries.record(ledger)
