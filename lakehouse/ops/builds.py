"""What each gold partition was built from, by name, in ``ops.builds``.

A gold row carries the fingerprint of its inputs, and this table has the inputs of a fingerprint, so that a change can be
described in words. The line is written before the partition's commit: a build that is killed in between leaves a line that no
row refers to, and no row without a line.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from lakehouse import fingerprints
from lakehouse.storage import arrow_dataset, commits, small_tables, sql_quoting
from lakehouse.tables import BUILDS, Table

# An input of days that were scored without a model: why.
WITHOUT_MODEL = "scored without the model"
# Longer values are not repeated in words.
LONGEST = 200

# What a partition is built from: the name of each input, such as "bookings 2024-03-05", and its version.
Inputs = Mapping[str, str]


def fingerprint(inputs: Inputs) -> str:
    """The fingerprint of the inputs, which the partition's rows carry."""
    return fingerprints.digest(json.dumps(dict(inputs), sort_keys=True))


def record(table: Table, by_day: Mapping[dt.date, Inputs]) -> dict[dt.date, str]:
    """Record what the days are about to be built from, in one commit.

    Returns:
        The fingerprint of each day.
    """
    made = {day: fingerprint(inputs) for day, inputs in by_day.items()}
    known = {(row["partition"], row["fingerprint"]) for row in _lines(table, set(by_day))}
    new = {day: digest for day, digest in made.items() if (day, digest) not in known}
    if new:
        now = dt.datetime.now(dt.UTC)
        lines = [
            {
                "table": table.full_name,
                "partition": day,
                "fingerprint": digest,
                "inputs": json.dumps(dict(by_day[day]), sort_keys=True),
                "recorded_at": now,
            }
            for day, digest in sorted(new.items())
        ]
        digests = ", ".join(map(sql_quoting.literal, new.values()))
        within = f"{sql_quoting.days_condition(new)} AND fingerprint IN ({digests})"
        where = f'"table" = {sql_quoting.literal(table.full_name)} AND {within}'
        commits.replace_rows(BUILDS, lines, where)
    return made


def inputs_behind(table: Table, built: Mapping[dt.date, str]) -> dict[dt.date, Inputs]:
    """The inputs of each day's fingerprint; a day without a line is left out."""
    return {
        row["partition"]: json.loads(row["inputs"])
        for row in _lines(table, set(built))
        if built[row["partition"]] == row["fingerprint"]
    }


def attempted_inputs(table: Table, days: set[dt.date]) -> dict[dt.date, list[Inputs]]:
    """The inputs of all builds of each day, oldest first, those that failed or were killed among them."""
    attempts: dict[dt.date, list[Inputs]] = {}
    for row in sorted(_lines(table, days), key=lambda line: line["recorded_at"]):
        attempts.setdefault(row["partition"], []).append(json.loads(row["inputs"]))
    return attempts


def attempted_inputs_with(table: Table, marks: Inputs) -> dict[dt.date, list[Inputs]]:
    """The inputs of each day's builds that have these marks among them, oldest first."""
    marked: dict[dt.date, list[Inputs]] = {}
    lines = small_tables.read(BUILDS, pc.field("table") == table.full_name)
    for row in sorted(lines, key=lambda line: line["recorded_at"]):
        inputs = json.loads(row["inputs"])
        if marks.items() <= inputs.items():
            marked.setdefault(row["partition"], []).append(inputs)
    return marked


def changes(before: Inputs | None, now: Inputs) -> list[str]:
    """The differences in words, one for each input."""
    if before is None:
        return ["what it was built from is not recorded"]
    differences = []
    for name in sorted({*before, *now}):
        old, new = before.get(name, ""), now.get(name, "")
        if old == new:
            continue
        if name == WITHOUT_MODEL:
            differences.append(f"a fallback scored it, since {old or new}")
            continue
        if not (old and new) and name.startswith("the "):
            # No delivery: what is declared, or the code.
            differences.append(f"{name} {'is new' if new else 'is gone'}")
        elif not old:
            differences.append(f"{name} has arrived since")
        elif not new:
            differences.append(f"{name} is not read any more")
        elif not name.startswith("the ") and set(old.split(",")) < set(new.split(",")):
            differences.append(f"{name} was corrected")
        elif max(len(old), len(new)) > LONGEST:
            differences.append(f"{name} changed")
        else:
            differences.append(f"{name} changed from {old} to {new}")
    return differences


def _lines(table: Table, days: set[dt.date]) -> list[dict[str, Any]]:
    return small_tables.read(BUILDS, (pc.field("table") == table.full_name) & arrow_dataset.among("partition", days))
