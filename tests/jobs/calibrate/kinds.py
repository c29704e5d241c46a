"""Kinds of daily statistics that the tests of a limit draw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lakehouse.evaluation.population_stability import psi

WEEK = 7

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]


def exponential(dice: np.random.Generator, days: int) -> Floats:
    return dice.exponential(1.0, days)


def normal(dice: np.random.Generator, days: int) -> Floats:
    return dice.normal(-3.0, 1.0, days)


def gap(dice: np.random.Generator, days: int) -> Floats:
    return np.abs(dice.normal(0.0, 0.05, days))


def drifting(dice: np.random.Generator, days: int) -> Floats:
    """PSI of rows whose distribution has its moods: counts of bins about shares that are themselves drawn."""
    shares = np.full(10, 0.1)
    drawn = dice.multinomial(300, dice.dirichlet(shares * 200, size=days))
    return psi(shares, drawn / 300)


def trailing(values: Floats) -> Floats:
    """Means of the trailing week: neighbouring days share six days of seven."""
    return np.convolve(values, np.ones(WEEK) / WEEK, mode="valid")
