"""Several linear models, by name, in one file."""

from __future__ import annotations

import json
from typing import Any

from lakehouse.scorers.nightjar_linear import Linear


def together(models: Any) -> str:
    """Several linear models, by name, as one file."""
    return json.dumps({name: model.said for name, model in models.items()}, separators=(",", ":"))


def apart(text: str) -> dict[str, Linear]:
    """The models of such a file.

    Raises:
        ValueError: when it is none.
    """
    try:
        return {name: Linear(said) for name, said in json.loads(text).items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"expected models of coefficients by name, found a file without {error}") from error
