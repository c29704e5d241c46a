"""The calls of datasets that are in ``ops.calls``: written a part of the journal at a time, read as sums, keys and answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.ops.call import BUILT_IN, FINAL, SENT, Call
from lakehouse.storage import arrow_dataset, commits, sql_quoting
from lakehouse.tables import CALLS

NAMES = tuple(name for name in CALLS.column_names if name != "segment")


@dataclass(frozen=True)
class Spent:
    """What calls have used of a budget."""

    calls: int = 0
    micros: int = 0
    unsure_micros: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.calls + other.calls, self.micros + other.micros, self.unsure_micros + other.unsure_micros)

    @classmethod
    def of(cls, calls: Iterable[Call]) -> Spent:
        """The sum over these calls; one under way counts as if it had cost the most that it can."""
        found = cls()
        for call in calls:
            most = call.reserved_micros
            found += cls(call.counted, call.cost_micros + most, call.unsure_micros + most)
        return found


@dataclass(frozen=True)
class Standing:
    """What is known of a dataset's calls.

    Attributes:
        final: the keys of calls that have an outcome.
        others: those that have none, by key.
        spent: by all of them together.
    """

    final: frozenset[str]
    others: dict[str, Call]
    spent: Spent


def fold(dataset: str, segment: str, calls: Collection[Call], moved: Collection[str]) -> None:
    """Write the calls of a part of the journal, in one commit, in place of what the table has of them.

    Args:
        dataset: whose they are.
        segment: the name of the part. Written again, it replaces itself.
        calls: each once.
        moved: the keys of those that the table has from other parts.
    """
    rows = [vars(call) | {"segment": segment} for call in calls]
    own = f"segment = {sql_quoting.literal(segment)}"
    either = f"({own} OR {sql_quoting.is_one_of('request_key', moved)})" if moved else own
    commits.replace_rows(CALLS, rows, f"dataset = {sql_quoting.literal(dataset)} AND {either}")


def standing(dataset: str, newer: Iterable[Call] = (), again: Collection[str] = ()) -> Standing:
    """What is known of a dataset's calls.

    Args:
        dataset: whose.
        newer: calls that the journal has, in place of the table's.
        again: outcomes that are taken for none.
    """
    journal = {call.request_key: call for call in newer}
    of_dataset = pc.field("dataset") == dataset
    final = FINAL.difference(again)
    counted = ("replies", "maybe_billed", "reserved_micros", "cost_micros", "unsure_micros")
    table = arrow_dataset.read(
        CALLS,
        of_dataset & ~arrow_dataset.among("request_key", journal),
        columns=("request_key", "endpoint", "state", *counted),
    )
    ended = table.filter(arrow_dataset.among("state", final))
    rows = arrow_dataset.read(
        CALLS,
        of_dataset & ~arrow_dataset.among("state", final) & ~arrow_dataset.among("request_key", journal),
        columns=NAMES,
    )
    others = [Call(**row) for row in rows.to_pylist()]
    others += [call for call in journal.values() if call.state not in final]
    keys = ended["request_key"].to_pylist() + [key for key, call in journal.items() if call.state in final]
    return Standing(
        frozenset(keys), {call.request_key: call for call in others}, _of_table(table) + Spent.of(journal.values())
    )


def answers(
    dataset: str,
    keys: Collection[str] | None = None,
    columns: Collection[str] = CALLS.column_names,
    where: pc.Expression | None = None,
) -> pa.Table:
    """The lines of a dataset's calls, of these keys or of all: what an answer may be used for is in ``state``.

    Args:
        dataset: whose.
        keys: of the requests; None: all.
        columns: of the table.
        where: a further condition.
    """
    condition = pc.field("dataset") == dataset
    if where is not None:
        condition &= where
    if keys is not None:
        condition &= arrow_dataset.among("request_key", keys)
    return arrow_dataset.read(CALLS, condition, columns=list(columns))


def _of_table(table: pa.Table) -> Spent:
    table = table.filter(pc.field("endpoint") != BUILT_IN)

    def total(name: str) -> int:
        return int(pc.sum(table[name]).as_py() or 0)

    under_way = int(pc.sum(pc.equal(table["state"], SENT)).as_py() or 0)
    most = total("reserved_micros")
    return Spent(
        total("replies") + total("maybe_billed") + under_way,
        total("cost_micros") + most,
        total("unsure_micros") + most,
    )
