"""Ingest keeps its books, takes corrections, and can be repeated for free."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from deltalake import DeltaTable

from jobs.ingest import job
from jobs.ingest.arguments import IngestArguments
from lakehouse.errors import DeliveryMissing, DeliveryRejected
from tests.use_cases import bakery

DAY = dt.date(2024, 3, 5)
HEADER = "shop,bread,planned,price"


def ingest(day: dt.date = DAY, through: dt.date | None = None) -> dict[str, object]:
    return job.run(IngestArguments(source="bakery_plan", partition=day, through=through)).as_json()


def land(landing_root: Path, *rows: str, day: dt.date = DAY, header: str = HEADER) -> None:
    bakery.write(landing_root, "bakery_plan", day, [header, *rows])


def rows(root: Path, table: str) -> list[dict[str, object]]:
    return list(DeltaTable(root / table).to_pyarrow_table().to_pylist())


def versions(root: Path) -> dict[str, int]:
    return {str(log.parent): DeltaTable(log.parent).version() for log in root.glob("*/*/_delta_log")}


def test_good_rows_reach_silver_and_bad_ones_the_rejects_with_their_reasons(
    lakehouse_root: Path, landing_root: Path
) -> None:
    good = [f"canal{'abcdefghijklmnopqrstuvwxyz'[n]},rye,{n},4" for n in range(26)]
    land(landing_root, *good, "market,oats,3,4")
    result = ingest()
    assert (result["delivered_rows"], result["accepted_rows"], result["rejected_rows"]) == (27, 26, 1)
    (reject,) = rows(lakehouse_root, "silver/bakery_plan_rejects")
    assert (reject["raw"], reject["line"]) == ("market,oats,3,4", 28)
    assert reject["reasons"] == "bread: expected one of rye, wheat, spelt, found 'oats'"
    assert len(rows(lakehouse_root, "silver/bakery_plan")) == 26


def test_the_same_delivery_again_changes_no_table(lakehouse_root: Path, landing_root: Path) -> None:
    land(landing_root, "canal,rye,3,4")
    ingest()
    before = versions(lakehouse_root)
    assert ingest()["status"] == "unchanged"
    assert versions(lakehouse_root) == before


def test_other_bytes_under_the_same_name_are_a_correction(lakehouse_root: Path, landing_root: Path) -> None:
    land(landing_root, "canal,rye,3,4", "market,rye,5,4")
    assert ingest()["to_restate"] == []
    land(landing_root, "canal,rye,8,4")
    assert ingest()["to_restate"] == ["bakery_sales"]
    silver = {row["shop"]: row["planned"] for row in rows(lakehouse_root, "silver/bakery_plan")}
    assert silver == {"canal": 8, "market": 5}
    assert len(rows(lakehouse_root, "ops/deliveries")) == 2
    assert len(rows(lakehouse_root, "bronze/bakery_plan")) == 3


def test_a_correction_is_taken_back_by_delivering_the_first_bytes_again(
    lakehouse_root: Path, landing_root: Path
) -> None:
    for planned in (3, 8, 3, 8):
        land(landing_root, f"canal,rye,{planned},4")
        assert ingest()["status"] == "ingested"
        assert [row["planned"] for row in rows(lakehouse_root, "silver/bakery_plan")] == [planned]
        before = versions(lakehouse_root)
        assert ingest()["status"] == "unchanged"
        assert versions(lakehouse_root) == before
    books = rows(lakehouse_root, "ops/deliveries")
    assert len({line["delivery_id"] for line in books}) == len(books) == 4
    assert len({line["checksum"] for line in books}) == 2


def test_a_kill_before_the_ledger_is_mended_by_running_again(
    lakehouse_root: Path, landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(landing_root, "canal,rye,3,4")
    with monkeypatch.context() as killed:
        killed.setattr("lakehouse.ops.deliveries.record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ingest()
    assert ingest()["accepted_rows"] == 1
    assert len(rows(lakehouse_root, "bronze/bakery_plan")) == 1
    assert len(rows(lakehouse_root, "silver/bakery_plan")) == 1


@pytest.mark.parametrize(
    ("header", "content", "expected"),
    [
        ("shop,bread,planned", ["canal,rye,3"], "missing column\\(s\\) price"),
        (HEADER, [], "found none: the file is empty or has a header alone"),
        (HEADER, ["canal,rye,x,4", "market,rye,5,4"], "at most 5% rejected rows, found 1 of 2"),
    ],
    ids=["missing column", "no rows", "too many rejects"],
)
def test_a_delivery_that_breaks_the_contract_as_a_whole_leaves_silver_untouched(
    lakehouse_root: Path, landing_root: Path, header: str, content: list[str], expected: str
) -> None:
    land(landing_root, "canal,rye,3,4")
    ingest()
    land(landing_root, *content, header=header)
    with pytest.raises(DeliveryRejected, match=expected):
        ingest()
    assert [row["planned"] for row in rows(lakehouse_root, "silver/bakery_plan")] == [3]


def test_a_refused_delivery_does_not_come_back_with_the_next_good_one(lakehouse_root: Path, landing_root: Path) -> None:
    land(landing_root, "canal,rye,x,4", "market,rye,5,4")
    with pytest.raises(DeliveryRejected):
        ingest()
    land(landing_root, "canal,rye,3,4")
    ingest()
    assert [row["shop"] for row in rows(lakehouse_root, "silver/bakery_plan")] == ["canal"]


def test_a_new_column_is_reported_and_kept_in_bronze(lakehouse_root: Path, landing_root: Path) -> None:
    land(landing_root, "canal,rye,3,4,Ann,7", header=f"{HEADER},baker,oven")
    assert ingest()["new_columns"] == ["baker", "oven"]
    (row,) = rows(lakehouse_root, "bronze/bakery_plan")
    assert row["extra"] == '{"baker": "Ann", "oven": "7"}'


def test_a_delivery_of_an_unusual_size_is_refused_until_somebody_says_that_it_is_right(
    lakehouse_root: Path, landing_root: Path
) -> None:
    days = [DAY + dt.timedelta(days=offset) for offset in range(7)]
    bakery.deliver(landing_root, DAY, days[-2])
    ingest(DAY, days[-2])
    land(landing_root, "canal,rye,3,4", day=days[-1])
    with pytest.raises(
        DeliveryRejected, match=r"truncated or incomplete: expected 9 to 36 rows, .* median 18 of the 6 .* found 1"
    ):
        ingest(days[-1])
    assert sum(row["partition"] == days[-1] for row in rows(lakehouse_root, "silver/bakery_plan")) == 0
    asked = IngestArguments(source="bakery_plan", partition=days[-1], any_volume=True)
    assert job.run(asked).accepted_rows == 1
    assert ingest(days[-1])["status"] == "unchanged"


def test_a_correction_may_be_as_short_as_it_likes(lakehouse_root: Path, landing_root: Path) -> None:
    last = DAY + dt.timedelta(days=6)
    bakery.deliver(landing_root, DAY, last)
    ingest(DAY, last)
    land(landing_root, "canal,rye,3,4", day=last)
    assert ingest(last)["accepted_rows"] == 1


def test_a_day_that_has_not_landed_is_named(lakehouse_root: Path, landing_root: Path) -> None:
    land(landing_root, "canal,rye,3,4")
    with pytest.raises(DeliveryMissing, match="found none for 2024-03-06, 2024-03-07"):
        ingest(DAY, DAY + dt.timedelta(days=2))
    assert not lakehouse_root.exists()


def test_a_range_in_one_run_equals_the_days_one_by_one(
    lakehouse_root: Path, landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [DAY + dt.timedelta(days=offset) for offset in range(4)]
    bakery.deliver(landing_root, days[0], days[-1])
    ingest(days[0], days[-1])
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(lakehouse_root.parent / "by_day"))
    for day in days:
        ingest(day)

    def content(root: Path) -> list[str]:
        return sorted(str(sorted(row.items())) for row in rows(root, "silver/bakery_plan"))

    assert content(lakehouse_root) == content(lakehouse_root.parent / "by_day")
