"""The warm-up of a Spark server builds what was built before, and keeps nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from jobs.features import job, warm_up
from jobs.features.arguments import FeaturesArguments
from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.storage import delta_log
from tests.jobs.bakery_days import DAY
from tests.use_cases import bakery


def test_the_newest_day_is_built_again_and_no_table_has_a_new_version(arrived: Path) -> None:
    use_case = loader.by_name("bakery_sales")
    assert warm_up.newest(use_case) == []
    job.run(FeaturesArguments(use_case="bakery_sales", partition=DAY, through=DAY + dt.timedelta(days=1)))
    version = delta_log.version(tables.features(use_case))
    (newest,) = warm_up.newest(use_case)
    assert newest == DAY + dt.timedelta(days=1)
    assert warm_up.of_day(use_case, newest) == len(bakery.SHOPS) * len(bakery.BREADS)
    assert delta_log.version(tables.features(use_case)) == version


def test_a_use_case_that_cannot_be_built_is_told_in_the_log_and_the_warm_up_goes_on(
    arrived: Path, monkeypatch, caplog
) -> None:
    job.run(FeaturesArguments(use_case="bakery_sales", partition=DAY))

    def broken(use_case: object, day: dt.date) -> int:
        raise ValueError("no such column")

    monkeypatch.setattr(warm_up, "of_day", broken)
    monkeypatch.setattr("os.nice", lambda by: by)
    warm_up.main()
    told = [record.getMessage() for record in caplog.records if "no such column" in record.getMessage()]
    assert len(told) == warm_up.ROUNDS
