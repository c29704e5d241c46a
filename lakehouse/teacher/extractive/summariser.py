"""The built-in summariser as a teacher."""

from __future__ import annotations

import json
from typing import Self

import numpy as np

from lakehouse.teacher.extractive import MODEL, ranking
from lakehouse.teacher.extractive.ranking import Vector
from lakehouse.teacher.extractive.sentences import sentences
from lakehouse.teacher.reply import Reply
from lakehouse.teacher.request import Request


class Summariser:
    """Answers with the most telling sentences of the document. Draws come from the request's key: equal requests, equal answers."""

    free = True

    def __init__(self) -> None:
        # The variants of a document follow each other.
        self._last: tuple[str, list[str], Vector, Vector] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def ask(self, request: Request, earlier: int = 0) -> Reply:
        """The summary, always the same; no text where the document has no sentence."""
        found, similar, ranks = self._ranked(request)
        if not found:
            return Reply("", finish_reason="stop", model=MODEL)
        asked = json.loads(request.parameters)
        random = np.random.default_rng(int(request.key[:32], 16))
        taken = ranking.chosen(
            ranks, similar, asked["sentences"], asked.get("temperature", 0.0), asked.get("top_p", 1.0), random
        )
        return Reply(" ".join(found[at] for at in taken), finish_reason="stop", model=MODEL)

    def _ranked(self, request: Request) -> tuple[list[str], Vector, Vector]:
        if self._last is None or self._last[0] != request.content_digest:
            found = sentences(request.text)
            similar = ranking.similarities(found)
            ranks = ranking.text_rank(similar) if found else np.zeros(0)
            self._last = (request.content_digest, found, similar, ranks)
        return self._last[1:]
