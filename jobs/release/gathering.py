"""Finding out what the gate decides from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from jobs.release import asked, history
from jobs.release.asked import Asked
from jobs.release.facts import Facts
from jobs.release.history import Difference
from jobs.release.material import Material
from jobs.release.scan import Scan, scan
from jobs.release.version_rows import VersionRows
from lakehouse.declaration import Dataset, datasets
from lakehouse.declaration.dataset_split import TRAIN
from lakehouse.errors import VersionChanged
from lakehouse.ops.dataset_versions import PUBLISHED, VersionEvent

# Of what holds a version back so many are named.
NAMED = 3
# What is read of every example besides its texts.
LINE = (
    "example_id", "document_id", "content_digest", "cluster_id", "split", "variant", "request_key", "licence", "language",
    "delivery_id",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version, with all that is found out about it.

    Attributes:
        dataset: whose.
        event: its line in the log, as it is now.
        assembled: the line of its making, which has its manifest.
        folder: that declares the dataset.
        examples: its examples.
        lines: ``LINE`` of each, in the order of documents and variants.
        scan: what a pass over them finds.
        asked: the calls behind them.
        material: the documents that it was made from.
        difference: from the version that was published before; None: there is none.
        prompts: the teacher's prompt, and whether it is the one that the answers were asked with.
    """

    dataset: Dataset
    event: VersionEvent
    assembled: VersionEvent
    folder: Path
    examples: VersionRows
    lines: pa.Table
    scan: Scan
    asked: Asked
    material: Material
    difference: Difference | None
    prompts: Mapping[str, bool]

    @property
    def own_prompts(self) -> list[str]:
        """The prompts' files that it is published with: one that has changed since is none of them."""
        names = {service.prompt for service in self.dataset.services.values()}
        return sorted(name for name in names if self.prompts.get(name, True))

    @property
    def documents(self) -> list[str]:
        """The ids of its documents, in order."""
        return sorted(set(self.lines["document_id"].to_pylist()))


def version(dataset: Dataset, event: VersionEvent, events: Sequence[VersionEvent]) -> Version:
    """Read a version.

    Args:
        dataset: whose.
        event: its line in the log, as it is now.
        events: the whole log of the dataset.

    Raises:
        VersionChanged: when its examples are not those that were recorded.
    """
    examples = VersionRows.now(dataset, event.version)
    found = scan(examples)
    if found.content_digest != event.content_digest:
        raise VersionChanged(
            f"gold.{dataset.name}_examples, version {event.version}: expected the examples with the digest "
            f"{event.content_digest[:12]} that ops.dataset_versions has, found {found.content_digest[:12]}: they were changed; "
            f"assemble a new version: python -m jobs assemble --dataset {dataset.name} --partition {event.partition}"
        )
    lines = examples.lines(*LINE)
    folder, calls = datasets.folder(dataset), Asked.of(dataset, lines["request_key"].to_pylist())
    before = history.previous(events, event.version)
    difference = None
    if before is not None:
        difference = history.difference(dataset, before, events, lines.select(list(history.COMPARED)))
    return Version(
        dataset=dataset,
        event=event,
        assembled=history.assembled(events, event.version),
        folder=folder,
        examples=examples,
        lines=lines,
        scan=found,
        asked=calls,
        material=Material.of(dataset, event.partition, lines["document_id"].to_pylist()),
        difference=difference,
        prompts=asked.same_prompts(folder, dataset, calls.prompt_digests),
    )


def facts(made: Version, events: Iterable[VersionEvent]) -> Facts:
    """What the gate decides from."""
    dataset, difference = made.dataset, made.difference
    open_calls = asked.still_open(dataset, made.event.partition)
    held_out = made.lines.filter(pc.not_equal(made.lines["split"], TRAIN))["document_id"].to_pylist()
    others = {event.version for event in events if event.state == PUBLISHED and event.version != made.event.version}
    trained = history.trained_on(dataset, others, frozenset(held_out))
    leaks = _leaks(made)
    return Facts(
        rows=made.scan.rows,
        leaks=len(leaks),
        first_leaks=tuple(leaks[:NAMED]),
        trained_before=len(trained),
        first_trained=tuple(trained[:NAMED]),
        open_calls=len(open_calls),
        first_open=tuple(open_calls[:NAMED]),
        unanswered=len(made.asked.unanswered),
        first_unanswered=tuple(key[:12] for key in made.asked.unanswered[:NAMED]),
        licences=made.scan.licences,
        personal=made.scan.personal,
        keeps_personal=dataset.documents.pii == "keep",
        previous=None if difference is None else difference.version,
        previous_examples=0 if difference is None else difference.examples_before,
        lost_examples=0 if difference is None else difference.lost,
        prompts=made.prompts,
    )


def _leaks(made: Version) -> list[str]:
    """The leaks between splits, in words, in a fixed order."""
    from lakehouse.corpus import leaks

    batches = made.examples.batches("split", "document_id", "content_digest", "text", "summary")
    found = leaks.find(batches, made.dataset.near)
    return sorted(f"{one.kind}: {one.left} in {one.left_split} and {one.right} in {one.right_split}" for one in found)
