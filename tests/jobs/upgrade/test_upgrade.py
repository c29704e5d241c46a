"""A lakehouse of each former release is opened by this one: what is missing is added, and no value changes, also when killed."""

from __future__ import annotations

import datetime as dt
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from jobs.__main__ import main
from jobs.ingest import job as ingest
from jobs.ingest.arguments import IngestArguments
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from jobs.upgrade import changes, job, steps
from jobs.upgrade.arguments import UpgradeArguments
from jobs.upgrade.changes import Renamed
from lakehouse import code_version, settings, tables
from lakehouse.lineage import declared
from lakehouse.ops import releases
from lakehouse.storage import delta_log, small_tables, table_shape
from tests import release_fixture
from tests.jobs.shelf import Shelf, day

PACKED = sorted(release_fixture.RELEASES.glob("*.tar.xz"))


@pytest.fixture(params=PACKED, ids=[file.name.removesuffix(".tar.xz") for file in PACKED])
def former(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """The lakehouse of a former release."""
    with tarfile.open(request.param) as packed:
        packed.extractall(tmp_path / "place", filter="data")
    yield release_fixture.opened(tmp_path / "place", monkeypatch)


def upgrade(**options: Any) -> dict[str, Any]:
    return job.run(UpgradeArguments(**options)).as_json()


def found() -> dict[str, pa.Table]:
    """The rows of every table, by name, in an order of their own."""
    rows = {}
    for place in sorted(Path(settings.load().lakehouse_root).glob("*/*/_delta_log")):
        table = DeltaTable(place.parent).to_pyarrow_table()
        by = [(name, "ascending") for name in sorted(table.column_names)]
        rows[f"{place.parent.parent.name}.{place.parent.name}"] = table.sort_by(by) if len(table) else table
    return rows


def test_the_fixture_of_the_last_release_is_there_and_is_small() -> None:
    assert "0.1.0.tar.xz" in [file.name for file in PACKED]
    assert all(file.stat().st_size < release_fixture.MOST for file in PACKED)


def test_a_dry_run_lists_the_steps_and_changes_nothing(former: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    before = found()
    said = upgrade(dry_run=True)
    assert said["status"] == "planned" and "ops.exports: create it, empty" in said["steps"]
    assert any(step.startswith("silver.bakery_plan: describe ") for step in said["steps"])
    out = capsys.readouterr().out
    assert all(step in out for step in said["steps"])
    # The whole command too, which counts what it costs as every run does.
    assert main(["upgrade", "--dry-run"]) == 0
    assert found() == before


def test_an_upgrade_adds_and_keeps_every_value_and_the_next_finds_nothing(former: Shelf) -> None:
    before = found()
    said = upgrade(actor="tests")
    assert (said["status"], said["from_release"], said["to_release"]) == ("upgraded", "0.1.0", code_version.RELEASE)
    after = found()
    for name, rows in before.items():
        assert after[name].select(rows.column_names).equals(rows), name
    assert {one.full_name for one in declared.ops_tables()} <= after.keys()
    (line,) = small_tables.read(tables.RELEASES)
    assert (line["release"], line["layout"], json.loads(line["steps"])) == (
        code_version.RELEASE,
        releases.LAYOUT,
        said["steps"],
    )
    again = upgrade()
    assert (again["status"], again["steps"]) == ("current", [])
    for name, one in declared.load().tables.items():
        if name in after:
            assert set(after[name].column_names) >= set(one.table.column_names)


def test_the_next_night_runs_on_it_and_no_old_score_changes(former: Shelf) -> None:
    upgrade()
    scores = tables.scores(former.use_case)
    before = delta_log.version(scores)
    former.add()
    last = day(release_fixture.SCORED)
    arguments = ScoreArguments(use_case=former.use_case.name, partition=day(0), through=last)
    assert score.run(arguments).as_json()["status"] == "unchanged"
    assert delta_log.version(scores) == before
    new = ScoreArguments(use_case=former.use_case.name, partition=last + dt.timedelta(days=1))
    assert score.run(new).as_json()["rows"] > 0
    days = IngestArguments(
        source="bakery_plan",
        # The first day has a correction that was refused, and would be again.
        partition=release_fixture.FIRST + dt.timedelta(days=1),
        through=release_fixture.FIRST + dt.timedelta(days=release_fixture.DAYS),
    )
    assert ingest.run(days).status == "unchanged"


@pytest.mark.parametrize("after", [0, 5, -1])
def test_killed_behind_any_step_it_goes_on(former: Shelf, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = steps.plan()
    stop = len(planned.steps) if after == -1 else after

    class Killed(BaseException):
        pass

    done: list[str] = []

    def counted(run: Callable[[], object], words: str) -> Callable[[], object]:
        def call() -> object:
            if len(done) == stop:
                raise Killed
            done.append(words)
            return run()

        return call

    def killed(*_: object) -> None:
        raise Killed

    cut = tuple(steps.Step(one.table, one.words, counted(one.run, one.words)) for one in planned.steps)
    with monkeypatch.context() as patch:
        patch.setattr(steps, "plan", lambda _: steps.Plan(cut, ()))
        patch.setattr(releases, "record", killed)
        with pytest.raises(Killed):
            upgrade()
    said = upgrade()
    assert len(said["steps"]) == len(planned.steps) - stop + 1
    assert upgrade()["status"] == "current"


def test_a_renamed_column_keeps_its_values(former: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {row["delivery_id"]: row["origin"] for row in small_tables.read(tables.DELIVERIES)}
    columns = tuple(
        one.model_copy(update={"name": "arrived_from"}) if one.name == "origin" else one
        for one in tables.DELIVERIES.columns
    )
    renamed = tables.Table(**{**vars(tables.DELIVERIES), "columns": columns})
    monkeypatch.setattr("lakehouse.tables.ops.DELIVERIES", renamed)
    monkeypatch.setattr(changes, "RENAMED", (Renamed("ops.deliveries", "origin", "arrived_from"),))
    said = upgrade()
    assert "ops.deliveries: origin is called arrived_from now" in said["steps"] and not said["left"]
    after = {row["delivery_id"]: row["arrived_from"] for row in small_tables.read(renamed)}
    assert after == before and "origin" not in delta_log.column_names(renamed)
    assert upgrade()["status"] == "current"


def test_a_column_that_is_declared_since_is_added_and_is_null(former: Shelf) -> None:
    table = tables.scores(former.use_case)
    before = small_tables.read(table)
    fewer = tuple(one for one in table.columns if one.name not in ("chosen_by", "decides"))
    earlier = tables.Table(**{**vars(table), "columns": fewer})
    rows = DeltaTable(delta_log.location(table)).to_pyarrow_table()
    table_shape.rebuild(earlier, [rows.select(earlier.column_names)])
    said = upgrade()
    assert f"{table.full_name}: add chosen_by, decides, null in the rows that are there" in said["steps"]
    assert delta_log.column_names(table) == set(table.column_names)
    assert small_tables.read(table) == [{**row, "chosen_by": None, "decides": None} for row in before]


def test_what_an_upgrade_cannot_do_is_said_with_the_command_that_can(former: Shelf) -> None:
    table = tables.performance(former.use_case)
    # As if an earlier declaration had fewer columns.
    fewer = tuple(one for one in table.columns if one.name != "rows")
    table_shape.rebuild(tables.Table(**{**vars(table), "columns": fewer}), [])
    said = upgrade()
    assert [
        one for one in said["left"] if f"migrate --use-case {former.use_case.name}" in one and "rows is missing" in one
    ]


def test_a_later_releases_lakehouse_is_refused_and_an_earlier_layout_too(
    former: Shelf, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own, before = releases.LAYOUT, found()
    monkeypatch.setattr(releases, "LAYOUT", own + 1)
    assert main(["maintain"]) == 82
    assert "upgrade --dry-run lists" in capsys.readouterr().err
    assert found() == before
    upgrade()
    releases.expect_readable()
    monkeypatch.setattr(releases, "LAYOUT", own)
    before = found()
    assert main(["maintain"]) == 83
    assert "nothing was changed" in capsys.readouterr().err
    assert found() == before
    # What the refused runs cost is taken in by code that may write.
    monkeypatch.setattr(releases, "LAYOUT", own + 1)
    assert main(["maintain"]) == 0
    errors = found()["ops.costs"]["error"].to_pylist()
    assert sorted(error for error in errors if error) == ["LakehouseNewer", "UpgradeNeeded"]


def test_an_empty_lakehouse_of_a_later_layout_is_new_and_is_stamped(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases.expect_readable()
    assert not (lakehouse_root / "ops").exists()
    own = releases.LAYOUT
    monkeypatch.setattr(releases, "LAYOUT", own + 1)
    releases.expect_readable()
    assert releases.newest()[0] == own + 1
    monkeypatch.setattr(releases, "LAYOUT", own)
    assert main(["maintain"]) == 83
    assert main(["upgrade"]) == 83
