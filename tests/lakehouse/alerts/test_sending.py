"""One message a fact: written down first, whoever sees it and however often; kept and tried again while a server is away."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from lakehouse.alerts import sending
from lakehouse.alerts.fact import Fact, Message
from lakehouse.alerts.sending import NotSent
from lakehouse.declaration import Receiver
from lakehouse.ops import alerts

NOON = dt.datetime(2024, 6, 10, 12, tzinfo=dt.UTC)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
DESK = Receiver.model_validate({"name": "desk", "email": {"to": ["desk@example.org"]}})
CHAT = Receiver.model_validate({"name": "chat", "webhook": {"connection": "chat"}, "events": ["refused", "late"]})


def fact(number: int = 1, event: str = "held") -> Fact:
    return Fact(event=event, identity=f"m {number}", whose="m", title=f"m: {number}", happened="it did", at=NOON)  # type: ignore[arg-type]


class World:
    """Receivers that note what they get; those in ``away`` take nothing, and in ``killed`` the sender dies after sending."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []
        self.away: set[str] = set()
        self.spoiled: set[str] = set()
        self.killed = False
        self.now = NOON

    def send(self, receiver: Receiver, message: Message) -> None:
        if receiver.name in self.away:
            raise NotSent("the server of desk does not answer (ConnectionRefusedError)")
        if message.subject in self.spoiled:
            raise NotSent("the server of desk answers 552", of_server=False)
        self.got.append((receiver.name, message.subject))
        if self.killed:
            raise KeyboardInterrupt

    def tell(self, *facts: Fact, receivers: tuple[Receiver, ...] = (DESK,)) -> tuple[int, int]:
        sending.write_down(facts, receivers, lambda fact: "http://airflow/dags/m", self.now)
        return sending.send_due(receivers, self.send, lambda: self.now)

    def line(self) -> alerts.Line:
        (found,) = alerts.lines()
        return found


@pytest.fixture
def world(lakehouse_root: Path) -> World:
    return World()


def test_a_fact_that_is_seen_again_is_told_once_and_the_books_say_when(world: World) -> None:
    assert [world.tell(fact()) for _ in range(3)] == [(1, 0), (0, 0), (0, 0)]
    assert world.got == [("desk", "[nightjar] m: 1")]
    line = world.line()
    assert (line.state, line.tries, line.sent_at, line.error) == (alerts.SENT, 1, NOON, None)
    assert "What it means: The new version stays challenger" in line.body and "Run: http://airflow/dags/m" in line.body


def test_each_receiver_gets_the_events_that_it_wants(world: World) -> None:
    world.tell(fact(1), fact(2, "refused"), receivers=(DESK, CHAT))
    assert sorted(world.got) == [("chat", "[nightjar] m: 2"), ("desk", "[nightjar] m: 1"), ("desk", "[nightjar] m: 2")]


def test_a_server_that_is_away_is_tried_again_later_and_later_and_the_others_are_told(world: World) -> None:
    world.away = {"desk"}
    late = fact(1, "late"), fact(2, "late")
    assert world.tell(*late, receivers=(DESK, CHAT)) == (2, 1)
    first, second = alerts.lines([DESK.way.address])
    assert (first.tries, second.tries) == (1, 0)
    assert (first.state, first.error) == (alerts.FAILED, "the server of desk does not answer (ConnectionRefusedError)")
    # Nobody waits for it: whatever is not due is left to whoever comes later.
    assert world.tell(receivers=(DESK,)) == (0, 1) and alerts.lines([DESK.way.address])[0].tries == 1
    world.away, world.now = set(), world.now + HOUR
    assert world.tell(receivers=(DESK,)) == (2, 0)
    assert {line.state for line in alerts.lines()} == {alerts.SENT}


@pytest.mark.parametrize(("tries", "minutes"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (500, 60)])
def test_it_waits_twice_as_long_after_each_try(world: World, tries: int, minutes: int) -> None:
    sending.write_down([fact()], [DESK], lambda fact: "", NOON)
    line = replace(world.line(), state=alerts.FAILED, tries=tries, tried_at=NOON)
    assert line.due(NOON + minutes * MINUTE) and not line.due(NOON + minutes * MINUTE - dt.timedelta(seconds=1))


def test_a_message_that_its_server_refuses_keeps_no_other_back(world: World) -> None:
    world.spoiled = {"[nightjar] m: 1"}
    assert world.tell(fact(1), fact(2)) == (1, 0)
    assert world.got == [("desk", "[nightjar] m: 2")]


def test_after_a_week_it_is_no_news_any_more(world: World) -> None:
    world.away = {"desk"}
    world.tell(fact())
    world.away, world.now = set(), world.now + alerts.GIVEN_UP_AFTER
    assert world.tell(receivers=(DESK,)) == (0, 0)
    assert world.line().state == alerts.FAILED


def test_a_kill_repeats_what_was_in_flight_and_nothing_else(world: World) -> None:
    world.tell(fact(1))
    world.killed = True
    with pytest.raises(KeyboardInterrupt):
        world.tell(fact(2), fact(3))
    world.killed = False
    in_flight = world.got[1:]
    # While it may still be sent by a living sender, it is left to that one.
    world.now += MINUTE
    assert world.tell(fact(1), fact(2), fact(3)) == (1, 0)
    assert sorted(subject for _, subject in world.got) == [f"[nightjar] m: {number}" for number in (1, 2, 3)]
    world.now += alerts.LEASE
    assert world.tell(fact(1), fact(2), fact(3)) == (1, 0)
    assert len(in_flight) == 1 and world.got[3:] == in_flight


def test_one_that_took_too_long_and_was_taken_over_ends_nothing_of_its_successor(world: World) -> None:
    sending.write_down([fact()], [DESK], lambda fact: "", NOON)
    slow = alerts.claim(world.line(), NOON)
    assert slow is not None and alerts.claim(slow, NOON + MINUTE) is None
    other = alerts.claim(slow, NOON + alerts.LEASE)
    assert other is not None and other.tries == 2
    assert alerts.ended(slow, NOON + alerts.LEASE, "it was cut") is None
    assert alerts.ended(other, NOON + alerts.LEASE) is not None
    assert world.line().state == alerts.SENT


def test_two_who_see_the_same_at_once_tell_it_once(world: World) -> None:
    facts, together = [fact(number) for number in range(3)], Barrier(2, timeout=60)

    def at_once(_: int) -> tuple[int, int]:
        together.wait()
        return world.tell(*facts)

    with ThreadPoolExecutor(2) as both:
        told = list(both.map(at_once, range(2)))
    assert sum(sent for sent, _ in told) == 3
    assert sorted(subject for _, subject in world.got) == [f"[nightjar] m: {number}" for number in range(3)]
    assert len(alerts.lines()) == 3 and {line.tries for line in alerts.lines()} == {1}
