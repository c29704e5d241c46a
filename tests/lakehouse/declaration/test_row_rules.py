"""A row rule that can't be evaluated is found when the declaration is loaded, with what was expected and found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lakehouse.declaration import Source, row_rules
from lakehouse.declaration.row_rules import RuleError, catalogue
from lakehouse.settings import PROJECT_ROOT
from tests.jobs.ingest import row_rule_grammar as grammar

COLUMNS = grammar.COLUMNS


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("pric > 0", "unknown column pric; did you mean price?; expected one of planned, baked"),
        ("lenght(bread) > 1", "unknown function LENGHT; did you mean LENGTH?; expected one of IF, COALESCE"),
        ("bread > 3", "> expects one kind of value, found bread (a string) and 3 (an int)"),
        ("planned = '3'", "expects one kind of value"),
        ("ok = 1", "expects one kind of value"),
        ("day > bread", "expects one kind of value"),
        ("day > 'soon'", "expected a date such as '2024-03-01', found 'soon'"),
        ("at > '2024-02-30 10:00:00'", "expected a timestamp such as"),
        ("price + planned", "expected a condition that is true or false, found a double"),
        ("price", "expected a condition that is true or false, found price (a double)"),
        ("NULL", "expected a condition"),
        ("ok AND price", "beside AND, OR, NOT or WHEN, found price (a double)"),
        ("price = NULL", "expected IS NULL or IS NOT NULL"),
        ("price IN (1, NULL)", "expected IS NULL or IS NOT NULL"),
        ("", "found no text"),
        ("  \n", "found no text"),
        ("-- price > 0", "expected a condition"),
        ("price > 0 -- always", "without comments"),
        ("price > /* 1 */ 0", "without comments"),
        ("price > 0; DROP TABLE bread", "without ';'"),
        ("price > 0 bread", "a name (AS, or two words beside one another)"),
        ("price > 0 AS cheap", "a name (AS"),
        ("price > 0 price > 1", "expected a condition in SQL"),
        ("price >", "expected a condition in SQL"),
        ("price > 'a", "a quote or a comment"),
        ("*", "* is not known"),
        ("loaves.price > 0", "expected the name of a column, found loaves.price"),
        ("SELECT 1", "a query is not known"),
        ("price > (SELECT 1)", "a query is not known"),
        ("price IN (SELECT 1)", "IN expects a list of values"),
        ("EXISTS (SELECT 1)", "a query is not known"),
        ("SHOW TABLES", "expected a condition, found SHOW"),
        ("SUM(price) > 0", "SUM is refused: it looks at many rows"),
        ("COUNT(*) > 0", "COUNT is refused"),
        ("RANK() OVER (ORDER BY price) > 0", "a window (OVER)"),
        ("RAND() > 0.5", "RAND is refused: it gives something else each time"),
        (
            "day <= current_date",
            "current_date is refused: it reads the clock, and a row must be judged the same tomorrow",
        ),
        ("at <= NOW()", "NOW is refused: it reads the clock"),
        ("price > ?", "a parameter"),
        ("price > {{ limit }}", "a parameter"),
        ("LENGTH(bread, 2) > 1", "expected LENGTH(string), found 2 argument(s)"),
        ("COALESCE() > 1", "expected COALESCE(any, ...), found 0 argument(s)"),
        ("LENGTH(planned) > 1", "LENGTH(string) expects a string, found planned (an int)"),
        ("YEAR(bread) > 2000", "YEAR(date) expects a date, found bread (a string)"),
        ("DATE_ADD(day, big) > day", "expects an int, found big (a long)"),
        ("ROUND(price, planned) > 1", "a written number from 0 to 18"),
        ("IF(ok, 1, 'x') = 1", "IF expects one kind of value"),
        (
            "CAST(bread AS FLOAT) > 1",
            "CAST expects one of the types string, int, long, double, boolean, date, timestamp",
        ),
        ("CAST(planned AS DATE) > day", "CAST from int to date is not known"),
        ("TO_DATE(bread, 'yyyy') > day", "expected TO_DATE(any), found 2 argument(s)"),
        ("day - bread > INTERVAL 1 DAY", "- expects a date and days"),
        ("at - day < INTERVAL 1 MONTH", "a whole number of weeks, days, hours, minutes or seconds"),
        ("price DIV 2 = 1", "DIV expects whole numbers"),
        ("planned & 1 = 1", "& is not known in a row rule"),
        ("bread LIKE code", "a pattern in quotes"),
        ("bread LIKE 'a!b' ESCAPE '!'", "LIKE expects %, _ or ! after !"),
        ("bread RLIKE '['", "expected a regular expression as Python writes it"),
        (r"bread RLIKE '\d'", r"'\d' in a text is no escape; write '\\d'"),
        ("planned < 3 < ok", "in parentheses"),
        ("big * 1.12345678901234567 > 0", "needs"),
        ("price > 1e999", "a number that a double can hold"),
        ("price > 99999999999999999999", "at most 64 bits"),
        ("(" * 40 + "ok" + ")" * 40, "nested deeper than"),
        ("planned" + " + 1" * 300 + " > 0", "nested deeper than"),
        ("ok" + " OR ok" * 600, "at most 1000 words"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_was_expected(expression: str, expected: str) -> None:
    with pytest.raises(RuleError) as error:
        row_rules.parse(expression, COLUMNS)
    assert expected in str(error.value)


def test_all_rules_of_a_source_that_are_wrong_are_named_with_their_field() -> None:
    declared = {
        "name": "loaves",
        "key": ["bread"],
        "columns": [{"name": "bread", "type": "string"}, {"name": "price", "type": "double"}],
        "row_rules": [
            {"name": "has_a_price", "expression": "pric > 0"},
            {"name": "right", "expression": "price > 0"},
            {"name": "has_a_name", "expression": "bread > 0"},
        ],
    }
    with pytest.raises(ValidationError) as error:
        Source.model_validate(declared)
    assert "row_rules: has_a_price: 'pric > 0': unknown column pric" in str(error.value)
    assert "row_rules: has_a_name: 'bread > 0': > expects one kind of value" in str(error.value)


def test_a_column_may_be_named_like_a_word_of_sql() -> None:
    words = (
        "type",
        "year",
        "date",
        "hour",
        "end",
        "order",
        "left",
        "timestamp",
        "interval",
        "rank",
        "user",
        "position",
    )
    for word in words:
        assert row_rules.parse(f"{word} > 3 AND NOT {word} = 7", {word: "int"}).op == "and"
    assert row_rules.parse("`from` > 3 AND `if` > 3", {"from": "int", "if": "int"}).op == "and"


def test_every_function_that_is_listed_is_documented() -> None:
    page = (PROJECT_ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    for function in catalogue.FUNCTIONS:
        for name in (function.name, *function.also):
            assert f"`{name.upper()}" in page, name


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*COLUMNS, *"()+-*/%=<>,.;:!~&|^?@'\"`[]{}", "1", "1.5", "'x'", "AND", "NOT", "IN", "CASE",
    "WHEN", "END", "CAST", "AS", "INT", "LIKE", "IS", "NULL", "SELECT", "FROM", "INTERVAL", "DAY", "->", "1BD", "\0", "é"]),
    max_size=12))  # fmt: skip
def test_any_text_is_a_rule_or_refused(words: list[str]) -> None:
    try:
        row_rules.parse(" ".join(words), COLUMNS)
    except RuleError as error:
        assert str(error)


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_drawn_rules_load(random: Random) -> None:
    row_rules.parse(grammar.condition(random), COLUMNS)


@pytest.mark.process
def test_a_declaration_without_rules_does_not_pay_for_the_parser(tmp_path: Path) -> None:
    code = "import sys, lakehouse.declaration.loader; print(sorted({'sqlglot', 'pyarrow', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT_ROOT)
    assert done.stdout.strip() == "[]"
