from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from jobs.assemble import job, written
from jobs.assemble.arguments import AssembleArguments
from lakehouse import tables
from lakehouse.corpus import content_digest
from lakehouse.declaration import Dataset
from lakehouse.errors import AssembleBusy, NothingToAssemble
from lakehouse.ops import calls, dataset_versions
from lakehouse.ops.call import ANSWERED, Call
from lakehouse.storage import arrow_dataset, commits
from tests.jobs import notes
from tests.jobs.assemble import stock
from tests.jobs.assemble.stock import Held

DAYS = [notes.DAY + dt.timedelta(days=at) for at in range(5)]
NOW = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)


@pytest.fixture
def dataset(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "roots"))
    return stock.declare(tmp_path / "roots")


def some(count: int, first: int = 0) -> list[Held]:
    return [Held(f"n{at:03}", notes.text(at)) for at in range(first, first + count)]


def test_a_version_has_an_example_for_each_kept_answer(dataset: Dataset) -> None:
    held = [
        *some(30),
        Held("gone", notes.text(50), kept=False),
        Held("bad", notes.text(51), answers={"cold": None, "warm": None}),
    ]
    stock.put(dataset, held)
    result = stock.assemble(dataset, reason="the first")
    assert (result.status, result.version, result.documents, sum(result.rows.values())) == ("assembled", 1, 30, 60)
    found = stock.examples(dataset, 1)
    assert [(one["document_id"], one["variant"]) for one in found] == [
        (one.name, variant["name"]) for one in some(30) for variant in stock.VARIANTS
    ]
    texts = {one.name: one.text for one in held}
    assert all(one["text"] == texts[one["document_id"]] for one in found)
    assert all(one["title"] == f"Title of {one['document_id']}" for one in found)
    assert len({one["example_id"] for one in found}) == 60
    (event,) = dataset_versions.of_dataset(dataset.name)
    assert (event.state, event.version, event.documents, event.reason) == ("assembled", 1, 30, "the first")
    assert event.rows == result.rows
    assert event.content_digest == content_digest.of([arrow_dataset.read(tables.examples(dataset))])
    said = event.evidence
    assert said["documents"] == {"seen": 32, "kept": 31, "taught": 30, "in_version": 30, "left_out": {}}
    assert said["deliveries"] == {f"delivery of {notes.DAY}": 30}
    assert said["clusters"] == result.clusters == 30


def test_the_same_again_is_no_new_version(dataset: Dataset) -> None:
    stock.put(dataset, some(10))
    first = stock.assemble(dataset)
    again = stock.assemble(dataset, DAYS[1])
    assert (again.status, again.version, again.content_digest) == ("unchanged", 1, first.content_digest)
    assert len(dataset_versions.of_dataset(dataset.name)) == 1


def test_what_is_declared_besides_and_makes_the_same_examples_makes_no_version(
    dataset: Dataset, tmp_path: Path
) -> None:
    stock.put(dataset, some(10))
    stock.assemble(dataset)
    before = sorted(tmp_path.rglob("*.parquet"))
    other = stock.declare(tmp_path / "roots", gate={"most_change": 0.1})
    assert stock.assemble(other).status == "unchanged"
    assert sorted(tmp_path.rglob("*.parquet")) == before, "no file is left behind"


def test_a_corrected_document_keeps_its_split_in_the_next_version(dataset: Dataset) -> None:
    stock.put(dataset, some(40))
    stock.assemble(dataset)
    stock.put(dataset, [Held("n007", notes.text(1007))], DAYS[1])
    assert stock.assemble(dataset, DAYS[1]).version == 2
    assert stock.sides(dataset, 1) == stock.sides(dataset, 2)
    changed = {one["document_id"] for one in stock.examples(dataset, 2)} - {
        one["document_id"]
        for one in stock.examples(dataset, 2)
        if one["example_id"] in {old["example_id"] for old in stock.examples(dataset, 1)}
    }
    assert changed == {"n007"}
    # The day before is still what it was.
    assert stock.assemble(dataset, DAYS[0]).version == 3
    assert [one["example_id"] for one in stock.examples(dataset, 3)] == [
        one["example_id"] for one in stock.examples(dataset, 1)
    ]


def test_near_documents_and_declared_groups_stay_together(dataset: Dataset) -> None:
    base = notes.text(500)
    held = [*some(20), Held("near1", base), Held("near2", f"{base} And a word more.")]
    held += [Held(f"of{at}", notes.text(600 + at), groups=("thread=t",)) for at in range(6)]
    held += [
        Held("tie", notes.text(700), groups=("thread=t", "page=p")),
        Held("tied", notes.text(701), groups=("page=p",)),
    ]
    stock.put(dataset, held)
    stock.assemble(dataset)
    rows, sides = stock.clusters(dataset, 1), stock.sides(dataset, 1)
    assert rows["near2"]["cluster_id"] == rows["near1"]["cluster_id"] == "near1"
    assert (rows["near1"]["nearest"], rows["near2"]["nearest"], rows["near1"]["containment"]) == ("near2", "near1", 1.0)
    assert rows["n000"]["nearest"] is rows["n000"]["jaccard"] is rows["n000"]["together_with"] is None
    assert {rows[name]["cluster_id"] for name in ("of0", "of5", "tie", "tied")} == {"of0"}
    assert (rows["of0"]["together_with"], rows["tied"]["together_with"]) == ("thread=t", "page=p")
    for row in rows.values():
        assert sides[row["document_id"]] == sides[row["cluster_id"]]


def test_one_of_a_cluster_is_kept_where_that_is_declared(dataset: Dataset, tmp_path: Path) -> None:
    other = stock.declare(tmp_path / "roots", near={"keep": "one"})
    base = notes.text(500)
    stock.put(other, [*some(5), Held("a", base), Held("b", f"{base} A longer one."), Held("c", base)])
    result = stock.assemble(other)
    assert {"a", "b", "c"} & set(stock.sides(other, 1)) == {"b"}
    assert result.left_out == {"near.keep: one": 2}
    assert stock.clusters(other, 1)["a"]["left_out"] == "near.keep: one, and b of its cluster is kept"
    # A longer one comes: what was kept is kept.
    stock.put(other, [Held("d", f"{base} A longer one still, by far.")], DAYS[1])
    assert stock.assemble(other, DAYS[1]).status == "unchanged"


def test_equal_answers_on_two_sides_leave_training(dataset: Dataset) -> None:
    stock.put(dataset, some(40))
    stock.assemble(dataset, dry_run=True)
    stock.assemble(dataset)
    sides = stock.sides(dataset, 1)
    trained = next(name for name, side in sides.items() if side == "train")
    tested = next(name for name, side in sides.items() if side == "test")
    same: dict[str, str | None] = {"cold": "Both of them say this."}
    held = {one.name: one for one in some(40)}
    stock.put(dataset, [*(one for name, one in held.items() if name not in (trained, tested))])
    stock.put(
        dataset,
        [
            Held(trained, held[trained].text, answers=same),
            Held(tested, held[tested].text, answers={"cold": "both of THEM say this"}),
        ],
        DAYS[1],
    )
    stock.assemble(dataset, DAYS[1])
    found = {(one["document_id"], one["variant"]) for one in stock.examples(dataset, 2)}
    assert (tested, "cold") in found
    assert (trained, "cold") not in found
    assert (trained, "warm") in found
    event = dataset_versions.assembled(dataset.name)
    assert event is not None
    assert event.evidence["examples"]["left_out"] == {"its answer is, or was, in test too": 1}


def test_a_dry_run_writes_nothing(dataset: Dataset, lakehouse_root: Path) -> None:
    stock.put(dataset, some(10))
    before = sorted(lakehouse_root.rglob("*"))
    result = stock.assemble(dataset, dry_run=True)
    assert (result.status, result.version, sum(result.rows.values())) == ("planned", 1, 20)
    assert [file for file in sorted(lakehouse_root.rglob("*")) if ".locks" not in str(file)] == [
        file for file in before if ".locks" not in str(file)
    ]
    made = stock.assemble(dataset)
    assert (made.rows, made.clusters) == (result.rows, result.clusters)


def test_without_answers_there_is_nothing_to_assemble(dataset: Dataset) -> None:
    with pytest.raises(NothingToAssemble, match="found 0 documents, 0 of them kept"):
        stock.assemble(dataset)
    stock.put(dataset, [Held("a", notes.text(1), answers={"cold": None, "warm": None})])
    with pytest.raises(NothingToAssemble, match="found 1 documents, 1 of them kept"):
        stock.assemble(dataset)


def test_answers_about_an_older_text_or_of_a_variant_no_longer_declared_make_no_examples(
    dataset: Dataset, tmp_path: Path
) -> None:
    stock.put(dataset, some(4))
    variants = [{"name": "cold"}]
    fewer = stock.declare(tmp_path / "roots", teacher={"by": "extractive", "variants": variants})
    assert sum(stock.assemble(fewer).rows.values()) == 4
    rows = arrow_dataset.read(tables.summaries(fewer)).to_pylist()
    stock.put(fewer, [Held("n001", notes.text(77))], DAYS[1])
    commits.replace_rows(tables.summaries(fewer), rows, "true")
    stock.assemble(fewer, DAYS[1])
    assert set(stock.sides(fewer, 2)) == {"n000", "n002", "n003"}


def test_a_second_run_at_once_says_so(dataset: Dataset) -> None:
    stock.put(dataset, some(4))
    with written.alone(dataset), pytest.raises(AssembleBusy, match="found one"):
        stock.assemble(dataset)
    assert stock.assemble(dataset).status == "assembled"


def test_a_line_that_another_run_wrote_first_stays(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    stock.put(dataset, some(4))
    commit = written.commit

    def while_another_ends(*arguments: Any) -> None:
        commit(*arguments)
        monkeypatch.setattr(written, "commit", commit)
        job._assemble(AssembleArguments(dataset=dataset.name, partition=notes.DAY, actor="another"), dataset)

    monkeypatch.setattr(written, "commit", while_another_ends)
    with pytest.raises(AssembleBusy):
        stock.assemble(dataset)
    (event,) = dataset_versions.of_dataset(dataset.name)
    assert event.actor == "another"
    assert event.content_digest == content_digest.of([arrow_dataset.read(tables.examples(dataset))])


@pytest.mark.parametrize("place", ["clusters.clusters", "commits.replace_by_files", "dataset_versions.record_first"])
def test_a_killed_run_leaves_no_version_and_nothing_that_sticks(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    stock.put(dataset, some(10))
    stock.assemble(dataset)
    stock.put(dataset, some(30, 10), DAYS[1])
    with monkeypatch.context() as patch:
        name = "jobs.assemble.job" if place.startswith("dataset_versions") else "jobs.assemble.written"
        patch.setattr(f"{name}.{place}", killed)
        with pytest.raises(Killed):
            stock.assemble(dataset, DAYS[1])
    newest = dataset_versions.assembled(dataset.name)
    assert newest is not None
    assert newest.version == 1
    # The salt is another one meanwhile: what the killed run drew counts for nothing.
    other = stock.declare(tmp_path / "roots", split={"salt": "another"})
    stock.put(other, some(30, 10), DAYS[1])
    result = stock.assemble(other, DAYS[1])
    assert result.version == 2
    rows = arrow_dataset.read(tables.splits(other)).to_pylist()
    assert {row["document_id"]: row["split"] for row in rows} == stock.sides(other, 2)
    assert sorted({row["first_version"] for row in rows}) == [1, 2]
    drawn = {one["document_id"] for one in stock.examples(other, 2)}
    assert len(drawn) == 40


def test_costs_are_those_of_the_calls_behind_the_examples(
    lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "roots"))
    variants = [{"name": "cold"}]
    dataset = stock.declare(
        tmp_path / "roots",
        files={"p.md": "{{ document }}"},
        teacher={"by": "service", "url": "http://127.0.0.1:1/v1", "model": "m", "prompt": "p.md", "variants": variants},
        budget={"money": 1, "currency": "EUR", "cost_per_million_tokens": {"input": 1, "output": 1}},
    )
    stock.put(dataset, some(3))
    keys = [row["request_key"] for row in arrow_dataset.read(tables.summaries(dataset)).to_pylist()]
    same: dict[str, Any] = {
        "dataset": dataset.name, "purpose": "teach", "document_id": "n", "content_digest": "c", "variant": "cold", "endpoint": "e",
        "parameters": "{}", "run_id": "r", "first_sent_at": NOW, "sent_at": NOW, "state": ANSWERED,
    }  # fmt: skip
    made = [
        Call(request_key=key, model="m", prompt_digest="p", cost_micros=10, unsure_micros=1, **same) for key in keys
    ]
    calls.fold(
        dataset.name,
        "s",
        [*made, Call(request_key="in vain", model="m", prompt_digest="q", cost_micros=500, **same)],
        (),
    )
    result = stock.assemble(dataset)
    assert result.cost_micros == 30
    event = dataset_versions.assembled(dataset.name)
    assert event is not None
    found = event.evidence["calls"]
    assert (found["used"], found["cost_micros"], found["unsure_micros"], found["currency"]) == (3, 30, 3, "EUR")
    assert (found["all"], found["all_cost_micros"], found["prompt_digests"]) == (4, 530, ["p"])
