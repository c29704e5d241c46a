"""The record of erasures: what stays out, without an id in it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.ops import erasures
from lakehouse.ops.erasures import Tombstones
from lakehouse.storage import small_tables
from lakehouse.tables import ERASURES

NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


def ask(document: str, source: str = "notes", now: dt.datetime = NOW) -> erasures.Erasure:
    return erasures.ask(source, document, "asked by letter", "desk", now)


def test_what_was_asked_stays_out_of_its_source_alone(lakehouse_root: Path) -> None:
    assert erasures.is_erased("notes", ["a"]) == set()
    ask("a")
    ask("b", now=LATER)
    assert erasures.is_erased("notes", ["a", "b", "c"]) == {"a", "b"}
    assert erasures.is_erased("letters", ["a", "b"]) == set()


def test_all_erasures_of_a_source_share_a_salt_and_another_has_its_own(lakehouse_root: Path) -> None:
    assert ask("a").salt == ask("b").salt != ask("a", source="letters").salt


def test_no_id_is_in_the_record(lakehouse_root: Path) -> None:
    ask("a-very-telling-name")
    (line,) = small_tables.read(ERASURES)
    assert not any("telling" in str(value) for value in line.values())
    assert not any(b"telling" in file.read_bytes() for file in lakehouse_root.rglob("*") if file.is_file())


def test_asked_twice_it_keeps_its_line_and_the_first_reason(lakehouse_root: Path) -> None:
    first = ask("a")
    assert erasures.ask("notes", "a", "again", "other", LATER) == first
    assert erasures.of_source("notes") == [first]


def test_a_run_after_a_kill_keeps_what_was_found_first(lakehouse_root: Path) -> None:
    line = ask("a")
    erasures.found(line, {"bronze.notes": 3, "landing": 1}, [{"dataset": "d", "version": 1}])
    erasures.found(line, {"bronze.notes": 1, "silver.notes": 2}, [{"dataset": "d", "version": 1}])
    done = erasures.finish(line, LATER)
    assert done.state == erasures.DONE and done.done_at == LATER
    assert done.places == {"bronze.notes": 3, "landing": 1, "silver.notes": 2}
    assert done.published == ({"dataset": "d", "version": 1},)
    assert erasures.finish(line, LATER + dt.timedelta(1)) == done


def test_what_is_erased_again_is_added_to_its_line(lakehouse_root: Path) -> None:
    erasures.found(ask("a"), {"landing": 2}, [])
    erasures.finish(ask("a"), NOW)
    again = ask("a", now=LATER)
    assert again.state == erasures.ASKED and again.done_at is None
    erasures.found(again, {"landing": 1}, [])
    assert erasures.finish(again, LATER).places == {"landing": 3}
    assert len(erasures.of_source("notes")) == 1


def test_of_two_runs_at_once_the_later_one_opens_the_line_again_and_closes_it(lakehouse_root: Path) -> None:
    line = ask("a")
    erasures.found(line, {"landing": 2}, [])
    erasures.finish(line, NOW)
    assert erasures.found(line, {"landing": 0}, []).state == erasures.ASKED
    assert erasures.finish(line, LATER).places == {"landing": 2}


def test_a_document_is_known_by_its_line(lakehouse_root: Path) -> None:
    assert erasures.known("notes", "a") is None
    line = ask("a")
    assert erasures.known("notes", "a") == line and erasures.known("notes", "b") is None


@settings(max_examples=50)
@given(st.sets(st.text()), st.sets(st.text()))
def test_exactly_the_erased_are_among_any_ids(erased: set[str], others: set[str]) -> None:
    stones = Tombstones("salt", frozenset(erasures.hashed("salt", one) for one in erased))
    assert stones.among(erased | others) == erased
    assert bool(stones) == bool(erased)
