"""A dataset's own ``standardise.py``: a pure function of a document's text and row that gives its text, or None to leave it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lakehouse import fingerprints
from lakehouse.declaration import datasets, own_module, transform
from lakehouse.declaration.dataset import Dataset
from lakehouse.declaration.dataset_files import STANDARDISE

Standardise = Callable[[str, Mapping[str, Any]], str | None]
FUNCTION = "standardise"


def file(dataset: Dataset) -> Path | None:
    """The module; None where the dataset has none."""
    found = datasets.folder(dataset) / STANDARDISE
    return found if found.is_file() else None


def load(module: Path) -> Standardise:
    """The function ``standardise(text, row)`` of the module.

    Raises:
        DeclarationError: when the module can't be imported or has no such function.
    """
    name = f"dataset_{module.parent.name}_{module.stem}"
    function: Standardise = getattr(own_module.from_file(module, name, FUNCTION, "text, row"), FUNCTION)
    return function


def digest(dataset: Dataset) -> str:
    """What the module and those of its folder that it imports do; empty where there is none.

    Raises:
        DeclarationError: when one of them is no Python.
    """
    found = file(dataset)
    return "" if found is None else fingerprints.digest(*transform.syntax_of(found))
