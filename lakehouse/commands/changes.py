"""What writes or changes: ``new``, and the jobs ``migrate``, ``upgrade`` and ``review``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from lakehouse import settings
from lakehouse.arguments import place
from lakehouse.scaffold import command as scaffold_command

if TYPE_CHECKING:
    from lakehouse.commands import Commands


def add(commands: Commands) -> None:
    """Add them to the command line."""
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
    review = commands.add_parser("review", help="say what a change of declarations would do, against another revision")
    review.set_defaults(run=_review)
    review.add_argument(
        "--base", required=True, metavar="REF", help="revision of git to compare with, such as origin/main"
    )
    review.add_argument("--to", required=True, type=place, metavar="FILE", help="file of the comment, in Markdown")
    review.add_argument("--weeks", metavar="N", help="weeks of the backtests (4)")
    review.add_argument("--last", metavar="YYYY-MM-DD", help="last day of them; the newest with a label when not given")
    review.add_argument(
        "--no-backtest", action="store_true", help="train nothing: declarations, leaks and staleness alone"
    )


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
