"""The days that a test of known variances would need, at the share of the rate that it has: ``python -m tests.bench.alarm_power``.

No test of these rows sees sooner. Of each change the days of rows after which half of the worlds show it, and nine tenths. With
``--flights LAKEHOUSE`` also how often a label rate that is a third higher than usual comes by itself, over windows of the flights.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.stats import norm
from tabulate import tabulate

from jobs.monitor.alarms.budget import PARTS
from tests.bench.alarm_worlds import World, declared, rows_of

# How many series on how many windows a made-up world tests in each group.
FEATURES, SLICES, QUALITY = 33, 54, 10


def days(size: float, variance: float, rows: float, part: float, tests: int) -> list[float]:
    """For half of the worlds, and for nine tenths."""
    needed = norm.isf(part / tests / declared().drift.false_alarm_days / 2)
    return [float((needed + norm.isf(1 - share)) ** 2 * variance / size**2 / rows) for share in (0.5, 0.9)]


def of_flights(lakehouse: Path) -> list[list[float]]:
    """A line a window: its days, how much mean rates differ, a third more as a multiple of that, and how often it is ordinary."""
    from tests.bench.alarm_flights import Flights

    rows = Flights.of(lakehouse).rows
    days, place = np.unique(rows.days.astype("datetime64[D]"), return_inverse=True)
    known = ~np.isnan(rows.label)
    rates = np.bincount(place[known], rows.label[known], len(days)) / np.maximum(np.bincount(place[known]), 1)
    lines = []
    for length in (1, 2, 4, 7, 14, 20):
        means = np.convolve(rates, np.ones(length) / length, "valid")
        more = rates.mean() / 3
        lines.append([length, means.std(), more / means.std(), 100 * float(np.mean(means > rates.mean() + more))])
    return lines


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flights", type=Path, help="a lakehouse with flights, such as ./warehouse after make demo")
    lakehouse = parser.parse_args().flights
    rows, score = rows_of(World(600, True, 5), 400)
    rate, noise = float(rows.label.mean()), float(np.mean(score * (1 - score)))
    lines = [
        *(["shifted by half", n, *days(0.5, 1.0, n, PARTS["features"], FEATURES)] for n in (60, 600)),
        *(["the same, in a slice of", n, *days(0.5, 1.0, n, PARTS["slices"], SLICES)] for n in (12, 18, 120, 180)),
        *(["label rate up by a third", n, *days(rate / 3, noise, n, PARTS["quality"], QUALITY)] for n in (60, 600)),
    ]
    print(
        tabulate(
            lines, headers=("what happens", "rows a day", "half", "nine tenths"), tablefmt="github", floatfmt=".1f"
        )
    )
    if lakehouse is not None:
        head = ("days", "sd of mean label rates", "a third more, in these sd", "% of ordinary windows as high")
        print(f"\n{tabulate(of_flights(lakehouse), headers=head, tablefmt='github', floatfmt='.2f')}")


if __name__ == "__main__":
    main()
