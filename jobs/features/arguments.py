"""The command line of features."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import Days, Forced, OfUseCase


@dataclass(frozen=True, kw_only=True)
class FeaturesArguments(Forced, Days, OfUseCase):
    """Whose features are built, and of which days."""
