"""A row of a database, or of a use case's ``fetch``, as a line of the landed file: a JSON object of texts."""

from __future__ import annotations

import json
from collections.abc import Mapping


def of_texts(texts: Mapping[str, str | None]) -> bytes:
    """The line, without line end."""
    try:
        return json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        # Lone surrogates have no UTF-8; escaped, they reach ingest, which rejects the row with its reason.
        return json.dumps(texts, separators=(",", ":")).encode()
