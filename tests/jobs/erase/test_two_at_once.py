"""Two erasures at once end like one after the other."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import IO

import pytest

from jobs.erase import job, landing_zone
from jobs.erase.arguments import EraseArguments
from lakehouse.ops import deliveries
from lakehouse.storage import file_locks
from tests import byte_scan
from tests.byte_scan import Needle
from tests.jobs import notes, traces
from tests.jobs.erase import world
from tests.jobs.erase.test_erased_use_cases import SHAPES
from tests.jobs.erase.visits import DAYS, SOURCE, World
from tests.jobs.erase.world import DAY, ID


def erased_at_once(monkeypatch: pytest.MonkeyPatch, source: str, one: str, other: str) -> None:
    put, others = landing_zone._put, list[threading.Thread]()
    waits, hold = threading.Event(), file_locks.hold

    def held(file: Path, shared: bool = False) -> IO[bytes]:
        if file.name == job.LOCK:
            waits.set()
        return hold(file, shared)

    def later(file: Path, target: Path) -> None:
        if not others:
            # The first one has written the file, and is about to put it in its place.
            asked = EraseArguments(source=source, key=(other,), reason="r")
            others.append(threading.Thread(target=job.run, args=(asked,)))
            others[0].start()
            # Until it waits for the first one: or for a while, in which it is through if nothing holds it.
            waits.wait(4)
        put(file, target)

    monkeypatch.setattr(landing_zone, "_put", later)
    monkeypatch.setattr(file_locks, "hold", held)
    job.run(EraseArguments(source=source, key=(one,), reason="r"))
    others[0].join()


def test_documents_of_one_delivery(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lakehouse_root.parent
    monkeypatch.setattr("tempfile.tempdir", str(root))
    world.declare(root, monkeypatch)
    file = world.land("jsonl", "b", ID, "walrus-99")
    world.ingest()
    erased_at_once(monkeypatch, notes.SOURCE, ID, "walrus-99")
    assert traces.of(root, ID, "walrus-99") == []
    assert len(file.read_bytes().splitlines()) == 1
    (line,) = deliveries.lines_of([notes.SOURCE])
    assert (line.accepted_rows, line.rejected_rows) == (1, 2)
    assert world.ingest(DAY).status == "unchanged"


def test_rows_of_one_delivery(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(lakehouse_root.parent))
    visits = World(lakehouse_root.parent, SHAPES["text"], monkeypatch)
    file = visits.land(SOURCE, DAYS[0], visits.keys())
    visits.ingest(SOURCE, DAYS[0])
    erased_at_once(monkeypatch, SOURCE, "zebra-4711", "zebra-4712")
    found = [Needle(name, (name,)) for name in ("zebra-4711", "zebra-4712")]
    assert byte_scan.found(visits.root, *found) == []
    assert len(file.read_bytes().splitlines()) == len(visits.keys()) - 2
    assert visits.ingest(SOURCE, DAYS[0]).status == "unchanged"
