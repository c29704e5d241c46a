"""The diary of the models."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse import delta, events
from lakehouse.events import Event
from lakehouse.tables import MODEL_EVENTS

NOON = dt.datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
EVENT = Event("m", 1, events.REGISTERED, None, "job", 'it\'s "trained"', {"rmse": 0.1}, "r1", NOON)


def test_an_event_comes_back_as_it_was_written(lakehouse_root: Path) -> None:
    events.record(EVENT)
    assert events.of_model("m") == [EVENT]


def test_writing_an_event_again_changes_nothing(lakehouse_root: Path) -> None:
    events.record(EVENT)
    version = delta.version(MODEL_EVENTS)
    events.record(EVENT)
    assert events.of_model("m") == [EVENT]
    assert delta.version(MODEL_EVENTS) == version


def test_an_event_replaces_no_other_event(lakehouse_root: Path) -> None:
    others = [
        replace(EVENT, model_name="n"),
        replace(EVENT, model_version=2),
        replace(EVENT, event=events.HELD),
        replace(EVENT, happened_at=NOON + dt.timedelta(microseconds=1)),
    ]
    for event in (*others, EVENT):
        events.record(event)
    found = events.of_model("m")
    assert len(found) == 4 and EVENT in found
    assert events.of_model("n") == [others[0]]
    assert [event.happened_at for event in found] == sorted(event.happened_at for event in found)
    assert events.of_model("m", 2) == [others[1]]


def test_the_time_zone_of_the_writer_does_not_matter(lakehouse_root: Path) -> None:
    paris = dt.timezone(dt.timedelta(hours=2))
    events.record(replace(EVENT, happened_at=NOON.astimezone(paris)))
    events.record(EVENT)
    assert events.of_model("m") == [EVENT]


def test_no_table_means_no_events(lakehouse_root: Path) -> None:
    assert events.of_model("m") == []


@pytest.mark.parametrize("change", [{"event": "praised"}, {"happened_at": NOON.replace(tzinfo=None)}])
def test_an_event_that_readers_could_not_understand_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(AssertionError, match="expected"):
        replace(EVENT, **change)  # type: ignore[arg-type]
