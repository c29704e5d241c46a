"""What each gold partition was built from, by name, in ``ops.builds``.

A gold row carries the fingerprint of its inputs; this table says what stands behind the fingerprint, so that a change can be
told in words. Its line is written before the partition's commit: a build that dies in between leaves a line that no row
refers to, and no row without a line.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from lakehouse import fingerprints
from lakehouse.storage import commits, small_tables, sql_quoting
from lakehouse.tables import BUILDS, Table

# What a partition is built from: the name of each input, such as "weather 2013-03-05", and its version.
Inputs = Mapping[str, str]


def fingerprint(inputs: Inputs) -> str:
    """The fingerprint of the inputs, which the partition's rows carry."""
    return fingerprints.digest(json.dumps(dict(inputs), sort_keys=True))


def record(table: Table, by_day: Mapping[dt.date, Inputs]) -> dict[dt.date, str]:
    """Write down what the days are about to be built from, in one commit.

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
    """The inputs behind the fingerprint of each day; a day whose line is not there is left out."""
    return {
        row["partition"]: json.loads(row["inputs"])
        for row in _lines(table, set(built))
        if built[row["partition"]] == row["fingerprint"]
    }


def attempted_inputs(table: Table, days: set[dt.date]) -> dict[dt.date, list[Inputs]]:
    """What each day was ever about to be built from, oldest first: also by builds that failed or were killed."""
    found: dict[dt.date, list[Inputs]] = {}
    for row in sorted(_lines(table, days), key=lambda line: line["recorded_at"]):
        found.setdefault(row["partition"], []).append(json.loads(row["inputs"]))
    return found


def changes(before: Inputs | None, now: Inputs) -> list[str]:
    """What differs, in words for people, one for each input."""
    if before is None:
        return ["what it was built from is not recorded"]
    said = []
    for name in sorted({*before, *now}):
        old, new = before.get(name, ""), now.get(name, "")
        if old == new:
            continue
        if not old:
            said.append(f"{name} has arrived since")
        elif not new:
            said.append(f"{name} is not read any more")
        elif set(old.split(",")) < set(new.split(",")):
            said.append(f"{name} was corrected")
        else:
            said.append(f"{name} changed from {old} to {new}")
    return said


def _lines(table: Table, days: set[dt.date]) -> list[dict[str, Any]]:
    return small_tables.read(BUILDS, (pc.field("table") == table.full_name) & pc.field("partition").isin(list(days)))
