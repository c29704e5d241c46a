"""An example on the platform beside an honest afternoon in pandas: the same files, split and holdout.

    python -m tests.examples.compare footfall

It works in a folder of its own, with an MLflow server of its own on a free port, and prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from lakehouse.declaration import loader
from tests import mlflow_server
from tests.examples import afternoon, chain, feed

# The first day that is delivered, and the day that the model is trained for.
DAYS = {
    "car_loan": (dt.date(2018, 1, 2), dt.date(2019, 5, 1)),
    "credit_cards": (dt.date(2020, 5, 3), dt.date(2020, 11, 1)),
    "flight_cancelled": (dt.date(2013, 1, 1), dt.date(2013, 7, 1)),
    "footfall": (dt.date(2024, 1, 1), dt.date(2025, 8, 1)),
    "next_purchase": (dt.date(2014, 1, 1), dt.date(2014, 10, 27)),
}


def compare(name: str, folder: Path) -> str:
    """Run both and return the table."""
    (first, day), tables = DAYS[name], feed.DATA_SETS[name]()
    with chain.place(folder, *chain.ROOTS), mlflow_server.running(folder) as address:
        os.environ["MLFLOW_TRACKING_URI"] = address
        use_case, began = loader.by_name(name), time.monotonic()
        feed.deliver(name, folder / "landing", first, day)
        chain.take_in(use_case, first, day)
        ingested = time.monotonic()
        done = chain.run(name, day)
        seconds = ingested - began, time.monotonic() - ingested
    trained = done["train"]
    windows = {part: _days(words) for part, words in trained["windows"].items()}
    began = time.monotonic()
    measured = getattr(afternoon, name)(tables, windows)
    pandas_seconds = time.monotonic() - began
    if trained["rows"]["holdout"] != measured.rows:
        raise AssertionError(f"expected one holdout, found {trained['rows']['holdout']} rows and {measured.rows}")
    ours = trained["metrics"]
    lines = ["| on the holdout | " + " | ".join(measured.model) + " |", "| --- |" + " ---: |" * len(measured.model)]
    shown = {"Nightjar": ours["model"], "an afternoon in pandas": measured.model, measured.naive_is: measured.naive}
    shown |= {
        "the platform's linear baseline": ours["baseline_linear"],
        "the platform's constant": ours["baseline_constant"],
    }
    for who, values in shown.items():
        if values:
            lines.append(f"| {who} | " + " | ".join(_number(values.get(metric)) for metric in measured.model) + " |")
    days = ", ".join(f"{part} {words} ({trained['rows'][part]} rows)" for part, words in trained["windows"].items())
    lines += ["", f"{days}; gate: {done['gate']['verdict']}; {day}: {done['monitor']['verdict']}"]
    lines.append(f"best: {trained['best_params']}")
    lines.append(
        f"deliveries taken in in {seconds[0]:.0f} s, the other stages {seconds[1]:.0f} s, pandas {pandas_seconds:.0f} s"
    )
    return "\n".join(lines)


def _days(words: str) -> tuple[dt.date, dt.date]:
    first, _, last = words.partition("..")
    return dt.date.fromisoformat(first), dt.date.fromisoformat(last)


def _number(value: Any) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare an example with an afternoon in pandas.")
    parser.add_argument("example", choices=sorted(DAYS))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        print(compare(asked.example, Path(temporary)))
