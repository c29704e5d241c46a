"""What became of the rows of each delivery, in numbers, and what the numbers do not tell."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from jobs.ingest.contract_checks import REASONS
from jobs.ingest.current_rows import SUPERSEDED
from jobs.ingest.delivery_errors import KEPT_OUT, OF_A_DELIVERY

# A reason is the rule, then what was found.
FOUND = re.compile(r", found .*$", re.DOTALL)
# The values of a JSON object, as far as they are no objects themselves: without them objects of one shape are equal.
VALUES = r':\s?("([^"\\]|\\.)*"|[-+0-9.eE]+|true|false|null)'


@dataclass
class RowCounts:
    """The rows of a delivery.

    Attributes:
        delivered: all of them: rows, and each line of what could not be split into rows.
        rejected: those that broke the contract, or were kept out.
        kept_out: those of erased documents, which are no fault of the delivery's.
        duplicates: those whose key comes again later in the delivery.
        whole: why no row of it can count; None when rows may.
        rules: how many rejected rows broke each rule first.
        examples: by rule the first line of a row that broke it, and all its reasons.
        new_columns: names of columns that the contract does not know.
    """

    delivered: int = 0
    rejected: int = 0
    kept_out: int = 0
    duplicates: int = 0
    whole: str | None = None
    rules: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[int, str]] = field(default_factory=dict)
    new_columns: set[str] = field(default_factory=set)

    @property
    def accepted(self) -> int:
        """Those that are in silver, or superseded by another delivery."""
        return self.delivered - self.rejected - self.duplicates

    @property
    def example(self) -> str:
        """All reasons of a row that broke the rule that most rejected rows broke first."""
        most = max(self.rules, key=lambda rule: (self.rules[rule], rule))
        return self.examples[most][1]

    def add_reject(self, line: int, reasons: list[str]) -> None:
        """Count a rejected row."""
        self.rejected += 1
        first = reasons[0]
        if first == KEPT_OUT:
            self.kept_out += 1
            return
        if first.startswith(OF_A_DELIVERY):
            self.whole = self.whole or first
        rule = FOUND.sub("", first)
        self.rules[rule] += 1
        if rule not in self.examples or line < self.examples[rule][0]:
            self.examples[rule] = line, "; ".join(reasons)

    def add(self, other: RowCounts) -> None:
        """Count the rows of another part of the delivery."""
        self.delivered += other.delivered
        self.rejected += other.rejected
        self.kept_out += other.kept_out
        self.duplicates += other.duplicates
        self.whole = self.whole or other.whole
        self.rules += other.rules
        for rule, example in other.examples.items():
            self.examples[rule] = min(example, self.examples.get(rule, example))
        self.new_columns |= other.new_columns


def count(checked: pa.Table, extra: pa.ChunkedArray) -> dict[str, RowCounts]:
    """The counts of each delivery among the rows, by its id.

    Args:
        checked: rows as `contract_checks.check` gives them; with ``_superseded``, if that is known.
        extra: the unknown columns of the same rows, each a JSON object.
    """
    ids = checked.column("delivery_id")
    counts = {row["values"]: RowCounts(delivered=row["counts"]) for row in pc.value_counts(ids).to_pylist()}
    if SUPERSEDED in checked.column_names:
        for row in pc.value_counts(ids.filter(checked.column(SUPERSEDED))).to_pylist():
            counts[row["values"]].duplicates = row["counts"]
    rejected = checked.select(["delivery_id", "line", REASONS]).filter(pc.is_valid(checked.column(REASONS)))
    for row in rejected.to_pylist():
        counts[row["delivery_id"]].add_reject(row["line"], row[REASONS])
    with_extra = pc.is_valid(extra)
    if pc.any(with_extra).as_py():
        for identity, shape in _shapes(ids.filter(with_extra), extra.filter(with_extra)):
            counts[identity].new_columns |= set(json.loads(shape))
    return counts


def _shapes(ids: pa.ChunkedArray, extra: pa.ChunkedArray) -> Iterable[tuple[str, str]]:
    """An example of each shape of object in each delivery."""
    bare = pc.replace_substring_regex(extra, VALUES, ":")
    shapes = pa.table({"id": ids, "bare": bare, "extra": extra}).group_by(["id", "bare"]).aggregate([("extra", "min")])
    return zip(shapes.column("id").to_pylist(), shapes.column("extra_min").to_pylist(), strict=True)
