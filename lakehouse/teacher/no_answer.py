"""Why an attempt brought no answer, and what that means for money and for another try. No text has a secret."""

from __future__ import annotations


class NoAnswer(Exception):
    """An attempt brought no answer.

    Attributes:
        pause: how long the service asks to wait, in s; None where it does not say.
    """

    def __init__(self, found: str, pause: float | None = None) -> None:
        super().__init__(found)
        self.pause = pause


class NotTaken(NoAnswer):
    """The service did not take the request, or says that it failed: nothing was billed, and it is sent again."""


class Lost(NoAnswer):
    """The request was taken, and its answer was lost on the way: it may have been billed, and is sent again."""


class TimedOut(NoAnswer):
    """Nothing came in time: it may have been billed, and is sent again once, or it would be paid again and again."""


class Declined(NoAnswer):
    """The service refuses this very request: sent again, it would again."""
