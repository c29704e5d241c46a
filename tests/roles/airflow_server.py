"""Airflow's API server in one process, with its FAB auth manager, our roles and DAGs: answers the calls of a file, writes how.

``python -m tests.roles.airflow_server CALLS ANSWERS``: the environment has a fresh AIRFLOW_HOME and the roots of use cases. A user
of each role logs in with a password, as a person does. Every DAG has a run for each user, in which an approval waits where the DAG
has one, so that no call meets what an earlier one left.
"""

import datetime as dt
import json
import os
import re
import sys
from pathlib import Path

os.environ["AIRFLOW__CORE__AUTH_MANAGER"] = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"

from airflow.api_fastapi.app import create_app
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models.asset import AssetModel
from airflow.models.connection import Connection
from airflow.models.dagbundle import DagBundleModel
from airflow.models.hitl import HITLDetail
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.variable import Variable
from airflow.utils.db import upgradedb
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from fastapi.testclient import TestClient
from sqlalchemy import select

from include.orchestration import access, apply_access
from lakehouse.settings import PROJECT_ROOT

PASSWORD = "a password of a test"
USERS = {**{role: role for role in access.ROLES}, "admin": access.ADMIN}
NOW = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
BUNDLE = "dags-folder"
# What forms ask for that have no default.
FORMS = {"reason": "a test", "secret_key": "x-4711"}


def make_database():
    """Airflow's tables, our roles, a user of each, the DAGs with their rights, and the runs."""
    upgradedb()
    with apply_access.security() as security:
        apply_access.apply(security)
        for name, role in USERS.items():
            security.add_user(name, name, "", f"{name}@example.org", security.find_role(role), PASSWORD)
    bag = DagBag(str(PROJECT_ROOT / "dags"), bundle_path=PROJECT_ROOT / "dags", bundle_name=BUNDLE)
    with create_session() as session:
        session.add(DagBundleModel(name=BUNDLE))
        session.commit()
        sync_bag_to_db(bag, BUNDLE, None, session=session)
        session.commit()
    with create_session() as session:
        session.add(Connection(conn_id="database", conn_type="postgres", password="planted-password"))
        session.add(Variable(key="some", val="thing"))
        for dag_id in bag.dags:
            make_runs(dag_id, session)
    return sorted(bag.dags), bag.import_errors


def make_runs(dag_id, session):
    """A run of the DAG for each user, with an approval that waits where the DAG has one."""
    dag = SerializedDagModel.get_dag(dag_id, session=session)
    for number, name in enumerate(USERS):
        run = dag.create_dagrun(
            run_id=f"of_{name}",
            logical_date=NOW + dt.timedelta(days=number),
            data_interval=(NOW + dt.timedelta(days=number),) * 2,
            run_after=NOW,
            conf={name: text for name, text in FORMS.items() if name in dag.params},
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.REST_API,
            triggering_user_name="somebody",
            state=DagRunState.RUNNING,
            session=session,
        )
        for ti in run.get_task_instances(session=session):
            if ti.task_id == "approval":
                asked = {"subject": "?", "options": ["Approve", "Reject"], "defaults": ["Reject"], "params": {}}
                session.add(HITLDetail(ti_id=ti.id, **asked))
    session.flush()


def login(client, name):
    """The token of a user who logs in."""
    said = client.post("/auth/token", json={"username": name, "password": PASSWORD})
    return said.json()["access_token"]


def every_route(app, client, token):
    """Each route of Airflow's own API, called with an empty form on a DAG, and the status that it answers."""
    head = {"Authorization": f"Bearer {token}"} if token else {}
    of = {
        "dag_id": "train__parcels",
        "dag_run_id": "of_admin",
        "run_id": "of_admin",
        "task_id": "approval",
        "map_index": "-1",
    }
    for route in app.routes:
        if not route.path.startswith(("/api/v2", "/ui")):
            continue
        path = route.path
        for name in route.param_convertors:
            path = re.sub(rf"\{{{name}(:path)?\}}", of.get(name, "1"), path)
        for method in sorted(route.methods - {"HEAD", "OPTIONS"}):
            said = client.request(
                method, path, headers=head, json=None if method == "GET" else {}, follow_redirects=False
            )
            yield method, route.path, said.status_code


def main(calls, answers):
    """Answer the calls of the file ``calls``; ``answers`` gets the DAGs, and the status and the text of each answer."""
    dags, errors = make_database()
    with create_session() as session:
        assets = {one.name: one.id for one in session.scalars(select(AssetModel))}
    app = create_app(apps="core")
    found = []
    with TestClient(app, raise_server_exceptions=False) as client:
        # One of the routes is the logout.
        routes = {
            "nobody": list(every_route(app, client, None)),
            "auditor": list(every_route(app, client, login(client, "auditor"))),
        }
        tokens = {name: login(client, name) for name in USERS}
        for name, method, path, body in json.loads(Path(calls).read_text()):
            head = {"Authorization": f"Bearer {tokens[name]}"} if name in tokens else {}
            for asset, number in assets.items():
                path = path.replace(f"<{asset}>", str(number))
                body = json.loads(json.dumps(body).replace(f'"<{asset}>"', str(number)))
            answer = client.request(method, path, json=body, headers=head)
            found.append([answer.status_code, answer.text[:20_000]])
    with apply_access.security() as security:
        # An admin gave the role viewer more, and somebody a role of Airflow's own.
        security.add_user("wide", "w", "w", "w@example.org", security.find_role("Op"), PASSWORD)
        made_again = [apply_access.apply(security) for _ in range(2)]
        said = [apply_access.user(security, "root", word) for word in ("one", "one", "two")]
        warned = apply_access.too_wide(security)
    result = {
        "made_again": made_again,
        "said": said,
        "warned": warned,
        "dags": dags,
        "errors": errors,
        "answers": found,
        "routes": routes,
    }
    Path(answers).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
