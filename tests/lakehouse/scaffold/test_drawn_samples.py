"""Files are drawn as teams really have them; the folder that `new` writes always loads, and no row of the sample is rejected."""

from __future__ import annotations

import ast
import datetime as dt
import decimal
import json
import math
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tests.lakehouse.scaffold.samples import FIRST, all_rejects, new, written

DAYS, A_DAY = 14, 3
HEADERS = [
    *(
        "Größe (m²)",
        "1st",
        "",
        " ",
        "score",
        "partition",
        "value",
        "type",
        "Name, first",
        'a "quoted" one',
        "slice_x",
        "all",
    ),
    *("total €", "x", "X", "x ", "line", "__index", "日本", "is:", "- a", "#", "yes", "null", "a\tb", "a\nb", "é" * 90),
]


Dice = random.Random
# A case is what its number draws: a failure names it, and shrinking has little to do.
seeds = st.integers(0, 2**32)
drawn = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def a_text(dice: Dice) -> str:
    signs = "abcXYZ 019,;|\t\"'\n\u2028\u00a0\x0bäß€日😀#:-{}[]&*!%@\\=+~<>\x00\ufeff"
    return "".join(dice.choice(signs) for _ in range(dice.randrange(12)))


def a_day(dice: Dice, first: dt.date = dt.date(1900, 1, 1)) -> dt.date:
    return first + dt.timedelta(days=dice.randrange(60_000))


def an_instant(dice: Dice) -> dt.datetime:
    return dt.datetime(1900, 1, 1) + dt.timedelta(microseconds=dice.randrange(5 * 10**15))


def a_float(dice: Dice) -> float:
    return dice.choice(
        [dice.uniform(-1e6, 1e6), dice.random() * 10.0 ** dice.randint(-320, 308), math.inf, math.nan, -0.0, 0.1]
    )


CELLS: dict[str, Callable[[Dice], str]] = {
    "whole": lambda dice: str(dice.randint(-(10**6), 10**6)),
    "long": lambda dice: str(dice.randint(-(2**63), 2**63 - 1)),
    "huge": lambda dice: str(dice.randint(0, 10**25)),
    "double": lambda dice: f"{dice.uniform(-1e6, 1e6):.4f}",
    "comma": lambda dice: f"{dice.uniform(-1e6, 1e6):.2f}".replace(".", ","),
    "any_float": lambda dice: repr(a_float(dice)),
    "codes": lambda dice: f"{dice.randrange(100_000):05d}",
    "truth": lambda dice: dice.choice(["true", "False", "TRUE"]),
    "flag": lambda dice: dice.choice("01"),
    "few": lambda dice: dice.choice(["a", "b", "no", "NA", "ä;b"]),
    "constant": lambda dice: "always",
    "date": lambda dice: str(a_day(dice)),
    "ancient": lambda dice: str(dt.date(1, 1, 1) + dt.timedelta(days=dice.randrange(3_000_000))),
    "instant": lambda dice: an_instant(dice).isoformat(sep=dice.choice("T ")),
    "zoned": lambda dice: an_instant(dice).isoformat(timespec="seconds") + dice.choice(["Z", "+01:00", "-0530"]),
    "mixed_dates": lambda dice: a_day(dice).strftime(dice.choice(["%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d"])),
    "no_date": lambda dice: dice.choice(["2024-02-30", "2024-02-28", "0000-01-01"]),
    "empty": lambda dice: "",
    "words": a_text,
    "lines": lambda dice: dice.choice(["a\nb", "x,y,z\n1,2,3", "plain", 'say "so"', "1;2\n3;4"]),
    "odd": lambda dice: dice.choice(
        [
            "-",
            "+5",
            "1e5",
            ".5",
            "5.",
            "1_000",
            "1,234.5",
            "٣",
            "0x1",
            " 7 ",
            "2024",
            "1/2",
            "--",
            "1e999",
            "007",
            "1" * 30,
        ]
    ),
}
NOTHING = ["", "", "NA", "?", "nan", "-"]
LABELS = [["0", "1"], ["yes", "no"], ["1.5", "2.5", "7"], ["3", "17", "40"], ["true", "false"]]


def a_table(seed: int) -> tuple[list[str], list[list[str]]]:
    """A key, a day and a label among columns of any kind."""
    dice = Dice(seed)
    kinds = [dice.choice(sorted(CELLS)) for _ in range(dice.randint(1, 6))]
    names = ["nr", "day", "outcome", *(dice.choice(HEADERS) for _ in kinds)]
    label, sparse = dice.choice(LABELS), [dice.random() < 0.5 for _ in kinds]
    rows = []
    for number in range(DAYS * A_DAY):
        day = FIRST + dt.timedelta(days=number // A_DAY)
        values = [
            dice.choice(NOTHING) if empty and dice.random() < 0.3 else CELLS[kind](dice)
            for kind, empty in zip(kinds, sparse, strict=True)
        ]
        # Each label stands there, whatever else is drawn.
        outcome = label[number % len(label)] if number < 6 or dice.random() < 0.8 else ""
        rows.append([f"k{number}", str(day), outcome, *values])
    order = dice.sample(range(len(names)), len(names))
    return [names[place] for place in order], [[row[place] for place in order] for row in rows]


def judge(folder: Path, *files: Path, rows: int = DAYS * A_DAY, **how: Any) -> None:
    draft, use_case, landing = new(folder, *files, **{"key": ("nr",), "label": "outcome", "date_column": "day", **how})
    counts, reasons = all_rejects(use_case, landing)
    assert reasons == []
    assert counts == dict.fromkeys(counts, rows) and len(counts) == 2
    assert draft.sources[0].rows == rows
    ast.parse((folder / "brought" / "case" / "features.py").read_text(encoding="utf-8"))
    assert len(use_case.features) == len(set(use_case.feature_names)) > 0


@drawn
@given(
    seed=seeds,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_no_row_of_a_drawn_csv_is_rejected(seed: int, delimiter: str, encoding: str) -> None:
    header, rows = a_table(seed)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "Some Table 1.csv"
        file.write_bytes(written(header, rows, delimiter, encoding))
        judge(Path(place), file)


@drawn
@given(seed=seeds)
def test_no_row_of_drawn_json_lines_is_rejected(seed: int) -> None:
    header, rows = a_table(seed)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "events.jsonl"
        documents = [{name: value for name, value in zip(header, row, strict=True) if value} for row in rows]
        file.write_text("\n".join(map(json.dumps, documents)) + "\n", encoding="utf-8")
        judge(Path(place), file)


VALUES: dict[pa.DataType, Callable[[Dice], Any]] = {
    pa.int64(): lambda dice: dice.randint(-(2**63), 2**63 - 1),
    pa.int8(): lambda dice: dice.randint(-100, 100),
    pa.float64(): a_float,
    pa.bool_(): lambda dice: dice.random() < 0.5,
    pa.date32(): a_day,
    pa.timestamp("us"): an_instant,
    pa.timestamp("ms", "Europe/Paris"): lambda dice: an_instant(dice).replace(microsecond=0, tzinfo=dt.UTC),
    pa.string(): a_text,
    pa.binary(): lambda dice: dice.randbytes(dice.randrange(5)),
    pa.list_(pa.int32()): lambda dice: [dice.randrange(9)],
    pa.decimal128(10, 2): lambda dice: decimal.Decimal(dice.randrange(10**6)) / 100,
    pa.time64("us"): lambda dice: an_instant(dice).time(),
    pa.null(): lambda dice: None,
}


@drawn
@given(seed=seeds)
def test_no_row_of_drawn_parquet_is_rejected(seed: int) -> None:
    number, dice = DAYS * A_DAY, Dice(seed)
    columns: dict[str, pa.Array] = {
        "nr": pa.array(range(number)),
        "day": pa.array([FIRST + dt.timedelta(days=row // A_DAY) for row in range(number)]),
        "outcome": pa.array([row % 7 / 2 for row in range(number)]),
    }
    for place in range(dice.randint(1, 5)):
        type_ = dice.choice(list(VALUES))
        values = [None if dice.random() < 0.1 else VALUES[type_](dice) for _ in range(number)]
        columns[f"c{place}"] = pa.array(values, type_)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "events.parquet"
        parquet.write_table(pa.table(columns), file)
        judge(Path(place), file)


@drawn
@given(seed=seeds, delimiter=st.sampled_from([",", ";"]), encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]))
def test_no_row_of_deliveries_that_lie_there_is_rejected(seed: int, delimiter: str, encoding: str) -> None:
    """A file a day and source in the landing zone stays as it is; the contracts are for these bytes."""
    header, rows = a_table(seed)
    # What no delivery may have: names that are empty or there twice; and lines within a cell, which may look like rows.
    kept = [place for place, name in enumerate(header) if name.strip(" \t") and "\n" not in name]
    kept = [place for place in kept if [header[one].strip() for one in kept].count(header[place].strip()) == 1]
    kept = [
        place
        for place in kept
        if not any("\n" in row[place] or "\0" in row[place] or "\ufeff" in row[place] for row in rows)
    ]
    label, key, day = header.index("outcome"), header.index("nr"), header.index("day")
    with tempfile.TemporaryDirectory() as place:
        for name, columns in (("rows", [one for one in kept if one != label]), ("results", [key, label])):
            for number in range(DAYS):
                date = FIRST + dt.timedelta(days=number)
                file = Path(place) / "landing" / name / f"{date}.csv"
                file.parent.mkdir(parents=True, exist_ok=True)
                lines = [[row[one] for one in columns] for row in rows if row[day] == str(date)]
                file.write_bytes(written([header[one] for one in columns], lines, delimiter, encoding))
        _, use_case, landing = new(
            Path(place),
            Path(place) / "landing" / "rows",
            Path(place) / "landing" / "results",
            key=("nr",),
            label="outcome",
        )
        counts, reasons = all_rejects(use_case, landing)
        assert reasons == [] and counts == {"rows": len(rows), "results": len(rows)}
        assert use_case.entity.source == "rows" and use_case.label.source == "results"
