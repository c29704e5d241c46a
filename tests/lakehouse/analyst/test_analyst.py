"""The analysts' commands, on little Delta tables that delta-rs wrote."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.__main__ import main
from lakehouse.analyst import listing, query
from lakehouse.errors import NoLakehouse, QueryRefused, TableUnreadable, UnknownTable

JUNE_1 = date(2013, 6, 1)
SCORED_AT = datetime(2013, 6, 1, 4, 30, tzinfo=UTC)
EVENTS = pa.schema([("event", pa.string()), ("reason", pa.string())])


@pytest.fixture
def root(tmp_path: Path) -> str:
    """Three days of scores, a partition and a commit each; a model event; and the same name in two layers."""
    for after in range(3):
        day = JUNE_1 + timedelta(days=after)
        scores = pa.table(
            {
                "carrier": ["AA", "UA"],
                "score": [0.25 + after, 0.5 + after],
                "scored_at": pa.array([SCORED_AT + timedelta(days=after)] * 2, pa.timestamp("us", "UTC")),
                "partition": [day] * 2,
            }
        )
        write_deltalake(tmp_path / "gold" / "demo_scores", scores, partition_by=["partition"], mode="append")
    write_deltalake(tmp_path / "ops" / "model_events", pa.table({"event": ["promoted"], "reason": [None]}, EVENTS))
    for layer in ("silver", "bronze"):
        write_deltalake(tmp_path / layer / "weather", pa.table({"temp": [39.02], "layer": [layer]}))
    return str(tmp_path)


def answered(root: str, sql: str) -> list[tuple[Any, ...]]:
    return list(query.ask(root, sql).rows)


def edit_log(table: Path, edit: Callable[[dict[str, Any]], None], version: int = 0) -> None:
    log = table / "_delta_log" / f"{version:020}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for action in actions:
        edit(action)
    log.write_text("\n".join(json.dumps(action) for action in actions))


def ask_for_deletion_vectors(action: dict[str, Any]) -> None:
    if "protocol" in action:
        action["protocol"] = {
            **{"minReaderVersion": 3, "minWriterVersion": 7},
            **{"readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]},
        }


def test_tables_are_found_by_layer_and_name(root: str) -> None:
    (Path(root) / "gold" / "not_a_table").mkdir()

    names = [table.full_name for table in listing.find(root)]

    assert names == ["bronze.weather", "silver.weather", "gold.demo_scores", "ops.model_events"]


def test_a_lakehouse_may_be_an_address(root: str) -> None:
    assert [table.full_name for table in listing.find(f"file://{root}")] == [
        table.full_name for table in listing.find(root)
    ]
    assert answered(f"file://{root}", "select count(*) from gold.demo_scores") == [(6,)]


def test_a_table_is_described_from_its_log_without_its_data(root: str) -> None:
    before = datetime.now(UTC)
    for data in (Path(root) / "gold" / "demo_scores").rglob("*.parquet"):
        data.unlink()

    state = listing.state(listing.FoundTable("gold", "demo_scores", f"{root}/gold/demo_scores"))

    assert (state.rows, state.files, state.version, state.newest_partition) == (6, 3, 2, date(2013, 6, 3))
    assert state.last_commit is not None
    assert timedelta(0) <= before - state.last_commit < timedelta(minutes=5)


def test_rows_are_counted_in_the_data_where_the_log_does_not_know(root: str) -> None:
    table = Path(root) / "gold" / "demo_scores"
    edit_log(table, lambda action: action.get("add", {}).pop("stats", None), version=1)

    assert listing.state(listing.FoundTable("gold", "demo_scores", str(table))).rows == 6


def test_rows_are_counted_in_the_data_where_deletion_vectors_may_hide_some(root: str) -> None:
    table = Path(root) / "silver" / "weather"
    edit_log(table, ask_for_deletion_vectors)

    def claim_100_rows(action: dict[str, Any]) -> None:
        if "add" in action:
            action["add"]["stats"] = json.dumps({"numRecords": 100})

    edit_log(table, claim_100_rows)

    assert listing.state(listing.FoundTable("silver", "weather", str(table))).rows == 1


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


def test_no_lakehouse_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoLakehouse, match=r"`make demo` makes some, or set LAKEHOUSE_ROOT"):
        listing.find(str(tmp_path / "nowhere"))


@pytest.fixture
def command(
    root: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs the command line on the lakehouse; gives its exit code, output and errors."""
    monkeypatch.setenv("LAKEHOUSE_ROOT", root)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize("name", ["ops.retention", 'OPS."releases"', "ops . calls"])
def test_a_table_of_the_platform_that_nothing_has_written_has_no_rows(
    command: Callable[..., tuple[int, str, str]], name: str
) -> None:
    assert command("sql", f"select count(*) as n from {name}", "--format", "csv") == (0, "n\n0\n", "")
    assert command("sql", "select event from ops.model_events", "--format", "csv")[1] == "event\npromoted\n"
    code, _, error = command("sql", "select * from ops.nothing_like_it")
    assert code == 2 and "there is no table ops.nothing_like_it" in error


def test_the_tables_command_prints_an_aligned_list(command: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = command("tables")

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "table             rows  files  version  newest_partition  last_commit"
    assert lines[4].startswith("gold.demo_scores     6      3        2  2013-06-03        20")
    assert lines[5].startswith("ops.model_events     1      1        0  -                 20")
    assert all(line.endswith((" ago", "just now")) for line in lines[2:])


def test_the_tables_command_shows_the_others_when_one_cannot_be_read(
    root: str, command: Callable[..., tuple[int, str, str]]
) -> None:
    (Path(root) / "bronze" / "weather" / "_delta_log" / f"{0:020}.json").write_text("not a log")

    code, out, err = command("tables", "--format", "json")

    assert code == TableUnreadable.exit_code
    assert err.startswith("error: bronze.weather: ")
    assert [table["table"] for table in json.loads(out)] == ["silver.weather", "gold.demo_scores", "ops.model_events"]


def test_the_sql_command_prints_whole_columns_with_numbers_to_the_right(
    command: Callable[..., tuple[int, str, str]],
) -> None:
    sql = "select carrier, 10 * score as tens, null as nothing, repeat('x', 200) as wide from gold.demo_scores limit 2"
    wide = "x" * 200

    assert command("sql", sql + " offset 0") == (
        0,
        "carrier  tens  nothing  wide\n"
        f"-------  ----  -------  {'-' * 200}\n"
        f"AA       22.5  NULL     {wide}\n"
        f"UA       25.0  NULL     {wide}\n",
        "",
    )


def test_the_sql_command_changes_no_digit_and_no_text(command: Callable[..., tuple[int, str, str]]) -> None:
    sql = (
        "select '007' as code, '1e5' as other, ' x ' as t, 1.50 as d, 0.1::double + 0.2 as f, true as b, "
        "1234567890123456789 as n"
    )

    assert command("sql", sql)[1] == (
        "code  other  t       d                    f  b                       n\n"
        "----  -----  ---  ----  -------------------  ----  -------------------\n"
        "007   1e5     x   1.50  0.30000000000000004  true  1234567890123456789\n"
    )


def test_a_table_breaks_lines_within_their_column_and_shows_control_characters_as_text(
    command: Callable[..., tuple[int, str, str]],
) -> None:
    sql = "select 'a' || chr(10) || 'bc' as t, chr(27) || '[31m' || chr(9) || chr(1) || chr(8232) as c"

    assert command("sql", sql)[1] == ("t   c\n--  --------------------\na   \\x1b[31m\\t\\x01\\u2028\nbc\n")


def test_csv_and_json_hold_values_that_programs_can_read(command: Callable[..., tuple[int, str, str]]) -> None:
    sql = (
        "select 1 as a, 2 as a, 'x, \"y\"' as t, null as n, "
        "true as b, date '2013-06-01' as d, 'nan'::double as f, 1.50 as c"
    )

    assert command("sql", sql, "--format", "csv")[1] == ('a,a,t,n,b,d,f,c\n1,2,"x, ""y""",,true,2013-06-01,nan,1.50\n')
    assert json.loads(command("sql", sql, "--format", "json")[1]) == [
        {"a": 1, "a_1": 2, "t": 'x, "y"', "n": None, "b": True, "d": "2013-06-01", "f": None, "c": 1.5}
    ]
    assert json.loads(command("sql", "select 1 where false", "--format", "json")[1]) == []


def test_a_cut_answer_says_so_and_a_whole_one_does_not(command: Callable[..., tuple[int, str, str]]) -> None:
    sql = "select range as n from range(3)"

    assert command("sql", sql, "--max-rows", "2") == (
        0,
        "n\n-\n0\n1\n",
        "note: only the first 2 rows are shown; --max-rows shows more\n",
    )
    assert command("sql", sql, "--max-rows", "3")[2] == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sql", "selec 1"], 'error: Parser Error: syntax error at or near "selec"\n'),
        (["sql", "drop table x"], f"error: {query.READ_ONLY}; this is DROP\n"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    command: Callable[..., tuple[int, str, str]], arguments: list[str], message: str
) -> None:
    assert command(*arguments) == (2, "", message)


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "needless"),
    [
        (["tables"], {"pandas", "pyarrow", "duckdb"}),
        # Of these pyarrow.dataset imports pandas.
        (["sql", "select count(*) from gold.demo_scores where score > 1"], set()),
    ],
)
def test_neither_command_waits_for_what_it_does_not_need(root: str, arguments: list[str], needless: set[str]) -> None:
    program = (
        "import atexit, runpy, sys\n"
        "atexit.register(lambda: print(*(name for name, module in sys.modules.items() if module), file=sys.stderr))\n"
        "runpy.run_module('lakehouse', run_name='__main__', alter_sys=True)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={"LAKEHOUSE_ROOT": root, "PATH": ""},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )

    imported = set(ran.stderr.split())
    assert "deltalake" in imported
    assert not imported & ({"pyspark", "mlflow", "airflow", "xgboost"} | needless)
