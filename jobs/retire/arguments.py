"""The command line of retire."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import OfUseCase, WithDryRun


@dataclass(frozen=True, kw_only=True)
class RetireArguments(WithDryRun, OfUseCase):
    """Whose unused versions are retired."""
