"""What calls have brought, found by the text that they are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from lakehouse.declaration import Dataset
from lakehouse.ops.call import ANSWERED, OPEN, SENT
from lakehouse.teacher.asked import Asked

COLUMNS = ("request_key", "content_digest", "state", "finish_reason", "answer")


class Recorded(NamedTuple):
    """A call: its outcome, or ``open`` where it has none yet; why its answer ends; and its answer, empty where none may be used."""

    state: str
    finish_reason: str | None
    answer: str


NONE = Recorded(OPEN, None, "")


class Recordings:
    """The calls of a dataset that asked in a way, in memory: some hundred bytes and the answer each.

    Args:
        dataset: whose.
        way: how it asks at present; None: not at all.
    """

    def __init__(self, dataset: Dataset, way: Asked | None) -> None:
        self._rows: dict[str, list[int]] = defaultdict(list)
        if way is None:
            return
        found = way.recorded(dataset.name, COLUMNS)
        for at, digest in enumerate(found["content_digest"].to_pylist()):
            self._rows[digest].append(at)
        # Together they may be more than a column of short texts can hold.
        self._answers = found["answer"].cast(pa.large_string()).combine_chunks()
        self._rest = {name: found[name].combine_chunks() for name in ("request_key", "state", "finish_reason")}

    def about(self, content_digest: str) -> dict[str, Recorded]:
        """The calls about a text, by the keys of their requests."""
        return dict(self._found(self._rows.get(content_digest, [])))

    def _found(self, rows: list[int]) -> Iterator[tuple[str, Recorded]]:
        for at in rows:
            key, state, reason = (column[at].as_py() for column in self._rest.values())
            answer = self._answers[at].as_py() if state == ANSWERED else None
            yield key, Recorded(OPEN if state == SENT else state, reason, answer or "")
