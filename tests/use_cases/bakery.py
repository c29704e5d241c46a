"""The deliveries of the bakery: made up, but the same every time."""

from __future__ import annotations

import argparse
import datetime as dt
import random
from pathlib import Path

from lakehouse import settings

SHOPS = ("canal", "market", "station", "school", "harbour", "castle")
BREADS = {"rye": 4.2, "wheat": 2.9, "spelt": 5.1}


def deliver(landing_root: Path, first: dt.date, last: dt.date) -> None:
    """Land the plan and the counted sales of every day from ``first`` to ``last``."""
    for offset in range((last - first).days + 1):
        day = first + dt.timedelta(days=offset)
        dice = random.Random(day.toordinal())
        plan, sales = ["shop,bread,planned,price"], ["shop,bread,sold"]
        for shop_number, shop in enumerate(SHOPS):
            for bread, price in BREADS.items():
                planned = 40 + 10 * shop_number + (15 if day.weekday() >= 5 else 0) + dice.randint(-5, 5)
                sold = round(planned * 0.9 - 3 * price + dice.gauss(0, 4))
                plan.append(f"{shop},{bread},{planned},{price}")
                # A till that broke down: no count, so no label.
                sales.append(f"{shop},{bread},{'' if dice.random() < 0.02 else max(sold, 0)}")
        write(landing_root, "bakery_plan", day, plan)
        write(landing_root, "bakery_sales_counted", day, sales)


def write(landing_root: Path, source: str, day: dt.date, lines: list[str]) -> Path:
    """Land one delivery and return its file."""
    file = landing_root / source / f"{day}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Land the bakery's deliveries.")
    parser.add_argument("--from", dest="first", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=dt.date.fromisoformat, required=True)
    asked = parser.parse_args()
    deliver(Path(settings.load().landing_root), asked.first, asked.last)
