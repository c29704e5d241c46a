import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from jobs.monitor import counts
from jobs.monitor.counts import window
from lakehouse.declaration import Drift
from lakehouse.evaluation import blocks
from lakehouse.evaluation.drift_profile import Distribution

DAYS = [dt.date(2024, 6, day) for day in (1, 2, 3)]


@pytest.mark.parametrize("block", [blocks.ROWS, 7])
def test_rows_are_counted_in_the_bins_that_training_gave_them(monkeypatch, block):
    monkeypatch.setattr(blocks, "ROWS", block)
    random = np.random.default_rng(3)
    columns = {
        "smooth": random.normal(size=300),
        "few": random.integers(0, 3, 300).astype(float),
        "still": np.ones(300),
        "unknown": np.full(300, np.nan),
    }
    columns["smooth"][::7] = np.nan
    day = np.repeat(np.arange(3), 100)
    distributions = {name: Distribution.of(values, day, 3, Drift(bins=5)) for name, values in columns.items()}
    # Values on the edges, beyond them, and both ways of saying "not known".
    columns["smooth"][:6] = [*distributions["smooth"].edges[:3], np.inf, -np.inf, np.nan]
    columns["few"][:2] = -0.0, 0.0
    values = {
        name: [None if np.isnan(value) and i % 2 else float(value) for i, value in enumerate(column)]
        for name, column in columns.items()
    }
    rows = pa.concat_tables(
        [
            pa.table(values, pa.schema([(name, pa.float64()) for name in values])).slice(at, 50)
            for at in range(0, 300, 50)
        ]
    )
    found = counts.of_columns(rows, distributions)
    for name, distribution in distributions.items():
        expected = np.bincount(distribution.bins(columns[name]), minlength=len(distribution.shares))
        assert found[name].tolist() == expected.tolist()
    none = counts.of_columns(rows.slice(0, 0), distributions)
    assert [found.tolist() for found in none.values()] == [[0] * len(item.shares) for item in distributions.values()]


def test_a_window_adds_up_the_days_that_have_rows():
    counts = {DAYS[0]: np.array([1, 2]), DAYS[2]: np.array([10, 20])}
    present, total = window(counts, DAYS)
    assert present == 2 and total is not None and total.tolist() == [11, 22]
    assert counts[DAYS[0]].tolist() == [1, 2]
    assert window(counts, [DAYS[1]]) == (0, None)
