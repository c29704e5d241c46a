"""What makes a README a text: without its lines of badges, addresses and markup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# reStructuredText that is no text: directives with their options, substitutions, rules below headings, targets.
MARKUP = re.compile(r"^\s*(\.\. .*|:[\w-]+:.*|[=\-~^\"'`#*+]{3,}|\|[\w -]+\|)\s*$")
ADDRESS = re.compile(r"^\W*(https?://\S+\W*)+$")
ROLE = re.compile(r":[\w:-]+:`([^`<]+?)(?:\s*<[^`>]*>)?`")
LINK = re.compile(r"`([^`<]+?)\s*<[^`>]*>`_+")


def standardise(text: str, row: Mapping[str, Any]) -> str | None:
    """The README without markup; None where nothing is left, as in that of a package that has none."""
    if row["markup"] == "text/x-rst":
        text = LINK.sub(r"\1", ROLE.sub(r"\1", text)).replace("``", "")
        text = "\n".join(line for line in text.splitlines() if not MARKUP.match(line))
    lines = [line.rstrip() for line in text.splitlines() if not ADDRESS.match(line)]
    return "\n".join(lines).strip() or None
