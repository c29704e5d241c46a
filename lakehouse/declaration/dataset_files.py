"""The datasets under the roots: ``<name>/dataset.yaml``, with a prompt and ``standardise.py`` beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lakehouse.declaration import yaml_file
from lakehouse.declaration.dataset import Dataset
from lakehouse.declaration.declaration import DATASET_FILE, Declaration
from lakehouse.declaration.declared import Shared, dataset
from lakehouse.errors import DeclarationError

# A pure function of a document's text and row, where a dataset needs one.
STANDARDISE = "standardise.py"


def files(roots: Iterable[Path]) -> list[Path]:
    """The declarations, in order."""
    return [file for root in roots for file in sorted(root.glob(f"*/{DATASET_FILE}"))]


def declaration(file: Path, shared: Shared) -> Declaration:
    """What a file declares, beside these shared sources."""
    said = b""
    try:
        text = yaml_file.text(file)
        said = shared.digest_with(text)
        found = dataset(file, text, shared)
        _stands_in_its_folder(file, found)
        return Declaration(file, said, dataset=found)
    except DeclarationError as error:
        return Declaration(file, said, error=error)


def folder(roots: Iterable[Path], dataset: Dataset) -> Path:
    """The folder that declares a dataset.

    Raises:
        DeclarationError: when there is no such folder.
    """
    for root in roots:
        if (root / dataset.name / DATASET_FILE).is_file():
            return root / dataset.name
    raise DeclarationError(
        f"dataset {dataset.name}: expected {DATASET_FILE} in a folder of that name under one of the roots, found none"
    )


def _stands_in_its_folder(file: Path, found: Dataset) -> None:
    if found.name != file.parent.name:
        raise DeclarationError(f"{file}: name: expected {file.parent.name!r} like its folder, found {found.name!r}")
    for section, service in found.services.items():
        if not (file.parent / service.prompt).is_file():
            raise DeclarationError(
                f"{file}: {section}.prompt: expected {service.prompt} in the same folder, found no such file"
            )
