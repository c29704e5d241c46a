"""A contract changes, and the table with its rows follows: by the command that the error prints, in one commit a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import product
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from jobs.ingest import job, migrate
from jobs.ingest.arguments import IngestArguments, MigrateArguments
from jobs.ingest.typed_values import typed
from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.errors import MigrationNeeded, MigrationRefused
from lakehouse.storage import table_shape
from lakehouse.tables import Table
from tests.jobs.ingest.changing_contract import DAY, NAME, ChangingContract
from tests.use_cases import bakery

VALUE = {"name": "value", "type": "int"}
NEXT = DAY + dt.timedelta(days=1)
# What is written so that it is of some types and of others not.
WRITTEN = ["1", "2", "1.5", "true", "2024-03-05", "2024-03-05T10:00:00Z", "rye", "9999999999"]
TYPES = ("string", "int", "long", "double", "boolean", "date", "timestamp")


def values(stock: ChangingContract, name: str = "value") -> list[object]:
    return [row[name] for row in stock.silver()]


def test_every_pair_of_types(stock: ChangingContract) -> None:
    """A column for each pair: silver gets every text that is of the new type, and rejects the rows of the others."""
    zone = ZoneInfo("Europe/Paris")

    def read(text: str, type_: str) -> object:
        return typed(pa.array([text]), type_, zone).values[0].as_py()  # type: ignore[arg-type]

    pairs = [pair for pair in product(TYPES, TYPES) if pair[0] != pair[1]]
    rows = [(old, new, text) for old, new in pairs for text in WRITTEN if read(text, old) is not None]
    columns = [f"{old}_{new}" for old, new in pairs]

    def declare(which: int) -> None:
        named = zip(columns, pairs, strict=True)
        stock.declare(
            *({"name": name, "type": pair[which], "nullable": True} for name, pair in named), max_reject_share=1
        )

    declare(0)
    lines = [
        ",".join([f"{number:03}", *(text if name == f"{old}_{new}" else "" for name in columns)])
        for number, (old, new, text) in enumerate(rows)
    ]
    stock.deliver(DAY, ",".join(["item", *columns]), *lines)
    assert [row[f"{old}_{new}"] for row, (old, new, _) in zip(stock.silver(), rows, strict=True)] == [
        read(text, old) for old, _, text in rows
    ]
    declare(1)
    with pytest.raises(MigrationNeeded, match=r"silver\.stock\.string_int is string, expected int"):
        job.run(IngestArguments(source=NAME, partition=DAY, force=True))
    migrate.run(MigrateArguments(source=NAME))
    fitting = [(old, new, text) for old, new, text in rows if read(text, new) is not None]
    assert [row[f"{old}_{new}"] for row, (old, new, _) in zip(stock.silver(), fitting, strict=True)] == [
        read(text, new) for _, new, text in fitting
    ]
    reasons = [
        f"{old}_{new}: expected {'an' if new == 'int' else 'a'} {new}"
        for old, new, text in rows
        if read(text, new) is None
    ]
    assert sorted(reason.split(", ")[0] for reason in stock.rejects()) == sorted(reasons)
    assert stock.books() == [(len(rows), len(fitting), len(rows) - len(fitting))]


def test_a_table_that_does_not_fit_is_not_written_to(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    stock.deliver(DAY, "item,value", "a,1")
    before = stock.commits()
    stock.declare({**VALUE, "type": "double"})
    with pytest.raises(MigrationNeeded, match="expected double; nothing was taken in"):
        job.run(IngestArguments(source=NAME, partition=DAY, force=True))
    assert stock.commits() == before


def test_a_dry_run_says_what_would_become_of_the_rows_and_changes_nothing(stock: ChangingContract) -> None:
    stock.declare({**VALUE, "type": "string"})
    stock.deliver(DAY, "item,value", "a,1", "b,2", "c,x")
    before = stock.commits()
    stock.declare(VALUE)
    told = migrate.run(MigrateArguments(source=NAME, dry_run=True))
    assert (told.status, told.rows_before, told.rows_after, told.newly_rejected_rows) == ("planned", 3, 2, 1)
    assert told.changes == ["silver.stock.value is string, expected int"]
    assert stock.commits() == before


def test_a_migration_is_one_commit_a_table_and_none_when_repeated(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    stock.deliver(DAY, "item,value", "a,1")
    before = stock.commits()
    stock.declare({**VALUE, "type": "double"})
    migrate.run(MigrateArguments(source=NAME))
    assert {name: version - before[name] for name, version in stock.commits().items()} == dict.fromkeys(before, 1)
    after = stock.commits()
    assert migrate.run(MigrateArguments(source=NAME)).status == "fits"
    assert stock.commits() == after


def test_rows_that_do_not_fit_are_rejected_only_when_somebody_says_so(stock: ChangingContract) -> None:
    stock.declare({**VALUE, "type": "string"})
    stock.deliver(DAY, "item,value", "a,1", "b,x", "c,y")
    before = stock.commits()
    stock.declare(VALUE)
    with pytest.raises(MigrationRefused, match="at most 50% rejected rows, found 2 of 3"):
        migrate.run(MigrateArguments(source=NAME))
    assert stock.commits() == before
    migrate.run(MigrateArguments(source=NAME, any_rejects=True))
    assert values(stock) == [1]
    # They stay in bronze: the former contract has them again.
    stock.declare({**VALUE, "type": "string"})
    migrate.run(MigrateArguments(source=NAME))
    assert values(stock) == ["1", "x", "y"]


def test_a_renamed_column_takes_its_values_along(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    stock.deliver(DAY, "item,value", "a,1")
    stock.declare({"name": "amount", "field": "value", "type": "int"})
    stock.deliver(NEXT, "item,value", "a,2")
    assert values(stock, "amount") == [1, 2]
    assert "value" not in stock.silver()[0]


def test_a_dropped_column_stays_in_bronze_and_comes_back_with_its_values(stock: ChangingContract) -> None:
    other = {"name": "other", "type": "string", "nullable": True}
    stock.declare(VALUE, other)
    stock.deliver(DAY, "item,value,other", "a,1,x", "b,2,")
    stock.declare(VALUE)
    stock.deliver(NEXT, "item,value", "a,3")
    assert "other" not in stock.silver()[0]
    extra = DeltaTable(stock.root / "warehouse" / "bronze" / NAME).to_pyarrow_table(columns=["extra"]).to_pylist()
    assert sorted(str(row["extra"]) for row in extra) == ["None", "None", '{"other": "x"}']
    stock.declare(VALUE, {**other, "nullable": False}, max_reject_share=1)
    migrate.run(MigrateArguments(source=NAME))
    # b was delivered without a value; the delivery of the next day could not have the column.
    assert values(stock, "other") == ["x", None, None]


def test_a_column_that_was_delivered_before_it_was_declared_has_its_values_from_then(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    stock.deliver(DAY, "item,value,shelf", "a,1,7")
    stock.declare(VALUE, {"name": "shelf", "type": "int", "nullable": True})
    stock.deliver(NEXT, "item,value,shelf", "a,2,8")
    assert values(stock, "shelf") == [7, 8]


def test_a_column_that_may_be_null_and_is_new_needs_no_migration(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    stock.deliver(DAY, "item,value", "a,1")
    stock.declare(VALUE, {"name": "shelf", "type": "int", "nullable": True})
    bakery.write(stock.root / "landing", NAME, NEXT, ["item,value,shelf", "a,2,8"])
    job.run(IngestArguments(source=NAME, partition=NEXT))
    assert values(stock, "shelf") == [None, 8]


def test_a_column_that_is_required_from_now_on_is_null_in_the_rows_from_before(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    stock.deliver(DAY, "item,value", "a,1")
    stock.declare(VALUE, {"name": "shelf", "type": "int"})
    stock.deliver(NEXT, "item,value,shelf", "a,2,7", "b,3,")
    assert values(stock, "shelf") == [None, 7]
    assert stock.rejects() == ["shelf: expected a value, found none"]


def test_what_a_table_of_an_earlier_release_forbids_is_allowed_by_the_migration(
    stock: ChangingContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock.declare(VALUE)
    made = table_shape.create

    def strict(table: Table) -> None:
        columns = tuple(one.model_copy(update={"nullable": False}) for one in table.columns)
        made(Table(**{**vars(table), "columns": columns}))

    with monkeypatch.context() as earlier:
        earlier.setattr(table_shape, "create", strict)
        table_shape.create(tables.silver(loader.by_source(NAME)[1]))
    stock.deliver(DAY, "item,value", "a,1")
    stock.declare({**VALUE, "nullable": True})
    stock.deliver(NEXT, "item,value", "a,")
    assert values(stock) == [1, None]


def test_ten_changes_in_a_row_each_by_the_printed_command(stock: ChangingContract) -> None:
    days = [DAY + dt.timedelta(days=number) for number in range(11)]
    price = {"name": "price", "type": "double", "nullable": True}
    contracts = [
        ([VALUE], "item,value", "a,1"),
        ([{**VALUE, "type": "long"}], "item,value", "a,9999999999"),
        ([{**VALUE, "type": "double"}], "item,value", "a,1.5"),
        ([{**VALUE, "type": "double", "nullable": True}], "item,value", "a,"),
        ([{**VALUE, "type": "double", "nullable": True}, price], "item,value,price", "a,2,3"),
        (
            [{"name": "amount", "field": "value", "type": "double", "nullable": True}, price],
            "item,value,price",
            "a,2,3",
        ),
        ([price], "item,price", "a,4"),
        ([{**price, "type": "string"}], "item,price", "a,cheap"),
        (
            [{**price, "type": "string", "nullable": False}, {"name": "shelf", "type": "int"}],
            "item,price,shelf",
            "a,x,1",
        ),
        (
            [{**price, "name": "cost", "field": "price", "type": "string"}, {"name": "shelf", "type": "int"}],
            "item,price,shelf",
            "a,y,2",
        ),
        (
            [
                {
                    "name": "cost",
                    "field": "price",
                    "type": "string",
                    "nullable": True,
                    "allowed": ["3", "4", "cheap", "x", "y", "z"],
                }
            ],
            "item,price",
            "a,z",
        ),
    ]
    for day, (columns, header, row) in zip(days, contracts, strict=True):
        stock.declare(*columns)
        stock.deliver(day, header, row)
    assert [row["partition"] for row in stock.silver()] == days
    assert values(stock, "cost") == [None, None, None, None, "3", "3", "4", "cheap", "x", "y", "z"]
    assert stock.books() == [(1, 1, 0)] * 11


@pytest.mark.parametrize("table", ["bronze.stock", "silver.stock", "silver.stock_rejects"])
def test_a_migration_that_is_killed_is_ended_by_the_next(
    stock: ChangingContract, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    stock.declare(VALUE)
    stock.deliver(DAY, "item,value,more", "a,1,7", "b,2,8")
    stock.declare({"name": "amount", "field": "value", "type": "double"}, {"name": "more", "type": "int"})
    really = table_shape.rebuild

    def killed(asked: Table, rows: Iterable[pa.Table], note: str = "") -> None:
        if asked.full_name == table:
            raise KeyboardInterrupt
        really(asked, rows, note)

    with monkeypatch.context() as kill:
        kill.setattr(table_shape, "rebuild", killed)
        with pytest.raises(KeyboardInterrupt):
            migrate.run(MigrateArguments(source=NAME))
    with pytest.raises(MigrationNeeded):
        job.run(IngestArguments(source=NAME, partition=DAY, force=True))
    migrate.run(MigrateArguments(source=NAME))
    assert [(row["amount"], row["more"]) for row in stock.silver()] == [(1.0, 7), (2.0, 8)]
