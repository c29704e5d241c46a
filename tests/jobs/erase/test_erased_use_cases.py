"""A key of a use case is taken out of everything: an independent scan of every byte finds nothing, and all else is as it was."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from jobs.erase import job
from jobs.erase.arguments import EraseArguments
from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.models import mlflow_rest
from lakehouse.ops import deliveries, erasures
from lakehouse.storage import arrow_dataset
from tests import byte_scan
from tests.byte_scan import Needle
from tests.jobs.erase.visits import DAYS, NAME, NOTE, RESULTS, SOURCE, Shape, World

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


def erase(shape: Shape, **options: Any) -> job.EraseResult:
    return job.run(EraseArguments(source=SOURCE, key=shape.given, reason="asked by letter", actor="desk", **options))


def no_run(*_: Any) -> None:
    """As MLflow answers where it has no run of that id."""
    raise mlflow_rest.NotThere("no such run")


def left(world: World) -> list[str]:
    several = len(world.shape.key) > 1
    return byte_scan.found(world.root, *world.shape.needles, all_of=several) + byte_scan.found(
        world.root, Needle(NOTE, (NOTE,))
    )


@pytest.fixture
def world(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> World:
    monkeypatch.setattr("lakehouse.models.mlflow_rest.send", no_run)
    # Erase tidies what killed jobs left there.
    monkeypatch.setattr("tempfile.tempdir", str(lakehouse_root.parent))
    made = World(lakehouse_root.parent, SHAPES[getattr(request, "param", "text")], monkeypatch)
    made.live()
    return made


@pytest.mark.parametrize("world", SHAPES, indirect=True)
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
    assert erase(world.shape).status == "unchanged"
