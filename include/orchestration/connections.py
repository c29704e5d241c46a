"""Airflow's connections for jobs: as addresses in the environment of the job's process, and in no command line and no log."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from lakehouse import settings
from lakehouse.declaration import Dataset, DeltaServing, FeatureGroup, FilesTarget, UseCase
from lakehouse.settings import named_connection, store_access

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from lakehouse.connections.service import Service

MONGO_DEFAULT = "mongo_default"
# Of Airflow's type aws: the key of the object store that has the tables and deliveries.
OBJECT_STORE = "object_store"

# SQLAlchemy's names of what Airflow's connections call otherwise.
DIALECTS = {"postgres": "postgresql", "sqlite": "sqlite", "mssql": "mssql", "oracle": "oracle"}
# Entries of `extra` that are no options of the address, but say something to Airflow's own hooks.
AIRFLOWS = frozenset(
    {"cursor", "iam", "redshift", "aws_conn_id", "sqlalchemy_scheme", "sqlalchemy_query", "charset_hook"}
)


def of_targets(use_case: UseCase) -> list[str]:
    """The connections that a use case's targets need."""
    places = [target.place for target in use_case.deliver]
    names = [place.connection or MONGO_DEFAULT for place in places if not isinstance(place, FilesTarget)]
    return sorted(set(names))


def of_group(group: FeatureGroup) -> list[str]:
    """The connection that a group's serving table needs, if it needs one."""
    if group.publish is None or isinstance(group.publish, DeltaServing):
        return []
    return [group.publish.connection or MONGO_DEFAULT]


def of_dataset(dataset: Dataset) -> list[str]:
    """The connections that have the keys of a dataset's services."""
    return sorted({one.connection for one in dataset.services.values() if one.connection is not None})


def environment(names: Iterable[str]) -> dict[str, str]:
    """The variables by which a job finds these connections. One that Airflow does not have is left to the environment."""
    variables: dict[str, str] = {}
    for name in names:
        try:
            connection = BaseHook.get_connection(name)
        except AirflowNotFoundException:
            continue
        address = mongo_uri(connection) if connection.conn_type == "mongo" else sql_url(connection)
        variables[named_connection.variable(name)] = address
        if name == MONGO_DEFAULT:
            variables["MONGO_URI"] = address
    return variables


def reach_store() -> None:
    """Give this task, and the jobs that it starts, the key of the object store that has the tables and deliveries.

    From the connection ``object_store``. Nothing changes where they lie in folders, or the environment has a key. Where Airflow has
    no such connection, a reader finds what the machine has: a role, a profile.
    """
    if not settings.load().in_object_store or store_access.load().key_id is not None:
        return
    try:
        connection = BaseHook.get_connection(OBJECT_STORE)
    except AirflowNotFoundException:
        return
    extra = _extra(connection)
    store_access.use(
        endpoint=extra.get("endpoint_url"),
        region=extra.get("region_name"),
        key_id=connection.login,
        secret=connection.password,
        token=extra.get("aws_session_token"),
    )


def known(name: str) -> bool:
    """Whether Airflow, or the environment, has a connection of this name."""
    if named_connection.address(name) is not None:
        return True
    try:
        BaseHook.get_connection(name)
    except AirflowNotFoundException:
        return False
    return True


def service(name: str) -> Service:
    """The connection as a use case's own code gets it. One that Airflow does not have is looked for in the environment.

    Raises:
        ConnectionWrong: when neither has it.
    """
    from lakehouse.connections import service as services

    try:
        found = BaseHook.get_connection(name)
    except AirflowNotFoundException:
        return services.named(name)
    return services.of_airflow(
        name,
        conn_type=found.conn_type,
        host=found.host,
        port=found.port,
        login=found.login,
        password=found.password,
        schema=found.schema,
        extra=_extra(found),
    )


def sql_url(connection: Connection) -> str:
    """The address of a database for SQLAlchemy, from the fields of a connection: no provider is needed.

    `extra` may give ``sqlalchemy_scheme`` (a driver) and ``sqlalchemy_query``; other plain entries are options of the address.
    """
    extra = _extra(connection)
    scheme = extra.get("sqlalchemy_scheme") or DIALECTS.get(connection.conn_type or "", connection.conn_type or "")
    options = {name: value for name, value in extra.items() if name not in AIRFLOWS} | extra.get("sqlalchemy_query", {})
    if scheme.startswith("sqlite"):
        # Airflow's form has the file as host.
        file = connection.host or connection.schema or ""
        return f"{scheme}:///{quote(file, safe='/')}{_query(options)}"
    return (
        f"{scheme}://{_login(connection)}{_host(connection)}/{quote(connection.schema or '', safe='')}{_query(options)}"
    )


def mongo_uri(connection: Connection) -> str:
    """The address of a MongoDB server, from the fields of a connection as Airflow's MongoHook reads them."""
    extra = _extra(connection)
    scheme = "mongodb+srv" if str(extra.pop("srv", False)).lower() == "true" else "mongodb"
    if str(extra.pop("allow_insecure", False)).lower() == "true":
        extra["tlsAllowInvalidCertificates"] = True
    return (
        f"{scheme}://{_login(connection)}{_host(connection)}/{quote(connection.schema or '', safe='')}{_query(extra)}"
    )


def _extra(connection: Connection) -> dict[str, Any]:
    found = json.loads(connection.extra) if connection.extra else {}
    return dict(found) if isinstance(found, dict) else {}


def _login(connection: Connection) -> str:
    if not connection.login:
        return ""
    password = "" if connection.password is None else f":{quote(connection.password, safe='')}"
    return f"{quote(connection.login, safe='')}{password}@"


def _host(connection: Connection) -> str:
    return f"{connection.host or ''}{f':{connection.port}' if connection.port else ''}"


def _query(options: dict[str, Any]) -> str:
    plain = {name: value for name, value in options.items() if isinstance(value, str | int | float | bool)}
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in plain.items()}
    return f"?{urlencode(texts)}" if texts else ""
