"""Many use cases on few shared sources: bakeries that read plans and sales of one another; made up, and the same every time."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import yaml

from tests.use_cases import bakery

# The split is short: a training takes 52 days of history.
HISTORY_DAYS = 52
SPLIT = {
    "train": {"first": 44, "last": 32},
    "validation": {"first": 24, "last": 20},
    "holdout": {"first": 12, "last": 8},
}
CHANGES: dict[str, dict[str, Any]] = {
    "model": {"task": "regression", "trials": 1, "max_rounds": 30, "early_stopping_rounds": 5},
    "gate": {"metric": "rmse", "min_improvement": 0.0, "floors": {"rmse": 60}},
}

FEATURES = '''"""Planned loaves and price, the sales known by then, and what others plan."""

from pyspark.sql import functions as F

PLAN, SALES, OTHERS = $names


def build(days, inputs):
    """One row a shop, bread and day."""
    plan = inputs[PLAN].join(days, "partition", "left_semi")
    feeds = F.explode(F.sequence(F.date_add("partition", 7), F.date_add("partition", 20)))
    sold = inputs[SALES].select("shop", "bread", "sold", feeds.alias("day"))
    known = sold.groupBy("shop", "bread", F.col("day").alias("partition")).agg(
        F.round(F.avg("sold"), 6).alias("sold_mean_14d")
    )
    rows = plan.join(known, ["shop", "bread", "partition"], "left").withColumn("others_planned", F.lit(None).cast("double"))
    for name in OTHERS:
        other = inputs[name].groupBy("shop", "partition").agg(F.sum("planned").alias("also"))
        rows = rows.join(other, ["shop", "partition"], "left").withColumn(
            "others_planned", F.coalesce("others_planned", F.lit(0.0)) + F.coalesce("also", F.lit(0))
        ).drop("also")
    return rows.select(
        "shop", "bread", "partition", "planned", "price", F.weekday("partition").alias("day_of_week"), "sold_mean_14d",
        "others_planned",
    )
'''


def source_names(sources: int) -> list[str]:
    """Plans and sales, as many of each."""
    return [f"{kind}_{number:02d}" for number in range(sources // 2) for kind in ("plan", "sales")]


def use_case_names(use_cases: int) -> list[str]:
    """Of all, right or wrong."""
    return [f"chain_{number:02d}" for number in range(use_cases)]


def declare(root: Path, use_cases: int, sources: int) -> None:
    """Write so many use cases, each of which reads two to four of so many shared sources."""
    shipped = yaml.safe_load(
        (Path(bakery.__file__).parent / "bakery_sales" / "use_case.yaml").read_text(encoding="utf-8")
    )
    plan, sales = shipped["sources"][:2]
    del plan["volume"]
    calendar = {**shipped["calendar"], "nightly": "30 3 * * *"}
    kinds = {"plan": plan, "sales": sales}
    for name in source_names(sources):
        shared = kinds[name.split("_")[0]] | {"name": name, "title": name, "owner": "mill", "calendar": calendar}
        _write(root / "sources" / name / "source.yaml", shared)
    pairs = sources // 2
    for number, name in enumerate(use_case_names(use_cases)):
        own = number % pairs
        others = [f"plan_{(own + ahead) % pairs:02d}" for ahead in range(1, 1 + number % 3) if ahead < pairs]
        reads = {"plan": f"plan_{own:02d}", "sales": f"sales_{own:02d}"}
        content = {
            key: value | CHANGES.get(key, {}) if isinstance(value, dict) else value for key, value in shipped.items()
        }
        del content["sources"]
        content |= {
            "name": name,
            "title": f"Loaves of chain {number}",
            "entity": {"source": reads["plan"], "key": ["shop", "bread"]},
            "inputs": [
                {"source": reads["plan"]},
                {"source": reads["sales"], "first": 20, "last": 7},
                *({"source": other} for other in others),
            ],
            "features": [*shipped["features"], {"name": "others_planned", "description": "loaves that others plan"}],
            "label": shipped["label"] | {"source": reads["sales"]},
            "split": SPLIT,
        }
        _write(root / name / "use_case.yaml", content)
        (root / name / "features.py").write_text(
            FEATURES.replace("$names", repr((reads["plan"], reads["sales"], others))), encoding="utf-8"
        )


def break_two(root: Path, use_cases: int) -> tuple[str, str]:
    """Make a mistake in the declaration of one use case, and one in the transform of another; returns both."""
    names = use_case_names(use_cases)
    declaration, transform = names[-1], names[-2]
    text = (root / declaration / "use_case.yaml").read_text(encoding="utf-8")
    (root / declaration / "use_case.yaml").write_text(text.replace("maturity_days:", "maturity_dys:"), encoding="utf-8")
    (root / transform / "features.py").write_text(
        "def build(days, inputs):\n    return inputs['nothing']\n", encoding="utf-8"
    )
    return declaration, transform


def deliver(landing_root: Path, first: dt.date, last: dt.date, sources: int) -> None:
    """Land the deliveries of every source for every day from ``first`` to ``last``."""
    for offset in range((last - first).days + 1):
        day = first + dt.timedelta(days=offset)
        for name in source_names(sources):
            dice = random.Random(f"{name[-2:]} {day}")
            head, lines = ("planned,price" if name.startswith("plan") else "sold"), []
            for number, shop in enumerate(bakery.SHOPS):
                for bread, price in bakery.BREADS.items():
                    planned = 40 + 10 * number + (15 if day.weekday() >= 5 else 0) + dice.randint(-5, 5)
                    sold = max(0, round(planned * 0.9 - 3 * price + dice.gauss(0, 4)))
                    lines.append(f"{shop},{bread},{f'{planned},{price}' if name.startswith('plan') else sold}")
            bakery.write(landing_root, name, day, [f"shop,bread,{head}", *lines])


def _write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
