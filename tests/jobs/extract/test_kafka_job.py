"""From a topic to silver and the rejects: extract lands a window, ingest takes it in, and the books add up. The broker is real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from jobs.__main__ import main
from lakehouse.extraction import kafka_topic
from lakehouse.ops import deliveries, erasures
from tests.jobs.killed import KilledJobs
from tests.kafka_server import Kafka
from tests.lakehouse.extraction import shipments
from tests.lakehouse.extraction.kafka_source import NOW, at, day, read, shops, source

COLUMNS = [
    {"name": "order_id", "type": "string", "field": "id"},
    {"name": "pieces", "type": "int", "nullable": True},
    {"name": "cancelled", "type": "boolean", "nullable": True},
]


@pytest.fixture
def orders(kafka: Kafka, lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write into the topic of a daily source ``orders``: a day's messages, as keys and values."""
    topic = kafka.topic(2)
    section = {"connection": "events", "topic": topic, "fields": {"key": "id", "deleted": "cancelled"}}
    day_by_day: dict[str, Any] = {"cadence": "daily", "arrives_after_days": 1, "max_reject_share": 0.5}
    shipments.declare(tmp_path / "own", "", columns=COLUMNS, fetch=None, kafka=section, **day_by_day)
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "own"))
    monkeypatch.setenv("NIGHTJAR_CONNECTION_EVENTS", kafka.url)

    def send(number: int, *messages: tuple[str, Any], hours: float = 12, partition: int = 0) -> None:
        kafka.send(topic, [(key, value, at(number, hours)) for key, value in messages], partition)

    send.topic = topic  # type: ignore[attr-defined]
    return send


def run(tmp_path: Path, stage: str, number: int, *switches: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the result of a job, as a scheduler sees them."""
    file = tmp_path / "result.json"
    code = main([stage, "--source=orders", f"--partition={day(number)}", f"--result={file}", *switches])
    return code, json.loads(file.read_text())


def night(tmp_path: Path, number: int) -> dict[str, Any]:
    assert run(tmp_path, "extract", number)[0] == 0
    code, result = run(tmp_path, "ingest", number)
    assert code == 0, result
    return result


def rows(root: Path, table: str) -> list[dict[str, Any]]:
    return list(DeltaTable(root / table).to_pyarrow_table().to_pylist())


def silver(root: Path) -> dict[tuple[str, int], Any]:
    """The pieces of each order and day; a cancelled one has no number but its word."""
    return {
        (row["order_id"], (row["partition"] - day(0)).days): "cancelled" if row["cancelled"] else row["pieces"]
        for row in rows(root, "silver/orders")
    }


def test_day_after_day_silver_has_what_was_written_and_the_later_message_of_a_key_wins(
    orders: Any, lakehouse_root: Path, tmp_path: Path
) -> None:
    orders(0, ("a", {"pieces": 1}), ("b", {"pieces": 2}), ("a", {"pieces": 3}))
    # A key that moved to another partition, as keys do when partitions are added.
    orders(0, ("b", {"pieces": 4}), hours=13, partition=1)
    counted = night(tmp_path, 0)
    assert [counted[f"{what}_rows"] for what in ("delivered", "accepted", "rejected", "duplicate")] == [4, 2, 0, 2]
    orders(1, ("a", None), ("c", {"pieces": 5}))
    night(tmp_path, 1)
    assert silver(lakehouse_root) == {("a", 0): 3, ("b", 0): 4, ("a", 1): "cancelled", ("c", 1): 5}


def test_what_is_no_json_is_rejected_with_its_text_and_counted_and_the_ledger_names_the_offsets(
    orders: Any, lakehouse_root: Path, tmp_path: Path
) -> None:
    orders(0, ("a", {"pieces": 1}), ("b", b"no json"), ("c", b"\xff"), ("d", b'{"pieces":\n2}'), ("e", b""), ("f", {}))
    night(tmp_path, 0)
    assert silver(lakehouse_root) == {("a", 0): 1, ("d", 0): 2, ("f", 0): None}
    rejects = {row["raw"]: row["reasons"] for row in rows(lakehouse_root, "silver/orders_rejects")}
    assert sorted(rejects) == ['""', '"\\udcff"', "no json"]
    assert "can't be read as JSON" in str(rejects["no json"])
    assert "expected a JSON object, found a text" in str(rejects['""'])
    (line,) = deliveries.lines_of(["orders"])
    assert (line.delivered_rows, line.accepted_rows, line.rejected_rows, line.status) == (6, 3, 3, deliveries.INGESTED)
    assert line.origin.startswith(f"kafka events {orders.topic} ")
    assert line.origin.endswith(" from the beginning at 0,0 until 6,0 by 2024-03-05T23:00:00Z")


def test_a_key_that_is_no_text_or_not_there_and_a_field_that_comes_twice_are_rejected(
    orders: Any, lakehouse_root: Path, tmp_path: Path
) -> None:
    orders(0, ("a", {"pieces": 1}), (b"\xff", {}), (None, {}), ("d", {"id": "x"}), *((key, {}) for key in "efg"))
    night(tmp_path, 0)
    assert sorted(name for name, _ in silver(lakehouse_root)) == ["a", "e", "f", "g"]
    reasons = sorted(str(row["reasons"]) for row in rows(lakehouse_root, "silver/orders_rejects"))
    for why in ("a field is named twice", "bytes that are no UTF-8", "id: expected a value"):
        assert any(why in reason for reason in reasons), (why, reasons)


def test_a_kill_before_a_file_has_landed_or_before_it_was_ingested_loses_and_doubles_nothing(
    orders: Any, lakehouse_root: Path, tmp_path: Path, killed_jobs: KilledJobs
) -> None:
    orders(0, ("a", {"pieces": 1}), ("b", {"pieces": 2}))
    extract = ("extract", "--source=orders", f"--partition={day(0)}")
    assert killed_jobs.run(".partial', '/", *extract) == -9
    landing = tmp_path / "landing" / "orders"
    assert [file.name for file in landing.iterdir()] == [f".{day(0)}.jsonl.gz.partial"]
    assert run(tmp_path, "extract", 0)[1]["documents"] == 2
    before = (landing / f"{day(0)}.jsonl.gz").read_bytes()
    assert killed_jobs.run(".jsonl.gz', 'r", "ingest", "--source=orders", f"--partition={day(0)}") == -9
    # Meanwhile a message came that would be of the same day.
    orders(0, ("late", {"pieces": 3}))
    assert run(tmp_path, "extract", 0)[1]["documents"] == 2
    assert (landing / f"{day(0)}.jsonl.gz").read_bytes() == before
    assert run(tmp_path, "ingest", 0)[1]["accepted_rows"] == 2
    assert run(tmp_path, "ingest", 0)[1]["status"] == "unchanged"
    night(tmp_path, 1)
    assert silver(lakehouse_root) == {("a", 0): 1, ("b", 0): 2, ("late", 1): 3}


def test_an_erased_key_does_not_land_again_whatever_else_the_topic_has(
    orders: Any, tmp_path: Path, lakehouse_root: Path
) -> None:
    erasures.ask("orders", "gone", "asked", "desk", NOW)
    orders(0, ("gone", {"pieces": 1}), ("gone", None), ("b", b"no json"), ("c", b"[1]"), ("d", {"pieces": 2}))
    assert run(tmp_path, "extract", 0)[1]["documents"] == 3
    assert run(tmp_path, "ingest", 0)[0] == 11
    orders(1, *((key, {}) for key in "efghi"))
    night(tmp_path, 1)
    assert "gone" not in {name for name, _ in silver(lakehouse_root)}


def test_a_gap_ends_the_job_with_its_own_code_and_the_switch_goes_on(
    orders: Any, kafka: Kafka, lakehouse_root: Path, tmp_path: Path
) -> None:
    orders(0, ("a", {"pieces": 1}))
    night(tmp_path, 0)
    orders(1, *((key, {"pieces": 2}) for key in "bcd"))
    kafka.expire(orders.topic, {0: 2})
    code, told = run(tmp_path, "extract", 1)
    assert (code, told["error"]) == (72, "KafkaGap")
    assert run(tmp_path, "extract", 1, "--any-gap")[0] == 0
    # The file has landed, so the offsets are known.
    night(tmp_path, 1)
    line = deliveries.lines_of(["orders"])[-1]
    assert (line.delivered_rows, line.origin.partition(" without ")[2]) == (2, "0:1-1")


def test_a_range_of_days_is_a_delivery_a_day(orders: Any, lakehouse_root: Path, tmp_path: Path) -> None:
    for number in range(3):
        orders(number, (f"of day {number}", {"pieces": number}))
    assert run(tmp_path, "extract", 0, f"--through={day(2)}")[1]["documents"] == 3
    assert run(tmp_path, "ingest", 0, f"--through={day(2)}")[1]["deliveries"] == 3
    assert silver(lakehouse_root) == {(f"of day {number}", number): number for number in range(3)}


def test_a_landing_zone_in_an_object_store_keeps_the_window_too(
    kafka: Kafka, store_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = kafka.topic()
    monkeypatch.setenv("NIGHTJAR_CONNECTION_EVENTS", kafka.url)
    kafka.send(topic, shops("ab"))
    one = source(topic)
    result = read(one)
    assert (result["documents"], result["file"][:5]) == (2, "s3://")
    kafka.send(topic, shops("c"))
    assert read(one) == result
    kafka.expire(topic, {0: 1})
    assert read(one) == result


def test_a_broker_that_does_not_answer_is_tried_again(
    orders: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_topic, "ANSWER_SECONDS", 1)
    monkeypatch.setenv("NIGHTJAR_CONNECTION_EVENTS", "kafka://ann:s3cret@127.0.0.1:1")
    code, told = run(tmp_path, "extract", 0)
    assert (code, told["error"], told["retryable"]) == (16, "SourceUnavailable", True)
    assert "s3cret" not in told["message"]
