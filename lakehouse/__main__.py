"""The analysts' command line: ``python -m lakehouse tables``, ``sql "select ..."``, ``explain``, ``compare``, ``sources``,
``contract``.

For those on call ``alerts``, for those who pay ``costs``. And ``catalog`` and ``new``, which write folders; and ``migrate`` and
``upgrade``, which are jobs and alone change tables. For the platform ``retention``, ``backup`` and ``restore``.

Exit codes: 0 done, 2 bad arguments or a query that cannot be answered, 32 a table that cannot be read.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from lakehouse import code_version, masking, settings, terminal
from lakehouse.analyst.rendering import FORMATS, render
from lakehouse.backup import command as backup_command
from lakehouse.errors import BadArguments, NightjarError
from lakehouse.scaffold import command as scaffold_command

ROWS_ON_SCREEN = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    options = _parser().parse_args(arguments)
    where = settings.load()
    try:
        if where.in_object_store:
            from lakehouse.storage import object_store

            object_store.expect_answer(where.lakehouse_root)
        return int(options.run(where.lakehouse_root, options))
    except NightjarError as error:
        print(f"error: {terminal.one_line(masking.mask(str(error)))}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        from lakehouse.storage import store_errors

        if not where.in_object_store or (named := store_errors.named(error)) is None:
            raise
        print(f"error: {terminal.one_line(masking.mask(str(named)))}", file=sys.stderr)
        return named.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lakehouse",
        description="Look at the lakehouse's tables; migrate and upgrade alone change them. No Spark, no JVM.",
    )
    parser.add_argument("--version", action="version", version=f"nightjar {code_version.RELEASE}")
    commands = parser.add_subparsers(required=True)
    tables = commands.add_parser("tables", help="list the tables: rows, files, version, newest partition, last commit")
    tables.set_defaults(run=_tables)
    sql = commands.add_parser("sql", help="answer a query, over names such as gold.<use_case>_scores")
    sql.set_defaults(run=_sql)
    sql.add_argument(
        "query", help="one SELECT, WITH, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN of DuckDB; - reads it from standard input"
    )
    sql.add_argument(
        "--max-rows",
        type=int,
        metavar="N",
        help=f"stop after N rows and say so (a table: {ROWS_ON_SCREEN} when not given; csv and json: all)",
    )
    explain = commands.add_parser("explain", help="why an entity was scored as it was, by which model, from which data")
    explain.set_defaults(run=_explain)
    explain.add_argument("--use-case", required=True, help="name of a declared use case")
    explain.add_argument(
        "--key",
        required=True,
        action="append",
        metavar="NAME=VALUE,...",
        help="the entity's key; once, or once a column",
    )
    explain.add_argument("--partition", required=True, metavar="YYYY-MM-DD", help="the day")
    explain.add_argument(
        "--role", choices=("champion", "challenger"), help="of the score; default: the one that decided"
    )
    explain.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    compare = commands.add_parser("compare", help="two versions of a model side by side: numbers, and what differs")
    compare.set_defaults(run=_compare)
    compare.add_argument("use_case", help="name of a declared use case")
    compare.add_argument(
        "--versions",
        type=int,
        nargs=2,
        metavar=("FIRST", "SECOND"),
        help="their numbers; without it the champion and the newest other one",
    )
    compare.add_argument("--json", action="store_true", help="one JSON object, for programs")
    sources = commands.add_parser("sources", help="how fresh each source is: the newest day, the day that is due, gaps")
    sources.set_defaults(run=_sources)
    alerts = commands.add_parser(
        "alerts", help="what people were told, and what could not be sent yet, the newest first"
    )
    alerts.set_defaults(run=_alerts)
    alerts.add_argument("--open", action="store_true", help="only what is not sent")
    alerts.add_argument("--whose", metavar="NAME", help="only of this use case or source")
    of_costs = commands.add_parser(
        "costs", help="what runs have used and cost, by use case, stage, model version or day"
    )
    of_costs.set_defaults(run=_costs)
    of_costs.add_argument(
        "--use-case", metavar="NAME", help="only of this use case, and how much of its budget is used up"
    )
    of_costs.add_argument("--month", metavar="YYYY-MM", help="only of runs that started in this month, in UTC")
    of_costs.add_argument(
        "--by",
        choices=("use-case", "stage", "version", "day", "source", "dataset"),
        help="default: use-case, or stage with --use-case",
    )
    of_costs.add_argument("--json", action="store_const", dest="format", const="json", help="the same as --format json")
    contract = commands.add_parser("contract", help="a source's contract as Open Data Contract Standard YAML")
    contract.set_defaults(run=_contract)
    contract.add_argument("source", help="name of a declared source")
    catalog = commands.add_parser("catalog", help="write contracts and pages of every source and table into a folder")
    catalog.set_defaults(run=_catalog)
    catalog.add_argument("--to", required=True, metavar="FOLDER", help="made when missing; open its index.html")
    new = commands.add_parser("new", help="a use case's folder from a sample of its deliveries, or from a template")
    new.set_defaults(run=_new)
    scaffold_command.add_arguments(new)
    migrate = commands.add_parser(
        "migrate", help="give tables the shape that their declaration has now; --help lists more"
    )
    migrate.set_defaults(run=_migrate)
    whose = migrate.add_mutually_exclusive_group(required=True)
    whose.add_argument("--source", help="name of a declared source: bronze, silver, rejects, and keys in gold tables")
    whose.add_argument("--use-case", help="name of a declared use case: its gold tables")
    migrate.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    migrate.add_argument(
        "--any-rejects", action="store_true", help="go on where more rows than the contract allows would be rejected"
    )
    upgrade = commands.add_parser("upgrade", help="give the lakehouse of an earlier release what this one adds")
    upgrade.set_defaults(run=_upgrade)
    upgrade.add_argument("--dry-run", action="store_true", help="list the steps, and change nothing")
    retention = commands.add_parser(
        "retention", help="what stays how long, what goes next, and what stays longer and why"
    )
    retention.set_defaults(run=_retention)
    backup = commands.add_parser("backup", help="copy the whole platform to a folder or a bucket while it runs")
    backup.set_defaults(run=lambda _, options: backup_command.backup(options))
    backup_command.add_backup(backup)
    restore = commands.add_parser("restore", help="bring a backup back, into empty places")
    restore.set_defaults(run=lambda _, options: backup_command.restore(options))
    backup_command.add_restore(restore)
    review = commands.add_parser("review", help="say what a change of declarations would do, against another revision")
    review.set_defaults(run=_review)
    review.add_argument(
        "--base", required=True, metavar="REF", help="revision of git to compare with, such as origin/main"
    )
    review.add_argument("--to", required=True, metavar="FILE", help="file of the comment, in Markdown")
    review.add_argument("--weeks", metavar="N", help="weeks of the backtests (4)")
    review.add_argument("--last", metavar="YYYY-MM-DD", help="last day of them; the newest with a label when not given")
    review.add_argument(
        "--no-backtest", action="store_true", help="train nothing: declarations, leaks and staleness alone"
    )
    for command in (tables, sql, sources, alerts, of_costs, retention):
        command.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    return parser


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
    if limit is not None and limit < 1:
        raise BadArguments(f"--max-rows {limit}: expected 1 or more")
    if limit is None and options.format == "table":
        limit = ROWS_ON_SCREEN
    answer = query.ask(root, sys.stdin.read() if options.query == "-" else options.query)
    render(sys.stdout, options.format, answer.columns, islice(answer.rows, limit))
    if next(answer.rows, None) is not None:
        sys.stdout.flush()
        print(f"note: only the first {limit} rows are shown; --max-rows shows more", file=sys.stderr)
    return 0


def _explain(root: str, options: argparse.Namespace) -> int:
    from lakehouse.analyst import explanation, json_report, keys, readable, text_report
    from lakehouse.declaration import loader

    use_case = loader.by_name(options.use_case)
    try:
        day = date.fromisoformat(options.partition)
        if day.isoformat() != options.partition:
            raise ValueError
    except ValueError:
        raise BadArguments(f"--partition: expected a day as YYYY-MM-DD, found {options.partition[:100]!r}") from None
    report = json_report.report if options.format == "json" else text_report.report
    key = keys.parse(use_case, options.key)
    with readable.of(use_case.name):
        print(report(use_case, explanation.explain(use_case, key, day, options.role)))
    return 0


def _compare(root: str, options: argparse.Namespace) -> int:
    from lakehouse.analyst import readable
    from lakehouse.analyst.comparison import compared, json_report, text_report
    from lakehouse.declaration import loader

    use_case = loader.by_name(options.use_case)
    report = json_report.report if options.json else text_report.report
    with readable.of(use_case.name):
        first, second = options.versions or compared.newest_pair(use_case)
        print(report(use_case, compared.compare(use_case, first, second)))
    return 0


def _sources(root: str, options: argparse.Namespace) -> int:
    from lakehouse.arrivals import freshness
    from lakehouse.declaration import loader

    now = datetime.now(UTC)
    states = [freshness.state(owner, source, now) for owner, source in loader.sources()]
    rows = [[state.source, state.newest, state.due, len(state.missing), state.verdict] for state in states]
    render(sys.stdout, options.format, ("source", "newest", "due", "missing_days", "verdict"), rows, missing="-")
    return 0


def _alerts(root: str, options: argparse.Namespace) -> int:
    from lakehouse.analyst import messages

    render(sys.stdout, options.format, messages.COLUMNS, messages.rows(options.whose, options.open), missing="-")
    return 0


def _costs(root: str, options: argparse.Namespace) -> int:
    from lakehouse.analyst import cost_report

    by = options.by or ("stage" if options.use_case else "use-case")
    found = cost_report.report(by, options.month, options.use_case)
    render(sys.stdout, options.format, found.columns, found.rows, missing="-")
    sys.stdout.flush()
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    return 0


def _retention(root: str, options: argparse.Namespace) -> int:
    from lakehouse.retention import listing

    render(sys.stdout, options.format, listing.COLUMNS, listing.rows(datetime.now(UTC)), missing="-")
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


def _new(root: str, options: argparse.Namespace) -> int:
    return scaffold_command.run(options)


def _migrate(root: str, options: argparse.Namespace) -> int:
    """Start the job: rows are checked and rewritten there, and the command line of jobs reports its errors."""
    whose = ["--source", options.source] if options.source else ["--use-case", options.use_case]
    switches = [f"--{name}" for name in ("dry-run", "any-rejects") if vars(options)[name.replace("-", "_")]]
    sys.stdout.flush()
    command = [sys.executable, "-m", "jobs", "migrate", *whose, *switches]
    return subprocess.run(command, cwd=settings.PROJECT_ROOT, check=False).returncode


def _upgrade(root: str, options: argparse.Namespace) -> int:
    """Start the job, as for `migrate`."""
    sys.stdout.flush()
    command = [sys.executable, "-m", "jobs", "upgrade", *(["--dry-run"] if options.dry_run else [])]
    return subprocess.run(command, cwd=settings.PROJECT_ROOT, check=False).returncode


def _review(root: str, options: argparse.Namespace) -> int:
    """Start the job: it builds and trains in a copy of the lakehouse."""
    given = {"base": options.base, "to": os.path.abspath(options.to), "weeks": options.weeks, "last": options.last}
    words = [f"--{name}={value}" for name, value in given.items() if value is not None]
    sys.stdout.flush()
    command = [sys.executable, "-m", "jobs", "review", *words, *(["--no-backtest"] if options.no_backtest else [])]
    return subprocess.run(command, cwd=settings.PROJECT_ROOT, check=False).returncode


def _age(age: timedelta) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count = int(age.total_seconds()) // length
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Python would complain while it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        code = 130
    raise SystemExit(code)
