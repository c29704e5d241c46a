"""MLflow's REST interface, asked directly: importing the MLflow client alone takes a second of a processor and more."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lakehouse import settings
from lakehouse.errors import CertificateRefused, NightjarError, ServiceUnavailable
from lakehouse.models import plain_line
from lakehouse.models.plain_line import Answer
from lakehouse.settings import mlflow_access

# Imported where it is used: most jobs have a straight way to their MLflow, and do without it.
if TYPE_CHECKING:
    import requests

TIMEOUT_SECONDS = 20
HTTP_OK = 200
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
    query, body = (content, None) if method == "GET" else (None, json.dumps(content).encode())
    answer = _ask(method, f"{address()}/api/2.0/mlflow/{call}", query, body)
    if answer.status == HTTP_OK:
        return json.loads(answer.content)
    refusal = json.loads(answer.content) if "json" in answer.content_type else {}
    if refusal.get("error_code") in NOT_THERE:
        raise NotThere(str(refusal.get("message")))
    raise _unexpected(call, answer)


def put_artifact(path: str, content: bytes) -> None:
    """Store a file under a path of the artifacts that the server keeps.

    Raises:
        ServiceUnavailable: when the server does not answer, or does not take the file.
    """
    answer = _request("PUT", f"{address()}/api/2.0/mlflow-artifacts/artifacts/{path}", data=content)
    if answer.status != HTTP_OK:
        raise _unexpected(f"the artifact {path}", answer)


def _ask(method: str, url: str, query: Mapping[str, Any] | None, body: bytes | None) -> Answer:
    if plain_line.leads_to(url):
        try:
            login = mlflow_access.login() or mlflow_access.token()
            if (answer := plain_line.ask(method, url, query, body, login, TIMEOUT_SECONDS)) is not None:
                return answer
        except OSError as error:
            raise _silent(error) from error
    headers = {"Content-Type": "application/json"} if body is not None else {}
    return _request(method, url, params=query, data=body, headers=headers)


def _request(method: str, url: str, **options: Any) -> Answer:
    import requests

    # True: by the public authorities, or by those of REQUESTS_CA_BUNDLE.
    verify = mlflow_access.authority() or True
    try:
        found = requests.request(method, url, timeout=TIMEOUT_SECONDS, auth=_login(), verify=verify, **options)
    except OSError as error:
        # Errors of requests are some, and so is a file of certificates that is not there.
        raise no_answer(error) from error
    return Answer(found.status_code, found.headers.get("content-type", ""), found.content)


def no_answer(error: BaseException) -> NightjarError:
    """What a person has to know of a line to MLflow that failed."""
    import requests

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
    return _silent(error)


def _silent(error: BaseException) -> ServiceUnavailable:
    uri = settings.load().mlflow_tracking_uri
    return ServiceUnavailable(
        f"MLflow at {uri}: expected an answer, found {type(error).__name__}; is the stack up? (make up)"
    )


def _reason(error: BaseException) -> str:
    found = _VERIFY.search(str(error))
    return found[1] if found else " ".join(str(error).split())[-200:]


class _Token:
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


def _unexpected(what: str, answer: Answer) -> ServiceUnavailable:
    uri = settings.load().mlflow_tracking_uri
    refused = answer.status in (401, 403)
    remedy = (
        "; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to a user that may"
        if refused
        else ""
    )
    return ServiceUnavailable(f"MLflow at {uri}: expected an answer to {what}, found HTTP {answer.status}{remedy}")
