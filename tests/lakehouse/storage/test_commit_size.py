"""What the door for commits says that was written is what lies on the disk."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.metering import written
from lakehouse.metering.written import Written
from lakehouse.storage import commits, delta_log, file_layout
from lakehouse.tables.table import PARTITION, Table, col

SCORES = Table(
    layer="gold",
    name="m_scores",
    columns=(PARTITION, col("role", "string", "role"), col("score", "double", "score")),
    key=(),
    partition_by=("partition", "role"),
    description="scores",
)
DAYS = [dt.date(2024, 3, day) for day in range(1, 5)]


def rows(counts: dict[tuple[dt.date, str], int]) -> pa.Table:
    lines = [
        {"partition": day, "role": role, "score": float(number)}
        for (day, role), count in counts.items()
        for number in range(count)
    ]
    return pa.Table.from_pylist(
        lines, pa.schema([("partition", pa.date32()), ("role", pa.string()), ("score", pa.float64())])
    )


def sizes(table: Table) -> int:
    found = pa.table(delta_log.opened(table).get_add_actions(flatten=True))
    return sum(found["size_bytes"].to_pylist())


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(DAYS), st.sampled_from(["champion", "challenger"])), st.integers(1, 50), min_size=1
    )
)
def test_rows_and_bytes_of_a_commit_are_those_of_its_files(
    lakehouse_root: Path, counts: dict[tuple[dt.date, str], int]
) -> None:
    before = written.so_far()
    commits.replace_table(rows(counts), SCORES, {"partition": DAYS})
    champions = sum(count for (_, role), count in counts.items() if role == "champion")
    found = written.so_far().since(before)
    assert found == Written(commits=1, rows=sum(counts.values()), predictions=champions, bytes=sizes(SCORES))


def test_merged_files_are_bytes_and_no_new_rows(lakehouse_root: Path) -> None:
    days = (DAYS[0], "champion")
    for _ in range(2):
        commits.add_days(SCORES, rows({days: 3}))
        days = (DAYS[1], "champion")
    part = rows({(DAYS[0], "challenger"): 5})
    commits.replace_table(part, SCORES, {"partition": [DAYS[0]], "role": ["challenger"]})
    before = written.so_far()
    file_layout.compact(SCORES)
    found = written.so_far().since(before)
    assert (found.rows, found.predictions) == (0, 0)


def test_the_platforms_own_tables_are_bytes_and_no_rows(lakehouse_root: Path) -> None:
    books = Table(
        layer="ops", name="books", columns=SCORES.columns, key=(), partition_by=(), description="books", few_rows=True
    )
    before = written.so_far()
    commits.replace_table(rows({(DAYS[0], "champion"): 4}), books, {"partition": [DAYS[0]]})
    found = written.so_far().since(before)
    assert (found.commits, found.rows, found.bytes) == (1, 0, sizes(books))


def test_a_commit_that_cannot_be_counted_is_made_all_the_same(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "committed", lambda *_: (_ for _ in ()).throw(ValueError("no")))
    commits.replace_table(rows({(DAYS[0], "champion"): 2}), SCORES, {"partition": [DAYS[0]]})
    assert delta_log.rows_by_day(SCORES) == {DAYS[0]: 2}
