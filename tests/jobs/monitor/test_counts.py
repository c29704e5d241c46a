import datetime as dt

import numpy as np

from jobs.monitor.counts import daily_counts, window
from lakehouse.declaration import Drift
from lakehouse.evaluation.drift_profile import Distribution

DAYS = [dt.date(2024, 6, day) for day in (1, 2, 3)]


def test_spark_counts_the_same_bins_as_numpy(spark):
    random = np.random.default_rng(3)
    columns = {
        "smooth": random.normal(size=300),
        "few": random.integers(0, 3, 300).astype(float),
        "still": np.ones(300),
    }
    columns["smooth"][::7] = np.nan
    day = np.repeat(np.arange(3), 100)
    distributions = {name: Distribution.of(values, day, 3, Drift(bins=5)) for name, values in columns.items()}
    # Values on the edges, beyond them, and both ways of saying "not known".
    columns["smooth"][:6] = [*distributions["smooth"].edges[:3], np.inf, -np.inf, np.nan]
    rows = [
        (DAYS[day[i]], *(None if np.isnan(values[i]) and i % 2 else float(values[i]) for values in columns.values()))
        for i in range(300)
    ]
    frame = spark.createDataFrame(rows, "partition date, smooth double, few double, still double")
    found = daily_counts((frame, distributions))
    for name, distribution in distributions.items():
        for index, partition in enumerate(DAYS):
            bins = distribution.bins(columns[name][day == index])
            expected = np.bincount(bins, minlength=len(distribution.shares))
            assert found[name][partition].tolist() == expected.tolist()


def test_a_window_adds_up_the_days_that_have_rows():
    counts = {DAYS[0]: np.array([1, 2]), DAYS[2]: np.array([10, 20])}
    present, total = window(counts, DAYS)
    assert present == 2 and total is not None and total.tolist() == [11, 22]
    assert counts[DAYS[0]].tolist() == [1, 2]
    assert window(counts, [DAYS[1]]) == (0, None)
