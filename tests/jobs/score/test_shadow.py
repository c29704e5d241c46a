"""Which version scores beside the champion: asked of the record and of the scores, without Spark."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lakehouse import tables
from lakehouse.errors import ServiceUnavailable
from lakehouse.models import champion_record, registry, shadow, version_selection
from lakehouse.models.shadow import Shadow
from lakehouse.models.version_selection import Choice
from lakehouse.ops import builds, model_events
from tests.jobs.shelf import NOON, Shelf, day, open_clinic
from tests.jobs.shelf import scored as scored_by


@pytest.fixture
def shelf(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    declared = {"shadow": True, "canary_share": 0.2, "former_nights": 2}
    made = open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files", rollout=declared)
    for _ in range(3):
        made.add()
    made.promote(1)
    return made


def scored(shelf: Shelf, number: int, role: str, version: int, why: str, share: float | None = None) -> None:
    recorded = {} if share is None else {shadow.SHADOW_REASON: why, shadow.DECIDES_FOR: f"{share:g}"}
    scored_by(shelf.use_case, number, version, role, why, **recorded)


def beside(
    shelf: Shelf, *numbers: int, version: int = 1, why: str = version_selection.CHAMPION
) -> dict[dt.date, Shadow]:
    chosen = {day(number): Choice(shelf.versions[version], why) for number in numbers}
    found = shadow.choose(shelf.use_case, chosen)
    assert found.failures == ()
    return dict(found.by_day)


def test_the_challenger_scores_beside_the_champion_and_decides_for_its_share(shelf: Shelf) -> None:
    assert beside(shelf, 0) == {}
    shelf.aliases[registry.CHALLENGER] = 2
    assert beside(shelf, 0, 1) == dict.fromkeys((day(0), day(1)), Shadow(2, "challenger", 0.2))


def test_who_asks_for_a_version_asks_for_its_decisions_alone(shelf: Shelf) -> None:
    shelf.aliases[registry.CHALLENGER] = 2
    assert beside(shelf, 0, why=version_selection.ASKED) == {}
    scored(shelf, 0, "champion", 1, version_selection.CHAMPION)
    scored(shelf, 0, "challenger", 2, shadow.CHALLENGER, 0.2)
    assert beside(shelf, 0, version=3, why=version_selection.ASKED) == {day(0): Shadow(2, "challenger", 0.0)}
    # The challenger itself: no model stands beside itself.
    assert beside(shelf, 0, version=2, why=version_selection.ASKED) == {}


def test_a_day_keeps_its_challenger_and_share_whatever_came_since(shelf: Shelf) -> None:
    scored(shelf, 0, "champion", 1, version_selection.CHAMPION)
    scored(shelf, 0, "challenger", 2, shadow.CHALLENGER, 0.05)
    scored(shelf, 1, "champion", 1, version_selection.CHAMPION)
    shelf.aliases[registry.CHALLENGER] = 3
    assert beside(shelf, 0, 1, 2) == {day(0): Shadow(2, "challenger", 0.05), day(2): Shadow(3, "challenger", 0.2)}


def test_a_challenger_that_was_set_out_for_and_is_not_there_is_tried_again(shelf: Shelf) -> None:
    scored(shelf, 0, "champion", 1, version_selection.CHAMPION)
    inputs = {"model version": "2", shadow.SHADOW_REASON: "challenger", shadow.DECIDES_FOR: "0.2"}
    builds.record(tables.scores(shelf.use_case), {day(0): inputs})
    assert beside(shelf, 0) == {day(0): Shadow(2, "challenger", 0.2)}
    chosen = {day(0): Choice(shelf.versions[1], version_selection.CHAMPION)}
    assert shadow.choose(shelf.use_case, chosen, retry_failed=False).by_day == {}


def test_after_a_promotion_the_former_champion_goes_first_for_the_declared_nights(shelf: Shelf) -> None:
    shelf.aliases[registry.CHALLENGER] = 3
    shelf.promote(2)
    former, challenger = Shadow(1, "former champion"), Shadow(3, "challenger", 0.2)
    assert beside(shelf, 0, 1, 2, version=2) == {day(0): former, day(1): former, day(2): challenger}
    scored(shelf, 0, "champion", 2, version_selection.CHAMPION)
    scored(shelf, 0, "challenger", 1, shadow.FORMER, 0)
    assert shadow.nights_left(shelf.use_case) == 1
    assert beside(shelf, 1, 2, version=2) == {day(1): former, day(2): challenger}


def test_a_version_that_was_rolled_back_from_does_not_come_back_into_shadow(shelf: Shelf) -> None:
    shelf.promote(2)
    assert shadow.former(shelf.use_case) == 1
    assert champion_record.change(shelf.event(1, model_events.ROLLED_BACK))
    assert shadow.former(shelf.use_case) is None and shadow.nights_left(shelf.use_case) == 0
    assert beside(shelf, 0) == {}


def test_a_night_that_is_rolled_back_keeps_what_its_champion_said_beside(shelf: Shelf) -> None:
    scored(shelf, 0, "champion", 2, version_selection.CHAMPION)
    scored(shelf, 0, "challenger", 1, shadow.FORMER, 0)
    scored(shelf, 1, "champion", 2, version_selection.CHAMPION)
    scored(shelf, 1, "challenger", 3, shadow.CHALLENGER, 0.2)
    assert beside(shelf, 0, 1, why=version_selection.ROLLED_BACK) == {
        day(0): Shadow(2, "rolled back"),
        day(1): Shadow(3, "challenger", 0.0),
    }


def test_a_registry_that_does_not_answer_for_the_challenger_stops_no_champion(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(name: str, alias: str) -> None:
        raise ServiceUnavailable("MLflow: expected an answer, found none")

    monkeypatch.setattr(registry, "by_alias", silent)
    found = shadow.choose(shelf.use_case, {day(0): Choice(shelf.versions[1], version_selection.CHAMPION)})
    assert found.by_day == {} and "expected an answer, found none" in found.failures[0]


def test_a_retired_or_lost_version_is_no_model_to_score_with(shelf: Shelf) -> None:
    registry.tag(shelf.versions[2], registry.TAG_RETIRED, NOON.isoformat())
    found, failures = shadow.models(shelf.use_case, [1, 2, 9])
    assert list(found) == [1]
    assert "expected a version in service, it was retired" in failures[0] and "no version 9" in failures[1]
