from __future__ import annotations

from pathlib import Path
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

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example")
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


def test_a_login_may_lie_in_the_file_of_mlflows_own_clients(
    asked: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".mlflow").mkdir()
    (tmp_path / ".mlflow" / "credentials").write_text(
        "[mlflow]\nmlflow_tracking_username = kept\nmlflow_tracking_password = s3%cret\n"
    )
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken")
    with pytest.raises(ServiceUnavailable):
        mlflow_rest.send("GET", "runs/get", {})
    assert asked[0]["auth"] == ("kept", "s3%cret")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "nightjar")
    with pytest.raises(ServiceUnavailable):
        mlflow_rest.send("GET", "runs/get", {})
    assert asked[1]["auth"] == ("nightjar", "s3%cret")


def test_a_token_is_sent_where_there_is_no_user_with_a_password(
    asked: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "nightjar")
    with pytest.raises(ServiceUnavailable):
        mlflow_rest.send("GET", "runs/get", {})
    sent = asked[0]["auth"](requests.Request("GET", "http://mlflow/").prepare())
    assert sent.headers["Authorization"] == "Bearer t0ken"
    assert "t0ken" not in repr(asked[0]["auth"])


def test_the_authority_is_that_of_mlflows_own_clients(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for value, verify in (("/a/ca.pem", "/a/ca.pem"), ("", True)):
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", value)
        with pytest.raises(ServiceUnavailable):
            mlflow_rest.send("GET", "runs/get", {})
        assert asked[-1]["verify"] == verify


def test_a_server_that_refuses_is_told_by_the_variables_that_it_needs(asked: list[dict[str, Any]]) -> None:
    with pytest.raises(ServiceUnavailable, match="HTTP 401; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"):
        mlflow_rest.send("GET", "runs/get", {})
