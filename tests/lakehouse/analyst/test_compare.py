"""``python -m lakehouse compare`` on little tables: no Spark, no JVM, and mostly no MLflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lakehouse.__main__ import main
from tests.lakehouse.analyst import compared_world
from tests.lakehouse.analyst.compared_world import TASKS, World


@pytest.fixture(params=TASKS)
def world(request: pytest.FixtureRequest, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    use_case = compared_world.declare(request.param, lakehouse_root.parent / "compared", monkeypatch)
    return compared_world.build(use_case)


def told(capsys: pytest.CaptureFixture[str], world: World, *more: str) -> tuple[int, str]:
    code = main(["compare", world.use_case.name, *more])
    said = capsys.readouterr()
    return code, said.out + said.err


def as_json(capsys: pytest.CaptureFixture[str], world: World, *more: str) -> dict[str, Any]:
    code, said = told(capsys, world, "--json", *more)
    assert code == 0, said
    found: dict[str, Any] = json.loads(said)
    return found


def test_try(world: World, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    compared_world.reachable(world, monkeypatch)
    code, said = told(capsys, world, "--versions", "1", "2")
    with capsys.disabled():
        print(said)
    assert code == 0
