"""How often fresh ordinary days exceed a limit that was made from a few weeks: ``python -m tests.bench.ordinary_limits``.

Days are made up, windows are trailing weeks, and the truth is read off many fresh days of the same kind.
docs/decisions/0038-limits-by-calibrate.md has the table.
"""

from __future__ import annotations

import numpy as np
from tabulate import tabulate

from jobs.calibrate.tail import Tail
from tests.jobs.calibrate import kinds

WORLDS, FRESH = 300, 20_000
HEAD = ("statistic", "weeks", "asked for", "expected", "kept", "99 % quantile", "greatest seen")


def row(draw: kinds.Draw, weeks: int, rate: float) -> tuple[str, int, str, str, str, str, str]:
    """The mean share of fresh days beyond each limit."""
    dice = np.random.default_rng(weeks)
    fresh = np.sort(kinds.trailing(draw(dice, FRESH)))
    shares = []
    for _ in range(WORLDS):
        values = kinds.trailing(draw(dice, weeks * kinds.WEEK + kinds.WEEK - 1))
        tail = Tail.of(values.tolist(), weeks)
        limits = tail.limit(rate), float(np.quantile(values, 0.99)), float(values.max())
        beyond = [1 - np.searchsorted(fresh, limit, side="right") / len(fresh) for limit in limits]
        shares.append((tail.expected(limits[0]), *beyond))
    means = [f"{value * 100:.1f} %" for value in np.mean(shares, axis=0)]
    return draw.__name__, weeks, f"{rate * 100:g} %", means[0], means[1], means[2], means[3]


def main() -> None:
    """Print the table."""
    rows = [
        row(draw, weeks, rate)
        for rate in (0.005, 0.02)
        for draw in (kinds.exponential, kinds.gap, kinds.drifting)
        for weeks in (8, 26, 52)
    ]
    print(tabulate(rows, headers=HEAD, tablefmt="github", disable_numparse=True))


if __name__ == "__main__":
    main()
