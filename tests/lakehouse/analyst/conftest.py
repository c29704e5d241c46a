"""What the tests of analysts share: a small lakehouse, and commands on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.__main__ import main
from tests.lakehouse.analyst.small_lakehouse import EVENTS, JUNE_1, SCORED_AT


@pytest.fixture
def root(tmp_path: Path) -> str:
    """Three days of scores, a partition and a commit each; a model event; and the same name in two layers."""
    for after in range(3):
        day = JUNE_1 + timedelta(days=after)
        scores = pa.table(
            {
                "carrier": ["AA", "UA"],
                "score": [0.25 + after, 0.5 + after],
                "scored_at": pa.array([SCORED_AT + timedelta(days=after)] * 2, pa.timestamp("us", "UTC")),
                "partition": [day] * 2,
            }
        )
        write_deltalake(tmp_path / "gold" / "demo_scores", scores, partition_by=["partition"], mode="append")
    write_deltalake(tmp_path / "ops" / "model_events", pa.table({"event": ["promoted"], "reason": [None]}, EVENTS))
    for layer in ("silver", "bronze"):
        write_deltalake(tmp_path / layer / "weather", pa.table({"temp": [39.02], "layer": [layer]}))
    return str(tmp_path)


@pytest.fixture
def command(
    root: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs the command line on the lakehouse; gives its exit code, output and errors."""
    monkeypatch.setenv("LAKEHOUSE_ROOT", root)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
