"""The command line of report."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import OfUseCase, OneDay


@dataclass(frozen=True, kw_only=True)
class ReportArguments(OneDay, OfUseCase):
    """Whose drift page is drawn, and of which day."""
