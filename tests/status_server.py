"""The status page as Airflow's API server has it: mounted beside Airflow's own login, on an Airflow database of the test's own."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn
from airflow import models
from airflow import settings as airflow_settings
from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.models.base import Base
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from include.status_page import app, lazy

COOKIE = COOKIE_NAME_JWT_TOKEN
BUNDLE = "dags-folder"


class PerDag(SimpleAuthManager):
    """Airflow's simple auth manager, whose user ``apart`` may read the named DAGs alone."""

    may_read: frozenset[str] = frozenset()

    def is_authorized_dag(
        self, *, method: Any, user: Any, access_entity: Any = None, details: DagDetails | None = None
    ) -> bool:
        """As the role says; of ``apart`` only where the DAG is among those."""
        if (
            user.username == "apart"
            and details is not None
            and details.id is not None
            and details.id not in self.may_read
        ):
            return False
        return bool(super().is_authorized_dag(method=method, user=user, access_entity=access_entity, details=details))


@contextmanager
def airflow(folder: Path) -> Iterator[sessionmaker[Any]]:
    """An empty Airflow database in ``folder`` and its auth manager, for this process, as long as it lasts."""
    models.import_all_models()
    engine = create_engine(f"sqlite:///{folder}/airflow.db", connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    sessions = sessionmaker(engine, expire_on_commit=False)
    names = ("engine", "Session", "NonScopedSession")
    before = {name: getattr(airflow_settings, name, None) for name in names}
    manager = airflow_app._AuthManagerState.instance
    airflow_settings.engine, airflow_settings.NonScopedSession = engine, sessions
    airflow_settings.Session = scoped_session(sessions)
    airflow_app._AuthManagerState.instance = PerDag()
    with sessions() as session:
        session.add(DagBundleModel(name=BUNDLE))
        session.commit()
    try:
        yield sessions
    finally:
        airflow_settings.Session.remove()
        for name, value in before.items():
            setattr(airflow_settings, name, value)
        airflow_app._AuthManagerState.instance = manager
        engine.dispose()


def dag(sessions: sessionmaker[Any], *names: str, paused: bool = False) -> None:
    """Airflow has these DAGs."""
    with sessions() as session:
        for name in names:
            session.merge(DagModel(dag_id=name, is_paused=paused, is_stale=False, bundle_name=BUNDLE, fileloc=""))
        session.commit()


def token(role: str | None = "VIEWER", name: str = "ann", seconds: int = 3600) -> str:
    """A login as Airflow signs it; with seconds below zero one that has run out."""
    return PerDag().generate_jwt(SimpleAuthManagerUser(username=name, role=role), expiration_time_in_seconds=seconds)


def mounted(prefix: str = "") -> FastAPI:
    """The page where Airflow mounts it; with ``prefix``, behind a proxy that gives the whole of Airflow a path."""
    root = FastAPI()
    root.mount(f"{prefix}{lazy.PREFIX}", app.make())
    return root


@contextmanager
def served(application: Any) -> Iterator[str]:
    """The application on a free port of loopback; gives its address."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name=f"status page {uuid4()}")
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def failed_run(
    sessions: sessionmaker[Any], dag_id: str, task_id: str, key: str | None, at: dt.datetime, question: str = ""
) -> None:
    """Airflow has a run whose task failed; with a ``question``, one whose task waits for a person who answers it."""
    from airflow.models.dagrun import DagRun
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.state import DagRunState, TaskInstanceState
    from sqlalchemy import insert

    run_id, ti = f"run of {dag_id} {key or task_id}", uuid4()
    state = DagRunState.RUNNING if question else DagRunState.FAILED
    with sessions() as session:
        session.execute(
            insert(DagRun).values(
                dag_id=dag_id, run_id=run_id, run_type="manual", run_after=at, state=state, partition_key=key, queued_at=at,
                start_date=at, clear_number=0, span_status="not_started",
            )
        )  # fmt: skip
        session.execute(
            insert(TaskInstance).values(
                id=ti, task_id=task_id, dag_id=dag_id, run_id=run_id, map_index=-1, end_date=at, try_number=1, max_tries=0,
                state=TaskInstanceState.AWAITING_INPUT if question else TaskInstanceState.FAILED, pool="default_pool",
                pool_slots=1, executor_config={}, span_status="not_started",
            )
        )  # fmt: skip
        if question:
            session.execute(
                insert(HITLDetail).values(
                    ti_id=ti, options=["Approve", "Reject"], subject=question, params={}, created_at=at
                )
            )
        session.commit()
