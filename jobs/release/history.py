"""What was published before: the version that a new one is compared with, and the documents that were ever trained on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_split import TRAIN
from lakehouse.ops.dataset_versions import ASSEMBLED, ERASED, PUBLISHED, VersionEvent
from lakehouse.storage import arrow_dataset

# What two versions are compared by.
COMPARED = ("example_id", "document_id", "content_digest", "variant")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A version against the one that was published before it.

    Attributes:
        version: the earlier one.
        examples_before: how many examples it has.
        added: examples of a document and variant that the earlier one does not have.
        gone: examples of a document and variant that this one does not have.
        changed: examples of a document and variant that both have, with another text or answer.
        documents_added: documents that the earlier one does not have.
        documents_gone: documents that this one does not have.
        documents_corrected: documents that both have, with another text.
        erased: whether documents were erased from the earlier one since.
    """

    version: int
    examples_before: int
    added: int
    gone: int
    changed: int
    documents_added: int
    documents_gone: int
    documents_corrected: int
    erased: bool

    @property
    def lost(self) -> int:
        """How many examples of the earlier version this one does not have."""
        return self.gone + self.changed


def current(events: Iterable[VersionEvent], version: int | None) -> VersionEvent | None:
    """The version to publish as the log has it: as it was assembled, or as it is since something was erased from it.

    Args:
        events: of the dataset, in their order.
        version: its number; None: the newest.
    """
    made = [event for event in events if event.state in (ASSEMBLED, ERASED)]
    numbers = [event.version for event in made if event.state == ASSEMBLED]
    wanted = max(numbers, default=None) if version is None else version
    return next((event for event in reversed(made) if event.version == wanted), None)


def assembled(events: Iterable[VersionEvent], version: int) -> VersionEvent:
    """The line of a version's making, which has its manifest."""
    return next(event for event in reversed(list(events)) if event.state == ASSEMBLED and event.version == version)


def published(events: Iterable[VersionEvent], version: int) -> VersionEvent | None:
    """The last publication of a version; None: it never was."""
    return next(
        (event for event in reversed(list(events)) if event.state == PUBLISHED and event.version == version), None
    )


def previous(events: Iterable[VersionEvent], version: int) -> VersionEvent | None:
    """The last publication of another version before this one's first."""
    found = None
    for event in events:
        if event.state == PUBLISHED and event.version == version:
            break
        if event.state == PUBLISHED:
            found = event
    return found


def erased(events: Sequence[VersionEvent]) -> dict[str, frozenset[str]]:
    """By the tag of each version from which documents were erased, the digests of what it was before."""
    made = [event for event in events if event.state in (ASSEMBLED, ERASED)]
    last = {event.version: event.content_digest for event in made}
    numbers = {event.version for event in made if event.state == ERASED}
    return {
        f"v{number}": frozenset(event.content_digest for event in made if event.version == number) - {last[number]}
        for number in sorted(numbers)
    }


def difference(dataset: Dataset, event: VersionEvent, events: Iterable[VersionEvent], lines: pa.Table) -> Difference:
    """What has changed since an earlier version.

    Args:
        dataset: whose.
        event: of the earlier version.
        events: of the dataset.
        lines: ``COMPARED`` of the examples of this version.
    """
    before = _by_place(_lines(dataset, pc.field("version") == event.version))
    now = _by_place(lines)
    texts_before, texts_now = ({one[0]: digest for one, (_, digest) in found.items()} for found in (before, now))
    both = texts_before.keys() & texts_now.keys()
    return Difference(
        version=event.version,
        examples_before=len(before),
        added=len(now.keys() - before.keys()),
        gone=len(before.keys() - now.keys()),
        changed=sum(before[one][0] != now[one][0] for one in before.keys() & now.keys()),
        documents_added=len(texts_now.keys() - texts_before.keys()),
        documents_gone=len(texts_before.keys() - texts_now.keys()),
        documents_corrected=sum(texts_before[one] != texts_now[one] for one in both),
        erased=any(one.state == ERASED and one.version == event.version for one in events),
    )


def trained_on(dataset: Dataset, versions: Collection[int], documents: Collection[str]) -> list[str]:
    """Those of the documents that one of these versions has in training, in the order of their ids."""
    if not versions or not documents:
        return []
    where = arrow_dataset.among("version", versions) & (pc.field("split") == TRAIN)
    rows = arrow_dataset.read(tables.examples(dataset), where, columns=("document_id",))
    return sorted(set(rows["document_id"].to_pylist()).intersection(documents))


def _lines(dataset: Dataset, where: pc.Expression) -> pa.Table:
    return arrow_dataset.read(tables.examples(dataset), where, columns=COMPARED)


def _by_place(lines: pa.Table) -> dict[tuple[str, str], tuple[str, str]]:
    """Example and text by document and variant."""
    examples, documents, digests, variants = (lines[name].to_pylist() for name in COMPARED)
    return {
        (document, variant): (example, digest)
        for example, document, digest, variant in zip(examples, documents, digests, variants, strict=True)
    }
