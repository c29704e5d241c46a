"""What the loop needs of what answers: a service, or the built-in summariser."""

from __future__ import annotations

from typing import Protocol, Self

from lakehouse.teacher.reply import Reply
from lakehouse.teacher.request import Request


class Teacher(Protocol):
    """Who is asked. Used in an ``async with`` block."""

    @property
    def free(self) -> bool:
        """Whether asking again costs nothing, so that it need not be written down before."""

    async def __aenter__(self) -> Self:
        """Begin."""

    async def __aexit__(self, *error: object) -> None:
        """End."""

    async def ask(self, request: Request, earlier: int = 0) -> Reply:
        """The answer; ``earlier`` is how many there were before.

        Raises:
            NoAnswer: this attempt brought none. TeacherRefused: no request would bring one.
        """
