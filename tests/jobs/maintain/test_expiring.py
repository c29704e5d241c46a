"""Retention takes what is older than declared, keeps what is needed or held, and makes nothing stale."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs import code_versions
from jobs.features import job as features_job
from jobs.features.arguments import FeaturesArguments
from jobs.ingest import job as ingest_job
from jobs.ingest.arguments import IngestArguments
from jobs.labels import outcomes
from jobs.maintain import expiring, job
from jobs.maintain.arguments import MaintainArguments
from jobs.restate import job as restate_job
from jobs.restate.arguments import RestateArguments
from lakehouse import landed_files, tables
from lakehouse.__main__ import main
from lakehouse.arrivals.readiness import Arrivals
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import RetentionRefused, ServiceUnavailable
from lakehouse.models import registry
from lakehouse.ops import builds, deliveries, pending_verdicts, retention
from lakehouse.ops.deliveries import Delivery
from lakehouse.retention import plan
from lakehouse.staleness import expected_inputs, report
from lakehouse.staleness.expired import Expired
from lakehouse.storage import commits, delta_log, small_tables
from lakehouse.tables import Table
from tests.jobs.shelf import NOON, Shelf, day, open_clinic

SPLIT = {
    "train": {"first": 20, "last": 10},
    "validation": {"first": 8, "last": 6},
    "holdout": {"first": 4, "last": 1},
}
DAYS = range(60)
LAST = day(59)
AT = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
KEPT = {"features": 10, "scores": 30, "outcomes": 10, "bronze": 50, "silver": 10, "landing": 5, "drift": 40}

Declare = Callable[..., Shelf]


@pytest.fixture
def clinic(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Sixty days, and version 1 as champion, trained on days 2 to 10."""

    def declare(retention: dict[str, int] | None = None, trained: tuple[int, int] = (2, 10), **sections: Any) -> Shelf:
        given = {"retention": KEPT if retention is None else retention, "split": SPLIT}
        # No night is caught up, so that what is needed can be counted on the fingers.
        calendar = {"start": day(0), "catch_up_nights": 0}
        shelf = open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files", calendar=calendar, **given, **sections)
        shelf.add(looks_at=0)
        record = tmp_path / "files" / "1" / "training" / "record.json"
        record.parent.mkdir(parents=True)
        windows = {"train": [str(day(trained[0])), str(day(trained[1]))]}
        record.write_text(json.dumps({"windows": windows}))
        shelf.promote(1)
        live(shelf.use_case)
        return shelf

    return declare


def live(use_case: UseCase) -> None:
    """All days at once, one row each: bronze, silver, features and labels as built from what the ledger has, scores."""
    for source in use_case.sources:
        lines = [
            Delivery(
                source.name, f"{source.name}{n}", day(n), f"{day(n)}.csv", "c", 1, 1, 0, 0, deliveries.INGESTED, AT
            )
            for n in DAYS
        ]
        deliveries.record(lines)
        row = {"appointment": 1, "minutes_late": 5.0, "line": 2, "raw": "1", "ingested_at": AT, "delivery_id": "d"}
        put(tables.bronze(source), [row | {"appointment": "1", "minutes_late": "5", "partition": day(n)} for n in DAYS])
        put(tables.silver(source), [row | {"partition": day(n)} for n in DAYS])
    days = [day(n) for n in DAYS]
    arrivals = Arrivals(use_case, days[0], days[-1])
    current = code_versions.CURRENT
    made = expected_inputs.for_features(use_case, days, arrivals, current.features)
    built(use_case, tables.features(use_case), made, {"prediction_time": AT, "age": 1.0})
    made = expected_inputs.for_outcomes(use_case, days, current.outcomes)
    built(use_case, tables.outcomes(use_case), made, {"value": 5.0, "label": 0})
    champion = registry.version(use_case.name, 1)
    features = delta_log.constant_by_partition(tables.features(use_case), "inputs_fingerprint")
    made = {one: expected_inputs.for_scores(features[one], champion, current.scores) for one in days}
    row = {"role": "champion", "model_name": "m", "model_version": 1, "score": 0.5, "features_version": 1}
    row |= {"code_version": "c", "run_id": "r", "scored_at": NOON, "prediction_time": AT}
    built(use_case, tables.scores(use_case), made, row | {"chosen_by": "champion", "decides": True, "decision": False})
    made = expected_inputs.for_performance(use_case, days, current.performance)
    row = {"role": "champion", "model_version": 1, "slice": "all", "slice_value": "all", "rows": 1, "labelled_rows": 1}
    built(use_case, tables.performance(use_case), made, row | {"metric": "log_loss", "value": 0.5})


def built(use_case: UseCase, table: Table, made: Any, row: dict[str, Any]) -> None:
    digests = builds.record(table, made)
    put(table, [row | {"appointment": 1, "partition": on, "inputs_fingerprint": digests[on]} for on in digests])


def put(table: Table, rows: Sequence[dict[str, Any]]) -> None:
    commits.replace_rows(table, [dict.fromkeys(table.column_names) | row for row in rows], "true")


def present(table: Table) -> set[int]:
    return {(one - day(0)).days for one in delta_log.rows_by_day(table)}


def maintain(**more: Any) -> dict[str, Any]:
    return job.run(MaintainArguments(actor="tests", **more)).as_json()


def take() -> dict[str, int]:
    """What maintain takes, without the housekeeping that follows it."""
    now = dt.datetime.now(dt.UTC)
    return {name: one.days for name, one in expiring.expire(plan.make(now), "tests", now).items()}


def stale(use_case: UseCase) -> Any:
    return report.find(use_case, code_versions.CURRENT)


def test_what_is_older_goes_and_what_is_needed_stays(clinic: Declare) -> None:
    use_case = clinic().use_case
    assert stale(use_case).lines(use_case) == []
    take()
    # Ten days are declared; the next training reads twenty; the champion was trained on days 2 to 10.
    needed = {*range(2, 11), *range(40, 60)}
    assert present(tables.features(use_case)) == needed
    assert present(tables.outcomes(use_case)) == needed
    assert present(tables.silver(use_case.source("bookings"))) == needed
    assert present(tables.silver(use_case.source("visits"))) == needed
    assert present(tables.scores(use_case)) == set(range(30, 60))
    # Bronze stays as long as silver has the day.
    assert present(tables.bronze(use_case.source("visits"))) == {*range(2, 11), *range(10, 60)}
    assert present(tables.performance(use_case)) == set(DAYS)


def test_nothing_becomes_stale_and_the_ledger_stays(clinic: Declare) -> None:
    use_case = clinic().use_case
    before = small_tables.read(tables.DELIVERIES)
    take()
    found = stale(use_case)
    assert (found.lines(use_case), found.expired, found.monitor) == ([], (), [])
    assert small_tables.read(tables.DELIVERIES) == before
    assert restate_job.run(RestateArguments(use_case=use_case.name)).status == "fresh"


def test_a_second_run_takes_nothing(clinic: Declare) -> None:
    use_case = clinic().use_case
    first = take()
    versions = {table.full_name: delta_log.version(table) for table in tables.of_use_case(use_case)}
    lines = retention.lines()
    assert first["gold.appointments_scores"] == 30
    assert "expired_days" not in maintain()
    assert {table.full_name: delta_log.version(table) for table in tables.of_use_case(use_case)} == versions
    assert retention.lines() == lines


def test_a_dry_run_lists_and_changes_nothing(clinic: Declare, capsys: pytest.CaptureFixture[str]) -> None:
    use_case = clinic().use_case
    planned = maintain(dry_run=True)
    assert "gold.appointments_scores: 2024-01-01 to 2024-01-30: 30 day(s), 30 rows" in capsys.readouterr().out
    assert present(tables.scores(use_case)) == set(DAYS)
    assert retention.lines() == []
    assert maintain()["expired_days"] == planned["expired_days"]


def test_what_went_is_recorded(clinic: Declare) -> None:
    clinic()
    take()
    lines = retention.lines("gold.appointments_features")
    assert [(line.first_day, line.last_day, line.days, line.rows) for line in lines] == [
        (day(0), day(1), 2, 2),
        (day(11), day(39), 29, 29),
    ]
    assert {(line.state, line.actor, line.rule) for line in lines} == {
        ("removed", "tests", "10 days (use case appointments)")
    }
    assert all(line.bytes > 0 and line.removed_at is not None for line in lines)


def test_a_hold_beats_all_until_it_ends(clinic: Declare, tmp_path: Path) -> None:
    use_case = clinic().use_case
    hold = {"what": "gold.appointments_scores", "from": day(5), "through": day(7), "reason": "case 12"}
    file = tmp_path / "own" / "retention.yaml"
    file.write_text(yaml.safe_dump({"holds": [hold | {"until": dt.date(2999, 1, 1)}]}))
    take()
    assert present(tables.scores(use_case)) == {5, 6, 7, *range(30, 60)}
    file.write_text(yaml.safe_dump({"holds": [hold | {"until": dt.date(2024, 12, 31)}]}))
    take()
    assert present(tables.scores(use_case)) == set(range(30, 60))


@pytest.mark.parametrize("what", ["gold", "appointments"])
def test_a_hold_may_mean_many_tables(clinic: Declare, tmp_path: Path, what: str) -> None:
    use_case = clinic().use_case
    hold = {"what": what, "from": day(0), "through": day(59), "reason": "audit"}
    (tmp_path / "own" / "retention.yaml").write_text(yaml.safe_dump({"holds": [hold]}))
    take()
    assert present(tables.scores(use_case)) == present(tables.features(use_case)) == set(DAYS)


def test_days_that_wait_for_their_verdict_stay(clinic: Declare) -> None:
    use_case = clinic().use_case
    pending_verdicts.record(use_case.name, [day(25)])
    take()
    # The window of three days and what is judged with it, before the day's labels came.
    assert {23, 24, 25} <= present(tables.scores(use_case))
    assert {23, 24, 25} <= present(tables.features(use_case))


def test_while_mlflow_is_away_nothing_of_the_use_case_goes(
    clinic: Declare, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_case = clinic().use_case

    def away(name: str) -> None:
        raise ServiceUnavailable("MLflow")

    monkeypatch.setattr(registry, "versions", away)
    take()
    assert present(tables.scores(use_case)) == present(tables.silver(use_case.source("visits"))) == set(DAYS)
    assert main(["retention", "--format", "csv"]) == 0
    assert "MLflow does not answer" in capsys.readouterr().out


def test_a_former_champion_is_a_way_back(clinic: Declare, tmp_path: Path) -> None:
    shelf = clinic(trained=(22, 25))
    shelf.add(looks_at=1, **{registry.TAG_TRAINED_FOR: day(50).isoformat()})
    shelf.promote(2)
    take()
    assert {22, 23, 24, 25} <= present(tables.features(shelf.use_case))


def test_a_correction_of_the_code_leaves_what_cannot_be_made_again(
    clinic: Declare, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Features stay for long, their sources do not.
    use_case = clinic({"silver": 10, "bronze": 10, "features": 55}).use_case
    take()
    assert present(tables.features(use_case)) == {*range(2, 60)}
    (tmp_path / "own" / "appointments" / "features.py").write_text("def build(days, inputs):\n    return None\n")
    found = stale(use_case)
    rebuilt = {(one - day(0)).days for one in found.features}
    assert rebuilt == {*range(2, 11), *range(40, 60)}
    name = "gold.appointments_features"
    assert {(on - day(0)).days for table, on, _ in found.expired if table == name} == set(range(11, 40))
    told = restate_job.run(RestateArguments(use_case=use_case.name, partition=day(20), dry_run=True))
    assert (told.status, "retention took silver.bookings 2024-01-21" in told.message) == ("fresh", True)
    with pytest.raises(RetentionRefused, match=r"retention took silver\.bookings 2024-01-21"):
        features_job.run(FeaturesArguments(use_case=use_case.name, partition=day(20)))


def test_labels_that_cannot_be_made_again_stay(clinic: Declare) -> None:
    use_case = clinic({"silver": 10, "bronze": 10}).use_case
    take()
    before = delta_log.version(tables.outcomes(use_case))
    assert outcomes.mature(use_case, [day(20), day(21)], force=True) == []
    assert delta_log.version(tables.outcomes(use_case)) == before


def test_measures_outlive_the_scores_that_they_are_of(clinic: Declare) -> None:
    use_case = clinic({"scores": 5}).use_case
    take()
    assert len(present(tables.scores(use_case))) < 20
    assert stale(use_case).lines(use_case) == []
    asked = report.find(use_case, code_versions.CURRENT, day(3), day(3))
    assert asked.expired == (("gold.appointments_scores", day(3), "retention took it"),)


def test_a_delivery_of_a_day_that_is_gone_is_refused(clinic: Declare, tmp_path: Path) -> None:
    clinic({"silver": 10, "bronze": 10})
    take()
    landing = tmp_path / "landing" / "visits"
    landing.mkdir(parents=True)
    (landing / f"{day(20)}.csv").write_text("appointment,minutes_late\n1,7\n")
    with pytest.raises(RetentionRefused, match="found one of 2024-01-21"):
        ingest_job.run(IngestArguments(source="visits", partition=day(20)))
    # In a day that is kept it is a correction as ever.
    (landing / f"{day(50)}.csv").write_text("appointment,minutes_late\n1,7\n")
    assert ingest_job.run(IngestArguments(source="visits", partition=day(50), any_volume=True)).status == "ingested"


def test_landed_files_go_when_they_are_taken_in(clinic: Declare, tmp_path: Path) -> None:
    clinic()
    landing = tmp_path / "landing" / "visits"
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


def landed(tmp_path: Path, *numbers: int) -> dict[int, Path]:
    """Files of these days in the landing zone, which the ledger has as taken in."""
    landing = tmp_path / "landing" / "visits"
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
    clinic: Declare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files_gone: int
) -> None:
    clinic({"landing": 5})
    files = landed(tmp_path, 1, 2, 3, 4, 5, 58, 59)

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
    clinic: Declare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic({"landing": 5})
    files = landed(tmp_path, 1, 2, 3, 58, 59)
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


def test_the_command_says_what_goes_and_why_something_stays(
    clinic: Declare, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic()
    assert main(["retention", "--format", "json"]) == 0
    by_table = {row["table"]: row for row in json.loads(capsys.readouterr().out)}
    features = by_table["gold.appointments_features"]
    assert features["rule"] == "10 days (use case appointments)"
    assert features["goes_next"] == "31 day(s), 2024-01-01 to 2024-02-09"
    assert "version 1 of appointments was trained on it: the champion" in features["why"]
    assert "the next training of appointments reads it" in features["why"]
    assert by_table["gold.appointments_performance"]["rule"] == "nothing declared: stays"


def test_reference_data_keeps_the_newest_row_of_every_key(clinic: Declare) -> None:
    sources = [
        {"name": "rooms", "cadence": "occasional", "key": ["room"], "columns": [{"name": "room", "type": "int"}]},
        {
            "name": "beds",
            "cadence": "occasional",
            "delivers": "snapshot",
            "key": ["room"],
            "columns": [{"name": "room", "type": "int"}],
        },
    ]
    from tests.jobs import appointments

    given = {"sources": [*appointments.declaration()["sources"], *sources]}
    inputs = [{"source": name} for name in ("bookings", "rooms", "beds")]
    use_case = clinic({"silver": 10}, (35, 40), inputs=inputs, **given).use_case
    rooms, beds = (tables.silver(use_case.source(name)) for name in ("rooms", "beds"))
    put(
        rooms,
        [
            {"room": key, "line": 1, "delivery_id": "d", "partition": day(n)}
            for n, key in ((0, 1), (1, 2), (5, 1), (39, 2), (50, 1))
        ],
    )
    put(beds, [{"room": 1, "line": 1, "delivery_id": "d", "partition": day(n)} for n in (0, 9, 31, 45)])
    take()
    # Days from 35 on may be made again: room 2 is known by day 1 until day 39, room 1 by day 5 until day 50.
    assert present(rooms) == {1, 5, 39, 50}
    assert present(beds) == {31, 45}
    gone = Expired()
    assert (gone.whole_from(rooms), gone.whole_from(beds)) == (day(35), day(35))
    assert gone.features(use_case, [day(34), day(35)]).keys() == {day(34)}


def test_messages_go_when_they_are_sent(clinic: Declare, tmp_path: Path) -> None:
    clinic({})
    (tmp_path / "own" / "retention.yaml").write_text(yaml.safe_dump({"layers": {"ops": 5}}))
    row = dict.fromkeys(tables.ALERTS.column_names, "x") | {
        "tries": 1,
        "recorded_at": AT,
        "tried_at": AT,
        "sent_at": AT,
    }
    rows = [
        row | {"fact": f"{n}", "state": "failed" if n == 1 else "sent", "happened_at": AT + dt.timedelta(days=n)}
        for n in range(9)
    ]
    commits.replace_rows(tables.ALERTS, rows, "true")
    take()
    assert [line["fact"] for line in small_tables.read(tables.ALERTS)] == ["1", "4", "5", "6", "7", "8"]


def test_a_use_case_that_has_built_nothing_keeps_its_sources(
    lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files", retention={"silver": 1})
    silver = tables.silver(shelf.use_case.source("visits"))
    put(silver, [{"appointment": 1, "line": 2, "delivery_id": "d", "partition": day(n)} for n in (0, 30)])
    take()
    assert present(silver) == {0, 30}


def test_every_table_with_a_rule_is_planned(clinic: Declare) -> None:
    use_case = clinic().use_case
    listed = plan.make(AT)
    assert {one.subject.name for one in listed} >= {"silver.bookings", "bronze.visits", "gold.appointments_scores"}
    assert loader.readers(use_case.source("visits")) == [use_case]


def test_documents_stay_while_they_are_the_newest_and_silver_while_they_do(
    lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lakehouse.declaration import datasets
    from tests.jobs import notes

    notes.declare(tmp_path / "declared", monkeypatch, retention={"documents": 5})
    (tmp_path / "declared" / "retention.yaml").write_text(yaml.safe_dump({"layers": {"silver": 5}}))
    dataset = datasets.by_name(notes.NAME)
    documents, silver = tables.documents(dataset), tables.silver(dataset.source)
    empty = {"string": "", "long": 0, "int": 0, "double": 0.0, "boolean": False}
    row = {column.name: empty[column.type] for column in documents.columns if column.name != "partition"}
    written = [(0, "a"), (0, "b"), (1, "a"), (2, "b"), (3, "c"), (20, "a")]
    put(documents, [row | {"document_id": key, "partition": day(n)} for n, key in written])
    put(silver, [{dataset.documents.id: key, "line": 1, "delivery_id": "d", "partition": day(n)} for n, key in written])
    take()
    # What day 0 says was corrected by day 16, from which on all is as before; what day 1 says not until day 20.
    assert present(documents) == present(silver) == {1, 2, 3, 20}


def test_what_was_delivered_stays_in_the_target_when_its_scores_are_gone(clinic: Declare, tmp_path: Path) -> None:
    from jobs.deliver import job as deliver_job
    from jobs.deliver.arguments import DeliverArguments

    out = tmp_path / "out"
    target = {"name": "office", "files": {"folder": str(out), "format": "csv"}}
    use_case = clinic({"scores": 5}, deliver=[target]).use_case
    deliver_job.run(DeliverArguments(use_case=use_case.name, partition=day(3)))

    def delivered() -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in out.rglob("*") if file.is_file()}

    before = delivered()
    take()
    assert 3 not in present(tables.scores(use_case))
    assert "delivery to office" not in {table for table, _, _ in stale(use_case).lines(use_case)}
    deliver_job.run(DeliverArguments(use_case=use_case.name, corrections=True, verify=True))
    deliver_job.run(DeliverArguments(use_case=use_case.name, partition=day(3), force=True))
    assert before and delivered() == before
