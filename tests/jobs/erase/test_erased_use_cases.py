"""A key of a use case is taken out of everything: an independent scan of every byte finds nothing, and all else is as it was."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.deliver import place
from jobs.deliver.rows import Checksum
from jobs.erase import job, reach, replaying
from jobs.erase.arguments import EraseArguments
from jobs.ingest import replay
from jobs.ingest.arguments import ReplayArguments
from jobs.monitor import drift, new_categories
from jobs.monitor.verdict import DriftCheck, Verdict
from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.errors import BadArguments, ErasureIncomplete, RetentionRefused
from lakehouse.evaluation import category_codes
from lakehouse.models import mlflow_rest
from lakehouse.ops import deliveries, erasures, exports, retrainings
from lakehouse.storage import arrow_dataset
from tests import byte_scan
from tests.byte_scan import Needle
from tests.jobs.erase.visits import DAYS, NAME, NOTE, RESULTS, SOURCE, Shape, World, put
from tests.kept_places import KeptPlaces

AT = dt.datetime(2024, 2, 29, 13, 37, 11, 123456, tzinfo=dt.UTC)
WRITTEN = ("2024-02-29T14:37:11.123456+01:00", "2024-02-29 13:37:11.123456")
# By column: type, the value that goes, how it is written in deliveries and by a person, and values of others.
SHAPES = {
    "text": Shape(
        {"visit": ("string", "zebra-4711", ("zebra-4711",), ("a", "zebra-4712", "b"))}, "multiclass", "jsonl"
    ),
    "int": Shape({"visit": ("int", 730914285, ("0730914285", "730914285"), (1, 2, 730914286))}, "regression", "csv"),
    "long": Shape({"visit": ("long", -73091428512345, ("-73091428512345",), (5, 6))}, "classification", "parquet"),
    "double": Shape({"visit": ("double", 73091.428512, ("7.3091428512e4", "73091.428512"), (0.5, 73091.5))}),
    "date": Shape(
        {"visit": ("date", dt.date(1971, 12, 31), ("1971-12-31",), (dt.date(1972, 1, 1),))}, "regression", "jsonl"
    ),
    "timestamp": Shape(
        {
            "visit": (
                "timestamp",
                AT,
                WRITTEN,
                (AT + dt.timedelta(1),),
            )
        }
    ),
    "several": Shape(
        {
            "carrier": ("string", "QX", ("QX",), ("AA", "BB")),
            "flight": ("int", 730914285, ("730914285",), (12, 730914286)),
            "night": ("date", dt.date(1971, 12, 31), ("1971-12-31",), (dt.date(1972, 1, 1),)),
        },
        "classification",
        "csv",
    ),
}


# A source whose numbers have a comma.
COMMA = {
    "format": {"decimal": ","},
    "columns": [
        {"name": "visit", "type": "double"},
        *({"name": name, "type": "string", "nullable": True} for name in ("amount", "note", "whose")),
    ],
}


def erase(shape: Shape, **options: Any) -> job.EraseResult:
    return job.run(EraseArguments(source=SOURCE, key=shape.given, reason="asked by letter", actor="desk", **options))


def no_run(*_: Any) -> None:
    """As MLflow answers where it has no run of that id."""
    raise mlflow_rest.NotThere("no such run")


def lived(shape: str, worlds: KeptPlaces, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> World:
    """A world of a shape that has lived, with changed declarations if any."""
    monkeypatch.setattr("lakehouse.models.mlflow_rest.send", no_run)
    # Erase tidies what killed jobs left there.
    monkeypatch.setattr("tempfile.tempdir", str(worlds.root))
    made = World(worlds.root, SHAPES[shape], monkeypatch, **changes)
    worlds.lay_out(f"visits of {shape} {json.dumps(changes)}", made.live)
    return made


def left(world: World) -> list[str]:
    several = len(world.shape.key) > 1
    return byte_scan.found(world.root, *world.shape.needles, all_of=several) + byte_scan.found(
        world.root, Needle(NOTE, (NOTE,))
    )


@pytest.fixture
def world(
    worlds: KeptPlaces, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> World:
    return lived(getattr(request, "param", "text"), worlds, monkeypatch)


def the_books_say_what_is_left_in_targets(world: World) -> None:
    with sqlite3.connect(world.root / "crm.db") as opened:
        rows = dict(opened.execute("SELECT partition, count(*) FROM decided GROUP BY partition").fetchall())
    for line in exports.of_use_case(NAME, ["office", "archive"]):
        checksum = Checksum()
        target = next(one for one in world.use_case.deliver if one.name == line.target)
        for row in place.of(world.use_case, target).there(line.partition):
            checksum.add(row)
        assert (line.rows, line.checksum) == (checksum.rows, checksum.text)
        assert line.rows == rows[str(line.partition)] == len(world.shape.others)


@pytest.mark.parametrize(
    "world",
    [name if name == "several" else pytest.param(name, marks=pytest.mark.torture) for name in SHAPES],
    indirect=True,
)
def test_no_byte_of_a_key_is_left_and_everything_else_is_as_it_was(world: World) -> None:
    use_case, others = world.use_case, world.shape.others
    assert len(left(world)) > 15
    planned = erase(world.shape, dry_run=True)
    assert len(left(world)) > 15

    result = erase(world.shape)

    assert left(world) == []
    assert (result.status, planned.status) == ("erased", "planned")
    assert result.places == planned.places
    assert result.sources == [SOURCE, RESULTS]
    per_day = {"features": 1, "scores": 2, "reasons": 2, "outcomes": 1}
    for name, rows in per_day.items():
        assert result.places[f"gold.{NAME}_{name}"] == rows * len(DAYS)
    assert result.places["target office of visits"] == result.places["target archive of visits"] == len(DAYS)
    for table in (tables.silver(loader.by_source(SOURCE)[1]), tables.features(use_case), tables.outcomes(use_case)):
        rows = arrow_dataset.read(table, columns=[*world.shape.key, "partition"]).to_pylist()
        assert sorted(rows, key=str) == sorted([key | {"partition": day} for key in others for day in DAYS], key=str)
    for line in deliveries.lines_of([SOURCE, RESULTS]):
        assert (line.delivered_rows, line.accepted_rows, line.rejected_rows) == (len(others) + 1, len(others), 1)
        assert world.ingest(line.source, line.partition).status == "unchanged"
    assert [line.state for name in (SOURCE, RESULTS) for line in erasures.of_source(name)] == [erasures.DONE] * 2
    the_books_say_what_is_left_in_targets(world)
    assert erase(world.shape).status == "unchanged"


def test_a_row_that_comes_again_stays_out_and_no_replay_brings_it_back(world: World) -> None:
    erase(world.shape)
    before = left(world)
    for keys in (world.keys(), world.keys()[::-1]):
        world.land(SOURCE, DAYS[0], keys)
        assert "kept out" in world.ingest(SOURCE, DAYS[0]).message
    assert replay.run(ReplayArguments(source=SOURCE)).status == "unchanged"
    assert [one for one in left(world) if not one.startswith("landing/")] == before == []
    again = erase(world.shape)
    assert again.places == {"landing rows": 1}
    assert left(world) == []


def test_what_an_older_backup_brings_back_is_erased_again_by_the_record_alone(world: World) -> None:
    restored = [path for path in (world.root / "warehouse", world.root / "landing") if path.exists()]
    for path in restored:
        shutil.copytree(path, world.root.parent / "backup" / path.name)
    erase(world.shape)
    for path in restored:
        kept = world.root / "kept"
        shutil.copytree(world.root / "warehouse" / "ops" / "erasures", kept, dirs_exist_ok=True)
        shutil.rmtree(path)
        shutil.copytree(world.root.parent / "backup" / path.name, path)
        if path.name == "warehouse":
            shutil.rmtree(path / "ops" / "erasures", ignore_errors=True)
            shutil.copytree(kept, path / "ops" / "erasures")
        shutil.rmtree(kept)
    shutil.rmtree(world.root.parent / "backup")
    assert len(left(world)) > 5
    planned = replaying.run(EraseArguments(replay=True, dry_run=True))
    assert planned.status == "planned" and len(left(world)) > 5

    result = replaying.run(EraseArguments(replay=True, actor="desk"))

    assert left(world) == [] and result.status == "erased" and result.places[f"gold.{NAME}_scores"] == 2 * len(DAYS)
    assert replaying.run(EraseArguments(replay=True)).status == "unchanged"


@pytest.mark.parametrize(
    ("column", "source"),
    [
        # A mark of numbers, which a person types with a point.
        (("double", 73091.428512, ("73091,428512",), (0.5,)), COMMA),
        # An id that looks like what is typed for another one.
        (("string", "visit=4711", ("visit=4711",), ("4711",)), {}),
        (("string", "zebra\u00a04711\x85\u2028x", ("zebra\u00a04711\x85\u2028x",), ("4711",)), {}),
        (("timestamp", AT, WRITTEN, (AT + dt.timedelta(1),)), {}),
    ],
    ids=["a comma in a number", "a name and a sign", "what is not printed", "an instant"],
)
def test_a_replay_erases_the_very_key_however_it_was_written(
    lakehouse_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    column: Any,
    source: dict[str, Any],
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(lakehouse_root.parent))
    world = World(lakehouse_root.parent, Shape({"visit": column}, "regression", "jsonl"), monkeypatch, source=source)
    world.land(SOURCE, DAYS[0], world.keys(), texts=True)
    world.ingest(SOURCE, DAYS[0])
    value = column[1].isoformat() if isinstance(column[1], dt.datetime) else str(column[1])
    # As after a restore: the record has the key, and the tables have its rows.
    identity = reach.of(EraseArguments(source=SOURCE, key=(f"visit={value}",), reason="r")).subjects[0].identity
    erasures.ask(SOURCE, identity, "asked", "desk", AT)
    planned = replaying.run(EraseArguments(replay=True, dry_run=True))
    assert planned.places[f"silver.{SOURCE}"] == planned.places["landing rows"] == 1
    result = replaying.run(EraseArguments(replay=True, actor="desk"))
    assert result.message == "1 key(s) of what was erased before were there again"
    there = arrow_dataset.read(tables.silver(world.use_case.source(SOURCE)))["visit"].to_pylist()
    # What is written with a point is no number there, and was never taken in.
    assert there == ([] if source else list(column[3]))
    assert len(erasures.of_source(SOURCE)) == 1


def test_what_is_held_is_not_erased_unless_somebody_decides_so(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(lakehouse_root.parent, SHAPES["text"], monkeypatch)
    monkeypatch.setattr("tempfile.tempdir", str(lakehouse_root.parent))
    hold = {"what": NAME, "from": "2024-03-01", "through": "2024-03-31", "reason": "an audit"}
    file = world.declared / "retention.yaml"
    file.write_text(yaml.safe_dump({"holds": [hold | {"what": "artifacts"}]}))
    with pytest.raises(RetentionRefused, match=r"artifacts \(an audit\)"):
        erase(world.shape)
    file.write_text(yaml.safe_dump({"holds": [hold]}))
    with pytest.raises(
        RetentionRefused, match=r"held, found by retention.yaml: visits \(an audit\); nothing was erased"
    ):
        erase(world.shape)
    assert erasures.of_source(SOURCE) == []
    planned = erase(world.shape, dry_run=True)
    assert planned.status == "planned" and planned.held == ["visits (an audit)"]
    assert "held by retention.yaml: visits (an audit)" in planned.message
    assert erase(world.shape, despite_hold=True).status == "none"
    file.write_text(yaml.safe_dump({"holds": [{**hold, "until": "2024-04-01"}]}))
    assert erase(world.shape).status == "unchanged"


def test_rows_of_another_source_that_nobody_has_linked_stay_and_are_told(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(lakehouse_root.parent, SHAPES["several"], monkeypatch)
    monkeypatch.setattr("tempfile.tempdir", str(lakehouse_root.parent))
    for source in (SOURCE, RESULTS):
        world.land(source, DAYS[0], world.keys())
        world.ingest(source, DAYS[0])
    other = world.declared / "sources" / "carriers" / "source.yaml"
    other.parent.mkdir()
    said = yaml.safe_load((world.declared / "sources" / RESULTS / "source.yaml").read_text())
    said["columns"][-1]["nullable"] = False
    other.write_text(yaml.safe_dump(said | {"name": "carriers", "key": ["carrier", "result"]}))
    world.land("carriers", DAYS[0], [world.shape.erased])
    world.ingest("carriers", DAYS[0])
    assert erase(world.shape).unlinked == {"silver.carriers": 1}
    assert {one.split("/")[-2] for one in left(world) if one.startswith("landing/")} == {"carriers"}


def test_numbers_of_another_writing_stay_out(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(lakehouse_root.parent, SHAPES["timestamp"], monkeypatch)
    monkeypatch.setattr("tempfile.tempdir", str(lakehouse_root.parent))
    assert erase(world.shape).status == "none"
    for texts in (True, False):
        world.land(SOURCE, DAYS[0], world.keys(), texts=texts)
        assert "1 row(s)" in world.ingest(SOURCE, DAYS[0]).message


def test_a_subject_is_erased_from_every_source_that_declares_it_and_from_use_cases_that_know_it_by_another_key(
    worlds: KeptPlaces, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owned = {"erasure": {"subjects": {"owner": "whose"}}}
    world = lived("text", worlds, monkeypatch, source=owned, use_case={"erasure": {"retrain": True}})
    planned = job.run(EraseArguments(subject="owner", key=("100",), reason="r", dry_run=True))
    result = job.run(EraseArguments(subject="owner", key=("100",), reason="r", actor="desk"))
    # 100 is the owner of the row that all worlds erase; its visits are known by their own key in gold.
    assert result.places == planned.places and result.sources == [SOURCE]
    assert result.places[f"gold.{NAME}_scores"] == 2 * len(DAYS)
    # What knows a visit by its own key alone, and does not say whose it was, is not about the owner.
    assert {one.split("/")[1] for one in left(world) if RESULTS not in one} == {"alerts.log", "ops"}
    features = arrow_dataset.read(tables.features(world.use_case))["visit"].to_pylist()
    assert sorted(set(features)) == ["a", "b", "zebra-4712"]
    assert [one["model_version"] for one in result.learned] == [1]
    assert list(result.retrain) == [NAME] and "train --use-case visits" in str(result.message)
    assert retrainings.requests(NAME).keys() == {DAYS[-1]}
    (line,) = erasures.of_source(SOURCE)
    assert [one for one in line.published if "use_case" in one] == result.learned
    world.land(SOURCE, DAYS[0], world.keys())
    assert "1 row(s)" in world.ingest(SOURCE, DAYS[0]).message
    assert (deliveries.lines_of([SOURCE])[-1].accepted_rows, len(world.shape.others)) == (3, 3)


def test_a_target_that_does_not_answer_is_named_and_a_later_run_completes_it(world: World) -> None:
    crm = world.root / "crm.db"
    hidden = crm.rename(world.root / "elsewhere.db")
    crm.mkdir()
    assert "target office of visits" in str(erase(world.shape, dry_run=True).message)
    with pytest.raises(ErasureIncomplete, match="target office of visits: Target"):
        erase(world.shape)
    assert {one for one in left(world)} == {"elsewhere.db"}
    crm.rmdir()
    hidden.rename(crm)
    # Gold has no row of it any more; the key itself says which rows of the target are meant.
    assert erase(world.shape).places == {"target office of visits": len(DAYS)}
    assert left(world) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"source": "visit"}, "there is no source"),
        ({"subject": "owner"}, "declared are: none"),
        ({"source": SOURCE, "key": ("AA", "12")}, "a value of each of carrier, flight, night"),
        ({"source": SOURCE, "key": ("QX,12",)}, "a value of each of carrier, flight, night"),
        ({"source": SOURCE, "key": ("QX,a,1971-12-31",)}, "a value of flight, which is of type int"),
        ({"source": SOURCE, "key": ("QX,99999999999,1971-12-31",)}, "a value of flight, which is of type int"),
        ({"source": SOURCE, "subject": "owner"}, "one of --source"),
        ({"source": SOURCE, "key": ()}, "by one of --key"),
        ({"source": SOURCE, "reason": ""}, "expected --reason"),
        ({"source": SOURCE, "replay": True}, "--replay takes no key"),
    ],
)
def test_what_names_nothing_that_can_be_erased_is_refused_without_quoting_it(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], expected: str
) -> None:
    World(lakehouse_root.parent, SHAPES["several"], monkeypatch)
    with pytest.raises(BadArguments, match=expected) as refused:
        job.run(EraseArguments(**{"key": ("QX,12,1971-12-31",), "reason": "r", **given}))
    assert "9999999" not in str(refused.value)
    assert erasures.of_source(SOURCE) == []


def test_a_key_is_read_from_a_file_and_in_the_order_of_its_columns(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(lakehouse_root.parent, SHAPES["several"], monkeypatch)
    file = world.root / "key"
    file.write_text("QX,730914285,1971-12-31")
    by_file = reach.of(EraseArguments(source=SOURCE, key_file=file, reason="r"))
    by_name = reach.of(EraseArguments(source=SOURCE, key=tuple(reversed(world.shape.given)), reason="r"))
    assert [one.identity for one in by_file.subjects] == [one.identity for one in by_name.subjects]
    assert [one.source.name for one in by_file.subjects] == [SOURCE, RESULTS]


def test_what_monitoring_says_of_a_new_category_and_the_status_page_s_copies_of_it_name_it_no_longer(
    world: World,
) -> None:
    words = f"new categories of visit: 1 of 4 rows of {DAYS[0]}: {category_codes.shown('zebra-4711')} (1)"
    checks = [
        DriftCheck(new_categories.KIND, "visit", "rows", 1.0, None, violated=False, reason=words),
        DriftCheck("performance", "loss", "rise", None, None, violated=False, reason="too few rows"),
    ]
    put(
        tables.drift(world.use_case),
        drift.rows(DAYS[0], 1, checks, Verdict(False, (words,))),
        {"partition": {DAYS[0]}},
    )
    copies = world.root / "state" / "status_page" / "a-store"
    copies.mkdir(parents=True)
    (copies / "1.json").write_text(json.dumps({"kept": [[f"{DAYS[0]}", [], [1, False, words, "2024-03-06"]]]}))
    (copies / "2.json").write_text(json.dumps({"kept": "nothing of it"}))

    result = erase(world.shape)

    assert left(world) == []
    assert result.places[f"gold.{NAME}_drift"] == 2
    reasons = arrow_dataset.read(tables.drift(world.use_case))["reason"].to_pylist()
    assert sorted(reasons) == sorted([words.replace("zebra-4711", "(erased)")] * 2 + ["too few rows"])
    assert [file.name for file in copies.iterdir()] == ["2.json"]


def test_a_subject_s_values_are_read_in_the_order_in_which_it_is_declared(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = {"erasure": {"subjects": {"trip": ["night", "flight", "carrier"]}}}
    World(lakehouse_root.parent, SHAPES["several"], monkeypatch, source=declared)
    for key in (("1971-12-31,730914285,QX",), ("carrier=QX", "night=1971-12-31", "flight=730914285")):
        (one,) = reach.of(EraseArguments(subject="trip", key=key, reason="r")).subjects
        assert {part.name: part.value for part in one.parts} == SHAPES["several"].erased
    by_key = reach.of(EraseArguments(source=SOURCE, key=("QX,730914285,1971-12-31",), reason="r")).subjects[0]
    assert one.identity == by_key.identity


def test_a_key_file_has_a_key_with_any_sign_but_an_end_of_line(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(lakehouse_root.parent, SHAPES["text"], monkeypatch)
    file = world.root / "key"
    file.write_bytes("zebra\u2028\x0b4711\r\n".encode())
    (one, *_) = reach.of(EraseArguments(source=SOURCE, key_file=file, reason="r")).subjects
    assert one.parts[0].value == "zebra\u2028\x0b4711"
