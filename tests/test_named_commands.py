"""Each command that a page, an error or a message names is one: the parsers know it, and all the options that stand behind it."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs import command_line, options
from jobs.stages import STAGES
from lakehouse.__main__ import _parser
from lakehouse.errors import BadArguments

ROOT = Path(__file__).resolve().parents[1]
FILES = [
    *ROOT.glob("*.md"),
    *(one for one in ROOT.glob("docs/**/*") if one.suffix in (".md", ".sh") and "decisions" not in one.parts),
    *(one for room in ("jobs", "lakehouse", "include", "stack", "dags") for one in (ROOT / room).rglob("*.py")),
    *(ROOT / "include").rglob("*.jinja"),
]
COMMAND = re.compile(r"python -m (jobs|lakehouse) +([a-z_]+)((?:\s+(?!python)[^\s`|#<>]+)*)")
# Where a text goes on behind a command in the same line.
WORDS = re.compile(r"--[a-z][a-z-]*")
# A word that stands for something, or an option whose value is not written out.
PLACEHOLDER = re.compile(r"[A-Z]{2,}|\.\.\.|[{}\[\]]")
PROSE = frozenset({"and", "meanwhile", "talk", "then"})


def texts(file: Path) -> str:
    """The text, in which what Python or a shell breaks over lines is in one."""
    text = file.read_text(encoding="utf-8")
    return re.sub(r'"\s*\n\s*f?"', "", text) if file.suffix == ".py" else re.sub(r"\\\n\s*", " ", text)


def named() -> Iterator[tuple[Path, str, str, str]]:
    for file in FILES:
        for found in COMMAND.finditer(texts(file)):
            yield file, found[1], found[2], found[3].split("\n")[0]


def known_options() -> dict[tuple[str, str], set[str]]:
    """By command the options that its parser has."""
    found: dict[tuple[str, str], set[str]] = {}
    of_lakehouse = next(one for one in _parser()._actions if isinstance(one, argparse._SubParsersAction))
    for name, parser in of_lakehouse.choices.items():
        found["lakehouse", name] = set(parser._option_string_actions)
    for name, stage in STAGES.items():
        parser = argparse.ArgumentParser()
        options.add_to(parser, stage.arguments)
        found["jobs", name] = {*parser._option_string_actions, "--result"}
    return found


def test_every_command_and_option_that_is_named_exists() -> None:
    known, looked_at = known_options(), 0
    for file, module, name, rest in named():
        if name in PROSE:
            continue
        looked_at += 1
        assert (module, name) in known, f"{file}: python -m {module} {name}"
        its = re.split(r"[;,)] |\. | and ", rest)[0]
        strange = set(WORDS.findall(its)) - known[module, name]
        assert not strange, f"{file}: python -m {module} {name}: {sorted(strange)}"
    assert looked_at > 250


def whole() -> list[tuple[str, str]]:
    """The commands of jobs with options and without a placeholder, as they are printed between backticks or in a block."""
    found = {
        (f"{name} {rest.strip()}", str(file.relative_to(ROOT)))
        for file, module, name, rest in named()
        if module == "jobs" and file.suffix == ".md" and "--" in rest and not PLACEHOLDER.search(rest)
    }
    return sorted(found)


@pytest.mark.parametrize(("command", "page"), whole())
def test_a_command_of_a_page_without_placeholders_is_understood_as_it_is_printed(command: str, page: str) -> None:
    try:
        command_line.parse(shlex.split(command))
    except BadArguments as error:
        # A page may name an option of a stage without the rest of the line.
        assert "are required" in str(error) or "found none" in str(error), (page, command)
