"""What those who run the platform ask: ``alerts``, ``costs``, ``retention``, ``backup`` and ``restore``."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakehouse.analyst.rendering import FORMATS, render
from lakehouse.backup import command as backup_command

if TYPE_CHECKING:
    from lakehouse.commands import Commands


def add(commands: Commands) -> None:
    """Add them to the command line."""
    alerts = commands.add_parser(
        "alerts", help="what people were told, and what could not be sent yet, the newest first"
    )
    alerts.set_defaults(run=_alerts)
    alerts.add_argument("--open", action="store_true", help="only what is not sent")
    alerts.add_argument("--whose", metavar="NAME", help="only of this use case or source")
    alerts.add_argument("--format", choices=FORMATS, default="table", help="default: table")
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
    of_costs.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    retention = commands.add_parser(
        "retention", help="what stays how long, what goes next, and what stays longer and why"
    )
    retention.set_defaults(run=_retention)
    retention.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    backup = commands.add_parser("backup", help="copy the whole platform to a folder or a bucket while it runs")
    backup.set_defaults(run=lambda _, options: backup_command.backup(options))
    backup_command.add_backup(backup)
    restore = commands.add_parser("restore", help="bring a backup back, into empty places")
    restore.set_defaults(run=lambda _, options: backup_command.restore(options))
    backup_command.add_restore(restore)


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
