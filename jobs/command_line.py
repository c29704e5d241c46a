"""Parsing the jobs' command line, ``python -m jobs <stage> ...``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from jobs import options
from jobs.arguments import Arguments
from jobs.stages import STAGES
from lakehouse.errors import BadArguments


@dataclass(frozen=True)
class Command:
    """A parsed command line: the stage's name and its arguments."""

    stage: str
    arguments: Arguments


class _Parser(argparse.ArgumentParser):
    """An argument parser that raises our error instead of ending the process, so that --result is written too."""

    def error(self, message: str) -> NoReturn:
        raise BadArguments(f"{message}; see {self.prog} --help")


def parse(argv: Sequence[str]) -> Command:
    """Parse a command line.

    Raises:
        BadArguments: which argument, what was expected and what was found.
    """
    parser = _Parser(prog="python -m jobs", description="Run one stage for one day or a range of days.")
    asked = next((word for word in argv if not word.startswith("-")), "")
    stages = parser.add_subparsers(dest="stage", required=True, metavar="stage", parser_class=_Parser)
    # The other stages, and their options, are nothing to this process, but where a person is told which there are.
    told = asked not in STAGES or argv[0] != asked or any(word.startswith(("-h", "--h")) for word in argv)
    for name, stage in STAGES.items() if told else [(asked, STAGES[asked])]:
        one = stages.add_parser(name, help=stage.purpose, description=f"To {stage.purpose}.")
        if name == asked:
            options.add_to(one, stage.arguments)
            one.add_argument("--result", type=Path, metavar="FILE", help="where to write one JSON object")
    parsed = vars(parser.parse_args(argv))
    name = parsed.pop("stage")
    parsed.pop("result")
    return Command(name, STAGES[name].arguments(**parsed))


def result_file(argv: Sequence[str]) -> Path | None:
    """The --result file, found before parsing so that a parsing error is reported in it too."""
    for index, word in enumerate(argv):
        if word == "--result" and index + 1 < len(argv):
            return Path(argv[index + 1])
        if word.startswith("--result="):
            return Path(word.removeprefix("--result="))
    return None
