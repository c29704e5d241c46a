"""What holds of every delivery, whatever is in it: tried with made-up ones."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.ingest import job
from jobs.ingest.arguments import IngestArguments
from lakehouse.declaration import loader
from lakehouse.ops import deliveries
from tests.jobs.ingest.parsed_files import layout, rows
from tests.use_cases import bakery

COLUMNS = ("shop", "bread", "planned", "price")
HEADER = ",".join(COLUMNS)
DAY = dt.date(2024, 3, 5)

# Lines as a broken exporter would write them: quotes, commas and blanks anywhere, letters of every script.
LINE = st.text(
    st.one_of(st.sampled_from('",; \t0a'), st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])), max_size=20
)

GOOD = {
    "shop": ["canal", "market"],
    "bread": ["rye", "wheat"],
    "planned": ["0", "12"],
    "price": ["0.5", "4"],
}
BAD = {
    "shop": ["B4", ""],
    "bread": ["oats", ""],
    "planned": ["-1", "1.5", "many", ""],
    "price": ["NaN", "1e400", "21", ""],
}
ROW = st.tuples(*(st.sampled_from(GOOD[name] * 4 + BAD[name]) for name in COLUMNS))
DELIVERY = st.lists(ROW, min_size=1, max_size=12)


@given(st.binary(max_size=200))
def test_whatever_the_bytes_the_parser_answers_and_never_breaks(content: bytes) -> None:
    found = rows(content, layout(*COLUMNS))
    assert found or not content.decode("utf-8-sig").splitlines()[1:]
    assert all(line["malformed"] or line["raw"] for line in found)


@settings(max_examples=300)
@given(st.lists(LINE, max_size=8), st.booleans())
def test_every_line_is_in_exactly_one_record(lines: list[str], ended: bool) -> None:
    text = "\n".join([HEADER, *lines]) + ("\n" if ended else "")
    found = rows(text.encode(), layout(*COLUMNS))
    told = "\n".join(str(line["raw"]) for line in found).split("\n")
    assert [line for line in told if line] == [line for line in lines if line]
    numbers = [int(line["line"] or 0) for line in found]
    assert numbers == sorted(set(numbers))


@settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(DELIVERY, min_size=25, max_size=25))
def test_delivered_is_accepted_and_rejected_and_duplicates(delivered: list[list[tuple[str, ...]]]) -> None:
    days = [DAY + dt.timedelta(days=offset) for offset in range(len(delivered))]
    use_case = loader.load(Path(bakery.__file__).parent / "bakery_sales" / loader.FILE)
    lenient = use_case.source("bakery_plan").model_copy(update={"max_reject_share": 1.0, "volume": None})
    with TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        root = Path(scratch)
        patch.setenv("LAKEHOUSE_ROOT", str(root / "warehouse"))
        patch.setenv("LANDING_ROOT", str(root / "landing"))
        patch.setattr(loader, "by_source", lambda name: (use_case, lenient))
        for day, rows in zip(days, delivered, strict=True):
            bakery.write(root / "landing", "bakery_plan", day, [HEADER, *map(",".join, rows)])
        job.run(IngestArguments(source="bakery_plan", partition=days[0], through=days[-1])).as_json()

        silver, rejects = (
            Counter(row["partition"] for row in DeltaTable(table).to_pyarrow_table().to_pylist())
            for table in (root / "warehouse/silver/bakery_plan", root / "warehouse/silver/bakery_plan_rejects")
        )
        books = {line.partition: line for line in deliveries.lines_of(["bakery_plan"])}
    for day, rows in zip(days, delivered, strict=True):
        good = [row for row in rows if all(value in GOOD[name] for name, value in zip(COLUMNS, row, strict=True))]
        keys = {row[:2] for row in good}
        line = books[day]
        counted = (line.delivered_rows, line.accepted_rows, line.rejected_rows, line.duplicate_rows)
        assert counted == (len(rows), len(keys), len(rows) - len(good), len(good) - len(keys))
        assert (silver[day], rejects[day]) == (len(keys), len(rows) - len(good))
