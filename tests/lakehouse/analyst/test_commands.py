"""The commands `tables` and `sql`: what people and programs read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.analyst import query
from lakehouse.errors import TableUnreadable


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
