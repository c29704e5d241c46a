"""The platform knows no use case: its code and its prose contain no name of one, nor a word of its sources and columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.declaration import UseCase, loader
from lakehouse.settings import PROJECT_ROOT

ROOMS = ("dags", "jobs", "lakehouse")
# Words of use cases that are words of the platform, of Python or of everyday English too.
GENERAL = {
    *("address", "counted", "dest", "dir", "distance", "hour", "manager", "model", "opened", "origin", "outcomes"),
    *("engines", "plan", "planned", "sched", "schedule", "temp", "time", "type", "year"),
}


def declared() -> list[UseCase]:
    roots = (PROJECT_ROOT / "include", PROJECT_ROOT / "tests" / "use_cases")
    return [found.use_case for found in loader.find(roots) if found.use_case is not None]


def names(use_case: UseCase) -> Iterator[str]:
    yield from (use_case.name, *use_case.entity.key)
    for source in (*use_case.sources, *use_case.shared):
        yield from (source.name, *source.column_names)


def words(text: str) -> set[str]:
    """The words of a text, those that underscores or capitals join taken apart, in the singular too."""
    apart = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())
    return {*apart, *(word.removesuffix("s") for word in apart)}


def files(room: str) -> list[Path]:
    return [file for file in (PROJECT_ROOT / room).rglob("*") if file.is_file() and "__pycache__" not in file.parts]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_of_the_platform_has_no_word_of_a_use_case(room: str) -> None:
    own = {word for use_case in declared() for name in names(use_case) for word in words(name)}
    own -= {form for word in GENERAL for form in words(word)}
    assert {"flight", "carrier", "weather", "bakery", "bread", "shop"} <= own
    found = [
        f"{file.relative_to(PROJECT_ROOT)}:{number}: {', '.join(sorted(found))}"
        for file in files(room)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if (found := words(line) & own)
    ]
    assert not found, "\n".join(found)
