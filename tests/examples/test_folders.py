"""Every example is short, loads next to the use case that ships, and has a page that says what it needs to."""

from __future__ import annotations

import datetime as dt
import shlex
from pathlib import Path

import pytest

from jobs import command_line
from lakehouse.declaration import loader
from tests.examples.chain import EXAMPLES, ROOTS
from tests.examples.compare import DAYS

FOLDERS = sorted(file.parent for file in EXAMPLES.glob("*/use_case.yaml"))
MOST_YAML, MOST_PYTHON = 60, 40


def lines(files: list[Path]) -> int:
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_an_example_is_short(folder: Path) -> None:
    assert lines(sorted(folder.glob("*.yaml"))) <= MOST_YAML
    assert lines(sorted(folder.glob("*.py"))) <= MOST_PYTHON


def test_all_examples_load_side_by_side_with_what_ships() -> None:
    found = loader.find(ROOTS)
    assert [str(item.error) for item in found if item.error is not None] == []
    assert {folder.name for folder in FOLDERS} < {item.folder.name for item in found}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_a_page_has_the_datas_licence_and_the_commands_that_measure_it_again(folder: Path) -> None:
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert "licence" in page.lower()
    assert f"python -m tests.examples.compare {folder.name}" in page
    # The flights have a feed of their own.
    landed = (
        "include.flight_delays.demo.feed" if folder.name == "flight_cancelled" else f"tests.examples.feed {folder.name}"
    )
    assert f"python -m {landed} " in page


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_the_commands_of_a_page_parse_and_take_in_what_its_training_reads(folder: Path) -> None:
    page = (folder / "README.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("python -m jobs ")]
    commands = [command_line.parse(shlex.split(line)[3:]) for line in lines]
    use_case = next(item.use_case for item in loader.find(ROOTS) if item.use_case and item.folder == folder)
    day, start = DAYS[folder.name][1], use_case.calendar.start
    of_use_case = [command for command in commands if command.stage not in ("ingest", "group")]
    assert [command.stage for command in of_use_case] == ["features", "train", "gate", "score", "monitor"]
    assert {command.arguments.use_case for command in of_use_case} == {folder.name}
    built, *others = of_use_case
    assert {command.arguments.partition for command in others} == {built.arguments.through} == {day}
    first = built.arguments.partition
    assert first <= max(start, day - dt.timedelta(days=use_case.split.train.first))
    taken_in = {item.arguments.source: item.arguments for item in commands if item.stage == "ingest"}
    assert set(taken_in) == set(use_case.reads)
    groups = [command.arguments for command in commands if command.stage == "group"]
    assert [(item.group, item.version) for item in groups] == [(use.group, use.version) for use in use_case.groups]
    assert all(item.partition <= first and item.through == day for item in groups)
    for item in (*use_case.inputs, *(item for taken in use_case.taken for item in taken.group.inputs)):
        arrives = use_case.source(item.source).arrives_after_days
        asked = taken_in[item.source]
        assert asked.partition <= max(start, first - dt.timedelta(days=item.first))
        assert asked.through == day - dt.timedelta(days=arrives)
