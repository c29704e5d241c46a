"""The command line of erase."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import OfSource, WithDryRun
from jobs.options import option, words


@dataclass(frozen=True, kw_only=True)
class EraseArguments(WithDryRun, OfSource):
    """Which document of a source is taken out of everything, and why."""

    document: str = field(metadata=option("the document's id in the source"))
    reason: str = field(metadata=option("why, for the record of erasures", type=words))
