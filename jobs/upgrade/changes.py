"""What releases have renamed: a column keeps its values under the new name. Added to with the release that renames."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Renamed:
    """A column of the platform's own tables, or of the tables of every use case, that has another name now.

    Attributes:
        table: its full name; of a table of every use case with a star, such as ``gold.*_scores``.
        before: the former name of the column.
        now: its name today.
    """

    table: str
    before: str
    now: str


RENAMED: tuple[Renamed, ...] = ()
