"""What is found by the rows of bronze is found again after a kill, and after a place that did not answer."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
import yaml

from jobs.erase import job, reach, state_folder
from jobs.erase.arguments import EraseArguments
from jobs.erase.erase_result import EraseResult
from lakehouse import settings
from lakehouse.errors import ErasureIncomplete
from lakehouse.ops import retention
from tests import byte_scan
from tests.jobs import traces
from tests.jobs.erase import world as notes_world
from tests.jobs.erase.test_erase_killed import Killed, Once
from tests.jobs.erase.test_erased_use_cases import SHAPES, lived
from tests.jobs.erase.visits import DAYS, NAME, NOW, RESULTS, SOURCE, World
from tests.kept_places import KeptPlaces


def by_owner() -> EraseResult:
    return job.run(EraseArguments(subject="owner", key=("100",), reason="r", actor="desk"))


@pytest.fixture
def world(worlds: KeptPlaces, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Visits are known in gold and in targets by their own key, and are erased by whose they are."""
    return lived("text", worlds, monkeypatch, source={"erasure": {"subjects": {"owner": "whose"}}})


def left(world: World) -> set[str]:
    found = byte_scan.found(world.root, *SHAPES["text"].needles)
    return {one for one in found if RESULTS not in one and "ops" not in one and "alerts.log" not in one}


def test_a_target_that_did_not_answer_is_emptied_by_a_later_run(world: World) -> None:
    crm = world.root / "crm.db"
    hidden = crm.rename(world.root / "elsewhere.db")
    crm.mkdir()
    with pytest.raises(ErasureIncomplete, match="target office of visits: Target"):
        by_owner()
    crm.rmdir()
    hidden.rename(crm)
    assert by_owner().places[f"target office of {NAME}"] == len(DAYS)
    assert left(world) == set()
    assert by_owner().status == "unchanged"


def test_a_file_that_a_job_may_be_about_to_commit_is_looked_at_by_a_later_run(world: World) -> None:
    folder = world.root / "warehouse" / "gold" / f"{NAME}_features"
    written = next(folder.rglob("*.parquet"))
    young = written.with_name("part-of-a-job.parquet")
    young.write_bytes(written.read_bytes())
    for _ in range(2):
        with pytest.raises(ErasureIncomplete, match=r"part-of-a-job\.parquet"):
            by_owner()
    young.unlink()
    by_owner()
    assert left(world) == set()


def test_days_whose_delivered_rows_retention_has_taken_are_told(world: World) -> None:
    line = retention.Removal(
        table=f"bronze.{SOURCE}",
        first_day=DAYS[0],
        last_day=DAYS[0],
        days=1,
        rows=5,
        files=1,
        bytes=9,
        whole_from=None,
        rule="1 days (layer bronze)",
        state=retention.REMOVED,
        actor="job",
        planned_at=NOW,
        removed_at=NOW,
    )
    retention.record([line])
    assert f"(bronze.{SOURCE} of {DAYS[0]} to {DAYS[0]})" in str(by_owner().message)
    by_key = job.run(EraseArguments(source=SOURCE, key=("a",), reason="r"))
    assert "retention" not in str(by_key.message)


@pytest.mark.parametrize(
    "step",
    [
        "jobs.erase.delivered_rows.DeliveredRows.take_out",
        "jobs.erase.versions.Versions.settle",
        "lakehouse.storage.purging._remove_log_before",
    ],
)
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_documents_that_are_known_by_a_subject_are_found_after_a_kill(
    worlds: KeptPlaces, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, step: str, late: bool
) -> None:
    root = lakehouse_root.parent
    notes_world.whole(worlds, monkeypatch)
    file = next((root / "own").rglob("source.yaml"))
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"erasure": {"subjects": {"about": "title"}}}))
    asked = EraseArguments(subject="about", key=(notes_world.TITLE,), reason="asked", actor="desk")
    Once(monkeypatch, step, late)
    with pytest.raises(Killed):
        job.run(asked)
    assert job.run(asked).status in ("erased", "none")
    assert traces.of(root, notes_world.ID, notes_world.TITLE) == []


def test_what_others_remove_meanwhile_is_no_error(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    root = lakehouse_root.parent
    world = World(root, SHAPES["text"], monkeypatch)
    (subject, *_) = reach.of(EraseArguments(source=SOURCE, key=("zebra-4711",), reason="r")).subjects
    job_folder = tmp_path / "temporary" / "nightjar-job-1"
    copy = settings.load().state_root / "status_page" / "store" / "1.new"
    for file in (job_folder / "rows", copy):
        file.parent.mkdir(parents=True)
        file.write_text("zebra-4711")
    real = Path.is_file

    def is_file(path: Path) -> bool:
        there = real(path)
        if path == copy:
            path.unlink()
        return there

    monkeypatch.setattr(Path, "is_file", is_file)
    owned = state_folder._owned

    def removed(path: Path) -> bool:
        mine = owned(path)
        shutil.rmtree(path)
        return mine

    monkeypatch.setattr(state_folder, "_owned", removed)
    assert not any(state_folder.StateFolder([subject], [world.use_case]).found().values())


MADE = re.compile(r"tempfile\.(?:TemporaryDirectory|mkdtemp|mkstemp|NamedTemporaryFile)\((.*?)\)", re.DOTALL)


@pytest.mark.parametrize("room", ["jobs", "lakehouse"])
def test_whatever_is_made_in_the_system_s_folder_is_known_to_erase_by_its_name(room: str) -> None:
    found = 0
    for file in (settings.PROJECT_ROOT / room).rglob("*.py"):
        for how in MADE.findall(file.read_text(encoding="utf-8")):
            prefix = re.search(r'prefix="([^"]*)"', how)
            found += 1
            assert "dir=" in how or (prefix is not None and state_folder.TEMPORARY.match(prefix[1])), (
                f"{file}: expected a name that jobs.erase.state_folder.TEMPORARY knows, so that what a killed job leaves there is "
                f"found by an erasure; found tempfile with ({how})"
            )
    assert found > 3


@pytest.mark.parametrize("name", ["nightjar-rows-a1", "nightjar-backup-b2", "nightjar-review-c3"])
def test_what_killed_jobs_have_left_goes_when_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "state"))
    left, young = (tmp_path / "temporary" / one for one in (name, f"{name}-young"))
    for folder in (left, young):
        folder.mkdir(parents=True)
        (folder / "rows").write_text("zebra-4711")
    for path in (left / "rows", left):
        os.utime(path, (0, 0))
    place = state_folder.StateFolder([], [])
    assert place.found()[state_folder.LEFT_OVER] == 1
    place.take_out()
    assert young.exists() and not left.exists()
