"""MLflow's accounts: its roles and first users, made in their database before the server starts. Repeating it changes nothing.

    admin     may all, and makes users
    nightjar  of the jobs, with the role `operator`: makes, changes and deletes experiments, runs, models and versions
    viewer    with the role `viewer`: reads them

More people are made by `admin`, on the page /signup or by MLflow's client, and get one of the two roles there.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from stack.errors import StackError

# Roles, with what each may do to all things of a kind; who may make them is decided by `stack.cluster.mlflow_guard`.
KINDS = ("experiment", "registered_model")
MAKERS = frozenset({"operator"})
ROLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "operator": tuple((kind, "MANAGE") for kind in KINDS),
    "viewer": tuple((kind, "READ") for kind in KINDS),
}
# Of each user: the variable with the password, and the role.
USERS = {"nightjar": ("MLFLOW_PASSWORD", "operator"), "viewer": ("MLFLOW_VIEWER_PASSWORD", "viewer")}
# Those of a server that is not divided.
WORKSPACE = "default"


def ensure(environ: Mapping[str, str]) -> None:
    """Make the roles and users; the passwords of the jobs' user and of the viewer become those of the environment.

    Args:
        environ: with MLFLOW_ACCOUNTS_URI, MLFLOW_AUTH_ADMIN_USERNAME, and a password for each user.

    Raises:
        StackError: MLflow refuses, such as a password that is too short.
    """
    # By name: what starts the services of the embedded stack does not import MLflow.
    store: Any = importlib.import_module("mlflow.server.auth.sqlalchemy_store").SqlAlchemyStore()
    refusal: type[Exception] = importlib.import_module("mlflow.exceptions").MlflowException
    try:
        store.init_db(environ["MLFLOW_ACCOUNTS_URI"])
        admin = environ["MLFLOW_AUTH_ADMIN_USERNAME"]
        if not store.has_user(admin):
            store.create_user(admin, environ["MLFLOW_AUTH_ADMIN_PASSWORD"], is_admin=True)
        roles = {name: _role(store, name) for name in ROLES}
        for name, (variable, role) in USERS.items():
            _user(store, name, environ[variable], roles[role])
    except refusal as error:
        raise StackError(f"MLflow's accounts: expected its roles and users to be made, found: {error}") from error


def _role(store: Any, name: str) -> int:
    known = {role.name: role for role in store.list_roles([WORKSPACE])}
    role = known.get(name) or store.create_role(name, WORKSPACE)
    there = {(one.resource_type, one.resource_pattern): one for one in store.list_role_permissions(role.id)}
    for kind, permission in ROLES[name]:
        one = there.get((kind, "*"))
        if one is None:
            store.add_role_permission(role.id, kind, "*", permission)
        elif one.permission != permission:
            store.update_role_permission(one.id, permission)
    return int(role.id)


def _user(store: Any, name: str, password: str, role: int) -> None:
    if not store.has_user(name):
        store.create_user(name, password)
    elif not store.authenticate_user(name, password):
        store.update_user(name, password=password)
    user = store.get_user(name)
    if role not in {one.id for one in store.list_user_roles(user.id)}:
        store.assign_role_to_user(user.id, role)
