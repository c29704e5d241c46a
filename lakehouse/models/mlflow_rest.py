"""MLflow's REST interface, asked directly: importing the MLflow client alone takes a second of a processor and more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import requests
import requests.auth

from lakehouse import settings
from lakehouse.errors import CertificateRefused, NightjarError, ServiceUnavailable
from lakehouse.settings import mlflow_access

TIMEOUT_SECONDS = 20
# What MLflow says of something that does not exist; the second also of any other wrong argument.
NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


# What OpenSSL says within what urllib3 and requests say.
_VERIFY = re.compile(r"certificate verify failed: (.+?) \(_ssl")


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
    # True: by the public authorities, or by those of REQUESTS_CA_BUNDLE.
    verify = mlflow_access.authority() or True
    try:
        return requests.request(method, url, timeout=TIMEOUT_SECONDS, auth=_login(), verify=verify, **options)
    except OSError as error:
        # Errors of requests are some, and so is a file of certificates that is not there.
        raise no_answer(error) from error


def no_answer(error: BaseException) -> NightjarError:
    """What a person has to know of a line to MLflow that failed."""
    uri, authority = settings.load().mlflow_tracking_uri, mlflow_access.authority()
    if authority is not None and not isinstance(error, requests.RequestException):
        return CertificateRefused(
            f"MLFLOW_TRACKING_SERVER_CERT_PATH: expected a file of certificates in PEM, found {error}: correct the variable, or "
            "put the certificate of MLflow's authority there"
        )
    if isinstance(error, requests.exceptions.SSLError):
        expected = (
            f"an authority in {authority} (MLFLOW_TRACKING_SERVER_CERT_PATH)"
            if authority is not None
            else "a public authority (MLFLOW_TRACKING_SERVER_CERT_PATH is not set)"
        )
        return CertificateRefused(
            f"MLflow at {uri}: expected a certificate by {expected}, of this name and in its time, found one that is refused "
            f"({_reason(error)}): correct the variable or the address, or renew the certificate; if none of that is wrong, "
            "somebody else answers there"
        )
    return ServiceUnavailable(
        f"MLflow at {uri}: expected an answer, found {type(error).__name__}; is the stack up? (make up)"
    )


def _reason(error: BaseException) -> str:
    found = _VERIFY.search(str(error))
    return found[1] if found else " ".join(str(error).split())[-200:]


class _Token(requests.auth.AuthBase):
    """A token, as MLflow's own clients send it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _login() -> tuple[str, str] | _Token | None:
    """As MLflow's own clients: a user with a password, else a token."""
    if (login := mlflow_access.login()) is not None:
        return login
    return None if (token := mlflow_access.token()) is None else _Token(token)


def _unexpected(what: str, response: requests.Response) -> ServiceUnavailable:
    uri = settings.load().mlflow_tracking_uri
    refused = response.status_code in (requests.codes.unauthorized, requests.codes.forbidden)
    remedy = (
        "; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to a user that may"
        if refused
        else ""
    )
    return ServiceUnavailable(
        f"MLflow at {uri}: expected an answer to {what}, found HTTP {response.status_code}{remedy}"
    )
