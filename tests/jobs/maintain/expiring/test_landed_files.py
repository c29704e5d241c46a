"""Retention takes landed files that were taken in, and no delivery of a day that is gone comes in."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from jobs.ingest import job as ingest_job
from jobs.ingest.arguments import IngestArguments
from jobs.maintain import expiring
from lakehouse import landed_files, tables
from lakehouse.errors import RetentionRefused
from lakehouse.ops import deliveries, retention
from lakehouse.staleness.expired import Expired
from tests.jobs.maintain.expiring.sixty_days import AT, Declare, take
from tests.jobs.shelf import day


def test_a_delivery_of_a_day_that_is_gone_is_refused(clinic: Declare, root: Path) -> None:
    clinic({"silver": 10, "bronze": 10})
    take()
    landing = root / "landing" / "visits"
    landing.mkdir(parents=True)
    (landing / f"{day(20)}.csv").write_text("appointment,minutes_late\n1,7\n")
    with pytest.raises(RetentionRefused, match="found one of 2024-01-21"):
        ingest_job.run(IngestArguments(source="visits", partition=day(20)))
    # In a day that is kept it is a correction as ever.
    (landing / f"{day(50)}.csv").write_text("appointment,minutes_late\n1,7\n")
    assert ingest_job.run(IngestArguments(source="visits", partition=day(50), any_volume=True)).status == "ingested"


def test_landed_files_go_when_they_are_taken_in(clinic: Declare, root: Path) -> None:
    clinic()
    landing = root / "landing" / "visits"
    (landing / str(day(12))).mkdir(parents=True)
    files = {number: landing / f"{day(number)}.csv" for number in (3, 9, 58, 59)}
    files |= {12: landing / str(day(12)) / "part.csv", 20: landing / f"{day(20)}.csv"}
    for number, file in files.items():
        file.write_text(f"appointment,minutes_late\n1,{number}\n")
        digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()}
        (line,) = deliveries.lines_of(["visits"], day(number), day(number))
        checksum = landed_files.checksum_of(digests, folder=number == 12)
        deliveries.record([dataclasses.replace(line, checksum=checksum)])
        # Number 20 was delivered again after it was taken in.
        written = (AT - dt.timedelta(days=1)).timestamp() if number != 20 else (AT + dt.timedelta(days=1)).timestamp()
        os.utime(file, (written, written))
    (landing / "readme.txt").write_text("mine")
    # Copied with their times, which are of before: another one of a day that is taken in, and a correction in its place.
    written = (AT - dt.timedelta(days=9)).timestamp()
    for number, name in ((4, f"{day(4)}.jsonl"), (5, f"{day(5)}.csv")):
        files[number] = landing / name
        files[number].write_text("appointment,minutes_late\n1,7\n")
        os.utime(files[number], (written, written))
    take()
    assert {number for number, file in files.items() if file.exists()} == {4, 5, 20, 58, 59}
    assert (landing / "readme.txt").exists()
    assert ingest_job.run(IngestArguments(source="visits", partition=day(3))).status == "none"
    assert [line.files for line in retention.lines("landing.visits")] == [1, 2]


def landed(root: Path, *numbers: int) -> dict[int, Path]:
    """Files of these days in the landing zone, which the ledger has as taken in."""
    landing = root / "landing" / "visits"
    landing.mkdir(parents=True)
    files = {number: landing / f"{day(number)}.csv" for number in numbers}
    for number, file in files.items():
        file.write_text(f"appointment,minutes_late\n1,{number}\n")
        digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()}
        (line,) = deliveries.lines_of(["visits"], day(number), day(number))
        checksum = landed_files.checksum_of(digests, folder=False)
        deliveries.record([dataclasses.replace(line, checksum=checksum)])
        written = (AT - dt.timedelta(days=1)).timestamp()
        os.utime(file, (written, written))
    return files


@pytest.mark.parametrize("files_gone", [0, 1, 3, 5])
def test_files_that_a_killed_run_had_removed_are_recorded_once(
    clinic: Declare, root: Path, monkeypatch: pytest.MonkeyPatch, files_gone: int
) -> None:
    clinic({"landing": 5})
    files = landed(root, 1, 2, 3, 4, 5, 58, 59)

    class Killed(BaseException):
        pass

    real, removed = expiring._delete, list[str]()

    def killed(filesystem: object, path: str) -> None:
        if len(removed) == files_gone:
            raise Killed
        removed.append(path)
        real(filesystem, path)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(expiring, "_delete", killed)
        if files_gone == 5:
            patch.setattr(retention, "close", killed)
        with pytest.raises(Killed):
            take()
    assert [number for number, file in files.items() if file.exists()] == [1, 2, 3, 4, 5, 58, 59][files_gone:]
    take()
    assert [number for number, file in files.items() if file.exists()] == [58, 59]
    lines = retention.lines("landing.visits")
    assert {line.state for line in lines} == {"removed"} and sum(line.files for line in lines) == 5
    recorded = [one for line in lines for one in range(1, 6) if line.has(day(one))]
    assert sorted(recorded) == [1, 2, 3, 4, 5]


def test_a_correction_that_comes_while_files_go_stays_and_is_not_recorded_as_gone(
    clinic: Declare, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic({"landing": 5})
    files = landed(root, 1, 2, 3, 58, 59)
    real = retention.record

    def record(lines: Iterable[retention.Removal]) -> None:
        real(lines)
        files[2].write_text("appointment,minutes_late\n1,99\n")

    with monkeypatch.context() as patch:
        patch.setattr(retention, "record", record)
        take()
    assert [number for number, file in files.items() if file.exists()] == [2, 58, 59]
    lines = retention.lines("landing.visits")
    assert [(line.first_day, line.last_day, line.files) for line in lines] == [(day(n), day(n), 1) for n in (1, 3)]


def test_a_kill_between_the_line_and_the_commit_is_settled(clinic: Declare, monkeypatch: pytest.MonkeyPatch) -> None:
    use_case = clinic({"scores": 30}).use_case

    class Killed(BaseException):
        pass

    def killed(*of: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(expiring, "_remove", killed)
        with pytest.raises(Killed):
            take()
    assert [line.state for line in retention.lines()] == ["removing"]
    assert not Expired().has(tables.scores(use_case), day(1))
    with monkeypatch.context() as patch:
        patch.setattr(retention, "close", killed)
        with pytest.raises(Killed):
            take()
    assert Expired().has(tables.scores(use_case), day(1))
    take()
    assert [(line.state, line.days) for line in retention.lines()] == [("removed", 30)]
