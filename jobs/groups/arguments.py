"""The command lines of the stages of feature groups."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import Days, Forced, OfGroup


@dataclass(frozen=True, kw_only=True)
class GroupArguments(Forced, Days, OfGroup):
    """Which version of a group is built, and of which days."""
