"""The command line of score."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import ByChampion, Days, Forced, OfUseCase
from jobs.options import model_version, option, switch


@dataclass(frozen=True, kw_only=True)
class ScoreArguments(ByChampion, Forced, Days, OfUseCase):
    """Whose entities are scored, of which days, and by which version.

    Attributes:
        model_version: this version, whatever the days were scored by before.
        retry_service: a service that does not answer fails the run, which is tried again, before a fallback scores in its place.
        chosen_by: why the days are scored by ``model_version``, for its rows; None: it was requested. A rollback sets it.
    """

    model_version: int | None = field(
        default=None, metadata=option("score by this version", type=model_version, metavar="N")
    )
    retry_service: bool = field(
        default=False,
        metadata=switch("fail when MLflow does not answer, to be tried again, and let no fallback score in its place"),
    )
    chosen_by: str | None = None
