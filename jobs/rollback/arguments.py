"""The command line of rollback."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import Delivering, OfUseCase, WithDryRun
from jobs.options import model_version, option, switch, words


@dataclass(frozen=True, kw_only=True)
class RollbackArguments(Delivering, WithDryRun, OfUseCase):
    """The version to return to, and why.

    Attributes:
        reason: why.
        to_version: this version becomes champion again; else the one before.
        from_version: only if this version is still champion.
        rescore: also score the nights since then again.
        request: a name; a rollback of that name is carried out once.
    """

    reason: str = field(metadata=option("why, for readers of ops.model_events", type=words))
    to_version: int | None = field(
        default=None,
        metadata=option("make this version champion again; else the one before", type=model_version, metavar="N"),
    )
    from_version: int | None = field(
        default=None,
        metadata=option(
            "only if this version is still champion; else nothing happens", type=model_version, metavar="N"
        ),
    )
    rescore: bool = field(
        default=False, metadata=switch("score the nights since then again, by the version that is champion again")
    )
    request: str | None = field(
        default=None,
        metadata=option(
            "a name for this rollback, such as a ticket's number: it is carried out once, however often it is requested",
            type=words,
            metavar="NAME",
        ),
    )
