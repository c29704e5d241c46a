"""Questions to the tables: ``tables``, ``sql``, ``sources``, ``contract`` and ``catalog``."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from lakehouse import code_version, masking, terminal
from lakehouse.analyst.rendering import FORMATS, render
from lakehouse.arguments import place, whole_number
from lakehouse.errors import NightjarError

if TYPE_CHECKING:
    from lakehouse.commands import Commands

ROWS_ON_SCREEN = 1000


def add(commands: Commands) -> None:
    """Add them to the command line."""
    tables = commands.add_parser("tables", help="list the tables: rows, files, version, newest partition, last commit")
    tables.set_defaults(run=_tables)
    tables.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    sql = commands.add_parser("sql", help="answer a query, over names such as gold.<use_case>_scores")
    sql.set_defaults(run=_sql)
    sql.add_argument(
        "query", help="one SELECT, WITH, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN of DuckDB; - reads it from standard input"
    )
    sql.add_argument(
        "--max-rows",
        type=whole_number(1),
        metavar="N",
        help=f"stop after N rows and say so (a table: {ROWS_ON_SCREEN} when not given; csv and json: all)",
    )
    sql.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    sources = commands.add_parser("sources", help="how fresh each source is: the newest day, the day that is due, gaps")
    sources.set_defaults(run=_sources)
    sources.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    contract = commands.add_parser("contract", help="a source's contract as Open Data Contract Standard YAML")
    contract.set_defaults(run=_contract)
    contract.add_argument("source", help="name of a declared source")
    catalog = commands.add_parser("catalog", help="write contracts and pages of every source and table into a folder")
    catalog.set_defaults(run=_catalog)
    catalog.add_argument(
        "--to", required=True, type=place, metavar="FOLDER", help="made when missing; open its index.html"
    )


def _tables(root: str, options: argparse.Namespace) -> int:
    # Imported where they are used, because delta-rs and DuckDB take time that --help need not wait for.
    from lakehouse.analyst import listing

    rows, code = [], 0
    for table in listing.find(root):
        try:
            state = listing.state(table)
        except NightjarError as error:  # the other tables are listed all the same
            print(f"error: {terminal.one_line(masking.mask(str(error)))}", file=sys.stderr)
            code = error.exit_code
            continue
        row = [state.table, state.rows, state.files, state.version, state.newest_partition, state.last_commit]
        if options.format == "table" and state.last_commit:
            row[-1] = f"{state.last_commit:%Y-%m-%d %H:%M:%S} UTC, {_age(datetime.now(UTC) - state.last_commit)}"
        rows.append(row)
    columns = ("table", "rows", "files", "version", "newest_partition", "last_commit")
    render(sys.stdout, options.format, columns, rows, missing="-")
    return code


def _sql(root: str, options: argparse.Namespace) -> int:
    from lakehouse.analyst import query

    limit = options.max_rows
    if limit is None and options.format == "table":
        limit = ROWS_ON_SCREEN
    answer = query.ask(root, sys.stdin.read() if options.query == "-" else options.query)
    render(sys.stdout, options.format, answer.columns, islice(answer.rows, limit))
    if next(answer.rows, None) is not None:
        sys.stdout.flush()
        print(f"note: only the first {limit} rows are shown; --max-rows shows more", file=sys.stderr)
    return 0


def _sources(root: str, options: argparse.Namespace) -> int:
    from lakehouse.arrivals import freshness
    from lakehouse.declaration import loader

    now = datetime.now(UTC)
    states = [freshness.state(owner, source, now) for owner, source in loader.sources()]
    rows = [[state.source, state.newest, state.due, len(state.missing), state.verdict] for state in states]
    render(sys.stdout, options.format, ("source", "newest", "due", "missing_days", "verdict"), rows, missing="-")
    return 0


def _contract(root: str, options: argparse.Namespace) -> int:
    from lakehouse import fingerprints
    from lakehouse.analyst import odcs
    from lakehouse.declaration import loader

    owner, source = loader.by_source(options.source)
    version = f"{code_version.RELEASE}+{fingerprints.digest(source.model_dump_json())[:12]}"
    print(odcs.contract(owner, source, version).to_yaml(), end="")
    return 0


def _catalog(root: str, options: argparse.Namespace) -> int:
    from pathlib import Path

    from lakehouse.catalog import site
    from lakehouse.lineage import declared

    folder = Path(options.to)
    changed = site.write(folder, declared.load(), root)
    print(f"{folder / 'index.html'}: {len(changed)} file(s) written, all others were up to date")
    return 0


def _age(age: timedelta) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count = int(age.total_seconds()) // length
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
