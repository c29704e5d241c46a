"""A document is erased from tables and deliveries in an object store: none of its bytes is left in the bucket."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.errors import DeclarationError
from lakehouse.storage import places
from tests.jobs import notes, traces
from tests.jobs.erase import world
from tests.jobs.erase.test_erase_job import erase
from tests.jobs.erase.world import DAY, ID, MARKS, NEAR, NEXT


def test_not_one_byte_is_left_of_it_in_the_bucket(
    store_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = world.declare(tmp_path, monkeypatch)
    bucket = places.of(store_root).parent
    for ending, documents, day in (("jsonl", ("b", ID, NEAR), DAY), ("csv", ("c", ID), NEXT)):
        with monkeypatch.context() as here:
            here.setenv("LANDING_ROOT", str(tmp_path / "delivered"))
            file = world.land(ending, *documents, day=day)
        (bucket / "landing" / notes.SOURCE / file.name).write_bytes(file.read_bytes())
        world.ingest(day)
        world.documents(dataset, *documents, day=day)
    world.journal(dataset, world.call(dataset, "b"), world.call(dataset, ID), world.call(dataset, NEAR))
    world.assemble(dataset, 1, "b", ID, NEAR, cluster=(ID, NEAR))
    assert len(traces.of(bucket, *MARKS)) > 10

    result = erase(reason="its writer asked")

    assert result.status == "erased"
    assert traces.of(bucket, *MARKS, world.key(ID), world.digest(world.body(ID))) == []
    assert world.ingest().status == "unchanged"


def test_a_version_is_published_to_no_address(store_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = world.declare(tmp_path, monkeypatch)
    with pytest.raises(DeclarationError, match="declare an absolute path of a disk that stays"):
        world.publish(dataset, 1)
