"""A race of committers: processes that commit to one table at once, in an object store, over a way that loses answers.

    python -m tests.commit_race --versions 1000

Whatever a process was told to be done is in the table's log once, in a version of its own; and the table's rows are those that the
commits make one behind another, in the order of the log.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse.errors import NightjarError
from lakehouse.settings import PROJECT_ROOT
from lakehouse.storage import (
    commit_retry,
    commits,
    delta_log,
    file_layout,
    partition_files,
    rewriting,
    small_tables,
    table_schema,
    table_shape,
)
from lakehouse.tables.table import PARTITION, Table, col
from tests import s3_server
from tests.store_proxy import Proxy

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=number) for number in range(6)]
KEYS = ("a", "b", "c")
# How often each kind is chosen. Of the last two some find nothing to do, and make no version.
KINDS = {"replace": 4, "replace_row": 3, "files": 4, "count": 4, "rewrite": 1, "compact": 1}
ALWAYS = ("replace", "replace_row", "files", "count")
LOST_SHARE = 0.1
# By day and key: which commit wrote the row, and how often it was counted since.
Rows = dict[tuple[dt.date, str], tuple[str, int]]


def table() -> Table:
    """Three rows a day."""
    return Table(
        layer="gold",
        name="race",
        columns=(PARTITION, col("key", "string"), col("writer", "string"), col("counted", "long")),
        key=("partition", "key"),
        partition_by=("partition",),
        description="what the racers write",
    )


def rows(day: dt.date, writer: str) -> pa.Table:
    """A day as a commit writes it."""
    lines = [{"partition": day, "key": key, "writer": writer, "counted": 0} for key in KEYS]
    return pa.Table.from_pylist(lines, table_schema.arrow_schema(table()))


def commit(kind: str, day: dt.date, writer: str) -> None:
    """One commit through the door."""
    where = f"partition = DATE '{day}'"
    if kind == "replace":
        commits.replace_table(rows(day, writer), table(), {"partition": [day]})
    elif kind == "replace_row":
        commits.replace_rows(table(), rows(day, writer).to_pylist()[:1], f"{where} AND key = '{KEYS[0]}'")
    elif kind == "files":
        files = partition_files.TableFiles.of(table())()
        commits.replace_by_files([*files.write(rows(day, writer)), *files.close()], table(), {"partition": [day]})
    elif kind == "count":
        commits.amend_rows(table(), pc.field("partition") == day, where, lambda found: _counted(found, day, writer))
    elif kind == "rewrite":
        rewriting.rewrite(
            table(), ["partition"], lambda found: pc.equal(found["partition"], pa.scalar(day)), _recounted
        )
    else:
        file_layout.compact(table())


def after(before: Rows, kind: str, day: dt.date, writer: str) -> Rows:
    """The rows that a commit makes of those before it."""
    there = {key: row for key, row in before.items() if key[0] == day}
    if kind in ("replace", "files") or (kind == "count" and not there):
        return before | {(day, key): (writer, 0) for key in KEYS}
    if kind == "replace_row":
        return before | {(day, KEYS[0]): (writer, 0)}
    if kind == "count":
        return before | {key: (by, counted + 1) for key, (by, counted) in there.items()}
    if kind == "rewrite":
        return before | {key: (by, counted + 1000) for key, (by, counted) in there.items()}
    return before


def _counted(found: list[dict[str, Any]], day: dt.date, writer: str) -> list[dict[str, Any]]:
    return [row | {"counted": row["counted"] + 1} for row in found] or rows(day, writer).to_pylist()


def _recounted(found: pa.Table) -> pa.Table:
    return found.set_column(found.column_names.index("counted"), "counted", pc.add(found["counted"], 1000))


def write(number: int, count: int, told: Path) -> None:
    """One racer: so many commits that are told as done, each noted in ``told``."""
    dice, done = random.Random(number), 0
    with told.open("w") as notes:
        for step in itertools.count():
            kind, day = dice.choices(list(KINDS), list(KINDS.values()))[0], dice.choice(DAYS)
            mark = f"{number}.{step}.{kind}.{day}"
            # Its mark in the log is then known.
            vars(commit_retry)["uuid"] = SimpleNamespace(uuid4=lambda mark=mark: SimpleNamespace(hex=mark))
            try:
                commit(kind, day, mark)
            except NightjarError as error:
                notes.write(json.dumps(["failed", mark, str(error)]) + "\n")
                continue
            notes.write(json.dumps(["done", mark, ""]) + "\n")
            done += kind in ALWAYS
            if done >= count:
                return


@dataclass(frozen=True)
class Outcome:
    """What a race came to: versions, commits told as done, why others failed, fates of the requests, seconds, and what is wrong."""

    versions: int
    told: int
    failed: list[str]
    fates: Mapping[str, int]
    seconds: float
    wrong: list[str]


def race(way: Proxy, versions: int, writers: int, share: float, folder: Path, variables: Mapping[str, str]) -> Outcome:
    """Let processes race for so many versions in the lakehouse that this process' environment names."""
    table_shape.create(table())
    way.plan(share=share, seed=versions)
    notes = [folder / f"told-{number}" for number in range(writers)]
    each, started = -(-versions // writers), time.monotonic()
    command = [sys.executable, "-m", "tests.commit_race", "--count", str(each), "--writer"]
    racers = [
        subprocess.Popen([*command, str(number), str(note)], env={**os.environ, **variables}, cwd=PROJECT_ROOT)
        for number, note in enumerate(notes)
    ]
    codes = [racer.wait() for racer in racers]
    seconds = time.monotonic() - started
    told = [json.loads(line) for note in notes for line in note.read_text().splitlines()]
    fates = Counter(fate for fate, _ in way.commits())
    way.plan()
    history = [commit.get(commit_retry.MARK) for commit in DeltaTable(delta_log.location(table())).history()][::-1][1:]
    wrong = [f"a racer ended with {codes}"] if any(codes) else []
    return Outcome(
        len(history),
        sum(state == "done" for state, _, _ in told),
        [f"{mark}: {why}" for state, mark, why in told if state == "failed"],
        fates,
        seconds,
        [*wrong, *_wrong(history, {mark: state for state, mark, _ in told})],
    )


def _wrong(history: list[str | None], told: Mapping[str, str]) -> list[str]:
    """What is not as it should be, in words."""
    counts = Counter(history)
    found = [
        f"{mark}: told as done, and not in the log"
        for mark, state in told.items()
        if state == "done" and mark.split(".")[2] in ALWAYS and not counts[mark]
    ]
    found += [f"{mark}: {times} times in the log" for mark, times in counts.items() if times > 1]
    found += [f"{mark}: in the log, and nobody's" for mark in counts if mark not in told]
    expected: Rows = {}
    for mark in history:
        _, _, kind, day = str(mark).split(".")
        expected = after(expected, kind, dt.date.fromisoformat(day), str(mark))
    read = small_tables.read(table())
    rows_found = {(row["partition"], row["key"]): (row["writer"], row["counted"]) for row in read}
    if len(rows_found) != len(read):
        found.append("rows more than once")
    if rows_found != expected:
        found.append(
            f"rows are not those of the commits in their order: {set(rows_found.items()) ^ set(expected.items())}"
        )
    return found


def main() -> int:
    """Run the race on a server of its own, or one of its racers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--versions", type=int, default=1000)
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument(
        "--share", type=float, default=LOST_SHARE, help="of the commits, whose request or answer is lost"
    )
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--writer", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.writer:
        write(int(asked.writer[0]), asked.count, Path(asked.writer[1]))
        return 0
    server = s3_server.S3(s3_server.program())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        way = Proxy(server.port, folder / "way")
        try:
            root = f"{server.place()}/warehouse"
            os.environ |= s3_server.variables(way.endpoint)
            os.environ |= {"LAKEHOUSE_ROOT": root, "NIGHTJAR_HOME": str(folder / "home")}
            outcome = race(way, asked.versions, asked.writers, asked.share, folder, {})
        finally:
            way.close()
            server.close()
    print(
        f"{outcome.versions} versions by {asked.writers} processes in {outcome.seconds:.0f} s; {outcome.told} commits were told as "
        f"done and {len(outcome.failed)} as failed {outcome.failed}; requests: {dict(outcome.fates)}; "
        f"{'; '.join(outcome.wrong) or 'each told commit is in the log once, and the rows are those of the log'}"
    )
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
