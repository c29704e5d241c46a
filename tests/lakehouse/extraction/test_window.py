"""Which documents belong to a day's delivery."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lakehouse.declaration import Mongo, loader
from lakehouse.errors import WindowOpen
from lakehouse.extraction import extraction_window
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import INGESTED, REFUSED, Delivery

DAY = dt.date(2024, 3, 5)
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
SHOPS = "mongodb bakery.shops changed from the beginning until"


def of_delivery(
    day: dt.date = DAY, arrives_after_days: int = 0, now: dt.datetime = NOW
) -> extraction_window.ExtractionWindow:
    use_case, source = loader.by_source("bakery_shops")
    assert source.mongo is not None
    source = source.model_copy(update={"arrives_after_days": arrives_after_days})
    (window,) = extraction_window.of_changes(use_case, source, day, day, now)
    return window


def taken_in(day: dt.date, origin: str, status: str = INGESTED) -> None:
    identity = deliveries.delivery_id("bakery_shops", day, origin + status)
    deliveries.record([Delivery("bakery_shops", identity, day, origin, "", 0, 0, 0, 0, status, NOW)])


@pytest.mark.parametrize(
    ("day", "arrives_after_days", "until"),
    [
        (DAY, 0, dt.datetime(2024, 3, 4, 23)),
        (DAY, 1, dt.datetime(2024, 3, 5, 23)),
        # The night in which the clocks of Paris go forward.
        (dt.date(2024, 3, 31), 1, dt.datetime(2024, 3, 31, 22)),
    ],
)
def test_it_ends_with_the_local_midnight_by_which_the_delivery_is_due(
    lakehouse_root: Path, day: dt.date, arrives_after_days: int, until: dt.datetime
) -> None:
    assert of_delivery(day, arrives_after_days).until == until.replace(tzinfo=dt.UTC)


def test_it_is_open_until_that_instant(lakehouse_root: Path) -> None:
    end = of_delivery().until
    assert of_delivery(now=end).until == end
    with pytest.raises(WindowOpen, match="run again after that"):
        of_delivery(now=end - dt.timedelta(seconds=1))


def test_it_begins_where_the_newest_ingested_window_of_an_earlier_day_ended(lakehouse_root: Path) -> None:
    assert of_delivery().since is None
    taken_in(DAY - dt.timedelta(days=4), f"{SHOPS} 2024-02-29T23:00:00Z")
    taken_in(DAY - dt.timedelta(days=5), f"{SHOPS} 2024-02-28T23:00:00Z")
    assert of_delivery().since == dt.datetime(2024, 2, 29, 23, tzinfo=dt.UTC)
    assert of_delivery().origin == "mongodb bakery.shops changed from 2024-02-29T23:00:00Z until 2024-03-04T23:00:00Z"


def test_windows_refused_of_later_days_of_other_collections_and_files_do_not_move_it(lakehouse_root: Path) -> None:
    before = DAY - dt.timedelta(days=1)
    taken_in(before, f"{SHOPS} 2024-03-03T23:00:00Z", REFUSED)
    taken_in(DAY, f"{SHOPS} 2024-03-04T23:00:00Z")
    taken_in(DAY + dt.timedelta(days=1), f"{SHOPS} 2024-03-05T23:00:00Z")
    taken_in(before, "mongodb bakery.ovens changed from the beginning until 2024-03-03T23:00:00Z")
    taken_in(before, "mongodb bakery.shops seen from the beginning until 2024-03-03T23:00:00Z")
    taken_in(before, "landing/bakery_shops/2024-03-04.csv")
    assert of_delivery().since is None


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("database", "", "a name is expected"),
        ("database", "a.b", "a name without ."),
        ("database", "a" * 64, "at most 63"),
        ("collection", "a$b", r"a name without \$"),
        ("collection", "a\0b", "a name without NUL"),
        ("updated_at", "$natural", r"a name without \$"),
        ("updated_at", "meta.changed", r"a name without \."),
        ("batch_rows", 0, "greater than or equal to 1"),
    ],
)
def test_a_name_that_mongodb_or_the_query_can_not_take_is_refused(field: str, value: object, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Mongo.model_validate({"database": "bakery", "collection": "shops", field: value})
