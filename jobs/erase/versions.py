"""The versions of a dataset that had a document: their log, and their published folders."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.erase import forgetting, published_folder
from jobs.erase.published_folder import Left
from lakehouse import tables
from lakehouse.corpus import content_digest, publication
from lakehouse.declaration import Dataset
from lakehouse.errors import DeclarationError
from lakehouse.ops import dataset_versions
from lakehouse.ops.dataset_versions import ASSEMBLED, ERASED, PUBLISHED, VersionEvent
from lakehouse.ops.erasures import Erasure
from lakehouse.storage import arrow_dataset, delta_log, rewriting
from lakehouse.tables import DATASET_VERSIONS

COLUMNS = ("dataset", "evidence")
# What a killed release leaves beside the versions.
DRAFTS = ".draft-*"


@dataclass(frozen=True)
class Versions:
    """The versions of a dataset.

    Attributes:
        dataset: whose.
        document: its id.
        actor: who asks.
        reason: why.
        now: the present instant.
    """

    dataset: Dataset
    document: str
    actor: str
    reason: str
    now: dt.datetime

    def found(self) -> Mapping[str, int]:
        """Examples in published folders, and lines of the log that name it."""
        folders = [folder for folder in self.folders() if published_folder.has(folder, self.document)]
        examples = sum(published_folder.examples_of(folder, self.document) for folder in folders)
        lines = arrow_dataset.read(DATASET_VERSIONS, pc.field("dataset") == self.dataset.name, columns=list(COLUMNS))
        return {
            "published folders": len(folders),
            "published examples": examples,
            DATASET_VERSIONS.full_name: pc.sum(self.affected(lines)).as_py() or 0,
        }

    def published(self) -> Iterator[dict[str, Any]]:
        """The versions that have it, and where each was published: nothing of that can be called back."""
        had = arrow_dataset.read(
            tables.examples(self.dataset), pc.field("document_id") == self.document, columns=["version"]
        )
        numbers = set(had["version"].to_pylist())
        numbers |= {_number(folder) for folder in self.folders() if published_folder.has(folder, self.document)}
        events = dataset_versions.of_dataset(self.dataset.name)
        hub = self.dataset.publish.hub
        for number in sorted(numbers):
            known: dict[str, Any] = {"dataset": self.dataset.name, "version": number}
            there = [one for one in events if one.version == number and one.state == PUBLISHED]
            for event in there:
                on_hub = {"repository": None if hub is None else hub.repo, "commit": event.hub_commit, "tag": event.tag}
                when = {"folder": event.folder, "published_at": event.happened_at.isoformat()}
                yield known | when | (on_hub if event.hub_commit else {})
            if not there:
                yield known

    def take_out(self) -> list[str]:
        """Clean the log. The folders come with `settle`."""
        rewriting.rewrite(DATASET_VERSIONS, COLUMNS, self.affected, self._forgotten)
        return []

    def settle(self, erasure: Erasure) -> list[str]:
        """Write the published folders again, and a line for each version that is another one now.

        Args:
            erasure: the record, whose ``published`` has the versions that had the document.
        """
        base, folders = self._base(), list(self.folders())
        had = {int(one["version"]) for one in erasure.published if one["dataset"] == self.dataset.name}
        there = base is not None and base.is_dir()
        with publication.alone(self.dataset) if there else nullcontext():
            for draft in base.glob(DRAFTS) if base is not None else ():
                shutil.rmtree(draft)
            for folder in folders:
                if published_folder.has(folder, self.document):
                    left = self._left(_number(folder))
                    published_folder.take_out(folder, self.document, left, erasure.asked_at.date().isoformat())
            for version in sorted(had):
                self._record(version, folders)
        return []

    def folders(self) -> Iterator[Path]:
        """The folders of all versions: where they are published now, and where the log says that they were."""
        logged = {Path(event.folder) for event in dataset_versions.published(self.dataset.name) if event.folder}
        base = self._base()
        if base is not None and base.is_dir():
            logged |= {folder for folder in base.iterdir() if _number(folder)}
        return (folder for folder in sorted(logged) if folder.is_dir())

    def affected(self, rows: pa.Table) -> pa.ChunkedArray:
        """Which lines of the log name it."""
        lines = zip(rows["dataset"].to_pylist(), rows["evidence"].to_pylist(), strict=True)
        named = [name == self.dataset.name and forgetting.names(text, self.document) for name, text in lines]
        return pa.chunked_array([pa.array(named, pa.bool_())])

    def _forgotten(self, rows: pa.Table) -> pa.Table:
        meant = self.affected(rows).to_pylist()
        texts = [
            json.dumps(forgetting.without(json.loads(text), self.document), sort_keys=True) if one else text
            for text, one in zip(rows["evidence"].to_pylist(), meant, strict=True)
        ]
        place = rows.column_names.index("evidence")
        return rows.set_column(place, rows.schema.field(place), pa.array(texts, pa.string()))

    def _base(self) -> Path | None:
        try:
            return publication.base(self.dataset)
        except DeclarationError:
            # An object store has no such folders.
            return None

    def _left(self, version: int) -> Left:
        """What a version is without the document, by the tables, which don't have it any more."""
        lines = arrow_dataset.read(
            tables.examples(self.dataset), pc.field("version") == version, columns=["request_key"]
        )
        clusters = arrow_dataset.read(
            tables.clusters(self.dataset), pc.field("version") == version, columns=["document_id", "cluster_id"]
        )
        known = self._assembled(version) is not None
        return Left(
            self._digest(version) if known else None,
            lines["request_key"].to_pylist() if known else None,
            dict(zip(clusters["document_id"].to_pylist(), clusters["cluster_id"].to_pylist(), strict=True)),
        )

    def _digest(self, version: int) -> str:
        examples = tables.examples(self.dataset)
        if not delta_log.exists(examples):
            return content_digest.of(())
        where = pc.field("version") == version
        return content_digest.of(
            arrow_dataset.batches(examples, content_digest.COLUMNS, where, delta_log.version(examples))
        )

    def _assembled(self, version: int) -> VersionEvent | None:
        """The line of the version as it was last made, or erased from."""
        events = [
            one for one in dataset_versions.of_dataset(self.dataset.name, version) if one.state in (ASSEMBLED, ERASED)
        ]
        return events[-1] if events else None

    def _record(self, version: int, folders: Iterable[Path]) -> None:
        """A line of the log, unless it has it."""
        event = self._assembled(version)
        digest = self._digest(version)
        if event is None or event.content_digest == digest:
            return
        rows = arrow_dataset.read(
            tables.examples(self.dataset), pc.field("version") == version, columns=["split", "document_id"]
        )
        counts = {row["values"]: row["counts"] for row in pc.value_counts(rows["split"]).to_pylist()}
        folder = next((str(one) for one in folders if _number(one) == version), None)
        dataset_versions.record(
            replace(
                event,
                state=ERASED,
                content_digest=digest,
                documents=pc.count_distinct(rows["document_id"]).as_py(),
                train_rows=counts.get("train", 0),
                validation_rows=counts.get("validation", 0),
                test_rows=counts.get("test", 0),
                folder=folder,
                hub_commit=None,
                tag=None,
                actor=self.actor,
                reason=self.reason,
                evidence={"content_digest_before": event.content_digest, "rows_before": event.rows},
                happened_at=self.now,
            )
        )


def _number(folder: Path) -> int:
    """The version of a folder; 0 where it is none's."""
    text = folder.name.removeprefix("v")
    return int(text) if folder.name.startswith("v") and text.isdecimal() else 0
