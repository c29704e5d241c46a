"""What MLflow's accounts leave open: who may make things, and what is said of a model that is not there.

By themselves they let every user make experiments and models, and anyone who makes a model may set its aliases: a reader could take
the name of a model to come. And of a model that is not there they say to all but the admin that it is forbidden, where the first
training of a use case asks whether it is there. So their check of the password has this behind it, where MLflow lets a deployment
put its own (``authorization_function``). What somebody may do with one thing is decided by MLflow's permissions, after this.
"""

from __future__ import annotations

import importlib
from typing import Any

from flask import Response, request
from werkzeug.datastructures import Authorization

from stack.cluster.mlflow_accounts import MAKERS, ROLES

READING = ("GET", "HEAD", "OPTIONS")
# Calls that read, though their arguments come in a body: by the first word of the last part of their path.
ASKING = ("search", "get", "list", "graphql", "batchget")
# Of a person's own account; MLflow looks whose it is.
OWN = "/users/update-password"
# Calls about one model, by its name.
OF_A_MODEL = ("/mlflow/registered-models/", "/mlflow/model-versions/")


def reads(method: str, path: str) -> bool:
    """Whether a request changes nothing but the password of who asks."""
    last = path.rstrip("/").rpartition("/")[2].lower()
    return method in READING or last.startswith(ASKING) or path.endswith(OWN)


def authenticate() -> Authorization | Response:
    """Who asks; or the answer to somebody whose password is wrong, or who asks for more than reading and may not.

    Raises:
        MlflowException: the model that is asked for is not there; MLflow answers 404.
    """
    mlflow: Any = importlib.import_module("mlflow.server.auth")
    found: Authorization | Response = mlflow.authenticate_request_basic_auth()
    if not isinstance(found, Authorization):
        return found
    user = mlflow.store.get_user(found.username)
    if user.is_admin:
        return found
    roles = {role.name for role in mlflow.store.list_user_roles(user.id)}
    if not reads(request.method, request.path) and not roles & MAKERS:
        refusal: Response = mlflow.make_forbidden_response()
        return refusal
    # Each of the roles may read all models, so anyone who has one may know which there are.
    name = request.args.get("name")
    if name and roles & ROLES.keys() and any(part in request.path for part in OF_A_MODEL):
        mlflow._get_model_registry_store().get_registered_model(name)
    return found
