"""The tests of deliveries: rows that came twice, rows that failed their contract, and how many rows a source delivers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from jobs.monitor.alarms import material, weekdays
from jobs.monitor.alarms.best import Best
from jobs.monitor.alarms.budget import Tally
from jobs.monitor.alarms.means import Means
from jobs.monitor.alarms.memory import Floats
from jobs.monitor.alarms.seen import Delivered
from jobs.monitor.alarms.shares import Shares
from jobs.monitor.alarms.tested import WHOLE, Tested, of_best
from jobs.monitor.alarms.windows import Recent
from jobs.monitor.verdict import Kind

DATA: Kind = "data"
# With fewer days in the ledger before the end of training a source has no ordinary days.
LEAST_DAYS = 14

TWICE = "ask the source why it sends rows twice; silver has each once"
FAILED = "look at the reasons of the rejected rows in silver; mend the source, or its contract and replay them"
AMOUNT = "ask the source whether its delivery is whole"


def deliveries(
    source: str,
    by_day: Mapping[dt.date, Delivered],
    trained: Sequence[dt.date],
    newest: Sequence[dt.date],
    tally: Tally,
) -> None:
    """The newest days of a source against those of the training.

    Args:
        source: its name.
        by_day: what it delivered for each day.
        trained: the days of the training.
        newest: the days of the window, as far as they are due.
        tally: gets the tests.
    """
    before = [day for day in trained if day in by_day]
    recent = Recent.of(newest, by_day)
    lengths = recent.lengths(at_once=True)
    if len(before) < LEAST_DAYS or not lengths:
        return
    weekday = weekdays.of_days(before)
    rows, now = _rows(by_day, before), _rows(by_day, recent.days)
    found = list[Tested]()
    for place, statistic, what, advice in (
        (1, "duplicates", "came twice", TWICE),
        (2, "rejected", "failed the contract", FAILED),
    ):
        ordinary = Shares.of(rows[place : place + 1], rows[:1], weekday)
        best = Best.of(
            lengths,
            lambda n, ordinary=ordinary, place=place: ordinary.moved(  # type: ignore[misc]
                now[place : place + 1, -n:], now[:1, -n:], recent.weekday[-n:], n > 1, ways="more"
            ),
        )
        assert best is not None

        def lately(ordinary: Shares = ordinary, place: int = place) -> Floats:
            return ordinary.newest(now[place : place + 1], now[:1], recent.weekday, "more")

        length = int(best.length[0])
        share = float(now[place, -length:].sum() / max(now[0, -length:].sum(), 1.0))
        expected = max(share - float(best.shift[0]), 0.0)
        words = f"{source}: {share:.1%} of the delivered rows {what}, {expected:.1%} are expected"
        matters = float(best.shift[0]) >= material.SHARE
        found.append(of_best(DATA, source, statistic, WHOLE, share, matters, words, advice, best, 0, recent, lately))
    some, logs = (rows[:1] > 0).astype(np.float64), np.log(np.maximum(rows[:1], 1))
    volume = Means.of(some, logs, np.zeros(1), weekday, rare=False)
    amount = np.log(np.maximum(now[:1], 1))
    best = Best.of(recent.lengths(), lambda n: volume.moved(np.ones((1, n)), amount[:, -n:], recent.weekday[-n:]))
    if best is not None:
        change = float(np.exp(best.shift[0]) - 1)
        words = f"{source}: {abs(change):.0%} {'more' if change > 0 else 'fewer'} rows delivered than on ordinary days"
        matters = abs(change) >= material.VOLUME
        found.append(
            of_best(
                DATA, source, "volume", WHOLE, abs(change), matters, words, AMOUNT, best, 0, recent,
                lambda: volume.newest(np.ones_like(amount), amount, recent.weekday),
            )
        )  # fmt: skip
    tally.add("deliveries", 2 * len(lengths) + len(recent.lengths()), found)


def _rows(by_day: Mapping[dt.date, Delivered], days: Sequence[dt.date]) -> Floats:
    """Shape (3, days): delivered, duplicate and rejected rows."""
    return np.array(
        [[one.rows, one.duplicates, one.rejected] for one in map(by_day.__getitem__, days)], dtype=np.float64
    ).T
