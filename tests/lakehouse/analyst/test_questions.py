"""A question in SQL is answered from the lakehouse alone, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.analyst import query
from lakehouse.errors import QueryRefused, TableUnreadable, UnknownTable
from tests.lakehouse.analyst.small_lakehouse import JUNE_1, SCORED_AT, answered, ask_for_deletion_vectors, edit_log


def test_dates_come_out_as_dates_and_timestamps_in_utc(root: str) -> None:
    answer = query.ask(root, "select partition, scored_at, score from gold.demo_scores order by all limit 1")

    assert answer.columns == ("partition", "scored_at", "score")
    assert list(answer.rows) == [(JUNE_1, SCORED_AT, 0.25)]
    assert answered(root, "select column_type from (describe gold.demo_scores) where column_name = 'partition'") == [
        ("DATE",)
    ]


def test_a_filter_on_the_partition_reads_only_the_files_it_needs(root: str) -> None:
    for data in (Path(root) / "gold" / "demo_scores").rglob("*.parquet"):
        if "partition=2013-06-02" not in str(data):
            data.unlink()

    assert answered(root, "select sum(score) from gold.demo_scores where partition = '2013-06-02'") == [(2.75,)]
    with pytest.raises(QueryRefused):
        answered(root, "select sum(score) from gold.demo_scores")


def test_a_query_opens_only_the_tables_it_names(root: str) -> None:
    (Path(root) / "bronze" / "weather" / "_delta_log" / f"{0:020}.json").write_text("not a log")

    assert answered(root, 'select layer from silver."Weather"') == [("silver",)]
    with pytest.raises(TableUnreadable, match=r"bronze\.weather"):
        answered(root, "select * from bronze.weather")


def test_a_table_with_deletion_vectors_is_refused_by_name(root: str) -> None:
    edit_log(Path(root) / "silver" / "weather", ask_for_deletion_vectors)

    with pytest.raises(TableUnreadable, match=r"silver\.weather cannot be read without Spark: .*deletionVectors"):
        answered(root, "select * from silver.weather")


@pytest.mark.parametrize("sql", ["show tables", "SHOW ALL TABLES;"])
def test_show_tables_shows_the_tables_of_every_layer(root: str, sql: str) -> None:
    assert answered(root, sql) == [
        ("bronze", "weather"),
        ("gold", "demo_scores"),
        ("ops", "model_events"),
        ("silver", "weather"),
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "with late as (from gold.demo_scores where score > 1) select count(*) from late",
        "summarize gold.demo_scores",
        "explain select * from gold.demo_scores",
        "-- how long?\nexplain analyze select * from gold.demo_scores",
        "explain (format json) select 1",
        "select table_name from information_schema.tables where table_name = 'demo_scores'",
    ],
)
def test_every_kind_of_question_is_answered(root: str, sql: str) -> None:
    assert answered(root, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "copy (select 1) to '{file}'",
        "explain analyze copy (select 1) to '{file}'",
        "explain (analyze, format json) copy (select 1) to '{file}'",
        "explain /* all */ analyze copy (select 1) to '{file}'",
        "/* all */ explain analyze copy (select 1) to '{file}'",
        "attach '{file}' as other",
        "create table t as select * from gold.demo_scores",
        "drop view gold.demo_scores",
        "set threads = 1",
        "install httpfs",
        "select 1; copy (select 1) to '{file}'",
    ],
)
def test_what_is_not_a_question_is_refused_and_not_run(root: str, tmp_path: Path, sql: str) -> None:
    file = tmp_path / "written"

    with pytest.raises(QueryRefused):
        answered(root, sql.format(file=file))
    assert not file.exists()


READS_FILES = (
    "read_csv('{file}')",
    "read_csv_auto(['{file}'])",
    "read_text('{file}')",
    "read_blob('{file}')",
    "read_json('{file}')",
    "read_ndjson_objects('{file}')",
    "read_parquet('{file}')",
    "parquet_metadata('{file}')",
    "parquet_schema('{file}')",
    "sniff_csv('{file}')",
    "glob('{folder}/*')",
    "'{file}'",
    "'https://example.org/x.csv'",
    "read_csv('s3://bucket/x.csv')",
    "duckdb_secrets()",
    "query('from read_text(''{file}'')')",
    "query_table('{file}')",
    "getenv('PATH')",
)


@pytest.mark.parametrize("place", READS_FILES)
def test_a_question_reads_the_lakehouses_tables_and_no_file_of_the_machine(
    root: str, tmp_path: Path, place: str
) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("user,password\nann,hunter2\n")
    with pytest.raises((QueryRefused, UnknownTable)) as refused:
        answered(root, f"select * from {place.format(file=file, folder=tmp_path)}")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "shape", ["with x as (from {}) select * from x", "explain analyze from {}", "from gold.demo_scores, {}"]
)
def test_nor_in_another_shape_of_a_question(root: str, tmp_path: Path, shape: str) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("user,password\nann,hunter2\n")
    with pytest.raises(QueryRefused, match="file system operations are disabled"):
        answered(root, shape.format(f"read_csv('{file}')"))


def test_a_question_about_settings_changes_none(root: str) -> None:
    asked = "select value from duckdb_settings() where name in ('enable_external_access', 'lock_configuration') order by name"
    assert answered(root, asked) == [("false",), ("true",)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select * from gold.demo_score", "there is no table gold.demo_score: did you mean gold.demo_scores?"),
        ("select * from demo_scores", "there is no table demo_scores: did you mean gold.demo_scores?"),
        (
            "select * from gold.weather",
            "there is no table gold.weather: did you mean bronze.weather or silver.weather?",
        ),
        (
            "select * from nothing.like_it",
            "there is no table nothing.like_it: "
            "there are bronze.weather, silver.weather, gold.demo_scores, ops.model_events",
        ),
    ],
)
def test_an_unknown_table_is_answered_with_the_near_ones(root: str, sql: str, message: str) -> None:
    with pytest.raises(UnknownTable) as raised:
        answered(root, sql)
    assert str(raised.value) == message
