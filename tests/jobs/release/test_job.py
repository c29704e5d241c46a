"""Releases as a whole, without a tracking server and without a Hub."""

from __future__ import annotations

import pytest

from jobs.release.arguments import ReleaseArguments
from jobs.release.job import ReleaseResult, run
from lakehouse.corpus import publication
from tests.jobs import notes
from tests.jobs.release import versions
from tests.jobs.release.conftest import Declare


def release(**arguments: object) -> ReleaseResult:
    return run(ReleaseArguments(**{"dataset": notes.NAME, **arguments}))  # type: ignore[arg-type]


def test_an_assembled_version_is_published_once(declare: Declare, logged: list[tuple[int, str]]) -> None:
    dataset = declare()
    event = versions.assemble(dataset, versions.several())
    result = release()
    assert (result.status, result.verdict, result.version) == ("published", "published", 1), result
    place = publication.place(dataset, 1)
    print((place / "README.md").read_text())
    print((place / "manifest.json").read_text())
    print(result)
    assert sorted(str(one.relative_to(place)) for one in place.rglob("*") if one.is_file()) == []
