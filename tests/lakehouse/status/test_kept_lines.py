"""Lines of the ledger and verdicts that were kept are those that the tables have now, in this process and in the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.ops import deliveries
from lakehouse.status import ledger_files, verdicts
from lakehouse.storage import arrow_dataset, day_index, file_layout, kept_on_disk, table_index
from lakehouse.tables import DELIVERIES
from tests import status_nights as nights
from tests.status_nights import A_DAY, TODAY

SOURCES = ("bookings", "clinics", "ü %20 b")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A lakehouse of the test's own, whose copies are kept."""
    at_home(tmp_path, monkeypatch)
    kept_on_disk.use()
    yield tmp_path
    kept_on_disk.use(False)
    again()


def at_home(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(place / "warehouse"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(place / "state"))
    monkeypatch.setenv("USE_CASE_ROOTS", str(place / "use_cases"))
    again()


def again() -> None:
    """As a process is that starts."""
    table_index.forget()
    verdicts.forget()
    ledger_files.forget()


def damage() -> None:
    """The copies lose their ends."""
    for copy in kept_on_disk.folder().glob("*"):
        copy.write_bytes(copy.read_bytes()[:-5])


def as_it_is(since: dict[str, dt.date]) -> dict[str, list[dict[str, Any]]]:
    """The lines by a plain reading of the whole ledger."""
    rows = arrow_dataset.read(DELIVERIES, columns=ledger_files.LINE_COLUMNS).to_pylist()
    return {
        source: sorted((row for row in rows if row["source"] == source and row["partition"] >= first), key=str)
        for source, first in since.items()
    }


ACTIONS = st.one_of(
    st.tuples(
        st.just("arrived"),
        st.sampled_from(SOURCES),
        st.lists(st.integers(0, 20), min_size=1, max_size=3, unique=True),
        st.sampled_from([deliveries.INGESTED, deliveries.REFUSED]),
    ),
    st.tuples(st.just("asked of"), st.lists(st.sampled_from(SOURCES), unique=True), st.integers(0, 21)),
    st.tuples(st.sampled_from(["compacted", "restarted", "damaged"])),
)


@drawn(max_examples=20, deadline=None)
@given(actions=st.lists(ACTIONS, min_size=1, max_size=8))
def test_the_lines_are_those_of_the_ledger_whatever_happened(
    actions: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        at_home(tmp_path_factory.mktemp("drawn"), patched)
        since = dict.fromkeys(SOURCES, TODAY - 10 * A_DAY)
        nights.arrived("bookings", [TODAY])
        for action, *told in actions:
            if action == "arrived":
                source, back, status = told
                nights.arrived(source, [TODAY - number * A_DAY for number in back], status)
            elif action == "asked of":
                since = dict.fromkeys(told[0], TODAY - told[1] * A_DAY)
            elif action == "compacted":
                file_layout.compact(DELIVERIES)
            else:
                if action == "damaged":
                    damage()
                again()
            found = {
                source: sorted(
                    ({name: getattr(line, name) for name in ledger_files.LINE_COLUMNS} for line in of), key=str
                )
                for source, of in ledger_files.lines(since).items()
            }
            assert found == as_it_is(since)
            everything = as_it_is(dict.fromkeys(SOURCES, dt.date.min))
            assert ledger_files.newest_days() == {
                source: max(row["partition"] for row in rows) for source, rows in everything.items() if rows
            }


def test_a_delivery_makes_one_file_be_read_also_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    plain = ledger_files.stored_files.read
    monkeypatch.setattr(
        ledger_files.stored_files,
        "read",
        lambda *given: read.append(given[1]) or plain(*given),  # type: ignore[func-returns-value]
    )
    since = dict.fromkeys(SOURCES, TODAY - 10 * A_DAY)
    for source in SOURCES:
        nights.arrived(source, nights.back(5))
    ledger_files.lines(since)
    assert len(read) == 3
    nights.arrived("bookings", [TODAY], deliveries.REFUSED)
    again()
    assert len(ledger_files.lines(since)["bookings"]) == 6
    assert len(read) == 4


@pytest.fixture
def use_case(home: Path) -> UseCase:
    """One with verdicts of ten nights."""
    made = nights.declare(home / "use_cases", "noshow")
    nights.judged(made, nights.back(10), [TODAY])
    return made


def found(use_case: UseCase) -> dict[dt.date, bool]:
    """Its verdicts."""
    return {day: one.violated for day, one in verdicts.of_days(verdicts.index(use_case), nights.back(10)).items()}


@pytest.mark.parametrize("between", ["nothing", "a restart", "a damaged copy"])
def test_a_verdict_that_is_made_again_takes_the_place_of_the_kept_one(use_case: UseCase, between: str) -> None:
    assert found(use_case) == {day: day == TODAY for day in nights.back(10)}
    nights.judged(use_case, [TODAY - A_DAY, TODAY], [TODAY - A_DAY])
    if between == "a damaged copy":
        damage()
    if between != "nothing":
        again()
    assert found(use_case) == {day: day == TODAY - A_DAY for day in nights.back(10)}
    file_layout.compact(tables.drift(use_case))
    assert found(use_case) == {day: day == TODAY - A_DAY for day in nights.back(10)}


def test_after_a_restart_no_verdict_is_read_again(use_case: UseCase, monkeypatch: pytest.MonkeyPatch) -> None:
    before = verdicts.of_days(verdicts.index(use_case), nights.back(10))
    again()

    def refuse(*_: object) -> None:
        raise AssertionError("a file was read")

    monkeypatch.setattr(day_index.stored_files, "read", refuse)
    assert verdicts.of_days(verdicts.index(use_case), nights.back(10)) == before


def test_a_night_of_a_known_event_is_called_so_also_after_a_restart(use_case: UseCase) -> None:
    nights.judged(use_case, [TODAY], event="fair")
    for _ in range(2):
        by_day = verdicts.of_days(verdicts.index(use_case), nights.back(10))
        assert by_day[TODAY].word == "not judged, known event fair" and by_day[TODAY - A_DAY].word == "ordinary"
        again()
    nights.judged(use_case, [TODAY], [TODAY], event="fair")
    assert verdicts.of_days(verdicts.index(use_case), [TODAY])[TODAY].word == "violated"


def test_copies_of_another_shape_are_none(use_case: UseCase) -> None:
    place = verdicts.delta_log.location(tables.drift(use_case))
    ledger = verdicts.delta_log.location(DELIVERIES)
    nights.arrived("bookings", [TODAY])
    for said in (7, [1], [["2024-06-10", 3, {}]], [[None, [], [1, 2]]], {"a": 1}):
        kept_on_disk.save(f"verdicts {place}", said)
        kept_on_disk.save(f"lines {ledger}", said)
        again()
        assert len(found(use_case)) == 10
        assert len(ledger_files.lines({"bookings": TODAY})["bookings"]) == 1
