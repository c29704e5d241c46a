"""Text within SQL stays a value, for both of the engines that read it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event
from lakehouse.storage import commits, sql_quoting
from lakehouse.tables import MODEL_EVENTS

HOSTILE = (
    "o'hara",
    "' OR '1'='1",
    "x'; DROP TABLE model_events; --",
    "back\\slash",
    "\\' OR 1=1 --",
    "a\nb",
    "é" * 3000,
    "{{ 1 }}",
)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_literal_is_the_value_and_nothing_else(value: str) -> None:
    assert duckdb.sql(f"SELECT {sql_quoting.literal(value)}").fetchall() == [(value,)]


def test_sparks_literals_and_names_are_escaped_its_own_way() -> None:
    assert sql_quoting.spark_literal("o'ha\\ra") == r"'o\'ha\\ra'"
    assert sql_quoting.spark_name("/a`; DROP/b") == "`/a``; DROP/b`"


@pytest.mark.parametrize("name", HOSTILE)
def test_an_event_of_any_name_replaces_itself_and_no_other(lakehouse_root: Path, name: str) -> None:
    def event(model: str) -> Event:
        at = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
        return Event(model, 1, model_events.PROMOTED, None, name, name, {"said": name}, name, at)

    model_events.record(event("bystander"))
    model_events.record(event(name))
    # As if the first had not been seen: the write itself must not double it.
    commits.replace_rows(MODEL_EVENTS, [], f"model_name = {sql_quoting.literal(name)} AND model_version = 2")
    model_events.record(event(name))
    assert [found.actor for found in model_events.of_model(name)] == [name]
    assert model_events.of_model("bystander") == [event("bystander")]
