"""A version gets a number that no other run has in the audit log."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from mlflow import MlflowClient

from jobs.train.tracking import registration
from lakehouse.errors import RegistryChanged
from lakehouse.models import champion_record, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


def recorded(name: str, *runs: str) -> None:
    """Versions 1, 2, ... of these runs were registered, and the last of them promoted."""
    for version, run in enumerate(runs, 1):
        at = NOON + dt.timedelta(hours=version)
        model_events.record(Event(name, version, model_events.REGISTERED, None, "tests", "trained", {}, run, at))
    event = Event(name, len(runs), model_events.PROMOTED, None, "tests", "better", {}, runs[-1], NOON)
    model_events.record(event)


def test_a_registry_that_counts_from_a_lower_number_passes_over_the_numbers_that_were_used(
    lakehouse_root: Path, mlflow_uri: str
) -> None:
    """Also a model that is deleted and made again: by MLflow's own numbers."""
    name, client = "counted_again", MlflowClient(tracking_uri=mlflow_uri)
    run = client.create_run(client.create_experiment(name)).info.run_id
    recorded(name, "one", "two")

    def create() -> int:
        return int(client.create_model_version(name, f"runs:/{run}/model", run_id=run, await_creation_for=0).version)

    for _ in range(2):
        client.create_registered_model(name)
        made = registration.with_unused_number(
            name, create, lambda number: client.delete_model_version(name, str(number))
        )
        assert (made.version, made.run_id) == (3, run)
        assert [version.version for version in registry.versions(name)] == [3]
        with pytest.raises(RegistryChanged, match=r"version 2: expected run two .* the registry has no such version"):
            champion_record.champion(name)
        client.delete_registered_model(name)


def test_a_version_made_by_hand_under_the_champions_number_is_noticed(lakehouse_root: Path, mlflow_uri: str) -> None:
    name, client = "made_by_hand", MlflowClient(tracking_uri=mlflow_uri)
    run = client.create_run(client.create_experiment(name)).info.run_id
    recorded(name, "passed the gate")
    client.create_registered_model(name)
    client.create_model_version(name, f"runs:/{run}/model", run_id=run, await_creation_for=0)
    client.set_registered_model_alias(name, registry.CHAMPION, "1")
    with pytest.raises(RegistryChanged, match=f"version 1: expected run passed the gate .* the registry has run {run}"):
        champion_record.champion(name)


def test_a_registry_that_gives_out_the_same_number_again_is_refused(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded("stuck", "one", "two")
    monkeypatch.setattr(registry, "version", lambda name, number: ModelVersion(name, number, "new", {}))
    deleted: list[int] = []
    with pytest.raises(RegistryChanged, match="the registry gave out 2 again"):
        registration.with_unused_number("stuck", lambda: 2, deleted.append)
    assert deleted == [2, 2]
