from __future__ import annotations

from typing import Any

import pytest
import requests

from lakehouse.errors import ServiceUnavailable
from lakehouse.models import mlflow_rest


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """How the server was asked; it answers that it does not know who asks."""
    seen: list[dict[str, Any]] = []

    def request(method: str, url: str, **options: Any) -> requests.Response:
        seen.append(options)
        answer = requests.Response()
        answer.status_code = 401
        return answer

    monkeypatch.setattr(requests, "request", request)
    return seen


def test_user_and_password_are_those_of_mlflows_own_clients(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "nightjar")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "s3cret")
    with pytest.raises(ServiceUnavailable):
        mlflow_rest.send("GET", "runs/get", {})
    assert asked[0]["auth"] == ("nightjar", "s3cret")


def test_a_server_that_refuses_is_told_by_the_variables_that_it_needs(asked: list[dict[str, Any]]) -> None:
    with pytest.raises(ServiceUnavailable, match="HTTP 401; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"):
        mlflow_rest.send("GET", "runs/get", {})
