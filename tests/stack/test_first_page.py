"""The page is opened once before a person does; what a young or an absent Airflow is asked is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from include.status_page import lazy
from stack import airflow_client, first_page
from stack.airflow_client import AirflowClient
from stack.errors import StackError

pytestmark = pytest.mark.server


@dataclass
class Asked:
    """An Airflow that notes what it is asked for."""

    airflow_url: str
    airflow_user: str = "admin"
    airflow_password: str = "right"
    trust: str | None = None
    paths: list[str] = field(default_factory=list)
    answer: int = 200
    # How often it is asked for a DAG before it has read it.
    unread: int = 0


@pytest.fixture
def airflow() -> Iterator[Asked]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/auth/token":
                self._say(201, json.dumps({"access_token": f"of {given['username']}"}))
            else:
                asked.paths.append(self.path)
                self._say(200, "{}")

        def do_GET(self) -> None:
            known = self.headers["Authorization"] == "Bearer of admin"
            asked.paths.append(self.path)
            if asked.unread:
                asked.unread -= 1
                self._say(404, json.dumps({"detail": "Dag not found"}))
            else:
                self._say(asked.answer if known else 401, "x" * 1000)

        def _say(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    asked = Asked(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_overview_is_opened_with_a_login_and_its_time_is_told(airflow: Asked, capsys) -> None:
    assert first_page.opened(airflow) == 0
    assert airflow.paths == [f"{lazy.PREFIX}/"]
    assert capsys.readouterr().out.startswith("The status page has 1000 bytes, opened in ")


def test_a_page_that_is_not_given_is_told_and_is_no_traceback(airflow: Asked, capsys) -> None:
    airflow.answer = 500
    assert first_page.opened(airflow) == 1
    assert "Airflow refused GET" in capsys.readouterr().out


def test_a_stack_that_is_down_is_told(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "state"))
    assert first_page.main() == 1
    assert capsys.readouterr().out == "The stack is down: nothing is opened.\n"


def test_a_young_airflow_is_given_time_to_read_a_dag(airflow: Asked, monkeypatch) -> None:
    monkeypatch.setattr(airflow_client, "PAUSE_SECONDS", 0.01)
    airflow.unread = 3
    assert AirflowClient(airflow).trigger("score__x", "r")
    assert airflow.paths == ["/api/v2/dags/score__x"] * 4 + ["/api/v2/dags/score__x/dagRuns"]


def test_a_dag_that_is_not_there_is_told(airflow: Asked, monkeypatch) -> None:
    monkeypatch.setattr(airflow_client, "PAUSE_SECONDS", 0.01)
    airflow.unread = 1000
    with pytest.raises(StackError, match="expected the DAG score__x within 0 s, found none"):
        AirflowClient(airflow).await_dags("score__x", seconds=0.05)
