"""What is kept of a table's log is what the table is now: whatever was committed, and whatever became of the copy on disk."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from lakehouse.storage import (
    commits,
    day_index,
    delta_log,
    file_layout,
    kept_on_disk,
    log_tail,
    sql_quoting,
    table_index,
)
from lakehouse.storage.day_index import KEPT_DAYS, DayIndex, of_opened
from lakehouse.tables import Table
from lakehouse.tables.table import col

DAY = dt.date(2024, 6, 10)
SCORES = Table(
    "gold",
    "kept_scores",
    tuple(
        col(name, kind, "of a test")
        for name, kind in (
            ("row", "long"),
            ("partition", "date"),
            ("role", "string"),
            ("model_version", "long"),
            ("chosen_by", "string"),
        )
    ),
    ("row",),
    ("partition", "role"),
    "Scores of a test.",
    indexed=("row", "model_version", "chosen_by"),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A lakehouse of the test's own, whose copies are kept."""
    at_home(tmp_path, monkeypatch)
    kept_on_disk.use()
    yield tmp_path
    kept_on_disk.use(False)
    table_index.forget()


def at_home(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(place / "warehouse"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(place / "state"))
    table_index.forget()


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that were opened to make an index of them."""
    found: list[str] = []

    def counted(table: Table, opened: DeltaTable) -> DayIndex:
        found.append(table.name)
        return of_opened(table, opened)

    monkeypatch.setattr(day_index, "of_opened", counted)
    return found


def write(days: list[dt.date], version: int = 1, role: str = "champion", rows: int = 2, chosen: str = "model") -> None:
    """Scores of these days, in place of those that were there."""
    made = [
        {"row": number, "partition": day, "role": role, "model_version": version, "chosen_by": chosen}
        for day in days
        for number in range(rows)
    ]
    where = f"{sql_quoting.days_condition(days)} AND role = {sql_quoting.literal(role)}"
    commits.replace_rows(SCORES, made, where)


def plain(index: DayIndex | None) -> Any:
    """What an index says, in an order of its own."""
    assert index is not None
    return index.newest, {
        day: sorted((one.path, dict(one.partition), one.rows, one.written, dict(one.bounds)) for one in files)
        for day, files in index.by_day.items()
    }


def anew() -> Any:
    """The same of the table opened now."""
    return plain(of_opened(SCORES, delta_log.open_at(delta_log.location(SCORES))))


ACTIONS = st.one_of(
    st.tuples(
        st.just("write"),
        st.lists(st.integers(-70, 70), min_size=1, max_size=4, unique=True),
        st.sampled_from(["champion", "challenger", "ü %20=b"]),
        st.integers(1, 12),
        st.integers(0, 3),
        st.sampled_from(["model", "fallback", "Ünter der Brücke %20"]),
    ),
    st.tuples(st.sampled_from(["compact", "vacuum", "restart", "damage", "remake", "checkpoint", "delete newest"])),
)


@drawn(max_examples=25, deadline=None)
@given(actions=st.lists(ACTIONS, min_size=1, max_size=7))
def test_after_whatever_happens_the_index_is_that_of_the_table_opened_anew(
    actions: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        at_home(tmp_path_factory.mktemp("drawn"), patched)
        write([DAY - dt.timedelta(days=number) for number in (0, 1, 61, 62)])
        assert plain(table_index.of(SCORES)) == anew()
        for action, *told in actions:
            happens(action, told)
            assert plain(table_index.of(SCORES)) == anew()


def happens(action: str, told: list[Any]) -> None:
    location = delta_log.location(SCORES)
    if action == "write":
        numbers, role, version, rows, chosen = told
        write([DAY + dt.timedelta(days=number) for number in numbers], version, role, rows, chosen)
    elif action == "compact":
        file_layout.compact(SCORES)
    elif action == "vacuum":
        delta_log.open_at(location).vacuum(0, dry_run=False, enforce_retention_duration=False)
    elif action == "checkpoint":
        opened = delta_log.open_at(location)
        opened.create_checkpoint()
        opened.cleanup_metadata()
    elif action == "delete newest":
        index = table_index.of(SCORES)
        if index is not None and index.newest is not None:
            write([index.newest], rows=0)
    elif action == "remake":
        shutil.rmtree(location)
        write([DAY - dt.timedelta(days=5)])
    else:
        table_index.forget()
        for copy in kept_on_disk.folder().glob("*"):
            if action == "damage":
                copy.write_bytes(copy.read_bytes()[:-9])


def test_a_commit_is_followed_without_opening_the_table(openings: list[str]) -> None:
    write([DAY])
    table_index.of(SCORES)
    write([DAY + dt.timedelta(days=1)], 2)
    index = table_index.of(SCORES)
    assert openings == [SCORES.name]
    assert index is not None and index.values("model_version", DAY + dt.timedelta(days=1)) == {2}


def test_a_process_that_starts_again_opens_no_table_that_is_as_it_was_or_has_a_few_commits_more(
    openings: list[str],
) -> None:
    write([DAY])
    table_index.of(SCORES)
    for version in (2, 3):
        table_index.forget()
        assert plain(table_index.of(SCORES)) == anew()
        write([DAY + dt.timedelta(days=version)], version)
    table_index.forget()
    assert plain(table_index.of(SCORES)) == anew()
    assert openings == [SCORES.name]


def test_a_table_that_is_gone_is_gone_whatever_the_copy_says() -> None:
    write([DAY])
    table_index.of(SCORES)
    shutil.rmtree(delta_log.location(SCORES))
    assert table_index.of(SCORES) is None
    table_index.forget()
    assert table_index.of(SCORES) is None


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\xfe", None])
def test_a_damaged_copy_is_none(damage: bytes | None, openings: list[str]) -> None:
    write([DAY])
    table_index.of(SCORES)
    (copy,) = kept_on_disk.folder().iterdir()
    whole = copy.read_bytes()
    # One digit of a count, in a text that is JSON still.
    copy.write_bytes(whole.replace(b",2,", b",7,", 1) if damage is None else damage)
    table_index.forget()
    assert plain(table_index.of(SCORES)) == anew()
    assert openings == [SCORES.name] * 2
    assert copy.read_bytes() == whole


def test_what_another_code_wrote_is_no_copy(openings: list[str]) -> None:
    write([DAY])
    table_index.of(SCORES)
    for said in (None, [], {"mark": [0, 0]}, {"mark": [0, 0, 0], "made": {"newest": 1}}):
        kept_on_disk.save(f"days {delta_log.location(SCORES)}", said)
        table_index.forget()
        assert plain(table_index.of(SCORES)) == anew()
    assert len(openings) == 5


def test_a_log_that_says_more_than_rows_is_left_to_the_library(openings: list[str]) -> None:
    write([DAY])
    table_index.of(SCORES)
    delta_log.open_at(delta_log.location(SCORES)).alter.set_table_properties(
        {"delta.logRetentionDuration": "interval 9 days"}
    )
    assert plain(table_index.of(SCORES)) == anew()
    assert len(openings) == 2


def test_many_commits_are_not_followed(openings: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_tail, "MOST_COMMITS", 3)
    write([DAY])
    table_index.of(SCORES)
    for number in range(1, 4):
        write([DAY + dt.timedelta(days=number)])
    assert plain(table_index.of(SCORES)) == anew()
    assert len(openings) == 1
    for number in range(4, 8):
        write([DAY + dt.timedelta(days=number)])
    assert plain(table_index.of(SCORES)) == anew()
    assert len(openings) == 2


def test_what_is_kept_is_bounded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(0, 2 * KEPT_DAYS, KEPT_DAYS // 2):
        write([DAY + dt.timedelta(days=number), DAY + dt.timedelta(days=number + 1)])
        index = table_index.of(SCORES)
        assert index is not None and len(index.by_day) <= KEPT_DAYS
    monkeypatch.setattr(kept_on_disk, "MOST_COPIES", 3)
    for number in range(9):
        kept_on_disk.save(f"copy {number}", number)
    kept_on_disk.use()
    assert len(list(kept_on_disk.folder().iterdir())) == 3
    monkeypatch.setattr(kept_on_disk, "MOST_BYTES", 100)
    kept_on_disk.save("copy 8", "x" * 101)
    assert kept_on_disk.load("copy 8") is None


def test_copies_name_no_row_and_are_readable_by_the_server_alone() -> None:
    write([DAY], rows=3)
    table_index.of(SCORES)
    (copy,) = kept_on_disk.folder().iterdir()
    assert copy.stat().st_mode & 0o077 == 0
    assert b'"row"' not in copy.read_bytes()


def test_a_process_that_serves_no_page_keeps_no_copy() -> None:
    kept_on_disk.use(False)
    write([DAY])
    table_index.of(SCORES)
    assert not kept_on_disk.folder().exists()


def test_a_disk_that_takes_no_copy_takes_nothing_from_the_answer(home: Path) -> None:
    (home / "state").write_text("no folder", encoding="utf-8")
    write([DAY])
    table_index.of(SCORES)
    write([DAY + dt.timedelta(days=1)])
    assert plain(table_index.of(SCORES)) == anew()
