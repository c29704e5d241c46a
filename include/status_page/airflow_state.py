"""What Airflow's own database says of a night, read with limits: paused DAGs, failed tasks, what waits for a person.

A failure leaves no row in any table of the lakehouse. Nothing is written.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Sequence
from typing import Any

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lakehouse.status.orchestration import FailedTask, Orchestration, Question

log = logging.getLogger(__name__)

# So long a failed run is looked for.
SINCE = dt.timedelta(days=4)
# So many runs, failed tasks and questions are looked at, the newest.
MOST_RUNS, MOST_TASKS, MOST_QUESTIONS = 5000, 200, 100
UNDER_WAY = (DagRunState.QUEUED, DagRunState.RUNNING)
WAITING = (TaskInstanceState.AWAITING_INPUT, TaskInstanceState.DEFERRED, TaskInstanceState.RUNNING)


def of(dags: Collection[str], now: dt.datetime) -> Orchestration:
    """What Airflow knows of these DAGs; of none when its database does not answer."""
    try:
        with create_session(scoped=False) as session:
            return read(session, sorted(dags), now)
    except SQLAlchemyError:
        log.exception("Airflow's database could not be asked about the nights")
        return Orchestration()


def read(session: Session, dags: Sequence[str], now: dt.datetime) -> Orchestration:
    """The same by an open session."""
    known = session.execute(
        select(DagModel.dag_id, DagModel.is_paused, DagModel.has_import_errors).where(
            DagModel.dag_id.in_(dags), DagModel.is_stale.is_(False)
        )
    ).all()
    runs = session.execute(
        select(DagRun.dag_id, DagRun.run_id, DagRun.partition_key, DagRun.state, DagRun.conf)
        .where(DagRun.dag_id.in_(dags), DagRun.run_after >= now - SINCE)
        .order_by(DagRun.run_after.desc(), DagRun.id.desc())
        .limit(MOST_RUNS)
    ).all()
    running = session.scalars(
        select(DagRun.dag_id).where(DagRun.dag_id.in_(dags), DagRun.state.in_(UNDER_WAY)).distinct()
    )
    return Orchestration(
        True,
        frozenset(dag for dag, *_ in known),
        frozenset(dag for dag, paused, _ in known if paused),
        frozenset(running),
        tuple(_failed(session, _newest_failed(runs))),
        tuple(_questions(session, dags)),
        frozenset(dag for dag, _, broken in known if broken),
    )


def _newest_failed(runs: Sequence[Any]) -> dict[tuple[str, str], str | None]:
    """The failed runs that no later one of the same DAG and day has followed, with their partition keys.

    The day of a run by hand may stand in its form. One without any is followed by whichever run of its DAG comes next, an erasure
    by none: each is of a key of its own.
    """
    seen: set[tuple[str, str | None]] = set()
    failed = {}
    for dag, run, partition_key, state, conf in runs:
        day = partition_key or (conf.get("partition") if isinstance(conf, dict) else None)
        key = run if dag.startswith("erase__") else day
        if (dag, key) in seen:
            continue
        # Each follows those without a day.
        seen |= {(dag, key), (dag, None)}
        if state == DagRunState.FAILED:
            failed[dag, run] = day
    return failed


def _failed(session: Session, runs: dict[tuple[str, str], str | None]) -> list[FailedTask]:
    if not runs:
        return []
    found = session.execute(
        select(TaskInstance.dag_id, TaskInstance.task_id, TaskInstance.run_id, TaskInstance.end_date)
        .where(
            TaskInstance.dag_id.in_(sorted({dag for dag, _ in runs})),
            TaskInstance.run_id.in_(sorted({run for _, run in runs})),
            TaskInstance.state == TaskInstanceState.FAILED,
        )
        .order_by(TaskInstance.end_date.desc())
        .limit(MOST_TASKS)
    ).all()
    return [
        FailedTask(dag, task, run, _day(runs[dag, run]), ended or dt.datetime.fromtimestamp(0, dt.UTC))
        for dag, task, run, ended in found
        if (dag, run) in runs
    ]


def _questions(session: Session, dags: Sequence[str]) -> list[Question]:
    found = session.execute(
        select(
            TaskInstance.dag_id, TaskInstance.task_id, TaskInstance.run_id, HITLDetail.subject, HITLDetail.created_at
        )
        .join(HITLDetail, HITLDetail.ti_id == TaskInstance.id)
        .where(TaskInstance.dag_id.in_(dags), HITLDetail.responded_at.is_(None), TaskInstance.state.in_(WAITING))
        .order_by(HITLDetail.created_at)
        .limit(MOST_QUESTIONS)
    ).all()
    return [Question(*row) for row in found]


def _day(key: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(key or "")
    except ValueError:
        return None
