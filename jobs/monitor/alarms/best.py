"""Of several windows the one that shows most, for each series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from jobs.monitor.alarms.memory import Floats
from jobs.monitor.alarms.moved import Moved
from lakehouse.evaluation.packed_numbers import Whole


@dataclass(frozen=True)
class Best:
    """By series, the window with the least chance.

    Attributes:
        length: of the window.
        back: how many days before the last one it began to stand out.
        shift, z, kept, chance: as `Moved` has them.
        tests: how many series were tested on how many windows.
    """

    length: Whole
    back: Whole
    shift: Floats
    z: Floats
    kept: Floats
    chance: Floats
    tests: int

    @classmethod
    def of(cls, lengths: list[int], moved: Callable[[int], Moved]) -> Best | None:
        """Measure each window; None where there is none."""
        return cls.among({length: moved(length) for length in lengths})

    @classmethod
    def among(cls, found: Mapping[int, Moved]) -> Best | None:
        """The best of windows that are measured."""
        if not found:
            return None
        lengths = np.array(list(found))
        chance = np.stack([one.chance for one in found.values()])
        place = np.argmin(chance, axis=0)

        def of(values: list[Floats] | list[Whole]) -> Floats:
            return np.asarray(np.take_along_axis(np.stack(values), place[None], axis=0)[0])

        since = of([one.since for one in found.values()]).astype(np.int64)
        length = lengths[place].astype(np.int64)
        return cls(
            length,
            length - 1 - since,
            of([one.shift for one in found.values()]),
            of([one.z for one in found.values()]),
            of([one.kept for one in found.values()]),
            of([one.chance for one in found.values()]),
            chance.size,
        )
