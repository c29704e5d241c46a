"""What a job is told on its command line."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from lakehouse.errors import BadArguments

# What each stage is started for, and in which room it lives: jobs/<stage>/job.py.
STAGES = {
    "extract": "land what changed in a source's MongoDB collection",
    "ingest": "take a source's deliveries of some days through bronze into silver",
    "replay": "judge delivered rows again by the contract as it is now",
    "features": "build a use case's features of some days",
    "train": "tune, fit and register a challenger, as of a day",
    "gate": "compare the challenger with the champion and promote or hold it",
    "score": "score a use case's entities of some days",
    "monitor": "mature labels, measure performance and drift, and give the verdict",
    "report": "log the Evidently page of a day to MLflow",
    "stale": "list the gold partitions whose inputs have changed since they were built, and why",
    "restate": "recompute what is stale: features, then scores, then what was measured",
    "rollback": "make the version champion again that was it before",
    "retire": "put away the versions that nobody needs any more",
    "maintain": "compact and vacuum every table and check that its readers can read it",
}
OF_A_SOURCE = frozenset({"extract", "ingest", "replay"})
# Those that compare deliveries with their contract.
JUDGING = frozenset({"ingest", "replay"})
OF_THE_PLATFORM = frozenset({"maintain"})
# All days, when none is named.
DAYS_OPTIONAL = frozenset({"replay", "stale", "restate"})
# Of no day.
WITHOUT_DAYS = frozenset({"rollback", "retire"})
REPEATABLE = frozenset({"ingest", "features", "score", "monitor"})
# Of what is said for the event tables: who asks, and why.
LONGEST_WORDS = 1000
WITH_RANGE = REPEATABLE | DAYS_OPTIONAL | {"extract"}


@dataclass(frozen=True)
class Arguments:
    """The parsed command line.

    Attributes:
        stage: which job.
        use_case: for the stages of a use case.
        source: for those of a source: extract, ingest, replay.
        partition: the day, or the first day of a range.
        through: the last day of a range.
        model_version: score: score by this version; gate: judge this one.
        actor: who asked, for the event tables.
        force: rebuild what is up to date too.
        any_volume: ingest, replay: do not compare the number of rows with that of other days.
        champion: whether a day that has scores is scored by the version that it has, or by today's champion.
        answer: gate: what a person said to the promotion that the gate proposed.
        chosen_by: score: why days are scored by ``model_version``; not from the command line.
        dry_run: restate, rollback, retire: show the plan and change nothing.
        to_version: rollback: which version becomes champion again; else the one before.
        from_version: rollback: only if this one is champion still.
        rescore: rollback: score the nights since again.
        reason: rollback: why.
        request: rollback: carried out once, however often it is asked for.
        like: train: the id of the run whose training is done again.
        result: file that gets one JSON object.
    """

    stage: str
    use_case: str | None = None
    source: str | None = None
    partition: dt.date | None = None
    through: dt.date | None = None
    model_version: int | None = None
    actor: str = "job"
    force: bool = False
    any_volume: bool = False
    champion: Literal["then", "now"] = "then"
    answer: Literal["approved", "rejected", "timeout"] | None = None
    chosen_by: str = "asked"
    like: str | None = None
    dry_run: bool = False
    to_version: int | None = None
    from_version: int | None = None
    rescore: bool = False
    reason: str = ""
    request: str | None = None
    result: Path | None = None

    @property
    def days(self) -> list[dt.date]:
        """The days from ``partition`` to ``through``."""
        assert self.partition is not None
        last = self.through or self.partition
        return [self.partition + dt.timedelta(days=offset) for offset in range((last - self.partition).days + 1)]


class _Parser(argparse.ArgumentParser):
    """An argument parser that raises our error instead of ending the process, so that --result is written too."""

    def error(self, message: str) -> NoReturn:
        raise BadArguments(f"{message}; see python -m jobs {{stage}} --help")


def parse(argv: Sequence[str]) -> Arguments:
    """Parse a command line.

    Raises:
        BadArguments: saying which argument, what was expected and what was found.
    """
    parser = _Parser(prog="python -m jobs", description="Run one stage for one day or a range of days.")
    stages = parser.add_subparsers(dest="stage", required=True, metavar="stage", parser_class=_Parser)
    for stage, purpose in STAGES.items():
        one = stages.add_parser(stage, help=purpose, description=f"To {purpose}.")
        if stage in OF_A_SOURCE:
            one.add_argument("--source", required=True, help="name of a declared source")
        elif stage not in OF_THE_PLATFORM:
            one.add_argument("--use-case", required=stage != "train", help="name of a declared use case")
        optional = stage in OF_THE_PLATFORM | DAYS_OPTIONAL | {"train"}
        if stage not in WITHOUT_DAYS:
            one.add_argument("--partition", type=_day, required=not optional, metavar="YYYY-MM-DD")
        if stage in WITH_RANGE:
            one.add_argument("--through", type=_day, metavar="YYYY-MM-DD", help="last day of a range")
        if stage in REPEATABLE:
            one.add_argument("--force", action="store_true", help="rebuild also what is up to date")
        if stage in JUDGING:
            words = "take deliveries of any number of rows: somebody looked at it and says that it is right"
            one.add_argument("--any-volume", action="store_true", help=words)
        if stage in ("score", "gate"):
            one.add_argument("--model-version", type=_version, metavar="N")
        if stage == "gate":
            words = "answer a promotion that waits for a person; --actor says who answers"
            one.add_argument("--answer", choices=("approved", "rejected", "timeout"), help=words)
        if stage in ("score", "stale", "restate"):
            words = "days that have scores: by the version that they were scored by, or by today's champion"
            one.add_argument("--champion", choices=("then", "now"), default="then", help=words)
        if stage == "train":
            words = "train again from this run's record, compare, and register nothing; needs no other argument"
            one.add_argument("--like", type=_run_id, metavar="RUN_ID", help=words)
        if stage == "rollback":
            _of_rollback(one)
        if stage in ("restate", "rollback", "retire"):
            one.add_argument("--dry-run", action="store_true", help="show the plan and change nothing")
        one.add_argument("--actor", type=_words, default="job", help="who asks, for the event tables")
        one.add_argument("--result", type=Path, metavar="FILE", help="where to write one JSON object")
    arguments = Arguments(**vars(parser.parse_args(argv)))
    if arguments.stage == "train":
        _check_train(arguments)
    if arguments.through is not None and arguments.partition is None:
        raise BadArguments(f"--through {arguments.through} needs --partition, the first day of the range")
    if arguments.through is not None and arguments.partition is not None and arguments.through < arguments.partition:
        raise BadArguments(f"--through {arguments.through} lies before --partition {arguments.partition}")
    return arguments


def _of_rollback(one: argparse.ArgumentParser) -> None:
    words = "make this one champion again; else the one that was it before"
    one.add_argument("--to-version", type=_version, metavar="N", help=words)
    words = "only if this one is champion still; else nothing is done"
    one.add_argument("--from-version", type=_version, metavar="N", help=words)
    one.add_argument(
        "--rescore", action="store_true", help="score the nights since again, by the version that came back"
    )
    one.add_argument("--reason", required=True, type=_words, help="why, for whoever reads ops.model_events later")
    words = "a name for this rollback, such as a ticket's number: it is carried out once, however often it is asked for"
    one.add_argument("--request", type=_words, metavar="NAME", help=words)


def _check_train(arguments: Arguments) -> None:
    if arguments.like is None and (arguments.use_case is None or arguments.partition is None):
        raise BadArguments("train: expected --use-case and --partition, or --like and the id of a run")
    if arguments.like is not None and arguments.partition is not None:
        raise BadArguments("train: expected --like or --partition, found both; the run's record says which day")


def _run_id(text: str) -> str:
    # A name from a command line that becomes a part of addresses and paths.
    if not (text.isascii() and text.isalnum() and len(text) == 32):
        raise argparse.ArgumentTypeError(f"expected a run's id of 32 letters and digits, found {text!r}")
    return text


def _day(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
        if day.isoformat() != text:
            raise ValueError
        return day
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day as YYYY-MM-DD, found {text!r}") from None


def _words(text: str) -> str:
    """What people say of themselves or of their reasons: it goes into logs and into the event tables."""
    if not text.strip() or len(text) > LONGEST_WORDS or not text.isprintable():
        raise argparse.ArgumentTypeError(
            f"expected 1 to {LONGEST_WORDS} printable characters on one line, found {len(text)}: {text[:50]!r}"
        )
    return text.strip()


def _version(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a model version such as 3, found {text!r}")
    return int(text)
