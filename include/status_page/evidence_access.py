"""Who may see why an entity was scored as it was, and how versions compare: more than whether a DAG has run.

A score with its features is data of an entity, so it takes what reading the results of the DAG's tasks takes: Airflow's access to
XCom. A role may have that for some DAGs, or for none, and still see how the night stands.
"""

from __future__ import annotations

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails

from include.status_page.access import Reader, not_found
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import NightjarError


def may_read_results(reader: Reader, stage: str, name: str) -> bool:
    """Whether the person may read the results of a stage of a use case."""
    dag = f"{stage}__{name}"
    return dag in reader.may_read([dag]) and get_auth_manager().is_authorized_dag(
        method="GET", access_entity=DagAccessEntity.XCOM, details=DagDetails(id=dag), user=reader.user
    )


def required(reader: Reader, stage: str, name: str) -> UseCase:
    """The use case of that name, for a person who may read the results of that stage.

    Raises:
        HTTPException: 404, in the same words where it is not declared and where the person may not.
    """
    if not may_read_results(reader, stage, name):
        raise not_found("use case")
    try:
        return loader.by_name(name)
    except NightjarError as error:
        raise not_found("use case") from error
