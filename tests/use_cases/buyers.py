"""A use case with a population and a computed label: who of all customers buys within a week? The same every time."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import yaml

from lakehouse.declaration import UseCase, loader
from tests.use_cases import bakery

START = dt.date(2024, 11, 1)
CUSTOMERS = 40
CLOSED = 7  # the customer that leaves on CLOSES
CLOSES = dt.date(2025, 1, 10)

FEATURES = """
from pyspark.sql import functions as F


def build(days, inputs):
    customers = inputs["customers"].join(days, "partition", "left_semi")
    back = F.explode(F.sequence(F.date_add("partition", 1), F.date_add("partition", 14))).alias("day")
    bought = inputs["purchases"].select("customer", back).groupBy("customer", F.col("day").alias("partition"))
    recent = bought.agg(F.count("*").alias("bought_14d"))
    return customers.join(recent, ["customer", "partition"], "left").select(
        "customer", "partition", "appetite", F.coalesce("bought_14d", F.lit(0)).alias("bought_14d"),
        F.datediff("partition", "joined").alias("days_known"),
    )
"""
LABELS = """
from pyspark.sql import functions as F

from lakehouse.transforms.leading_windows import in_windows


def build(days, inputs):
    bought = in_windows(inputs["purchases"], 1, 7).groupBy("customer", "partition").agg(F.count("*").alias("bought"))
    return days.join(bought, ["customer", "partition"], "left").select(
        "customer", "partition", F.coalesce("bought", F.lit(0)).alias("value")
    )
"""


def declaration(**sections: Any) -> dict[str, Any]:
    """The declaration, with some sections replaced or, where they are mappings, changed: None takes a field away."""
    content: dict[str, Any] = {
        "name": "buyers",
        "title": "Customers who buy within a week",
        "description": "Who of all known customers buys within the next seven days?",
        "owner": "shop",
        "calendar": {"start": START, "end": dt.date(2025, 3, 31), "timezone": "Europe/Berlin"},
        "sources": [
            {
                "name": "customers",
                "description": "everybody who has an account, delivered when something changes",
                "cadence": "occasional",
                "key": ["customer"],
                "columns": [
                    {"name": "customer", "type": "long"},
                    {"name": "segment", "type": "string", "nullable": True},
                    {"name": "appetite", "type": "double"},
                    {"name": "joined", "type": "date"},
                    {"name": "seen", "type": "timestamp", "nullable": True},
                ],
            },
            {
                "name": "purchases",
                "arrives_after_days": 1,
                "key": ["purchase"],
                "columns": [
                    {"name": "purchase", "type": "long"},
                    {"name": "customer", "type": "long"},
                    {"name": "amount", "type": "double"},
                ],
            },
        ],
        "entity": {
            "source": "customers",
            "key": ["customer"],
            "rows": "known",
            "where": "joined <= partition and coalesce(segment, '') <> 'closed'",
        },
        "inputs": [{"source": "customers"}, {"source": "purchases", "first": 14, "last": 1}],
        "features": [
            {"name": "appetite", "description": "how often the customer says to buy"},
            {"name": "bought_14d", "description": "purchases of two weeks"},
            {"name": "days_known", "description": "since the customer joined"},
        ],
        "label": {"inputs": [{"source": "purchases", "from_day": 1, "to_day": 7}], "at_least": 1},
        "split": {
            "train": {"first": 45, "last": 34},
            "validation": {"first": 25, "last": 19},
            "holdout": {"first": 10, "last": 8},
        },
        "model": {"task": "classification", "trials": 2, "max_rounds": 30, "early_stopping_rounds": 5},
        "gate": {"metric": "log_loss", "min_improvement": 0.0},
        "drift": {"window_days": 3},
        "slices": ["segment"],
    }
    for name, section in sections.items():
        old = content.get(name, {})
        if isinstance(section, dict):
            section = {field: value for field, value in {**old, **section}.items() if value is not None}
        content[name] = section
    return content


def declare(root: Path, features: str = FEATURES, labels: str | None = LABELS, **sections: Any) -> UseCase:
    """Write the use case's folder under ``root`` and load it; a section that is a mapping changes the fields that it names."""
    content = declaration(**sections)
    folder = root / content["name"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / loader.FILE).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    (folder / "features.py").write_text(features, encoding="utf-8")
    if labels is not None:
        (folder / "labels.py").write_text(labels, encoding="utf-8")
    return loader.load(folder / loader.FILE)


def appetite(customer: int) -> float:
    """How likely the customer buys on a day."""
    return random.Random(customer).choice([0.01, 0.03, 0.1, 0.3])


def customer_line(customer: int, segment: str | None = None) -> str:
    """A customer's line of a delivery: a third joins while the data runs."""
    joined = START + dt.timedelta(days=customer * 2 if customer % 3 == 0 else -customer)
    chosen = ("a", "b", "")[customer % 3] if segment is None else segment
    return f"{customer},{chosen},{appetite(customer)},{joined},2024-10-31T10:00:00Z"


def deliver(landing: Path, first: dt.date, last: dt.date) -> None:
    """Land the purchases of every day from ``first`` to ``last``, and what changes of the customers in these days."""
    header = "customer,segment,appetite,joined,seen"
    if first <= START <= last:
        bakery.write(landing, "customers", START, [header, *(customer_line(one) for one in range(CUSTOMERS))])
    if first <= CLOSES <= last:
        bakery.write(landing, "customers", CLOSES, [header, customer_line(CLOSED, "closed")])
    for offset in range((last - first).days + 1):
        day = first + dt.timedelta(days=offset)
        dice = random.Random(day.toordinal())
        buyers = [one for one in range(CUSTOMERS) if dice.random() < appetite(one)]
        lines = [f"{day.toordinal() * 100 + one},{one},{dice.randint(1, 90)}.5" for one in buyers]
        bakery.write(landing, "purchases", day, ["purchase,customer,amount", *lines])
