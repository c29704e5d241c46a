import datetime as dt

from jobs.rollback import champion_history
from lakehouse.ops.model_events import PROMOTED, ROLLED_BACK, Event

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


def changes(*steps: tuple[int, str], first: int | None = None) -> list[Event]:
    """Each step makes a version champion in the place of the one before."""
    found, before = [], first
    for minutes, (version, event) in enumerate(steps):
        at = NOON + dt.timedelta(minutes=minutes)
        found.append(Event("m", version, event, before, "tests", "why", {}, "r", at))
        before = version
    return found


def test_each_champion_stands_on_the_one_before():
    assert champion_history.champions_in_order([]) == []
    assert champion_history.champions_in_order(changes((1, PROMOTED), (2, PROMOTED), (5, PROMOTED))) == [1, 2, 5]


def test_a_rollback_takes_away_what_stands_on_the_version_that_comes_back():
    history = changes((1, PROMOTED), (2, PROMOTED), (3, PROMOTED), (2, ROLLED_BACK))
    assert champion_history.champions_in_order(history) == [1, 2]
    assert champion_history.champions_in_order(
        changes((1, PROMOTED), (2, PROMOTED), (3, PROMOTED), (1, ROLLED_BACK), (4, PROMOTED))
    ) == [
        1,
        4,
    ]


def test_a_version_rolled_back_from_can_come_back_and_stands_on_the_one_it_replaces():
    history = changes((1, PROMOTED), (2, PROMOTED), (3, PROMOTED), (2, ROLLED_BACK), (3, ROLLED_BACK))
    assert champion_history.champions_in_order(history) == [1, 2, 3]


def test_a_champion_from_before_the_diary_is_known_by_who_replaced_it():
    assert champion_history.champions_in_order(changes((5, PROMOTED), first=4)) == [4, 5]
    assert champion_history.former_champions(changes((5, PROMOTED), first=4)) == {4, 5}


def test_who_comes_back_takes_over_the_nights_of_all_that_were_champion_since():
    history = changes((1, PROMOTED), (2, PROMOTED), (3, PROMOTED), (2, ROLLED_BACK))
    assert champion_history.versions_rolled_back(history, 1) == {2, 3}
    assert champion_history.versions_rolled_back(history[:3], 2) == {3}
    assert champion_history.versions_rolled_back(changes((5, PROMOTED), first=4), 4) == {5}
