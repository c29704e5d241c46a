"""The demo ends when what its nights have started has ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from include.flight_delays.demo.nights import Nights
from stack.airflow_client import AirflowClient


class Airflow:
    """One whose runs of these DAGs are under way."""

    def __init__(self, **runs: list[str]) -> None:
        self._runs = runs
        self.waited: list[tuple[str, str]] = []

    def under_way(self, dag_id: str) -> list[dict[str, Any]]:
        return [{"dag_run_id": run} for run in self._runs.get(dag_id, [])]

    def wait(self, dag_id: str, run_id: str, seconds: float) -> None:
        assert seconds > 0
        self.waited.append((dag_id, run_id))


def test_a_rollback_that_scores_its_nights_again_is_waited_for(tmp_path: Path) -> None:
    airflow = Airflow(rollback__loans=["rollback__2_to_1"], rollback__others=["rollback__3_to_2"])
    Nights(cast(AirflowClient, airflow), "loans", tmp_path).await_rollbacks()
    assert airflow.waited == [("rollback__loans", "rollback__2_to_1")]


def test_without_one_nothing_is(tmp_path: Path) -> None:
    airflow = Airflow()
    Nights(cast(AirflowClient, airflow), "loans", tmp_path).await_rollbacks()
    assert airflow.waited == []
