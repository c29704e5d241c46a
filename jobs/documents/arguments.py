"""The command line of documents."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import Days, Forced, OfDataset


@dataclass(frozen=True, kw_only=True)
class DocumentsArguments(Forced, Days, OfDataset):
    """Whose documents are made, and of the deliveries of which days."""
