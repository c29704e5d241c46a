"""Who may see what: Airflow's login at each call, and its permission to read the DAG that stands for a use case or source.

Airflow does not protect what plugins serve. Here every route hangs on `reader`, which the application itself declares; a test lists
the routes and calls each without a login and with too small a role.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, HTTPException, status


@dataclass(frozen=True)
class Reader:
    """A person who is logged in, and what Airflow lets them read."""

    user: BaseUser

    @cached_property
    def dags(self) -> set[str]:
        """The DAGs of Airflow that the person may read."""
        return set(get_auth_manager().get_authorized_dag_ids(user=self.user, method="GET"))

    def may_read(self, names: Collection[str]) -> set[str]:
        """Those of these DAGs that the person may read; one that Airflow does not have yet as its role says."""
        manager = get_auth_manager()
        unknown = {
            name
            for name in set(names) - self.dags
            if manager.is_authorized_dag(method="GET", details=DagDetails(id=name), user=self.user)
        }
        return (set(names) & self.dags) | unknown

    @property
    def sees_tasks(self) -> bool:
        """Whether the person may read what became of tasks."""
        return get_auth_manager().is_authorized_dag(
            method="GET", access_entity=DagAccessEntity.TASK_INSTANCE, user=self.user
        )

    def require(self, dag: str, what: str) -> None:
        """Refuse a person who may not read the DAG: in the words of something that is not there, which tells nothing.

        Args:
            dag: the DAG that stands for what is asked for.
            what: such as ``use case``.

        Raises:
            HTTPException: 404.
        """
        if dag not in self.may_read([dag]):
            raise not_found(what)


def not_found(what: str) -> HTTPException:
    """That there is nothing of that name, or nothing that the person may see."""
    return HTTPException(
        status.HTTP_404_NOT_FOUND, f"There is no {what} of that name, or your role in Airflow may not read its DAGs."
    )


def reader(user: Annotated[BaseUser, Depends(get_user)]) -> Reader:
    """The person whose login the request carries: Airflow's session cookie, or a token.

    Raises:
        HTTPException: 401 without a login, 403 of one whose role may read no DAG.
    """
    found = Reader(user)
    if not get_auth_manager().is_authorized_dag(method="GET", user=user) and not found.dags:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Your role in Airflow may not read any DAG.")
    return found


ReaderDep = Annotated[Reader, Depends(reader)]
