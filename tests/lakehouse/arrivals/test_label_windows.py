"""A label has matured when its whole window has arrived by the ledger, and never where the window reaches beyond the calendar."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.arrivals.label_windows import LabelArrivals
from lakehouse.declaration import UseCase
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from tests.use_cases import buyers

# Around a year's end, which ends no window, and the calendar's, which does.
FIRST = dt.date(2024, 12, 28)
DAYS = [FIRST + dt.timedelta(days=number) for number in range(10)]
END = dt.date(2025, 1, 8)
AHEAD = [FIRST + dt.timedelta(days=number) for number in range(16)]


def line(source: str, day: dt.date, status: str) -> Delivery:
    now = dt.datetime(2025, 6, 1, tzinfo=dt.UTC)
    return Delivery(source, f"{source}{day}", day, "f", "c", 3, 3, 0, 0, status, now)


def declared(root: Path, from_day: int, to_day: int) -> UseCase:
    window = {"source": "purchases", "from_day": from_day, "to_day": to_day}
    split = {
        "train": {"first": 90, "last": 61},
        "validation": {"first": 45, "last": 40},
        "holdout": {"first": 24, "last": 20},
    }
    calendar = {"end": END}
    return buyers.declare(root, label={"inputs": [window]}, split=split, calendar=calendar)


@settings(max_examples=20, deadline=None)
@given(
    window=st.tuples(st.integers(0, 5), st.integers(0, 5)).map(sorted),
    status=st.lists(
        st.sampled_from(["ingested", "ingested", "ingested", "refused", "absent"]), min_size=16, max_size=16
    ),
    customers=st.sampled_from([None, FIRST, FIRST + dt.timedelta(days=3)]),
)
def test_it_has_matured_when_a_look_at_every_day_of_the_window_says_so(
    window: list[int], status: list[str], customers: dt.date | None
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_ROOT", f"{folder}/lakehouse")
        use_case = declared(Path(folder) / "root", *window)
        if customers is not None:
            deliveries.record([line("customers", customers, "ingested")])
        by_day = dict(zip(AHEAD, status, strict=True))
        deliveries.record([line("purchases", day, said) for day, said in by_day.items() if said != "absent"])
        arrivals = LabelArrivals(use_case, DAYS)
        for day in DAYS:
            read = [day + dt.timedelta(days=ahead) for ahead in range(window[0], window[1] + 1)]
            whole = all(by_day[one] == "ingested" and one <= END for one in read)
            known = customers is not None and customers <= day
            found = arrivals.inputs(day)
            assert (found is not None) == (whole and known), (day, window)
            if found is not None:
                assert set(found) == {f"customers {customers}", *(f"purchases {one}" for one in read)}


def test_when_a_label_is_known_follows_from_the_window_and_the_arrival(tmp_path: Path) -> None:
    assert declared(tmp_path, 1, 5).maturity_days == 6
    outcomes = {**buyers.declaration()["sources"][1], "name": "refunds", "arrives_after_days": 4}
    windows = [{"source": "purchases", "from_day": 1, "to_day": 5}, {"source": "refunds", "from_day": 0, "to_day": 3}]
    sources = [*buyers.declaration()["sources"], outcomes]
    assert buyers.declare(tmp_path, label={"inputs": windows}, sources=sources).maturity_days == 7
