"""Finding datasets that are declared."""

from __future__ import annotations

from pathlib import Path

from lakehouse import settings
from lakehouse.declaration import dataset_files, loader
from lakehouse.declaration.dataset import Dataset
from lakehouse.declaration.declaration import DATASET_FILE, Declaration


def declared() -> list[Dataset]:
    """The datasets whose declarations are right."""
    return among(loader.find())


def among(found: list[Declaration]) -> list[Dataset]:
    """Those among the declarations that are right."""
    return [item.dataset for item in found if item.dataset is not None]


def by_name(name: str) -> Dataset:
    """The dataset of that name.

    Raises:
        BadArguments: when there is none. DeclarationError: when there is, but its declaration is wrong.
    """
    found = loader.named(DATASET_FILE, name, repr(name)).dataset
    assert found is not None
    return found


def readers(source: str) -> list[Dataset]:
    """The datasets whose documents are the rows of that source."""
    return [one for one in declared() if one.documents.source == source]


def folder(dataset: Dataset) -> Path:
    """The folder that declares a dataset.

    Raises:
        DeclarationError: when there is no such folder.
    """
    return dataset_files.folder(settings.load().use_case_roots, dataset)
