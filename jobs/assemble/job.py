"""Assemble: kept documents and answers -> clusters, split and examples of a dataset's next version."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from jobs.assemble import earlier, made, manifest, material, written
from jobs.assemble.arguments import AssembleArguments
from jobs.assemble.made import Made
from jobs.assemble.material import Material
from jobs.result import Result
from lakehouse import tables
from lakehouse.declaration import Dataset, datasets
from lakehouse.errors import NothingToAssemble
from lakehouse.ops import dataset_versions
from lakehouse.ops.dataset_versions import ASSEMBLED, ERASED, VersionEvent


@dataclass(frozen=True, kw_only=True)
class AssembleResult(Result):
    """The version, what it has, and what was left out.

    Attributes:
        status: ``assembled``; ``unchanged``: the newest version is what would be made; ``planned``: a dry run.
        version: its number.
        documents: how many its examples are of.
        rows: its examples by split.
        clusters: how many near-duplicate clusters it has.
        left_out: why documents that have answers have no example, and how many.
        content_digest: of its examples; empty of a dry run.
        cost_micros: what the calls of its answers cost, in millionths.
    """

    version: int
    documents: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    clusters: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    content_digest: str = ""
    cost_micros: int = 0


def run(arguments: AssembleArguments) -> AssembleResult:
    """Make the next version of a dataset from what counts on a day, unless it would be what the newest one is."""
    dataset = datasets.by_name(arguments.dataset)
    with written.alone(dataset):
        return _assemble(arguments, dataset)


def _assemble(arguments: AssembleArguments, dataset: Dataset) -> AssembleResult:
    newest = dataset_versions.assembled(dataset.name)
    number = newest.version if newest else 0
    found = material.read(dataset, arguments.partition)
    _expect_something(found, arguments)
    of_inputs = written.fingerprint(found, manifest.declaration_digest(dataset))
    if newest is not None and newest.fingerprint == of_inputs:
        return _unchanged(newest)
    before = earlier.read(dataset, number)
    new = made.of(found, before)
    said = manifest.of(new)
    version = number + 1
    if arguments.dry_run:
        return _result("planned", version, new, said, "")
    digest, files = written.files(new, version)
    if newest is not None and digest in _digests(newest):
        written.remove(dataset, files)
        return _unchanged(newest)
    written.commit(new, before, version, files)
    event = VersionEvent(
        dataset=dataset.name,
        version=version,
        state=ASSEMBLED,
        content_digest=digest,
        fingerprint=of_inputs,
        partition=arguments.partition,
        documents=len(new.documents),
        train_rows=new.rows["train"],
        validation_rows=new.rows["validation"],
        test_rows=new.rows["test"],
        cost_micros=manifest.cost_micros(said),
        actor=arguments.actor,
        reason=arguments.reason,
        evidence=said,
        happened_at=dt.datetime.now(dt.UTC),
    )
    if not dataset_versions.record_first(event):
        raise written.busy(dataset)
    return _result("assembled", version, new, said, digest)


def _expect_something(found: Material, arguments: AssembleArguments) -> None:
    if not found.answers:
        dataset = found.dataset
        raise NothingToAssemble(
            f"dataset {dataset.name}, as of {arguments.partition}: expected documents that are kept and have an answer that is "
            f"kept, found {found.seen} documents, {found.kept} of them kept, and no such answer in "
            f"{tables.summaries(dataset).full_name}; no version was made: run documents, teach and check for the days up to it, "
            "and see the reasons in their tables"
        )


def _digests(newest: VersionEvent) -> set[str]:
    """What the version's examples are, and what they have been since a document was erased from it."""
    events = dataset_versions.of_dataset(newest.dataset, newest.version)
    erased = [event.content_digest for event in events if event.state == ERASED]
    return {erased[-1] if erased else newest.content_digest}


def _unchanged(newest: VersionEvent) -> AssembleResult:
    return AssembleResult(
        status="unchanged",
        message=f"version {newest.version} is what would be made",
        version=newest.version,
        documents=newest.documents,
        rows=newest.rows,
        content_digest=newest.content_digest,
        cost_micros=newest.cost_micros,
    )


def _result(status: str, version: int, new: Made, said: dict[str, Any], digest: str) -> AssembleResult:
    left: Counter[str] = new.left_out
    return AssembleResult(
        status=status,
        version=version,
        documents=len(new.documents),
        rows=new.rows,
        clusters=new.clusters,
        left_out=dict(sorted(left.items())),
        content_digest=digest,
        cost_micros=manifest.cost_micros(said),
    )
