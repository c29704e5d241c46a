"""After the contract is mended, what now passes moves into silver: once, with its books, and features learn of it."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from deltalake import DeltaTable

from jobs.ingest import job as ingest
from jobs.ingest import replay as replay
from jobs.ingest.arguments import IngestArguments, ReplayArguments
from lakehouse.errors import DeliveryRejected
from lakehouse.ops import deliveries
from tests.use_cases import bakery

DAY, NEXT = dt.date(2024, 3, 5), dt.date(2024, 3, 6)
# Enough good rows that one bad one is below the limit of rejects.
GOOD = [f"shop{letter},rye,3,4" for letter in "abcdefghijklmnopqrstuvwxyz"]


@pytest.fixture
def declaration(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bakery's contract, for the test to change."""
    root = lakehouse_root.parent / "mended"
    shutil.copytree(Path(bakery.__file__).parent / "bakery_sales", root / "bakery_sales")
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    return root / "bakery_sales" / "use_case.yaml"


def mend(declaration: Path, old: str, new: str) -> None:
    text = declaration.read_text()
    assert old in text
    declaration.write_text(text.replace(old, new))


def deliver(landing_root: Path, day: dt.date, *rows: str) -> None:
    bakery.write(landing_root, "bakery_plan", day, ["shop,bread,planned,price", *rows])
    ingest.run(IngestArguments(source="bakery_plan", partition=day)).as_json()


def run(**more: object) -> dict[str, object]:
    return replay.run(ReplayArguments(source="bakery_plan", **more)).as_json()  # type: ignore[arg-type]


def silver(root: Path, table: str = "bakery_plan") -> list[dict[str, object]]:
    return list(DeltaTable(root / "silver" / table).to_pyarrow_table().to_pylist())


def books() -> list[tuple[int, int, int, str]]:
    lines = deliveries.lines_of(["bakery_plan"])
    return [(line.delivered_rows, line.accepted_rows, line.rejected_rows, line.status) for line in lines]


def test_rejects_that_now_pass_move_into_silver_once(
    declaration: Path, lakehouse_root: Path, landing_root: Path
) -> None:
    deliver(landing_root, DAY, *GOOD, "market,oats,3,4")
    deliver(landing_root, NEXT, *GOOD)
    before = deliveries.arrived(["bakery_plan"], DAY, NEXT)
    assert run()["status"] == "unchanged"
    mend(declaration, "wheat, spelt", "wheat, spelt, oats")
    moved = run()
    assert (moved["status"], moved["partitions"], moved["moved_rows"]) == ("replayed", [DAY], 1)
    assert (len(silver(lakehouse_root)), silver(lakehouse_root, "bakery_plan_rejects")) == (53, [])
    assert books() == [(27, 27, 0, "ingested"), (26, 26, 0, "ingested")]
    assert run()["status"] == "unchanged"
    # What is built from the day becomes stale, although no delivery came.
    after = deliveries.arrived(["bakery_plan"], DAY, NEXT)
    assert [key for key in after if after[key] != before[key]] == [("bakery_plan", DAY)]


def test_a_delivery_that_was_refused_is_taken_in_and_another_stays_refused(
    declaration: Path, lakehouse_root: Path, landing_root: Path
) -> None:
    with pytest.raises(DeliveryRejected):
        deliver(landing_root, DAY, "market,oats,3,4", "canal,rye,3,4")
    with pytest.raises(DeliveryRejected):
        deliver(landing_root, NEXT, "market,rye,x,4", "canal,rye,3,4")
    mend(declaration, "wheat, spelt", "wheat, spelt, oats")
    assert run()["moved_rows"] == 2
    assert {row["partition"] for row in silver(lakehouse_root)} == {DAY}
    assert books() == [(2, 2, 0, "ingested"), (2, 0, 2, "refused")]


def test_a_contract_that_would_refuse_what_is_in_silver_changes_nothing(
    declaration: Path, lakehouse_root: Path, landing_root: Path
) -> None:
    deliver(landing_root, DAY, *GOOD)
    before = silver(lakehouse_root)
    mend(declaration, "rye, wheat, spelt", "wheat, spelt")
    with pytest.raises(DeliveryRejected, match="refuses deliveries that are in silver"):
        run()
    assert silver(lakehouse_root) == before


def test_a_source_without_deliveries_has_nothing_to_replay(declaration: Path) -> None:
    assert run()["status"] == "none"
