"""The days that a test of known variances would need, at the share of the rate that it has: ``python -m tests.bench.alarm_power``.

No test of these rows sees sooner. Of each change the days of rows after which half of the worlds show it, and nine tenths.
"""

from __future__ import annotations

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


def main() -> None:
    """Print the table."""
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


if __name__ == "__main__":
    main()
