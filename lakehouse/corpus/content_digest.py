"""The digest of a version's examples: equal for equal examples, whatever their order, their files and the version's number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import pyarrow as pa

# Every column of the examples' table but the version, and what an example is the same with or without: the name of its cluster, and
# which of several deliveries brought the same text.
COLUMNS = (
    "split", "example_id", "document_id", "content_digest", "variant", "request_key", "title", "text", "summary", "language",
    "licence", "url",
)  # fmt: skip


class ContentDigest:
    """The digest of examples that are given some at a time."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, bytes]] = []

    def add(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Take examples in: ``COLUMNS``, in any order, and perhaps others."""
        columns = [rows.column(name).to_pylist() for name in COLUMNS]
        at = COLUMNS.index("example_id")
        for values in zip(*columns, strict=True):
            line = json.dumps(values, ensure_ascii=True, separators=(",", ":"))
            self._rows.append((values[at], hashlib.sha256(line.encode()).digest()))

    def hexdigest(self) -> str:
        """SHA-256 over all that was given, in the order of the examples' ids: 64 hexadecimal digits."""
        whole = hashlib.sha256()
        for _, row in sorted(self._rows):
            whole.update(row)
        return whole.hexdigest()


def of(batches: Iterable[pa.RecordBatch | pa.Table]) -> str:
    """The digest of these examples."""
    digest = ContentDigest()
    for batch in batches:
        digest.add(batch)
    return digest.hexdigest()
