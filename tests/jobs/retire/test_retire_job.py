"""Versions that nobody needs are put away, and never one that is in use."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.retire import files, job
from jobs.retire.arguments import RetireArguments
from lakehouse.declaration import loader, retention_file
from lakehouse.models import artifacts, champion_record, registry, versions_in_use
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event
from lakehouse.retention import subjects
from tests.jobs.shelf import NOON, Shelf, day, open_clinic, scored

ROLLOUT = {"former_nights": 2, "retirement": {"scores_days": 10, "files_days": 30}}


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The versions whose files were removed."""
    gone: list[int] = []
    monkeypatch.setattr(files, "remove", lambda model: gone.append(model.version))
    return gone


@pytest.fixture
def shelf(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removed: list[int]) -> Shelf:
    """Seven versions: 1, 2 and 3 were champion one after the other, 4 and 5 held, 6 the challenger, 7 just registered."""
    made = open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files", rollout=ROLLOUT)
    for number in range(1, 8):
        made.add(looks_at=0)
        at = NOON if number < 7 else dt.datetime.now(dt.UTC)
        model_events.record(
            Event("appointments", number, model_events.REGISTERED, None, "t", "r", {}, f"run{number}", at)
        )
    for number in (1, 2, 3):
        made.promote(number)
    for number in (4, 5, 6):
        model_events.record(made.event(number, model_events.HELD))
    made.aliases[registry.CHALLENGER] = 6
    return made


def retire(**more: Any) -> dict[str, Any]:
    return job.run(RetireArguments(use_case="appointments", actor="tests", **more)).as_json()


def back_date(shelf: Shelf, number: int, days: int) -> None:
    """As if the version had been retired so many days ago."""
    at = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    registry.tag(shelf.versions[number], registry.TAG_RETIRED, at.isoformat())
    model_events.record(Event("appointments", number, model_events.RETIRED, 3, "t", "r", {}, f"run{number}", at))


def test_who_is_in_use_stays_and_the_reason_is_said(shelf: Shelf, removed: list[int]) -> None:
    scored(shelf.use_case, 20, 3)
    # What lies between the two versions of a day is not named by it.
    scored(shelf.use_case, 15, 3)
    scored(shelf.use_case, 15, 4, role="challenger")
    scored(shelf.use_case, 16, 7)
    scored(shelf.use_case, 16, 3, role="challenger")
    scored(shelf.use_case, 10, 5)
    planned = retire(dry_run=True)
    assert (planned["status"], planned["retired"]) == ("planned", [1, 5])
    assert registry.TAG_RETIRED not in shelf.versions[1].tags
    result = retire()
    assert (result["status"], result["retired"], result["files_removed"]) == ("retired", [1, 5], [])
    assert result["kept"] == {
        "2": "the former champion, which still scores in shadow",
        "3": "the champion",
        "4": f"named by scores of the last 10 days, to {day(15)}",
        "6": "the challenger",
        "7": "waiting for its verdict",
    }
    audit_log = [
        (line.model_version, line.from_version)
        for line in model_events.of_model("appointments")
        if line.event == "retired"
    ]
    assert audit_log == [(1, 3), (5, 3)]
    # Again: nothing is left to do.
    assert (retire()["status"], removed) == ("unchanged", [])


def test_files_go_when_the_declared_time_has_passed_and_go_once(shelf: Shelf, removed: list[int]) -> None:
    back_date(shelf, 4, days=29)
    back_date(shelf, 5, days=31)
    assert (retire()["files_removed"], removed) == ([5], [5])
    assert registry.TAG_FILES_REMOVED in shelf.versions[5].tags
    assert (retire()["files_removed"], removed) == ([], [5])


@pytest.mark.parametrize(("what", "stays"), [("appointments", True), ("artifacts", True), ("visits", False)])
def test_files_that_are_held_stay_until_the_hold_ends(
    shelf: Shelf, removed: list[int], tmp_path: Path, what: str, stays: bool
) -> None:
    back_date(shelf, 5, days=31)
    hold = {"what": what, "from": "2024-01-01", "through": "2024-02-01", "reason": "an audit"}
    file = tmp_path / "own" / "retention.yaml"
    file.write_text(yaml.safe_dump({"holds": [hold]}))
    # A name that nobody declares would be refused.
    assert subjects.all_of(loader.find(), retention_file.load())
    found = retire()
    assert (found["files_removed"], removed) == (([], []) if stays else ([5], [5]))
    if stays:
        assert found["kept"]["5"] == "hold: an audit"
        file.write_text(yaml.safe_dump({"holds": [hold | {"until": "2024-04-01"}]}))
        assert (retire()["files_removed"], removed) == ([5], [5])


def test_a_retired_version_that_scores_name_again_keeps_its_files(shelf: Shelf, removed: list[int]) -> None:
    back_date(shelf, 5, days=31)
    scored(shelf.use_case, 20, 5)
    assert (retire()["files_removed"], removed) == ([], [])


@pytest.mark.parametrize("when", ["before the tag", "between tag and look", "after the look"])
def test_a_version_that_becomes_champion_meanwhile_stays_in_service(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    really_tag, really_why, looks = registry.tag, versions_in_use.versions_in_use, []

    def roll_back() -> None:
        assert champion_record.change(shelf.event(1, model_events.ROLLED_BACK))

    def tag(model: registry.ModelVersion, key: str, value: str) -> None:
        if model.version == 1 and when == "before the tag":
            roll_back()
        really_tag(model, key, value)
        if model.version == 1 and when == "between tag and look":
            roll_back()

    def why(*given: Any) -> dict[int, str]:
        found = really_why(*given)
        looks.append(found)
        # The first look made the list, the second is at version 1.
        if len(looks) == 2 and when == "after the look":
            roll_back()
        return found

    monkeypatch.setattr(registry, "tag", tag)
    monkeypatch.setattr(versions_in_use, "versions_in_use", why)
    retire()
    assert champion_record.champion("appointments").version == 1
    assert registry.TAG_RETIRED not in shelf.versions[1].tags
    assert registry.in_service(shelf.versions[1])


def test_a_version_that_becomes_champion_just_before_its_files_go_keeps_them(
    shelf: Shelf, removed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    back_date(shelf, 1, days=31)
    really, looks = versions_in_use.versions_in_use, []

    def why(*given: Any) -> dict[int, str]:
        looks.append(1)
        if len(looks) == 2:
            assert champion_record.change(shelf.event(1, model_events.ROLLED_BACK))
        return really(*given)

    monkeypatch.setattr(versions_in_use, "versions_in_use", why)
    retire()
    assert removed == [] and registry.TAG_RETIRED not in shelf.versions[1].tags


def test_a_retirement_that_was_killed_behind_its_tag_is_written_down_by_the_next(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(event: Event) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(model_events, "record", die)
        with pytest.raises(KeyboardInterrupt):
            retire()
    tagged = shelf.versions[1].tags[registry.TAG_RETIRED]
    assert retire()["retired"] == [1, 4, 5]
    line = next(line for line in model_events.of_model("appointments", 1) if line.event == model_events.RETIRED)
    assert line.happened_at.isoformat() == tagged == shelf.versions[1].tags[registry.TAG_RETIRED]


def test_where_nothing_is_declared_nothing_is_retired(shelf: Shelf, tmp_path: Path, monkeypatch: Any) -> None:
    open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files")
    shelf.install(monkeypatch)
    nothing = {"retired": [], "files_removed": [], "kept": {}}
    assert retire() == {"status": "none", "message": "appointments declares no rollout.retirement", **nothing}


def test_the_files_of_a_version_go_and_its_page_stays(
    lakehouse_root: Path, mlflow_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a real server: its store, a run with files, and a registered version."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=mlflow_uri)
    name = "put_away"
    run = client.create_run(client.create_experiment(name)).info.run_id
    (tmp_path / "file").write_text("content")
    for folder in ("booster", "profile", "training", "card"):
        client.log_artifact(run, str(tmp_path / "file"), folder)
    client.create_registered_model(name)
    client.create_model_version(name, f"runs:/{run}/booster", run_id=run, tags={"features": "a"})
    model = registry.version(name, 1)
    cached = artifacts.local_copy(model, "profile/file")
    assert cached.read_text() == "content"
    files.remove(model)
    assert sorted(item.path for item in client.list_artifacts(run)) == ["card", "training"]
    assert not cached.exists()
    assert registry.version(name, 1).tags["features"] == "a"
    files.remove(model)


def test_the_platform_may_declare_it_for_use_cases_that_do_not(
    lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files")
    assert retire()["status"] == "none"
    (tmp_path / "own" / "retention.yaml").write_text("layers: {artifacts: 60}")
    assert retire()["status"] == "unchanged"
