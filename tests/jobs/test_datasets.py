"""A dataset over days, stage after stage: a correction, another filter, a document that is gone, one that is erased."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from jobs.assemble import job as assemble
from jobs.assemble.arguments import AssembleArguments
from jobs.assemble.job import AssembleResult
from jobs.check import job as check
from jobs.check.arguments import CheckArguments
from jobs.documents import job as documents
from jobs.documents.arguments import DocumentsArguments
from jobs.restate import job as restate
from jobs.restate.arguments import RestateArguments
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from jobs.teach import job as teach
from jobs.teach.arguments import TeachArguments
from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.errors import BadArguments
from lakehouse.ops import calls
from lakehouse.storage import arrow_dataset
from tests.jobs import notes

NEXT = notes.DAY + dt.timedelta(days=1)
NOTES = {f"n{number:02}": notes.text(number) for number in range(30)}


@pytest.fixture
def dataset(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Thirty notes and their first version."""
    declared = notes.declare(tmp_path / "roots", monkeypatch)
    notes.deliver(*(notes.note(name, body) for name, body in NOTES.items()))
    taught(notes.DAY)
    return declared


def taught(day: dt.date) -> AssembleResult:
    """All stages as of a day."""
    documents.run(DocumentsArguments(dataset=notes.NAME, partition=notes.DAY, through=day))
    teach.run(TeachArguments(dataset=notes.NAME, partition=day))
    check.run(CheckArguments(dataset=notes.NAME, partition=day))
    return assemble.run(AssembleArguments(dataset=notes.NAME, partition=day))


def asked() -> set[str]:
    return set(calls.answers(notes.NAME, columns=("request_key",))["request_key"].to_pylist())


def examples(dataset: Dataset, version: int) -> dict[str, dict[str, Any]]:
    rows = arrow_dataset.read(tables.examples(dataset), pc.field("version") == version).to_pylist()
    return {row["document_id"]: row for row in rows}


def stale_lines(**of: Any) -> list[tuple[str, dt.date]]:
    return [(one.table, one.partition) for one in stale.run(StaleArguments(dataset=notes.NAME, **of)).partitions]


def test_done_again_nothing_is_made_asked_or_assembled(dataset: Dataset) -> None:
    before = asked()
    assert taught(notes.DAY).status == "unchanged" and asked() == before
    assert stale.run(StaleArguments(dataset=notes.NAME)).status == "fresh"


def test_a_corrected_note_gets_calls_for_itself_alone_and_keeps_its_side(dataset: Dataset) -> None:
    before, first = asked(), examples(dataset, 1)
    notes.deliver(notes.note("n07", notes.text(700)), day=NEXT)
    found = taught(NEXT)
    second = examples(dataset, 2)
    assert (found.status, found.version, len(asked() - before)) == ("assembled", 2, 1)
    assert second["n07"]["text"] == notes.text(700) != first["n07"]["text"]
    assert {name: row["split"] for name, row in second.items()} == {name: row["split"] for name, row in first.items()}
    changed = [name for name in first if first[name]["example_id"] != second[name]["example_id"]]
    assert changed == ["n07"]


def test_the_same_texts_delivered_again_make_no_new_version(dataset: Dataset) -> None:
    before = asked()
    notes.deliver(*(notes.note(name, body) for name, body in NOTES.items()), day=NEXT)
    assert taught(NEXT).status == "unchanged" and asked() == before


def test_a_correction_of_an_old_day_is_stale_and_restating_makes_no_call(dataset: Dataset) -> None:
    before = asked()
    changed = {**NOTES, "n03": notes.text(300)}
    notes.deliver(*(notes.note(name, body) for name, body in changed.items()), correction=1)
    assert stale_lines() == [(tables.documents(dataset).full_name, notes.DAY)]
    planned = restate.run(RestateArguments(dataset=notes.NAME, dry_run=True))
    assert planned.status == "planned" and stale_lines()
    done = restate.run(RestateArguments(dataset=notes.NAME)).as_json()
    assert (done["status"], done["documents"]) == ("restated", [notes.DAY])
    assert asked() == before and stale_lines() == []
    open_ones = arrow_dataset.read(tables.summaries(dataset), pc.field("state") == "open")["document_id"].to_pylist()
    assert open_ones == ["n03"]
    teach.run(TeachArguments(dataset=notes.NAME, partition=notes.DAY))
    assert len(asked() - before) == 1


def test_another_filter_asks_nothing_and_another_variant_asks_what_it_adds(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = asked()
    longest = max(len(body) for body in NOTES.values())
    notes.declare(tmp_path / "roots", monkeypatch, filter={"characters": {"most": longest - 1}})
    assert {table for table, _ in stale_lines()} == {tables.documents(dataset).full_name}
    restate.run(RestateArguments(dataset=notes.NAME))
    kept = arrow_dataset.read(tables.documents(dataset), pc.field("kept"))
    assert len(kept) == sum(len(body) < longest for body in NOTES.values()) < len(NOTES)
    assert asked() == before and stale_lines() == []
    variants = [{"name": "cold"}, {"name": "warm", "temperature": 1.2, "seed": 3}]
    notes.declare(tmp_path / "roots", monkeypatch, teacher={"by": "extractive", "sentences": 2, "variants": variants})
    documents.run(DocumentsArguments(dataset=notes.NAME, partition=notes.DAY))
    teach.run(TeachArguments(dataset=notes.NAME, partition=notes.DAY))
    assert len(asked() - before) == len(NOTES)


def test_a_note_that_its_source_deletes_is_in_no_later_version(dataset: Dataset) -> None:
    notes.deliver(notes.note("n11", NOTES["n11"], gone=True), day=NEXT)
    taught(NEXT)
    assert set(examples(dataset, 1)) - set(examples(dataset, 2)) == {"n11"}


def test_stale_and_restate_want_one_thing(lakehouse_root: Path) -> None:
    with pytest.raises(BadArguments, match="expected --use-case or --dataset, found neither"):
        StaleArguments()
    with pytest.raises(BadArguments, match="found --use-case a and --dataset b"):
        RestateArguments(use_case="a", dataset="b")
