"""Levels that training did not have are counted by day and named, and a day's counts are kept with them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deltalake import WriterProperties, write_deltalake

from jobs.monitor import drift, drift_counts, new_categories, verdict
from jobs.monitor.drift import Evidence
from jobs.monitor.result import DayVerdict
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.storage import arrow_dataset, commits, day_parts, delta_log
from lakehouse.storage.day_files import DayFiles
from tests.jobs import parcels

KNOWN = ["ant", "bee", "", None]


@pytest.fixture
def use_case(lakehouse_root: Path) -> UseCase:
    return UseCase.model_validate(parcels.declaration())


def day(number: int) -> dt.date:
    return parcels.START + dt.timedelta(days=number)


def profile(use_case: UseCase) -> Profile:
    days = [day(-back) for back in range(20) for _ in KNOWN]
    frame = pd.DataFrame({"partition": days, "carrier": KNOWN * 20, "weight": 0.5})
    frame = frame.assign(zone="1", express="true")
    scores = pd.DataFrame({"partition": days, "score": 0.5})
    return Profile.of(frame, scores, {"log_loss": 0.6}, use_case.drift)


def write(use_case: UseCase, number: int, carriers: list[str | None], fingerprint: str = "f") -> None:
    """A day's features."""
    stamps = {"partition": day(number), "inputs_fingerprint": fingerprint}
    at = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    rows: list[dict[str, Any]] = [
        {
            "parcel": key,
            "carrier": carrier,
            "zone": "1",
            "express": "true",
            "weight": 0.5,
            "prediction_time": at,
            **stamps,
        }
        for key, carrier in enumerate(carriers)
    ]
    commits.replace_rows(tables.features(use_case), rows, f"partition = '{day(number)}'")


def counted(use_case: UseCase, *numbers: int, by: Profile | None = None) -> Evidence:
    made, days = by or profile(use_case), [day(number) for number in numbers]
    features, scores = drift_counts.of_days(use_case, 1, made, days)
    return Evidence(1, made, features, scores["score"], {}, new_categories.read(use_case, 1, days))


def test_new_levels_are_named_on_their_day_and_in_the_verdict(use_case: UseCase) -> None:
    for number in range(3):
        write(use_case, number, [*KNOWN * 5])
    write(use_case, 3, [*KNOWN * 5, "zebra", "zebra", "gnu; elk", "Ant", "17", "18", "19"])
    evidence = counted(use_case, 0, 1, 2, 3)
    checks = drift.checks_of_day(day(3), use_case, evidence)
    new = {check.feature: check for check in checks if check.kind == "new category"}
    assert set(new) == {"carrier", "zone", "express"}
    words = (
        f"new categories of carrier: 7 of 27 rows of {day(3)}: zebra (2), 17 (1), 18 (1), 19 (1), Ant (1) and 1 more"
    )
    assert (new["carrier"].value, new["carrier"].violated, new["carrier"].reason) == (7.0, False, words)
    assert (new["zone"].value, new["zone"].limit) == (0.0, None)
    judged = verdict.day_verdict(checks, use_case.drift)
    assert judged.reasons[-1] == words and not any("of zone" in reason for reason in judged.reasons)
    rows = drift.rows(day(3), 1, checks, judged)
    found = DayVerdict.from_rows(rows, day(3))
    assert found.new_categories == {"carrier": 7} and words in found.reasons
    before = DayVerdict.from_rows(
        drift.rows(day(2), 1, drift.checks_of_day(day(2), use_case, evidence), judged), day(2)
    )
    assert before.new_categories == {}
    # PSI has the share of the new ones, of all of the window's days.
    psi = {check.feature: check.value for check in checks if check.statistic == "psi" and check.kind == "feature"}
    assert psi["carrier"] > psi["zone"] == 0


def test_a_day_is_counted_once_and_again_when_it_was_built_again(use_case: UseCase) -> None:
    write(use_case, 0, ["ant", "zebra"])
    write(use_case, 1, ["ant", "zebra", "zebra"])
    first = counted(use_case, 0, 1).new_levels
    assert first == {"carrier": {day(0): {"zebra": 1}, day(1): {"zebra": 2}}}
    version = delta_log.version(tables.drift_counts(use_case))
    assert counted(use_case, 0, 1).new_levels == first and delta_log.version(tables.drift_counts(use_case)) == version
    write(use_case, 1, ["ant", "bee", "yak"], "corrected")
    assert counted(use_case, 0, 1).new_levels == {"carrier": {day(0): {"zebra": 1}, day(1): {"yak": 1}}}


def test_the_first_category_of_a_use_case_adds_the_column(use_case: UseCase) -> None:
    numbers = UseCase.model_validate(parcels.declaration(features=[{"name": "weight", "description": "d"}]))
    line = {"partition": day(-1), "model_version": 1, "kind": "feature", "name": "weight", "bin": 0, "rows": 5}
    commits.replace_rows(tables.drift_counts(numbers), [line | {"inputs_fingerprint": "x"}], "true")
    write(use_case, 0, ["zebra"])
    assert counted(use_case, 0).new_levels == {"carrier": {day(0): {"zebra": 1}}}
    kept = arrow_dataset.read(tables.drift_counts(use_case)).to_pylist()
    assert [row["level"] for row in kept if row["partition"] == day(-1)] == [None]


def test_the_parts_of_a_file_are_all_of_it(use_case: UseCase, monkeypatch: pytest.MonkeyPatch) -> None:
    write(use_case, 0, [*KNOWN * 10, *["zebra"] * 9, "gnu"])
    table = tables.features(use_case)
    rows = arrow_dataset.read(table)
    small_groups = WriterProperties(max_row_group_size=7, write_batch_size=7)
    write_deltalake(delta_log.location(table), rows, mode="overwrite", writer_properties=small_groups)
    bins = profile(use_case).features
    files = DayFiles.of(table, [day(0)])
    whole = new_categories.of_rows(files.read(day(0), list(bins)), bins)
    assert whole["carrier"] == {"zebra": 9, "gnu": 1}
    monkeypatch.setattr(day_parts, "ROWS_A_PART", 14)
    parts = list(day_parts.parts_of(files, day(0), whole=False))
    read = [part_rows for part in parts for part_rows in files.parts(part.file, list(bins), part.groups)]
    found = [new_categories.of_rows(one, bins)["carrier"] for one in read]
    assert len(parts) > 2 and sum(found[1:], start=found[0]) == whole["carrier"]


def test_a_feature_of_another_type_now_is_not_compared(use_case: UseCase) -> None:
    write(use_case, 0, ["ant"])
    changed = [
        feature | {"type": "number"} if feature["name"] == "carrier" else feature for feature in parcels.FEATURES
    ]
    features, _ = drift_counts.of_days(
        UseCase.model_validate(parcels.declaration(features=changed)), 1, profile(use_case), [day(0)]
    )
    assert set(features) == {"zone", "express", "weight"}
