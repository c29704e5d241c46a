"""The same campaign that nobody disturbs, by the jobs in one process on a local folder.

    python -m tests.cluster.undisturbed NIGHTS

in an environment whose settings name that folder, an MLflow and a Spark of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from include.flight_delays.demo import feed
from jobs.__main__ import main as job
from lakehouse import settings
from tests import mlflow_server
from tests.cluster.campaign import DAY, HISTORY, PLAN, RESULTS, SOURCES, TRAINED_FOR, USE_CASE, night

SECONDS = 900


def run(folder: Path, nights: int) -> None:
    """Leave in ``folder`` what ``nights`` nights leave when nothing happens: ``warehouse`` and ``landing``."""
    with tempfile.TemporaryDirectory(prefix="nightjar-mlflow-") as store, mlflow_server.running(Path(store)) as address:
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SPARK_")},
            "SPARK_MASTER": "local[2]",
            "PYSPARK_PYTHON": sys.executable,
            "LAKEHOUSE_ROOT": str(folder / "warehouse"),
            "LANDING_ROOT": str(folder / "landing"),
            "NIGHTJAR_HOME": str(folder / "state"),
            "MLFLOW_TRACKING_URI": address,
        }
        command = [sys.executable, "-m", "tests.cluster.undisturbed", str(nights)]
        with (folder / "undisturbed.log").open("wb") as log:
            ended = subprocess.run(
                command, env=environ, cwd=settings.PROJECT_ROOT, stdout=log, stderr=log, timeout=SECONDS
            )
    if ended.returncode != 0:
        said = (folder / "undisturbed.log").read_text(errors="replace")[-3000:]
        raise AssertionError(f"the undisturbed run failed:\n{said}")


def main(nights: int) -> None:
    """Live through it, in this process."""
    landing, (first, last) = Path(settings.load().landing_root), HISTORY
    feed.deliver(landing, first, last)
    for source in SOURCES:
        _job("ingest", "--source", source, "--partition", str(first), "--through", str(last))
    _job("features", "--use-case", USE_CASE, "--partition", str(first), "--through", str(last))
    _train(str(TRAINED_FOR))
    for number in range(nights):
        day = night(number)
        feed.deliver(landing, day - DAY, day - DAY, RESULTS)
        feed.deliver(landing, day, day, [PLAN])
        for source in RESULTS:
            _job("ingest", "--source", source, "--partition", str(day - DAY))
        if number:
            _monitor(str(day - DAY))
        _job("ingest", "--source", PLAN, "--partition", str(day))
        for stage in ("features", "score"):
            _job(stage, "--use-case", USE_CASE, "--partition", str(day))
        _monitor(str(day))


def _monitor(day: str) -> None:
    told = _job("monitor", "--use-case", USE_CASE, "--partition", day)
    if told["retrain"]:
        _train(told["retrain_for"])


def _train(day: str) -> None:
    version = _job("train", "--use-case", USE_CASE, "--partition", day)["model_version"]
    _job("gate", "--use-case", USE_CASE, "--partition", day, "--model-version", str(version))


def _job(*arguments: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        if code := job([*arguments, "--result", str(file)]):
            sys.exit(f"{' '.join(arguments)}: exit code {code}")
        told: dict[str, Any] = json.loads(file.read_text())
        return told


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main(int(sys.argv[1]))
