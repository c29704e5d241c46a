"""A call: one request for a dataset, and what has become of it so far. Each change makes a new record of the whole."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Self

# Outcomes. The service answered: with a text that may be used, one that was cut off, a refusal, nothing, or the prompt itself.
ANSWERED, TRUNCATED, REFUSED, EMPTY, ECHO = "answered", "truncated", "refused", "empty", "echo"
# It refuses this request; or twice nothing came in time.
FAILED, UNKNOWN = "failed", "unknown"
# Not outcomes: the next run sends it; it is under way, or was when its process was killed.
OPEN, SENT = "open", "sent"

REPLIED = frozenset({ANSWERED, TRUNCATED, REFUSED, EMPTY, ECHO})
FINAL = REPLIED | {FAILED, UNKNOWN}
STATES = (ANSWERED, TRUNCATED, REFUSED, EMPTY, ECHO, FAILED, UNKNOWN, OPEN, SENT)

# Where calls go that nobody bills: they use nothing of a budget.
BUILT_IN = "built-in"

INSTANTS = ("first_sent_at", "sent_at", "ended_at")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One line of ``ops.calls``; the fields are the table's columns, without ``segment``."""

    dataset: str
    request_key: str
    purpose: str
    document_id: str
    content_digest: str
    variant: str
    endpoint: str
    model: str
    parameters: str
    prompt_digest: str
    state: str = OPEN
    attempts: int = 0
    replies: int = 0
    maybe_billed: int = 0
    timeouts: int = 0
    reserved_micros: int = 0
    cost_micros: int = 0
    unsure_micros: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    returned_model: str | None = None
    finish_reason: str | None = None
    answer: str | None = None
    error: str | None = None
    run_id: str
    first_sent_at: dt.datetime
    sent_at: dt.datetime
    ended_at: dt.datetime | None = None

    @property
    def counted(self) -> int:
        """How many calls of the budget it has used: attempts that were answered, may have been, or are under way."""
        if self.endpoint == BUILT_IN:
            return 0
        return self.replies + self.maybe_billed + (self.state == SENT)

    def sending(self, reserved_micros: int, run_id: str, now: dt.datetime) -> Self:
        """An attempt begins, which can cost ``reserved_micros`` at most."""
        first = now if self.attempts == 0 else self.first_sent_at
        return replace(
            self,
            state=SENT,
            attempts=self.attempts + 1,
            reserved_micros=reserved_micros,
            run_id=run_id,
            first_sent_at=first,
            sent_at=now,
            ended_at=None,
        )

    def not_sent(self, error: str) -> Self:
        """The attempt brought nothing, and can't have been billed."""
        return replace(self, state=OPEN, reserved_micros=0, error=error)

    def lost(self, error: str, timed_out: bool = False) -> Self:
        """The attempt brought nothing, and may have been billed: what was reserved for it counts as spent."""
        return replace(
            self,
            state=OPEN,
            maybe_billed=self.maybe_billed + 1,
            timeouts=self.timeouts + timed_out,
            cost_micros=self.cost_micros + self.reserved_micros,
            unsure_micros=self.unsure_micros + self.reserved_micros,
            reserved_micros=0,
            error=error,
        )

    def ended(self, state: str, now: dt.datetime, **found: Any) -> Self:
        """Its outcome is known."""
        assert state in FINAL
        return replace(self, state=state, reserved_micros=0, ended_at=now, **found)

    def replied(self, state: str, now: dt.datetime, cost_micros: int | None, **found: Any) -> Self:
        """The service answered; it cost ``cost_micros``, or, where it does not say, what was reserved."""
        assert state in REPLIED
        cost = self.reserved_micros if cost_micros is None else cost_micros
        unsure = cost if cost_micros is None else 0
        return self.ended(
            state,
            now,
            replies=self.replies + 1,
            cost_micros=self.cost_micros + cost,
            unsure_micros=self.unsure_micros + unsure,
            error=None,
            **found,
        )
