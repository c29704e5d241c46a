"""The journal of what runs cost becomes the table: nothing is lost, nothing is there twice, and money follows the rate card."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.errors import BadArguments
from lakehouse.ops import cost_journal, costs
from lakehouse.ops.cost_journal import OpenRun
from lakehouse.ops.run_cost import RunCost
from lakehouse.storage import commits, delta_log
from lakehouse.tables import COSTS
from tests.recorded_runs import AT, a_run, declare_rates, leave


@pytest.fixture
def there(lakehouse_root: Path) -> Iterator[Path]:
    lakehouse_root.mkdir()
    yield lakehouse_root


def recorded() -> dict[str, dict[str, Any]]:
    return {row["run_id"]: row for row in costs.read().to_pylist()}


def test_runs_are_taken_in_once_in_a_commit_for_all_that_wait(there: Path) -> None:
    runs = [a_run(through=None, partition=dt.date(2024, 6, day)) for day in range(1, 9)]
    for run in runs:
        leave(run)
    assert costs.fold() == len(runs)
    assert costs.fold() == 0
    assert recorded().keys() == {run.run_id for run in runs}
    # It was created, and written to once.
    assert delta_log.version(COSTS) == 1
    assert list(cost_journal.ended()) == []


def test_a_day_of_a_host_stays_one_file(there: Path) -> None:
    for _ in range(4):
        leave(a_run())
        costs.fold()
    leave(a_run(host="another"))
    leave(a_run(started_at=AT + dt.timedelta(days=1)))
    costs.fold()
    assert len(delta_log.opened(COSTS).file_uris()) == 3
    assert len(recorded()) == 6


def test_what_was_committed_and_not_taken_from_the_journal_is_there_once(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run()
    leave(run)
    before = recorded()
    with monkeypatch.context() as killed:
        killed.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(OSError, match="killed"):
            costs.fold()
    assert before == {} and recorded().keys() == {run.run_id}
    costs.fold()
    assert len(costs.read()) == 1


def test_fifty_runs_that_end_at_once_are_all_recorded(there: Path) -> None:
    runs = [a_run() for _ in range(50)]

    def end(run: RunCost) -> None:
        leave(run)
        costs.fold()

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(end, runs))
    assert recorded().keys() == {run.run_id for run in runs}


def test_a_run_that_lives_is_not_taken_in_and_one_that_is_gone_is_killed(there: Path) -> None:
    lives = a_run(status="killed")
    file = OpenRun(lives.run_id)
    file.write(lives)
    assert costs.fold() == 0
    said = a_run(run_id=lives.run_id, status="killed", actor="a", processor_seconds=7.0)
    file.write(said)
    # Its end takes the lock from it, as the system does.
    file._lock.close()
    assert costs.fold() == 1
    [row] = recorded().values()
    assert (row["status"], row["processor_seconds"], row["actor"]) == ("killed", 7.0, "a")


@pytest.mark.parametrize("taken_in", [False, True])
def test_a_run_that_is_killed_right_after_its_end_has_ended(
    there: Path, monkeypatch: pytest.MonkeyPatch, taken_in: bool
) -> None:
    run = a_run()
    file = OpenRun(run.run_id)
    file.write(a_run(run_id=run.run_id, status="killed", processor_seconds=0.1))
    monkeypatch.setattr(file, "leave", lambda: None)
    file.end(run)
    if taken_in:
        # By another run, while this one still has its file.
        assert costs.fold() == 1
    file._lock.close()
    costs.fold()
    [row] = recorded().values()
    assert (row["status"], row["processor_seconds"]) == (run.status, run.processor_seconds)
    assert list(cost_journal.ended()) == []


def test_half_a_line_stops_nobody(there: Path) -> None:
    run = a_run()
    leave(run)
    (cost_journal.folder() / "broken.json").write_text('{"run_id": "x"', encoding="utf-8")
    (cost_journal.folder() / "broken.open").write_text("", encoding="utf-8")
    costs.fold()
    assert recorded().keys() == {run.run_id}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.builds(
            a_run,
            started_at=st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2024, 3, 1), timezones=st.just(dt.UTC)),
            partition=st.none() | st.dates(),
            model_version=st.none() | st.integers(0, 2**31 - 1),
            error=st.none() | st.text(max_size=5),
            use_case=st.none() | st.text(max_size=5),
            actor=st.text(max_size=20),
            host=st.text("h'\"%é ", max_size=4),
            spark_seconds=st.none() | st.floats(0, 1e6),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_a_run_says_is_in_the_table_as_it_was(there: Path, runs: list[RunCost]) -> None:
    for run in runs:
        leave(run)
    costs.fold()
    found = recorded()
    for run in runs:
        row = found[run.run_id]
        assert {name: row[name] for name in vars(run)} == vars(run)
        assert row["money"] is None and row["month"] == f"{run.started_at:%Y-%m}"


def test_money_is_that_of_the_day_and_of_the_kind_of_host(there: Path, tmp_path: Path) -> None:
    text = """currency: EUR
rates:
  - {from: 2024-06-01, processor_hour: 2, memory_gb_hour: 1, written_gb: 0.5, run: 0.25}
  - from: 2024-07-01
    processor_hour: 3
    hosts: {spot: {processor_hour: 1}}
"""
    declare_rates(tmp_path / "use_cases", text)
    july = AT + dt.timedelta(days=30)
    runs = [
        a_run(),
        a_run(started_at=july),
        a_run(started_at=july, host_kind="spot"),
        a_run(started_at=AT - dt.timedelta(days=30)),
    ]
    for run in runs:
        leave(run)
    costs.fold()
    money = [(recorded()[run.run_id]["money"], recorded()[run.run_id]["currency"]) for run in runs]
    assert money == [(3.75, "EUR"), (3.0, "EUR"), (1.0, "EUR"), (None, None)]


def test_a_later_rate_card_costs_again_what_it_is_asked_for(there: Path, tmp_path: Path) -> None:
    leave(a_run())
    leave(a_run(started_at=AT + dt.timedelta(days=40)))
    costs.fold()
    with pytest.raises(BadArguments, match=r"rates\.yaml"):
        costs.cost_again(None, None)
    declare_rates(tmp_path / "use_cases")
    assert costs.cost_again(None, None, dry_run=True) == 2
    assert {row["money"] for row in recorded().values()} == {None}
    assert costs.cost_again(AT.date(), AT.date()) == 1
    assert costs.cost_again(None, None) == 1
    version = delta_log.version(COSTS)
    assert costs.cost_again(None, None) == 0
    assert delta_log.version(COSTS) == version
    assert {row["money"] for row in recorded().values()} == {3.75}


def test_a_wrong_rate_card_costs_no_run(there: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    declare_rates(tmp_path / "use_cases", "currency: euro\nrates: []\n")
    leave(a_run())
    assert costs.fold() == 1
    assert "rates.yaml: currency" in caplog.text
    [row] = recorded().values()
    assert math.isclose(row["processor_seconds"], 3600) and row["money"] is None


def test_a_commit_that_fails_leaves_the_journal_as_it_is(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(a_run())
    with monkeypatch.context() as broken:
        broken.setattr(commits, "amend_rows", lambda *_: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            costs.fold()
    assert costs.fold() == 1
