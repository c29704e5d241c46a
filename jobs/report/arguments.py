"""The command line of report."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import OfUseCase, OneDay
from jobs.options import switch


@dataclass(frozen=True, kw_only=True)
class ReportArguments(OneDay, OfUseCase):
    """Whose drift page is drawn, and of which day; ``evidently`` adds Evidently's page of a sample of the window."""

    evidently: bool = field(
        default=False,
        metadata=switch("add Evidently's page of a sample of the window, which takes Spark and some ten seconds"),
    )
