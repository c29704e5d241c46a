"""An erasure from use cases that is killed anywhere is run again and ends like one that was not: some kills one after another, and
each alone.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from jobs.erase import job
from jobs.erase.arguments import EraseArguments
from lakehouse.ops import deliveries, erasures
from tests import byte_scan
from tests.byte_scan import Needle
from tests.jobs.erase.test_erase_killed import Killed, Once, alone, one_after_another
from tests.jobs.erase.test_erased_use_cases import SHAPES, lived, the_books_say_what_is_left_in_targets
from tests.jobs.erase.visits import DAYS, NOTE, RESULTS, SOURCE, Shape, World
from tests.kept_places import KeptPlaces

STEPS = (
    "jobs.erase.mlflow_samples.MlflowSamples.take_out",
    "jobs.erase.delivered.sql_rows.SqlRows._correct",
    "jobs.erase.delivered.sql_rows.SqlRows._shrink",
    "jobs.erase.delivered.file_rows.FileRows.delete",
    "jobs.erase.gold_rows.GoldRows.take_out",
    "jobs.erase.told_texts.ToldTexts.take_out",
    "jobs.erase.state_folder.StateFolder.take_out",
    "jobs.erase.landing_zone.LandingZone._tell_ledger",
    "jobs.erase.delivered_rows.DeliveredRows.take_out",
    "jobs.erase.delivered_rows.DeliveredRows._write_ledger",
    "lakehouse.storage.rewriting.rewrite",
    "lakehouse.storage.purging.purge",
    "lakehouse.storage.purging._remove_log_before",
    "lakehouse.ops.erasures.ask",
    "lakehouse.ops.erasures.found",
    "lakehouse.ops.erasures.finish",
)
SHAPE: Shape = SHAPES["int"]


def erase() -> job.EraseResult:
    return job.run(EraseArguments(source=SOURCE, key=SHAPE.given, reason="asked", actor="desk"))


@pytest.fixture
def world(worlds: KeptPlaces, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return lived("int", worlds, monkeypatch)


def killed_once(monkeypatch: pytest.MonkeyPatch, step: str, late: bool) -> None:
    """An erasure that is killed there, and run again."""
    Once(monkeypatch, step, late)
    with pytest.raises(Killed):
        erase()
    erase()


def ended_well(world: World) -> None:
    assert byte_scan.found(world.root, *SHAPE.needles, Needle(NOTE, (NOTE,))) == []
    for source in (SOURCE, RESULTS):
        (line,) = erasures.of_source(source)
        assert line.state == erasures.DONE and line.places[f"bronze.{source}"] == len(DAYS)
    (line,) = erasures.of_source(SOURCE)
    assert (line.places["gold.visits_scores"], line.places["target office of visits"]) == (2 * len(DAYS), len(DAYS))
    assert [one["model_version"] for one in line.published] == [1]
    others = len(SHAPE.others)
    for books in deliveries.lines_of([SOURCE, RESULTS]):
        assert (books.delivered_rows, books.accepted_rows, books.rejected_rows) == (others + 1, others, 1)
        assert world.ingest(books.source, books.partition).status == "unchanged"
    with sqlite3.connect(world.root / "crm.db") as opened:
        assert opened.execute("SELECT count(*) FROM decided").fetchone() == (others * len(DAYS),)


def test_a_run_that_is_killed_at_one_step_after_another_ends_like_one_that_was_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = [Once(monkeypatch, step, late) for step, late in one_after_another(STEPS)]
    while not all(one.done for one in kills):
        with pytest.raises(Killed):
            erase()
    erase()
    ended_well(world)


@pytest.mark.torture
@pytest.mark.parametrize(("step", "late"), alone(STEPS))
def test_a_run_that_was_killed_anywhere_ends_like_one_that_was_not(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, late: bool
) -> None:
    killed_once(monkeypatch, step, late)
    ended_well(world)


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "step",
    [
        "jobs.erase.delivered.sql_rows.SqlRows.delete",
        "jobs.erase.delivered.file_rows.FileRows.delete",
        "lakehouse.ops.exports.ended",
    ],
)
def test_the_books_of_a_target_say_what_it_has_after_a_kill(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, late: bool
) -> None:
    killed_once(monkeypatch, step, late)
    the_books_say_what_is_left_in_targets(world)
