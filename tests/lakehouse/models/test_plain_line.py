"""MLflow on the straight way, without TLS and a proxy: asked without `requests`, as with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

from lakehouse.errors import ServiceUnavailable
from lakehouse.models import mlflow_rest, plain_line

SAID = {"name": "a b&c=\N{SNOWMAN}", "max_results": "2"}
Seen = list[dict[str, Any]]

pytestmark = pytest.mark.process


@pytest.fixture
def mlflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Seen]:
    """A server that says what the last part of the call says, and how it was asked."""
    seen: Seen = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append(
                {"line": self.requestline, "body": body, **{name.lower(): self.headers[name] for name in self.headers}}
            )
            call = self.path.partition("?")[0].rpartition("/")[2]
            if call == "cut":
                self.connection.close()
                return
            self.send_response({"moved": 308, "unknown": 404, "closed": 401}.get(call, 200))
            if call == "moved":
                self.send_header("Location", "/api/2.0/mlflow/runs/get")
            content = json.dumps(
                {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"} if call == "unknown" else SAID
            )
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content.encode())

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            pass

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        yield seen
        server.shutdown()


def asked(monkeypatch: pytest.MonkeyPatch, seen: Seen, method: str, plain: bool) -> tuple[Any, dict[str, Any]]:
    with monkeypatch.context() as way:
        if plain:
            way.setattr(requests, "request", lambda *_, **__: pytest.fail("asked by requests"))
        else:
            way.setattr(plain_line, "leads_to", lambda _: False)
        answer = mlflow_rest.send(method, "runs/get", SAID)
    return answer, {
        name: value for name, value in seen[-1].items() if name in ("line", "body", "content-type", "authorization")
    }


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("login", [{}, {"USERNAME": "ann", "PASSWORD": "s3cr\xe9t"}, {"TOKEN": "t0ken"}])
def test_the_straight_way_asks_the_same_and_hears_the_same(
    mlflow: Seen, monkeypatch: pytest.MonkeyPatch, method: str, login: dict[str, str]
) -> None:
    for name, value in login.items():
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name}", value)
    assert asked(monkeypatch, mlflow, method, plain=True) == asked(monkeypatch, mlflow, method, plain=False)


def test_what_does_not_exist_and_who_may_not_are_told_alike(mlflow: Seen) -> None:
    with pytest.raises(mlflow_rest.NotThere, match="none"):
        mlflow_rest.send("GET", "runs/unknown", {})
    with pytest.raises(ServiceUnavailable, match="HTTP 401; set MLFLOW_TRACKING_USERNAME"):
        mlflow_rest.send("GET", "runs/closed", {})


def test_a_server_that_sends_elsewhere_is_followed(mlflow: Seen) -> None:
    assert mlflow_rest.send("GET", "runs/moved", {}) == SAID
    assert len(mlflow) == 3


def test_a_line_that_is_cut_is_named(mlflow: Seen) -> None:
    with pytest.raises(
        ServiceUnavailable, match=r"MLflow at http://127.0.0.1:\d+: expected an answer, found \w+; is the stack"
    ):
        mlflow_rest.send("GET", "runs/cut", {})


@pytest.mark.parametrize("address", ["https://mlflow", "http://", "http://mlflow:port", "http://[::1", "file:///tmp"])
def test_another_address_is_left_to_requests(address: str) -> None:
    assert not plain_line.leads_to(address)


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY", "NETRC"])
def test_a_proxy_and_kept_passwords_are_left_to_requests(
    mlflow: Seen, monkeypatch: pytest.MonkeyPatch, variable: str, tmp_path: Path
) -> None:
    assert plain_line.leads_to(mlflow_rest.address())
    (tmp_path / "passwords").touch()
    monkeypatch.setenv(variable, str(tmp_path / "passwords"))
    assert not plain_line.leads_to(mlflow_rest.address())


def test_the_straight_way_imports_no_requests(mlflow: Seen) -> None:
    code = (
        "import sys; from lakehouse.models import mlflow_client, registry\n"
        "registry.versions('any'); print(sorted({'requests', 'urllib3', 'mlflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
