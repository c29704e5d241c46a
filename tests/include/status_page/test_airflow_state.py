"""What Airflow's database says of the nights: which failures are still news, and which DAGs start no run."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tests import status_nights as nights

if TYPE_CHECKING:
    from sqlalchemy.orm import sessionmaker

HOUR = dt.timedelta(hours=1)


def run(session: Any, dag: str, number: int, state: str, key: str | None, conf: dict[str, Any] | None) -> None:
    """A run that many hours before now; of a failed one its task."""
    from uuid import uuid4

    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import insert

    at, name = nights.NOW - number * HOUR, f"run {number}"
    session.execute(
        insert(DagRun).values(
            dag_id=dag, run_id=name, run_type="manual", run_after=at, state=state, partition_key=key, queued_at=at,
            start_date=at, clear_number=0, span_status="not_started", conf=conf,
        )
    )  # fmt: skip
    if state == "failed":
        session.execute(
            insert(TaskInstance).values(
                id=uuid4(), task_id="score", dag_id=dag, run_id=name, map_index=-1, end_date=at, try_number=1, max_tries=0,
                state="failed", pool="default_pool", pool_slots=1, executor_config={}, span_status="not_started",
            )
        )  # fmt: skip


def test_a_run_by_hand_is_of_the_day_in_its_form_and_follows_those_that_failed_for_it(
    airflow: sessionmaker[Any],
) -> None:
    from include.status_page import airflow_state

    day, before = str(nights.TODAY), str(nights.TODAY - nights.A_DAY)
    with airflow() as session:
        # Tonight failed, and by hand it went well; the night before failed by hand, and nothing has followed.
        run(session, "score__by_hand", 5, "failed", day, None)
        run(session, "score__by_hand", 4, "failed", None, {"partition": before})
        run(session, "score__by_hand", 3, "success", None, {"partition": day})
        # One without a day counts until the next run of its DAG, whichever that is.
        run(session, "retire__by_hand", 5, "failed", None, {"dry_run": True})
        run(session, "retire__by_hand", 4, "success", day, None)
        run(session, "train__by_hand", 5, "failed", None, None)
        found = airflow_state.read(session, ["score__by_hand", "retire__by_hand", "train__by_hand"], nights.NOW)
        session.rollback()
    assert sorted((one.dag, one.run, str(one.day)) for one in found.failed) == [
        ("score__by_hand", "run 4", before),
        ("train__by_hand", "run 5", "None"),
    ]


def test_a_dag_whose_file_cant_be_imported_is_told(airflow: sessionmaker[Any]) -> None:
    from airflow.models.dag import DagModel

    from include.status_page import airflow_state
    from tests import status_server

    status_server.dag(airflow, "score__import_error", "monitor__import_error")
    with airflow() as session:
        session.get(DagModel, "score__import_error").has_import_errors = True
        found = airflow_state.read(session, ["score__import_error", "monitor__import_error"], nights.NOW)
        session.rollback()
    assert found.broken == {"score__import_error"} and not found.paused
