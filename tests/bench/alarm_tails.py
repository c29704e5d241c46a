"""How often ordinary windows have a chance of 0.001 or less: ``python -m tests.bench.alarm_tails`` (a minute).

Drawn days of one series: some to learn from, one rows' noise a day, and a deviation of the day that lasts (autoregressive). A rate
of 1.0 is what the chance says; less is safe.
"""

from __future__ import annotations

import argparse
from itertools import product

import numpy as np
from tabulate import tabulate

from jobs.monitor.alarms.means import Means

CHANCE = 0.001
LENGTHS = (2, 3, 7, 14, 28)
# Days learned from, correlation of neighbouring days' deviations, and their variance beside that of the rows' noise.
KINDS = (21, 104), (0.0, 0.3, 0.5), (0.0, 0.3, 2.0)


def rates(days: int, near: float, between: float, series: int, seed: int) -> list[float]:
    """By length of the window, how many times as often as the chance says."""
    dice, number = np.random.default_rng(seed), days + 2 + LENGTHS[-1]
    deviation, daily = dice.normal(size=series), np.zeros((series, number))
    for day in range(number):
        daily[:, day] = np.sqrt(between) * deviation + dice.normal(size=series)
        deviation = near * deviation + np.sqrt(1 - near**2) * dice.normal(size=series)
    rows, weekday = np.ones((series, number)), np.arange(number) % 7
    made = Means.of(rows[:, :days], daily[:, :days], np.ones(series), weekday[:days])
    windows = [slice(days + 2, days + 2 + length) for length in LENGTHS]
    return [float((made.moved(rows[:, w], daily[:, w], weekday[w]).chance <= CHANCE).mean()) / CHANCE for w in windows]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=1000)
    asked = parser.parse_args()
    lines = [[*kind, *rates(*kind, asked.series, asked.seed)] for kind in product(*KINDS)]
    head = ("days", "correlation", "variance", *(f"{length} days" for length in LENGTHS))
    print(tabulate(lines, headers=head, tablefmt="github", floatfmt=".1f"))


if __name__ == "__main__":
    main()
