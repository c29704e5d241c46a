"""What a model did and which is better: ``explain`` and ``compare``."""

from __future__ import annotations

import argparse
from datetime import date
from typing import TYPE_CHECKING

from lakehouse.arguments import whole_number
from lakehouse.errors import BadArguments

if TYPE_CHECKING:
    from lakehouse.commands import Commands


def add(commands: Commands) -> None:
    """Add them to the command line."""
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
        type=whole_number(1),
        nargs=2,
        metavar=("FIRST", "SECOND"),
        help="their numbers; without it the champion and the newest other one",
    )
    compare.add_argument("--json", action="store_true", help="one JSON object, for programs")


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
