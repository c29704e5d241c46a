"""Telling facts: written down first, then sent to each receiver, one message a fact however often it is seen."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Sequence

from lakehouse.alerts.fact import Fact, Message
from lakehouse.declaration.alerts import Receiver
from lakehouse.ops import alerts
from lakehouse.ops.alerts import Line

log = logging.getLogger(__name__)

Send = Callable[[Receiver, Message], None]


class NotSent(Exception):
    """A message was not sent; the text says why, without a secret.

    Attributes:
        of_server: whether the server is at fault: then other messages to it wait too.
    """

    def __init__(self, why: str, of_server: bool = True) -> None:
        super().__init__(why)
        self.of_server = of_server


def write_down(
    facts: Iterable[Fact], receivers: Sequence[Receiver], run_of: Callable[[Fact], str], now: dt.datetime
) -> int:
    """Write down what is new of the facts, for each receiver that wants them; the number of new lines.

    Args:
        facts: what is seen now, new or not.
        receivers: who is told.
        run_of: the address of a fact's run.
        now: the present.
    """
    lines = []
    for fact in facts:
        message = Message.of(fact, run_of(fact))
        lines += [_line(message, one, now) for one in receivers if fact.event in one.events]
    return len(alerts.record(lines))


def send_due(receivers: Sequence[Receiver], send: Send, clock: Callable[[], dt.datetime]) -> tuple[int, int]:
    """Send what is due to these receivers. A receiver whose server is away is tried once, and again when its wait is over.

    Args:
        receivers: who is told.
        send: sends one message.
        clock: the present.

    Returns:
        How many messages were sent, and how many were tried in vain.
    """
    by_address = {one.way.address: one for one in receivers}
    sent, away = 0, set[str]()
    for line in alerts.lines(by_address, (alerts.OPEN, alerts.SENDING, alerts.FAILED)):
        if line.receiver in away or not line.due(clock()):
            continue
        if (claimed := alerts.claim(line, clock())) is None:
            continue
        try:
            send(by_address[line.receiver], _message(claimed))
        except NotSent as error:
            alerts.ended(claimed, clock(), str(error))
            log.warning("alerts: %s is not told of %r: %s; tried again later", line.receiver, line.subject, error)
            if error.of_server:
                away.add(line.receiver)
            continue
        alerts.ended(claimed, clock())
        sent += 1
    return sent, len(away)


def _line(message: Message, receiver: Receiver, now: dt.datetime) -> Line:
    return Line(
        fact=message.id,
        receiver=receiver.way.address,
        event=message.event,
        whose=message.whose,
        subject=message.subject,
        body=message.body,
        run=message.run,
        page=message.page,
        state=alerts.OPEN,
        tries=0,
        error=None,
        happened_at=message.at,
        recorded_at=now,
    )


def _message(line: Line) -> Message:
    return Message(line.fact, line.event, line.whose, line.subject, line.body, line.run, line.page, line.happened_at)
