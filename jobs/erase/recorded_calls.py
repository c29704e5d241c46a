"""The calls about a document: in the journal and in ops.calls.

What they cost stays counted: of each a line without anything of the document is left, under a key that says nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.ops import calls
from lakehouse.ops.call import FAILED, FINAL
from lakehouse.storage import arrow_dataset, rewriting
from lakehouse.tables import CALLS
from lakehouse.teacher import folding, segments

COLUMNS = ("dataset", "document_id", "content_digest")
# What takes the place of what a line said of the document.
EMPTIED: dict[str, Any] = {"document_id": "", "content_digest": "", "answer": None, "error": None}
KEY = "erased-"
WHY = "its document was erased before it had an answer"


@dataclass(frozen=True)
class RecordedCalls:
    """The calls of a dataset about a document, by its id, or by a text that it has or had and no other document has."""

    dataset: Dataset
    document: str

    def found(self) -> Mapping[str, int]:
        """Lines of ops.calls, and those that are in the journal alone."""
        digests, heirs = self._texts()
        rows = calls.answers(self.dataset.name, columns=("request_key", *COLUMNS))
        in_table = rows.filter(self._affected(digests, heirs)(rows))
        return {CALLS.full_name: len(in_table), "journal": self._in_journal(digests, heirs)}

    def take_out(self) -> list[str]:
        """Fold the journal, and empty the lines. Nobody makes calls meanwhile."""
        folding.fold_all(self.dataset.name, folding.folder_of(self.dataset.name))
        digests, heirs = self._texts()
        affected = self._affected(digests, heirs)

        def changed(rows: pa.Table) -> pa.Table:
            meant = affected(rows).to_pylist()
            lines = [self._line(row, heirs) if one else row for row, one in zip(rows.to_pylist(), meant, strict=True)]
            return pa.Table.from_pylist(lines, rows.schema)

        rewriting.rewrite(CALLS, COLUMNS, affected, changed)
        return []

    def affected(self, rows: pa.Table) -> pa.ChunkedArray:
        """Where rows of ops.calls are of the document."""
        return pc.and_(pc.equal(rows["dataset"], self.dataset.name), pc.equal(rows["document_id"], self.document))

    def _line(self, row: dict[str, Any], heirs: Mapping[str, str]) -> dict[str, Any]:
        heir = heirs.get(row["content_digest"])
        if heir is not None:
            return row | {"document_id": heir}
        emptied = row | EMPTIED | {"request_key": KEY + secrets.token_hex(28)}
        if row["state"] not in FINAL:
            # Nobody asks again, so it is open no longer.
            emptied |= {"state": FAILED, "error": WHY, "ended_at": row["sent_at"]}
        return emptied

    def _affected(self, digests: set[str], heirs: Mapping[str, str]) -> Any:
        alone = pa.array(sorted(digests - heirs.keys()), pa.string())

        def meant(rows: pa.Table) -> pa.ChunkedArray:
            by_text = pc.is_in(rows["content_digest"], value_set=alone)
            own = pc.or_(pc.equal(rows["document_id"], self.document), by_text)
            return pc.and_(pc.equal(rows["dataset"], self.dataset.name), own)

        return meant

    def _texts(self) -> tuple[set[str], dict[str, str]]:
        """The digests of its texts, and for those that another document has too the least of their ids."""
        digests: set[str] = set()
        own = pc.field("document_id") == self.document
        for make in (tables.documents, tables.summaries, tables.examples):
            digests.update(
                arrow_dataset.read(make(self.dataset), own, columns=["content_digest"])["content_digest"].to_pylist()
            )
        asked = calls.answers(self.dataset.name, columns=COLUMNS)
        digests.update(asked.filter(own)["content_digest"].to_pylist())
        digests.update(call.content_digest for call in self._journal() if call.document_id == self.document)
        digests.discard("")
        heirs: dict[str, str] = {}
        where = arrow_dataset.among("content_digest", digests) & ~own
        others = arrow_dataset.read(tables.documents(self.dataset), where, columns=["content_digest", "document_id"])
        for row in others.to_pylist():
            heirs[row["content_digest"]] = min(row["document_id"], heirs.get(row["content_digest"], row["document_id"]))
        return digests, heirs

    def _in_journal(self, digests: set[str], heirs: Mapping[str, str]) -> int:
        alone = digests - heirs.keys()
        return sum(call.document_id == self.document or call.content_digest in alone for call in self._journal())

    def _journal(self) -> list[Any]:
        """What the journal has. A run may be folding it."""
        for _ in range(3):
            try:
                found, _ = segments.read(segments.found(folding.folder_of(self.dataset.name)))
                return list(found.values())
            except FileNotFoundError:
                continue
        return []
