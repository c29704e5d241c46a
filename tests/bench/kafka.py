"""How fast a topic is read, and in how much memory: ``make bench-kafka``, or with a count of messages.

Writes messages of 200 bytes into a broker (tests/kafka_server.py), and extracts them by the job in a process of its own. One
partition is read straight into the file; several wait in a temporary file until they are in order.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.mongo import measured
from tests.kafka_server import Kafka
from tests.lakehouse.extraction import shipments
from tests.lakehouse.extraction.kafka_source import at, day

COLUMNS = [{"name": "order_id", "type": "string", "field": "id"}, {"name": "pieces", "type": "int"}]
JOB = [sys.executable, "-m", "jobs", "extract", "--source", "orders", "--partition", str(day(0))]


def main() -> int:
    """Measure and print a table in Markdown."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"On {len(os.sched_getaffinity(0))} cores:\n")
    print("| messages | partitions | seconds | messages/s | peak of its process, MB | the file, MB |")
    print("| --- | --- | --- | --- | --- | --- |")
    broker = Kafka()
    try:
        for count, partitions in ((10_000, 1), (many, 1), (many, 8)):
            _measure(broker, count, partitions)
    finally:
        broker.close()
    return 0


def _measure(broker: Kafka, count: int, partitions: int) -> None:
    topic = broker.topic(partitions)
    for number in range(partitions):
        broker.send(topic, (_message(one) for one in range(number, count, partitions)), number)
    source: dict[str, Any] = {"columns": COLUMNS, "fetch": None, "cadence": "daily", "arrives_after_days": 1}
    with tempfile.TemporaryDirectory() as scratch:
        shipments.declare(Path(scratch, "own"), "", kafka={"connection": "events", "topic": topic}, **source)
        environment = {
            **os.environ,
            "LAKEHOUSE_ROOT": f"{scratch}/warehouse",
            "LANDING_ROOT": f"{scratch}/landing",
            "USE_CASE_ROOTS": f"{scratch}/own",
            "NIGHTJAR_CONNECTION_EVENTS": broker.url,
        }
        run = measured(JOB, environment)
        (file,) = Path(scratch, "landing", "orders").iterdir()
        print(
            f"| {count:,} | {partitions} | {run.seconds:.1f} | {count / run.seconds:,.0f} | {run.own:.0f} | "
            f"{file.stat().st_size / 1e6:.1f} |",
            flush=True,
        )


def _message(number: int) -> tuple[str, bytes, int]:
    value = {"id": f"order{number:08d}", "pieces": number % 9, "text": ""}
    value["text"] = "x" * (200 - len(json.dumps(value)))
    return f"order{number:08d}", json.dumps(value).encode(), at(0, number / 1e6)


if __name__ == "__main__":
    sys.exit(main())
