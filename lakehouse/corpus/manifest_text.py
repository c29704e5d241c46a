"""The manifest of a published version as a file: a line for each document and each call, so that two can be compared by lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def written(content: Mapping[str, Any]) -> str:
    """The text of the file: JSON, the same for the same content."""
    parts = [f" {json.dumps(name)}: {_value(value)}" for name, value in content.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _value(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"  {_line(one)}" for one in value) + "\n ]"
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"  {_line(str(name))}: {_line(one)}" for name, one in sorted(value.items())) + "\n }"
    return _line(value)


def _line(one: Any) -> str:
    return json.dumps(one, ensure_ascii=False, sort_keys=True)
