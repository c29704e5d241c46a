"""What every place of a document has in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol


class Place(Protocol):
    """A place that may have something of a document."""

    def found(self) -> Mapping[str, int]:
        """How many rows, files or calls are to be taken out of what; places without any are left out. Nothing is written."""

    def take_out(self) -> list[str]:
        """Take them out; what could not be, in words. Repeated, it does what an earlier run has left."""


def total(places: Iterable[Place]) -> dict[str, int]:
    """What is to be taken out of all of them."""
    counts: Counter[str] = Counter()
    for place in places:
        counts.update(place.found())
    return {name: count for name, count in sorted(counts.items()) if count}
