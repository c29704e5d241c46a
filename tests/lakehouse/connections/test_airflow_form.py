"""Keys of services as the environment has them, and how long a service asks to wait."""

from __future__ import annotations

import datetime as dt
import email.utils

import pytest

from lakehouse.connections import airflow_form, retry_after
from lakehouse.declaration.dataset_teacher import ServiceTeacher
from lakehouse.errors import ConnectionWrong
from lakehouse.teacher import access

TEACHER = {"by": "service", "url": "https://h/v1", "model": "m", "prompt": "p.md"}


def key(monkeypatch: pytest.MonkeyPatch, text: str, variable: str = "AIRFLOW_CONN_TEACHER") -> str | None:
    monkeypatch.setenv(variable, text)
    return access.of(ServiceTeacher.model_validate({**TEACHER, "connection": "teacher"})).key


@pytest.mark.parametrize(
    "text",
    [
        "https://:sk-1%2F2@api.example.org",
        "https://:sk-1%2F2@",
        "http://me:sk-1%2F2@host/?timeout=5",
        '{"conn_type": "http", "password": "sk-1/2"}',
        '{"conn_type": "http", "host": "h", "port": "80", "password": "sk-1/2", "extra": "{}"}',
        '{"conn_type": "http", "extra": {"token": "sk-1/2"}}',
        "https://api.example.org?token=sk-1%2F2",
    ],
)
def test_a_key_is_read_from_a_connection_in_airflows_form(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert key(monkeypatch, text) == "sk-1/2"
    assert key(monkeypatch, "https://:other@host", "NIGHTJAR_CONNECTION_TEACHER") == "other"


@pytest.mark.parametrize(
    "text",
    [
        "s3cret",
        '{"password": "s3cret"',
        '{"password": ["s3cret"]}',
        '{"password": "s3cret", "port": "x"}',
        "https://:s3cret@[::1",
        "https://host",
        "https://:s3%0Acret@host",
        "https://:s3%20cret@host",
        "https://:s3cr%C3%A9t@host",
    ],
)
def test_a_connection_without_a_key_that_can_be_one_is_told_and_never_shown(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConnectionWrong, match=r"(?i)teacher") as raised:
        key(monkeypatch, text)
    assert "s3" not in str(raised.value) and raised.value.__cause__ is None


def test_a_connection_that_is_nowhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectionWrong, match="NIGHTJAR_CONNECTION_NOWHERE"):
        airflow_form.named("nowhere")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0.5", 0.5),
        ("-3", 0),
        ("1e99", retry_after.LONGEST),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
    ],
)
def test_a_pause_is_a_number_of_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after.seconds(value) == seconds


def test_a_date_that_comes_is_so_many_seconds_away() -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    found = retry_after.seconds(email.utils.format_datetime(later, usegmt=True))
    assert found is not None and 85 < found <= 91
