"""Rows beside those with the same key, whichever way they are found."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lakehouse.evaluation.key_join import left_join, together

PLACES = {
    "in the same order": [0, 1, 2, 3, 4, 5],
    "in another order": [4, 2, 0, 5, 1, 3],
    "not for every row": [5, 1],
    "not at all": [],
    "more than once": [2, 0, 2, 5],
    "also of other keys": [7, 0, 9, 3, -2],
}
KEYS = {
    "numbers close together": ({"id": pa.int32()}, lambda n: {"id": n}),
    "numbers far apart": ({"id": pa.int64()}, lambda n: {"id": n * 10**12 - 7}),
    "texts": ({"id": pa.string()}, lambda n: {"id": f"entity {n}"}),
    "two columns": ({"id": pa.int64(), "port": pa.string()}, lambda n: {"id": n // 2, "port": "ab"[n % 2]}),
}  # fmt: skip


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("places", PLACES)
def test_each_row_has_what_its_key_has_and_null_where_there_is_nothing(keys: str, places: str) -> None:
    types, key_of = KEYS[keys]
    schema = pa.schema([*types.items()])
    left = pa.Table.from_pylist(
        [{**key_of(n), "score": n / 10} for n in range(6)], schema.append(pa.field("score", pa.float64()))
    )
    there = [{**key_of(n), "label": float(place)} for place, n in enumerate(PLACES[places])]
    right = pa.Table.from_pylist(there, schema.append(pa.field("label", pa.float64())))
    expected = []
    for n in range(6):
        labels = [float(place) for place, other in enumerate(PLACES[places]) if other == n]
        expected += [{**key_of(n), "score": n / 10, "label": label} for label in labels or [None]]
    assert left_join(left, right, list(types)).to_pylist() == expected


def test_no_rows_have_nothing_beside_them() -> None:
    left = pa.table({"id": pa.array([], pa.int64())})
    right = pa.table({"id": pa.array([1]), "label": pa.array([1.0])})
    assert left_join(left, right, ["id"]).to_pylist() == []


def test_tables_in_one_order_are_matched_as_one_and_others_apart() -> None:
    labels, codes = pa.table({"id": [1, 2], "label": [0.0, 1.0]}), pa.table({"id": [1, 2], "code": [4, 5]})
    assert [table.to_pydict() for table in together([labels, codes], ["id"])] == [
        {"id": [1, 2], "label": [0.0, 1.0], "code": [4, 5]}
    ]
    other = codes.take([1, 0])
    assert together([labels, other], ["id"]) == [labels, other]
    assert together([], ["id"]) == []
