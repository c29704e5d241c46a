"""A release of the notes, as tests run it, and what a folder has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jobs.release.arguments import ReleaseArguments
from jobs.release.job import run
from jobs.release.release_result import ReleaseResult
from tests.jobs import notes

Logged = list[tuple[int, str]]


def release(**arguments: Any) -> ReleaseResult:
    return run(ReleaseArguments(dataset=notes.NAME, **arguments))


def files_of(place: Path) -> dict[str, bytes]:
    return {str(one.relative_to(place)): one.read_bytes() for one in place.rglob("*") if one.is_file()}


def held_by(result: ReleaseResult) -> list[str]:
    return [one["rule"] for one in result.findings if one["held"]]


class Killed(BaseException):
    """As if the process ended here."""


def killed(*_: object, **__: object) -> None:
    raise Killed
