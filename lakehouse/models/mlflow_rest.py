"""MLflow's REST interface, asked directly: importing the MLflow client alone takes a second of a processor and more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from lakehouse import settings
from lakehouse.errors import ServiceUnavailable

TIMEOUT_SECONDS = 20
# What MLflow says of something that does not exist; the second also of any other wrong argument.
NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class NotThere(Exception):
    """What was asked for does not exist, or can't be written to; the message is MLflow's."""


def address() -> str:
    """The tracking server's, without a slash at its end."""
    return settings.load().mlflow_tracking_uri.rstrip("/")


def send(method: str, call: str, content: Mapping[str, Any]) -> Any:
    """The response to a call such as ``runs/get``, parsed.

    Raises:
        NotThere: when what was requested does not exist. ServiceUnavailable: when the server does not answer.
    """
    query, body = (content, None) if method == "GET" else (None, content)
    response = _request(method, f"{address()}/api/2.0/mlflow/{call}", params=query, json=body)
    if response.status_code == requests.codes.ok:
        return response.json()
    refusal = response.json() if "json" in response.headers.get("content-type", "") else {}
    if refusal.get("error_code") in NOT_THERE:
        raise NotThere(str(refusal.get("message")))
    raise _unexpected(call, response)


def put_artifact(path: str, content: bytes) -> None:
    """Store a file under a path of the artifacts that the server keeps.

    Raises:
        ServiceUnavailable: when the server does not answer, or does not take the file.
    """
    response = _request("PUT", f"{address()}/api/2.0/mlflow-artifacts/artifacts/{path}", data=content)
    if response.status_code != requests.codes.ok:
        raise _unexpected(f"the artifact {path}", response)


def _request(method: str, url: str, **options: Any) -> requests.Response:
    try:
        return requests.request(method, url, timeout=TIMEOUT_SECONDS, auth=settings.mlflow_login(), **options)
    except requests.RequestException as error:
        uri = settings.load().mlflow_tracking_uri
        raise ServiceUnavailable(
            f"MLflow at {uri}: expected an answer, found {type(error).__name__}; is the stack up? (make up)"
        ) from error


def _unexpected(what: str, response: requests.Response) -> ServiceUnavailable:
    uri = settings.load().mlflow_tracking_uri
    refused = response.status_code in (requests.codes.unauthorized, requests.codes.forbidden)
    remedy = "; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD to a user that it knows" if refused else ""
    return ServiceUnavailable(
        f"MLflow at {uri}: expected an answer to {what}, found HTTP {response.status_code}{remedy}"
    )
