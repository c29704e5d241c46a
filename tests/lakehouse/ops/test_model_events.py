"""The audit log of the models."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event
from lakehouse.storage import delta_log
from lakehouse.tables import MODEL_EVENTS

NOON = dt.datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
EVENT = Event("m", 1, model_events.REGISTERED, None, "job", 'it\'s "trained"', {"rmse": 0.1}, "r1", NOON)


def test_an_event_comes_back_as_it_was_written(lakehouse_root: Path) -> None:
    model_events.record(EVENT)
    assert model_events.of_model("m") == [EVENT]


def test_writing_an_event_again_changes_nothing(lakehouse_root: Path) -> None:
    model_events.record(EVENT)
    version = delta_log.version(MODEL_EVENTS)
    model_events.record(EVENT)
    assert model_events.of_model("m") == [EVENT]
    assert delta_log.version(MODEL_EVENTS) == version


def test_an_event_replaces_no_other_event(lakehouse_root: Path) -> None:
    others = [
        replace(EVENT, model_name="n"),
        replace(EVENT, model_version=2),
        replace(EVENT, event=model_events.HELD),
        replace(EVENT, happened_at=NOON + dt.timedelta(microseconds=1)),
    ]
    for event in (*others, EVENT):
        model_events.record(event)
    found = model_events.of_model("m")
    assert len(found) == 4 and EVENT in found
    assert model_events.of_model("n") == [others[0]]
    assert [event.happened_at for event in found] == sorted(event.happened_at for event in found)
    assert model_events.of_model("m", 2) == [others[1]]


def test_the_time_zone_of_the_writer_does_not_matter(lakehouse_root: Path) -> None:
    paris = dt.timezone(dt.timedelta(hours=2))
    model_events.record(replace(EVENT, happened_at=NOON.astimezone(paris)))
    model_events.record(EVENT)
    assert model_events.of_model("m") == [EVENT]


def test_no_table_means_no_events(lakehouse_root: Path) -> None:
    assert model_events.of_model("m") == []


@pytest.mark.parametrize("change", [{"event": "praised"}, {"happened_at": NOON.replace(tzinfo=None)}])
def test_an_event_that_readers_could_not_understand_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(AssertionError, match="expected"):
        replace(EVENT, **change)  # type: ignore[arg-type]
