"""The command line of `python -m lakehouse new`."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from lakehouse import settings
from lakehouse.arguments import place, whole_number
from lakehouse.errors import BadArguments

TASKS = ("classification", "multiclass", "regression")
TEMPLATES = ("binary", "regression", "multiclass", "population")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("name", help="of the use case: small letters, digits and _")
    add(
        "--from",
        dest="files",
        nargs="+",
        metavar="FILE",
        help="a sample: CSV, JSON lines or Parquet, or a folder a source",
    )
    add("--template", choices=TEMPLATES, help="or a commented template, without a sample")
    add("--label", metavar="[SOURCE.]COLUMN", help="the column that is predicted")
    add("--key", nargs="+", action="extend", default=[], metavar="COLUMN", help="what identifies a row of a day")
    add("--entity", metavar="SOURCE", help="the source whose rows are scored, of several")
    add(
        "--known-later",
        nargs="+",
        action="extend",
        default=[],
        metavar="COLUMN",
        help="columns that become known with the label",
    )
    add("--date-column", metavar="COLUMN", help="the day of a row, where the files' names do not say it")
    add(
        "--date-format",
        metavar="FORMAT",
        help='how it is written, such as "%%d.%%m.%%Y"; seen from the values when not given',
    )
    add(
        "--spread-from",
        type=_day,
        metavar="DAY",
        help="without any day: make days up, from this one on, the rows by turns",
    )
    add("--rows-a-day", type=whole_number(1), metavar="N", help="rows of a day that is made up")
    add("--task", choices=TASKS, help="guessed from the label when not given")
    add("--positive", metavar="VALUE", help="the label's value that is a yes")
    add("--at-least", type=float, metavar="NUMBER", help="or the number from which on it is one")
    add(
        "--label-arrives-after",
        type=whole_number(0),
        default=1,
        metavar="DAYS",
        help="days from a row's day to its label; default: 1",
    )
    add("--timezone", default="UTC", help="whose midnight begins a day; default: UTC")
    add("--owner", default="nobody yet", help="who answers for it")
    add(
        "--into",
        type=place,
        metavar="FOLDER",
        help="the folder that gets it; default: the first of USE_CASE_ROOTS, include/",
    )
    add("--no-land", action="store_true", help="write no deliveries into the landing zone")


def run(options: argparse.Namespace) -> int:
    """Write the use case and say what comes next; returns the exit code.

    Raises:
        BadArguments: when an argument or a file is wrong. DeclarationError: when a template does not load here.
    """
    # Imported here: Arrow takes time that --help need not wait for.
    from lakehouse.scaffold import from_sample, from_template
    from lakehouse.scaffold.request import Request
    from lakehouse.storage import places

    known = settings.load()
    into = Path(options.into) if options.into else known.use_case_roots[0]
    if (options.files is None) == (options.template is None):
        raise BadArguments("new: expected --from with files of a sample, or --template with its name")
    if options.template is not None:
        print(from_template.make(options.name, options.template, into))
        return 0
    if options.label is None:
        raise BadArguments("new: expected --label with the column that is predicted")
    landing = places.of(known.landing_root)
    if not places.is_local(landing) and not options.no_land:
        raise BadArguments(
            f"new: expected LANDING_ROOT to be a folder, found {landing}: add --no-land, and put the deliveries there by day, each "
            f"as {landing}/SOURCE/YYYY-MM-DD.csv"
        )
    request = Request(
        name=options.name,
        into=into,
        landing=landing,
        files=tuple(options.files),
        label=options.label,
        key=tuple(options.key),
        entity=options.entity,
        known_later=tuple(options.known_later),
        date_column=options.date_column,
        date_format=options.date_format,
        spread_from=options.spread_from,
        rows_a_day=options.rows_a_day,
        task=options.task,
        positive=options.positive,
        at_least=options.at_least,
        label_arrives_after=options.label_arrives_after,
        timezone=options.timezone,
        owner=options.owner,
        land=not options.no_land,
    )
    _, told = from_sample.make(request)
    print(told)
    if into.resolve() not in [root.resolve() for root in known.use_case_roots]:
        print(f"\n{into} is none of the folders of USE_CASE_ROOTS: add it there, or nobody finds the use case.")
    return 0


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day as YYYY-MM-DD, found {text!r}") from None
