"""Lineage is off unless OpenLineage's own settings name a receiver; then nothing is imported for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lakehouse import settings
from lakehouse.settings import lineage_target

ON = (
    {"OPENLINEAGE_URL": "http://x"},
    {"OPENLINEAGE_CONFIG": "/x.yml"},
    {"AIRFLOW__OPENLINEAGE__CONFIG_PATH": "/x.yml"},
    {"AIRFLOW__OPENLINEAGE__TRANSPORT": '{"type": "console"}'},
    {"OPENLINEAGE__TRANSPORT__TYPE": "console"},
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if "OPENLINEAGE" in name]:
        monkeypatch.delenv(name)


def test_off_by_default() -> None:
    assert lineage_target.load() is None


@pytest.mark.parametrize("variables", ON, ids=lambda one: next(iter(one)))
def test_on_by_each_of_the_standards_settings_and_off_again(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_CONFIG", "")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert lineage_target.load() is not None
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    assert lineage_target.load() is None


@pytest.mark.process
def test_a_job_without_lineage_imports_nothing_for_it() -> None:
    code = (
        "import sys, jobs.lineage_events as events\n"
        "from jobs.command_line import parse\n"
        "assert events.started(parse(['maintain'])) is None\n"
        "print([name for name in sys.modules if 'openlineage' in name or name.startswith('lakehouse.lineage')])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
