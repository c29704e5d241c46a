import datetime as dt

import pytest

from jobs.monitor import rollback_decision
from jobs.monitor.rollback_decision import PairedNight
from lakehouse.declaration import Rollout

LIMITS = Rollout(former_nights=7, rollback_margin=0.01, rollback_nights=3, rollback_rows=300)
DAY = dt.date(2024, 6, 1)


def nights(*gains: float, rows: int = 200) -> list[PairedNight]:
    """Nights on which the former champion's log loss was less by so much."""
    return [PairedNight(DAY + dt.timedelta(days=n), rows, 0.5, 0.5 - gain) for n, gain in enumerate(gains)]


def judge(found: list[PairedNight], metric: str = "log_loss") -> rollback_decision.RollbackDecision:
    return rollback_decision.compare_nights(LIMITS, 0.01, metric, 2, 1, found)


def test_a_former_champion_that_is_better_every_night_comes_back():
    found = judge(nights(0.03, 0.04, 0.035))
    assert (found.roll_back, found.from_version, found.to_version) == (True, 2, 1)
    assert (
        "version 1, champion before, was 0.0350 better by log loss than version 2 over 3 night(s)" in found.reasons[0]
    )


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (nights(0.05, 0.05), "3 nights and 300 rows are needed"),
        (nights(0.05, 0.05, 0.05, rows=90), "3 nights and 300 rows are needed"),
        ([], "3 nights and 300 rows are needed"),
        (nights(0.005, 0.006, 0.004), "a rollback asks for 0.01"),
        (nights(-0.03, -0.04, -0.02), "was 0.0300 worse"),
        # One very good night among bad ones.
        (nights(0.2, -0.01, -0.02), "nights differ too much to tell"),
    ],
)
def test_else_the_champion_stays_and_the_reason_is_said(found: list[PairedNight], why: str):
    decided = judge(found)
    assert not decided.roll_back and decided.from_version is None
    assert why in decided.reasons[0]


def test_for_metrics_where_more_is_better_more_is_better():
    better = [PairedNight(night.day, night.rows, night.former, night.champion) for night in nights(0.03, 0.04, 0.035)]
    assert judge(better, "roc_auc").roll_back
    assert not judge(nights(0.03, 0.04, 0.035), "roc_auc").roll_back


def test_a_night_counts_by_its_rows():
    many = [*nights(0.012, 0.012, 0.012, rows=1000), PairedNight(DAY + dt.timedelta(days=9), 10, 0.5, 0.9)]
    assert judge(many).reasons[0].startswith("version 1, champion before, was 0.0106 better")


def test_two_equal_models_are_seldom_taken_for_a_better_and_a_worse_one():
    """Equal models whose nights differ by chance as much as the margin: 200 seeds, one look each."""
    import numpy as np

    taken = sum(judge(nights(*np.random.default_rng(seed).normal(0, 0.01, 5))).roll_back for seed in range(200))
    assert taken <= 10


def row(day: int, role: str, version: int, value: float | None, rows: int = 100, **other: str) -> dict[str, object]:
    base = {"partition": DAY + dt.timedelta(days=day), "role": role, "model_version": version, "slice": "all"}
    return base | {"slice_value": "all", "labelled_rows": rows, "metric": "log_loss", "value": value} | other


def test_only_nights_that_both_were_measured_on_are_paired():
    rows = [
        *(row(0, "champion", 2, 0.5), row(0, "challenger", 1, 0.4)),
        *(row(1, "champion", 2, 0.5), row(1, "challenger", 3, 0.4)),
        *(row(2, "champion", 2, 0.5), row(2, "challenger", 1, 0.4, rows=99)),
        *(row(3, "champion", 2, 0.5), row(3, "challenger", 1, None)),
        *(row(4, "champion", 2, 0.5, slice="region"), row(4, "challenger", 1, 0.4)),
        *(row(5, "champion", 2, 0.5, metric="brier"), row(5, "challenger", 1, 0.4)),
        *(row(6, "champion", 2, 0.3), row(6, "challenger", 1, 0.2)),
    ]
    assert rollback_decision.paired(rows, "log_loss", 2, 1) == [
        PairedNight(DAY, 100, 0.5, 0.4),
        PairedNight(DAY + dt.timedelta(days=6), 100, 0.3, 0.2),
    ]
