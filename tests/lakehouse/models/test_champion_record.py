"""The champion: the audit log has it, and the alias follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from lakehouse.errors import ModelMissing
from lakehouse.models import champion_record, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event
from lakehouse.storage import delta_log
from lakehouse.tables import MODEL_EVENTS

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


def promotion(version: int, before: int | None, minutes: int = 0, event: str = model_events.PROMOTED) -> Event:
    return Event("m", version, event, before, "tests", "better", {}, "r", NOON + dt.timedelta(minutes=minutes))


@pytest.fixture
def alias(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """The aliases of a registry that has every version."""
    aliases: dict[str, int] = {}

    def by_alias(name: str, alias: str) -> ModelVersion | None:
        return registry.version(name, aliases[alias]) if alias in aliases else None

    monkeypatch.setattr(registry, "version", lambda name, number: ModelVersion(name, number, "r", {}))
    monkeypatch.setattr(registry, "by_alias", by_alias)
    monkeypatch.setattr(registry, "point", lambda name, alias, number: aliases.update({alias: number}))
    yield aliases


def test_a_change_is_written_down_and_the_alias_follows(alias: dict[str, int]) -> None:
    assert champion_record.change(promotion(1, None))
    assert champion_record.change(promotion(2, 1, minutes=1))
    assert champion_record.change(promotion(1, 2, minutes=2, event=model_events.ROLLED_BACK))
    assert alias == {"champion": 1}
    assert champion_record.champion("m").version == 1
    assert [event.model_version for event in champion_record.changes("m")] == [1, 2, 1]


def test_a_change_again_changes_nothing_also_when_others_came_since(alias: dict[str, int]) -> None:
    assert champion_record.change(promotion(1, None))
    assert champion_record.change(promotion(2, 1, minutes=1))
    version = delta_log.version(MODEL_EVENTS)
    assert champion_record.change(promotion(1, None))
    assert (delta_log.version(MODEL_EVENTS), alias) == (version, {"champion": 2})


@pytest.mark.parametrize(
    ("late", "why"),
    [
        (promotion(3, None, minutes=5), "decided when there was no champion"),
        (promotion(3, 1, minutes=5), "decided against the former champion"),
        (promotion(3, 2, minutes=1), "decided before the champion became it again"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_did_not_know_the_champion_is_told_and_changes_nothing(
    alias: dict[str, int], late: Event, why: str
) -> None:
    for number, (version, before) in enumerate([(2, None), (1, 2), (2, 1)]):
        assert champion_record.change(promotion(version, before, minutes=number))
    assert not champion_record.change(late), why
    assert alias == {"champion": 2} and len(champion_record.changes("m")) == 3


def test_of_many_changes_at_once_one_wins(alias: dict[str, int]) -> None:
    """Also the very first ones, which find nothing to replace."""
    before: int | None = None
    for round_ in range(4):
        start, rivals = Barrier(4), [promotion(10 * round_ + n, before, minutes=10 * round_ + n) for n in range(1, 5)]

        def run(event: Event, start: Barrier = start) -> bool:
            start.wait()
            return champion_record.change(event)

        with ThreadPoolExecutor(4) as pool:
            won = list(pool.map(run, rivals))
        assert sum(won) == 1, (round_, won)
        before = rivals[won.index(True)].model_version
        assert alias["champion"] == before == champion_record.changes("m")[-1].model_version
    assert len(champion_record.changes("m")) == 4


def test_other_models_and_other_events_are_not_in_the_way(alias: dict[str, int]) -> None:
    other, held = replace(promotion(7, None), model_name="n"), promotion(1, None, event=model_events.HELD)
    for event in (other, held):
        model_events.record(event)
    assert champion_record.change(promotion(2, None, minutes=1))
    assert model_events.of_model("n") == [other] and held in model_events.of_model("m")


def test_an_alias_that_lags_behind_or_was_moved_by_hand_is_moved_by_who_asks(alias: dict[str, int]) -> None:
    champion_record.change(promotion(1, None))
    alias["champion"] = 9
    assert champion_record.champion("m").version == 1
    assert alias == {"champion": 1}


def test_without_a_change_in_the_audit_log_the_alias_decides(alias: dict[str, int]) -> None:
    with pytest.raises(ModelMissing, match="expected a champion, found none"):
        champion_record.champion("m")
    alias["champion"] = 4
    assert champion_record.champion("m").version == 4
    assert champion_record.change(promotion(5, 4)) and alias == {"champion": 5}
