"""Messages to a real mail server and a real service on loopback: that are there, slow, refuse, or are away."""

from __future__ import annotations

import datetime as dt
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include.orchestration import alert_ways, alerts
from lakehouse.alerts import facts
from lakehouse.alerts.fact import Message
from lakehouse.alerts.sending import NotSent
from lakehouse.declaration import Receiver, UseCase
from lakehouse.ops import alerts as books
from tests.chat_server import Chat
from tests.jobs import appointments
from tests.smtp_server import Fault, Mail

AT = dt.datetime(2024, 6, 10, 4, 30, tzinfo=dt.UTC)
MESSAGE = Message("f" * 32, "held", "m", "[nightjar] m: é", "What happened: <b>\nRun: http://a/b", "http://a/b", "", AT)
SECRET = "s3cret-T0KEN"
DESK = Receiver.model_validate({"name": "desk", "email": {"to": ["a@example.org", "b@example.org"]}})


@pytest.fixture(scope="module")
def mails() -> Iterator[Mail]:
    server = Mail()
    yield server
    server.close()


@pytest.fixture
def mail_server(mails: Mail, monkeypatch: pytest.MonkeyPatch) -> Mail:
    mails.clear()
    connect(monkeypatch, "smtp_default", smtp(mails.port))
    return mails


@pytest.fixture(scope="module")
def chats() -> Iterator[Chat]:
    server = Chat()
    yield server
    server.close()


@pytest.fixture
def chat_server(chats: Chat) -> Chat:
    chats.clear()
    return chats


def smtp(port: int, **fields: Any) -> dict[str, Any]:
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "nightjar@example.org"}
    return {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra, **fields}


def connect(monkeypatch: pytest.MonkeyPatch, name: str, fields: dict[str, Any]) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))


def closed_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_mail_is_taken_once_with_its_subject_its_text_and_a_name_that_a_repetition_keeps(mail_server: Mail) -> None:
    alert_ways.send(DESK, MESSAGE)
    (message,), (recipients,) = mail_server.messages, mail_server.recipients
    assert recipients == ["a@example.org", "b@example.org"]
    assert (message["Subject"], message["From"]) == ("[nightjar] m: é", "nightjar@example.org")
    assert message["Message-ID"] == f"<{'f' * 32}@nightjar>"
    (part,) = message.iter_parts()
    assert part.get_content().strip() == "<p>What happened: &lt;b&gt;</p><p>Run: http://a/b</p>"


@pytest.mark.parametrize(
    ("fault", "taken", "of_server", "said"),
    [
        ("refuses recipients", 0, False, "refuses the recipients (550)"),
        ("refuses login", 0, True, "answers 535 (SMTPAuthenticationError)"),
        ("busy", 0, True, "answers 421 (SMTPSenderRefused)"),
        ("cut", 1, True, "does not answer (SMTPServerDisconnected)"),
        ("slow", 1, True, "does not answer (SMTPServerDisconnected)"),
        ("silent", 0, True, "does not answer"),
    ],
)
def test_a_server_that_does_not_take_it_is_asked_once_and_the_error_has_no_secret(
    mail_server: Mail, monkeypatch: pytest.MonkeyPatch, fault: Fault, taken: int, of_server: bool, said: str
) -> None:
    monkeypatch.setattr(alert_ways, "SECONDS", 1.0)
    connect(monkeypatch, "smtp_default", smtp(mail_server.port, login="ann", password=SECRET))
    mail_server.fault = fault
    with pytest.raises(NotSent) as error:
        alert_ways.send(DESK, MESSAGE)
    assert said in str(error.value) and error.value.of_server is of_server
    assert (len(mail_server.messages), mail_server.conversations) == (taken, 1)
    assert SECRET not in repr(error.value) and error.value.__cause__ is None


def test_a_server_that_is_down_or_a_connection_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "smtp_default", smtp(closed_port()))
    with pytest.raises(NotSent, match=r"smtp_default does not answer \(ConnectionRefusedError\)"):
        alert_ways.send(DESK, MESSAGE)
    nobody = Receiver.model_validate({"name": "x", "email": {"to": ["a@b.c"], "connection": "nobody"}})
    with pytest.raises(NotSent, match="the connection nobody can't be used"):
        alert_ways.send(nobody, MESSAGE)
    service = Receiver.model_validate({"name": "x", "webhook": {"connection": "nobody"}})
    with pytest.raises(NotSent, match="the connection nobody can't be used"):
        alert_ways.send(service, MESSAGE)


def hook(form: str) -> Receiver:
    return Receiver.model_validate({"name": "chat", "webhook": {"connection": "chat", "form": form}})


def test_a_service_gets_every_field_and_its_token_in_the_head(
    chat_server: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://127.0.0.1:{chat_server.port}/alerts"
    connect(monkeypatch, "chat", {"conn_type": "http", "host": address, "password": SECRET})
    alert_ways.send(hook("json"), MESSAGE)
    ((path, headers, content),) = chat_server.posts
    assert (path, headers["Authorization"], headers["Idempotency-Key"]) == ("/alerts", f"Bearer {SECRET}", "f" * 32)
    assert content["subject"] == "[nightjar] m: é" and content["event"] == "held"
    assert content["at"] == "2024-06-10T04:30:00+00:00" and content["run"] == "http://a/b"


def test_a_chat_gets_a_text_at_the_address_that_is_its_secret(
    chat_server: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://127.0.0.1:{chat_server.port}/services"
    connect(monkeypatch, "chat", {"conn_type": "slackwebhook", "host": address, "password": SECRET})
    alert_ways.send(hook("slack"), MESSAGE)
    ((path, headers, content),) = chat_server.posts
    assert path == f"/services/{SECRET}" and "Authorization" not in headers
    assert content == {"text": "*[nightjar] m: é*\nWhat happened: &lt;b&gt;\nRun: http://a/b"}


def test_what_was_delivered_calls_nobody_in_a_chat_and_is_no_link(
    chat_server: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://127.0.0.1:{chat_server.port}/services"
    connect(monkeypatch, "chat", {"conn_type": "slackwebhook", "host": address, "password": SECRET})
    alert_ways.send(hook("slack"), replace(MESSAGE, body="<!channel> <http://evil|Run> @all @Here ann@allen.org &"))
    ((_, _, content),) = chat_server.posts
    assert content["text"].splitlines()[1] == (
        "&lt;!channel&gt; &lt;http://evil|Run&gt; @\u200ball @\u200bHere ann@allen.org &amp;"
    )


def test_a_file_that_is_read_on_a_terminal_has_nothing_that_it_obeys(tmp_path: Path) -> None:
    file = tmp_path / "alerts.log"
    receiver = Receiver.model_validate({"name": "f", "file": {"path": str(file)}})
    alert_ways.send(receiver, replace(MESSAGE, body="What happened: \x1b]0;x\x07\x1b[2J\u202ed\nRun: y"))
    said = file.read_text(encoding="utf-8")
    assert "\\x1b]0;x\\x07\\x1b[2J\\u202ed\n  Run: y" in said and not {"\x1b", "\x07", "\u202e"} & set(said)


@pytest.mark.parametrize(
    ("status", "seconds", "of_server", "said"),
    [
        (400, 0, False, "answers 400"),
        (404, 0, True, "answers 404"),
        (429, 0, True, "answers 429"),
        (503, 0, True, "answers 503"),
        (200, 2, True, "does not answer (ReadTimeout)"),
        (302, 0, False, "answers 302"),
    ],
)
def test_a_service_that_does_not_take_it_is_asked_once_and_its_address_is_in_no_error(
    chat_server: Chat, monkeypatch: pytest.MonkeyPatch, status: int, seconds: float, of_server: bool, said: str
) -> None:
    monkeypatch.setattr(alert_ways, "SECONDS", 0.5)
    address = f"http://127.0.0.1:{chat_server.port}/services"
    connect(monkeypatch, "chat", {"conn_type": "http", "host": address, "password": SECRET})
    chat_server.status, chat_server.seconds = status, seconds
    with pytest.raises(NotSent) as error:
        alert_ways.send(hook("slack"), MESSAGE)
    assert said in str(error.value) and error.value.of_server is of_server
    assert len(chat_server.posts) == 1
    assert SECRET not in repr(error.value) and error.value.__cause__ is None


def test_a_file_has_a_paragraph_a_message(tmp_path: Path) -> None:
    file = tmp_path / "new" / "alerts.log"
    for _ in range(2):
        alert_ways.send(Receiver.model_validate({"name": "f", "file": {"path": str(file)}}), MESSAGE)
    first, second, rest = file.read_text(encoding="utf-8").split("\n\n")
    assert first == second and rest == ""
    assert first.splitlines() == [
        f"2024-06-10 04:30:00 UTC [nightjar] m: é ({'f' * 32})", "  What happened: <b>", "  Run: http://a/b",
    ]  # fmt: skip


def test_a_file_that_can_not_be_written_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotSent, match="Is a directory"):
        alert_ways.send(Receiver.model_validate({"name": "f", "file": {"path": str(tmp_path)}}), MESSAGE)


def declared(**alerts: Any) -> UseCase:
    return UseCase.model_validate({**appointments.declaration(), "alerts": alerts})


def addresses(*use_cases: UseCase) -> list[str]:
    return [one.way.address for one in alert_ways.receivers(use_cases, alert_ways.of_deployment())]


def test_who_declares_nobody_has_the_file_and_whom_the_deployment_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    own = declared(to=[{"name": "own", "file": {"path": "/x"}}])
    assert addresses(declared()) == addresses() == ["file alerts.log"] and addresses(own) == ["file /x"]
    connect(monkeypatch, "nightjar_alerts", {"conn_type": "smtp", "host": "m", "extra": {"to": "a@b.c, d@e.f"}})
    assert addresses(declared()) == ["file alerts.log", "email a@b.c, d@e.f by nightjar_alerts"]
    connect(monkeypatch, "nightjar_alerts", {"conn_type": "slackwebhook", "host": "h"})
    assert addresses(declared(), own) == ["file /x", "file alerts.log", "webhook nightjar_alerts (slack)"]
    assert addresses(own) == ["file /x"]


@pytest.mark.parametrize("extra", [{}, {"to": "nobody"}, {"to": ["a@b.c", "x"]}])
def test_a_deployment_that_names_no_address_has_the_file_and_is_warned(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, extra: dict[str, Any]
) -> None:
    connect(monkeypatch, "nightjar_alerts", {"conn_type": "smtp", "host": "m", "extra": extra})
    assert addresses(declared()) == ["file alerts.log"]
    assert "expected addresses as `to` in its extra" in caplog.text


def test_what_a_server_missed_while_it_was_down_it_gets_once_when_it_is_back(
    mail_server: Mail, monkeypatch: pytest.MonkeyPatch, lakehouse_root: Path
) -> None:
    monkeypatch.setattr(books, "FIRST_WAIT", dt.timedelta())
    case = declared(to=[{"name": "desk", "email": {"to": ["a@example.org"]}}, {"name": "f", "file": {"path": "f.log"}}])
    monkeypatch.chdir(lakehouse_root.parent)
    fact = facts.failed("m", "score__m", "score", "run 1", "2024-06-10", "ModelMissing: no champion", AT)
    connect(monkeypatch, "smtp_default", smtp(closed_port()))
    assert alerts.tell([case], [fact], lambda fact: "http://a/b") == (1, 1)
    connect(monkeypatch, "smtp_default", smtp(mail_server.port))
    assert [alerts.tell([case], seen, lambda fact: "") for seen in ([], [fact])] == [(1, 0), (0, 0)]
    (message,) = mail_server.messages
    assert message["Subject"] == "[nightjar] score__m.score failed for 2024-06-10"
    assert Path("f.log").read_text(encoding="utf-8").count("ModelMissing: no champion") == 1
