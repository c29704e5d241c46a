"""An erasure that is killed anywhere, before or after each of its steps, is run again and ends like one that was not."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from jobs.erase import job
from jobs.erase.arguments import EraseArguments
from lakehouse.corpus import publication
from lakehouse.declaration import Dataset
from lakehouse.ops import dataset_versions, deliveries, erasures
from lakehouse.storage import arrow_dataset
from lakehouse.tables import CALLS
from tests.jobs import notes, traces
from tests.jobs.erase import world
from tests.jobs.erase.world import ID, TITLE
from tests.kept_places import KeptPlaces


def erase() -> job.EraseResult:
    return job.run(EraseArguments(source=notes.SOURCE, document=ID, reason="asked", actor="desk"))


def books() -> list[tuple[int, int, int, int]]:
    return [
        (one.delivered_rows, one.accepted_rows, one.rejected_rows, one.duplicate_rows)
        for one in deliveries.lines_of([notes.SOURCE])
    ]


@pytest.fixture
def dataset(worlds: KeptPlaces, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    return world.whole(worlds, monkeypatch)


@pytest.fixture
def root(lakehouse_root: Path) -> Path:
    return lakehouse_root.parent


STEPS = (
    "jobs.erase.landing_zone.LandingZone.take_out",
    "jobs.erase.landing_zone.LandingZone._tell_ledger",
    "jobs.erase.landing_zone._sync",
    "jobs.erase.delivered_rows.DeliveredRows.take_out",
    "jobs.erase.delivered_rows.DeliveredRows._write_ledger",
    "jobs.erase.recorded_calls.RecordedCalls.take_out",
    "jobs.erase.dataset_rows._least",
    "jobs.erase.dataset_rows.DatasetRows._clusters",
    "jobs.erase.versions.Versions.take_out",
    "jobs.erase.versions.Versions.settle",
    "jobs.erase.versions.Versions._record",
    "jobs.erase.published_folder._card",
    "jobs.erase.published_folder._manifest",
    "lakehouse.storage.purging.purge",
    "lakehouse.storage.purging._remove_log_before",
    "lakehouse.ops.erasures.found",
    "lakehouse.ops.erasures.finish",
)


def alone(steps: Sequence[str]) -> list[tuple[str, bool]]:
    """Moments that each get a run of their own: before or after a step in turn. The others come `one_after_another` in one run."""
    return [(step, bool(number % 2)) for number, step in enumerate(steps)]


def one_after_another(steps: Sequence[str]) -> list[tuple[str, bool]]:
    """The other moment of each step."""
    return [(step, not late) for step, late in alone(steps)]


class Killed(BaseException):
    """A kill, which nothing catches."""


class Once:
    """A step that is killed the first time that it runs, before it does its work or after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: str, late: bool) -> None:
        owner, _, name = step.rpartition(".")
        target: Any = _found(owner)
        self._real: Callable[..., Any] = getattr(target, name)
        self._late, self.done = late, False
        monkeypatch.setattr(target, name, lambda *given, **named: self._run(*given, **named))

    def _run(self, *given: Any, **named: Any) -> Any:
        if self.done:
            return self._real(*given, **named)
        self.done = True
        if self._late:
            self._real(*given, **named)
        raise Killed


def ended_well(dataset: Dataset, root: Path) -> None:
    assert traces.of(root, ID, TITLE) == []
    (line,) = erasures.of_source(notes.SOURCE)
    assert line.state == erasures.DONE
    assert (line.places["bronze.notes"], line.places["landing rows"], line.places["published examples"]) == (2, 2, 2)
    assert len(line.published) == 2
    assert books() == [(5, 4, 1, 0), (2, 1, 1, 0)]
    assert world.ingest().status == "unchanged"
    events = dataset_versions.of_dataset(dataset.name)
    assert [event.state for event in events].count(dataset_versions.ERASED) == 2
    for version in (1, 2):
        folder = publication.place(dataset, version)
        said = publication.manifest(folder)
        assert publication.changes(folder, said["files"]) == []
        assert said["content_digest"] == dataset_versions.of_dataset(dataset.name, version)[-1].content_digest
    assert sum(row["cost_micros"] for row in arrow_dataset.read(CALLS).to_pylist()) == 4 * 70


def test_a_run_that_is_killed_at_one_step_after_another_ends_like_one_that_was_not(
    dataset: Dataset, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = [Once(monkeypatch, step, late) for step, late in one_after_another(STEPS)]
    while not all(one.done for one in kills):
        with pytest.raises(Killed):
            erase()
    erase()
    ended_well(dataset, root)


@pytest.mark.torture
@pytest.mark.parametrize(("step", "late"), alone(STEPS))
def test_a_run_that_was_killed_anywhere_ends_like_one_that_was_not(
    dataset: Dataset, root: Path, monkeypatch: pytest.MonkeyPatch, step: str, late: bool
) -> None:
    Once(monkeypatch, step, late)
    with pytest.raises(Killed):
        erase()
    erase()
    ended_well(dataset, root)


def _found(path: str) -> Any:
    """A module, or a class of one."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)
