"""Rules that are drawn at random, and small tables of awkward values to judge with them."""

from __future__ import annotations

import datetime as dt
import math
import re
from random import Random
from typing import Any

import pyarrow as pa

COLUMNS = {
    "planned": "int",
    "baked": "int",
    "big": "long",
    "price": "double",
    "cost": "double",
    "bread": "string",
    "code": "string",
    "ok": "boolean",
    "day": "date",
    "due": "date",
    "at": "timestamp",
    "sold": "timestamp",
}
ARROW = {
    "int": pa.int32(),
    "long": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}
VALUES: dict[str, tuple[Any, ...]] = {
    "int": (0, 1, -1, 2, 7, 59, -7, 2**31 - 1, -(2**31)),
    "long": (0, 1, -1, 10, 3 * 10**9, 2**62, 2**63 - 1, -(2**63)),
    "double": (0.0, -0.0, 1.0, 2.5, -2.5, 1.005, 1e300, -1e300, 4.5e-7, 123456789.125, math.inf, -math.inf, math.nan),
    "string": (
        "", " ", "rye", "Rye ", " oat", "12", " -7\t", "12D", "1.5", "1e3", "a%b", "a_b", "Straße", "été", "🥖x", "true", "N",
        "2024-02-29", "2023-02-29", "2024-1-5", "2024", "2024-03-01 12:30:45.5", "NaN", "99999999999999999999",
        "122024-03-01", "-0044-3-15", "x\ny",
    ),
    "boolean": (True, False),
    "date": tuple(
        dt.date(*day) for day in ((1, 1, 1), (1969, 12, 31), (1970, 1, 1), (2024, 2, 29), (2024, 3, 1), (9999, 12, 31))
    ),
    "timestamp": tuple(
        dt.datetime(*at, tzinfo=dt.UTC)
        for at in ((1969, 12, 31, 23, 59, 59, 500_000), (1970, 1, 1), (2024, 2, 29, 12, 30), (2024, 3, 1, 0, 0, 1), (9999, 12, 31))
    ),
}  # fmt: skip
_WRITTEN: dict[str, tuple[str, ...]] = {
    "int": ("0", "1", "-3", "60", "2147483647"),
    "long": ("3000000000", "1L", "-9223372036854775808"),
    "double": ("1e3", "0.5D", "2.0D", "1e-7"),
    "decimal": ("1.5", "0.10", "-2.0", ".5"),
    "string": ("''", "'rye'", "'a%'", "'it''s'", "'12'", '"é"'),
    "boolean": ("TRUE", "FALSE"),
    "date": ("DATE '2024-02-29'", "DATE '1970-01-01'"),
    "timestamp": ("TIMESTAMP '2024-02-29 12:30:00'", "TIMESTAMP '1969-12-31T23:59:59.25Z'"),
    "interval": ("INTERVAL 2 DAYS", "INTERVAL '3' HOUR", "INTERVAL -1 SECOND", "INTERVAL 1 WEEK"),
}
_OF_TYPE: dict[str, tuple[str, ...]] = {
    "int": (
        "$int + $int", "$int - $int", "$int * $int", "$int % $int", "-$int", "ABS($int)", "LENGTH($string)",
        "YEAR($date)", "MONTH($date)", "DAY($date)", "DAYOFWEEK($date)", "WEEKDAY($date)", "DAYOFYEAR($date)",
        "QUARTER($timestamp)", "HOUR($timestamp)", "MINUTE($timestamp)", "SECOND($timestamp)",
        "DATEDIFF($date, $timestamp)", "ROUND($int)", "MOD($int, $int)", "DATEDIFF($date, $date)",
    ),
    "long": (
        "$long + $long", "$long - $int", "$int * $long", "$long % $int", "$int DIV $int", "$long DIV $long",
        "-$long", "ABS($long)", "FLOOR($double)", "CEIL($double)", "FLOOR($int)",
    ),
    "double": (
        "$double + $int", "$double - $double", "$double * $decimal", "$double / $double", "$int / $int",
        "$long / $int", "$double % $double", "-$double", "ABS($double)", "SIGN($int)", "ROUND($double, 2)",
        "ROUND($double)", "SQRT($double)", "POWER($double, 2)", "EXP($int)", "LN($double)", "LOG10($long)",
    ),
    "decimal": ("$int + $decimal", "$int * $decimal", "$decimal - $int", "$int / $decimal", "-$decimal"),
    "string": (
        "LOWER($string)", "UPPER($string)", "TRIM($string)", "LTRIM($string)", "RTRIM($string)",
        "SUBSTRING($string, $int, $int)", "SUBSTRING($string, 2)", "SUBSTRING($string, -2, 1)",
        "CONCAT($string, $string)", "$string || $string", "REPLACE($string, $string, $string)",
        "REPLACE($string, 'a', 'bb')",
    ),
    "boolean": (
        "$any = $same", "$any <> $same", "$any < $same", "$any <= $same", "$any > $same", "$any >= $same",
        "$any <=> $same", "$boolean AND $boolean", "$boolean OR $boolean", "NOT $boolean", "$any IS NULL",
        "$any IS NOT NULL", "$boolean IS TRUE", "$boolean IS NOT FALSE", "$any BETWEEN $same AND $same",
        "$any NOT IN ($same, $same)", "$any IN ($same, $same, $same)", "$string IN ('rye', '12')",
        "$string LIKE 'a\\\\%%'", "$string LIKE '_y%'", "$string NOT LIKE 'a!_%' ESCAPE '!'", "$string ILIKE '%RY%'",
        "$string RLIKE '^[a-z]+$'", "$string RLIKE r'\\d'", "STARTSWITH($string, $string)", "ENDSWITH($string, 'e')",
        "CONTAINS($string, $string)", "$int < $double", "$long >= $decimal", "$int = $decimal", "$double > $decimal",
        "$date < $timestamp", "$timestamp - $timestamp < $interval", "$date - $date > $interval",
        "$timestamp - $date >= $interval", "$date > '2024-02-29'", "$int IS DISTINCT FROM $long",
    ),
    "date": (
        "DATE_ADD($date, $int)", "DATE_SUB($date, 3)", "$date + 1", "$date - INTERVAL 2 DAYS", "TO_DATE($timestamp)",
        "CAST($string AS DATE)", "TO_DATE($string)",
    ),
    "timestamp": ("$timestamp + INTERVAL 2 HOURS", "$timestamp - INTERVAL 1 DAY", "CAST($date AS TIMESTAMP)"),
}  # fmt: skip
_OF_ANY = (
    "IF($boolean, $same, $same)",
    "CASE WHEN $boolean THEN $same WHEN $boolean THEN $same ELSE $same END",
    "CASE $int WHEN $int THEN $same END",
    "COALESCE($same, $same, $same)",
    "NVL($same, $same)",
    "NULLIF($same, $same)",
    "GREATEST($same, $same)",
    "LEAST($same, $same, $same)",
)
_CASTS = {
    "string": ("int", "long", "double", "boolean", "date", "timestamp"),
    "int": ("string", "long", "double", "boolean"),
    "long": ("string", "int", "double", "boolean"),
    "double": ("string", "int", "long", "boolean"),
    "boolean": ("string", "int", "long", "double"),
    "date": ("string", "timestamp"),
    "timestamp": ("string", "date"),
}
_SQL = {"long": "BIGINT"}


def condition(random: Random, depth: int = 3) -> str:
    """A condition on :data:`COLUMNS` that is a rule."""
    return _drawn(random, "boolean", depth)


def table(random: Random, rows: int) -> pa.Table:
    """Rows of awkward values, some missing."""
    return pa.table(
        {
            name: pa.array(
                [None if random.random() < 0.12 else random.choice(VALUES[type_]) for _ in range(rows)], ARROW[type_]
            )
            for name, type_ in COLUMNS.items()
        }
    )


def _drawn(random: Random, type_: str, depth: int) -> str:
    own = [name for name, declared in COLUMNS.items() if declared == type_]
    if type_ == "interval" or depth == 0 or random.random() < 0.2:
        return random.choice(own) if own and (depth != 0 or random.random() < 0.75) else random.choice(_WRITTEN[type_])
    draw = random.random()
    if draw < 0.2 and type_ in ARROW:
        sources = [source for source, targets in _CASTS.items() if type_ in targets]
        if sources:
            inner = _drawn(random, random.choice(sources), depth - 1)
            return f"{random.choice(('CAST', 'TRY_CAST'))}({inner} AS {_SQL.get(type_, type_.upper())})"
    template = random.choice(_OF_ANY if draw < 0.4 else _OF_TYPE[type_])
    same = type_ if draw < 0.4 else random.choice([*ARROW, "decimal"])

    def operand(found: re.Match[str]) -> str:
        return f"({_drawn(random, same if found[1] in ('any', 'same') else found[1], depth - 1)})"

    return re.sub(r"\$([a-z]+)", operand, template)
