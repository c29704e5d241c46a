"""A use case whose tables and deliveries lie in an object store, from its deliveries to a monitored day."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.__main__ import main as lakehouse
from lakehouse.settings import PROJECT_ROOT
from tests.jobs import store_chain
from tests.s3_server import S3
from tests.services import with_own_spark
from tests.use_cases import bakery

pytestmark = pytest.mark.process


def rows(query: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What analysts see."""
    capsys.readouterr()
    assert lakehouse(["sql", query, "--format", "json"]) == 0
    return [dict(row) for row in json.loads(capsys.readouterr().out)]


def test_a_use_case_lives_in_an_object_store(
    store_root: str,
    s3_server: S3,
    mlflow_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("USE_CASE_ROOTS", str(Path(bakery.__file__).parent))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    # By TLS, with a certificate of an authority of the tests' own: all that reads and writes, Java too, knows it by this.
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.secure_endpoint)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(s3_server.trust))
    # Few enough that Spark's workers read and write everything that they ever do.
    environment = with_own_spark() | {"IN_PROCESS_ROWS": "10"}
    command = [sys.executable, "-m", "tests.jobs.store_chain"]
    done = subprocess.run(command, env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-5000:]

    days = (store_chain.DAY - store_chain.FIRST).days + 1
    assert rows("select count(*) as n from silver.bakery_plan", capsys) == [{"n": days * 18}]
    counted = "select count(*) as n, min(partition) as first, max(partition) as last from gold.bakery_sales_scores"
    day = str(store_chain.DAY)
    assert rows(counted, capsys) == [{"n": 18, "first": day, "last": day}]
    assert rows("select count(distinct score) > 5 as differ from gold.bakery_sales_scores", capsys) == [
        {"differ": True}
    ]
    ledger = "select count(*) as n, sum(accepted_rows) as rows, min(origin) as origin from ops.deliveries"
    assert rows(ledger, capsys) == [
        {
            "n": days + days - 7,
            "rows": (days + days - 7) * 18,
            "origin": f"{store_root.removesuffix('warehouse')}landing/bakery_plan/{store_chain.FIRST}.csv",
        }
    ]
    assert rows("select count(*) > 0 as any from gold.bakery_sales_drift", capsys) == [{"any": True}]
    # No key is where others could read it.
    assert s3_server.variables["AWS_SECRET_ACCESS_KEY"] not in done.stdout + done.stderr
    assert not list((tmp_path / "warehouse").glob("*")) and dt.date.fromisoformat(day) == store_chain.DAY
