"""The command line of release."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from jobs.arguments import OfDataset, WithDryRun
from jobs.options import model_version, option, words

ANSWERS = ("approved", "rejected", "timeout")


@dataclass(frozen=True, kw_only=True)
class ReleaseArguments(WithDryRun, OfDataset):
    """Which version of a dataset is published, and what the person who was asked says of it."""

    version: int | None = field(
        default=None, metadata=option("which version; the newest when not given", type=model_version)
    )
    answer: Literal["approved", "rejected", "timeout"] | None = field(
        default=None, metadata=option("of the person who was asked, where approval is declared", choices=ANSWERS)
    )
    reason: str = field(default="released", metadata=option("why, for the log of versions", type=words))
