"""A folder with a declaration, right or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lakehouse.declaration.dataset import Dataset
from lakehouse.declaration.feature_group import FeatureGroup
from lakehouse.declaration.shared_source import SharedSource
from lakehouse.declaration.use_case import UseCase
from lakehouse.errors import DeclarationError

USE_CASE_FILE, SOURCE_FILE, GROUP_FILE, DATASET_FILE = "use_case.yaml", "source.yaml", "group.yaml", "dataset.yaml"
KINDS = {SOURCE_FILE: "source", GROUP_FILE: "feature group", DATASET_FILE: "dataset"}


@dataclass(frozen=True)
class Declaration:
    """A folder with a declaration: what it says, and what that declares, or the error that says what is wrong with it.

    Attributes:
        file: the declaration.
        said: the digest of all that decides what it declares.
        use_case: the use case, where it is one and right.
        source: the shared source, where it is one and right.
        group: the feature group, where it is one and right.
        dataset: the dataset, where it is one and right.
        error: what is wrong.
    """

    file: Path
    said: bytes = b""
    use_case: UseCase | None = None
    source: SharedSource | None = None
    group: FeatureGroup | None = None
    dataset: Dataset | None = None
    error: DeclarationError | None = None

    @property
    def folder(self) -> Path:
        """The folder, which has the name of what is declared there."""
        return self.file.parent

    @property
    def name(self) -> str:
        """The name of what is declared, by the folder; of a feature group with its version, as its table is called."""
        folder = self.folder
        return f"{folder.parent.name}_{folder.name}" if self.file.name == GROUP_FILE else folder.name

    @property
    def right(self) -> UseCase | SharedSource | FeatureGroup | Dataset | None:
        """What it declares, where it is right."""
        return self.use_case or self.source or self.group or self.dataset

    @property
    def kind(self) -> str:
        """What it declares, in words."""
        return KINDS.get(self.file.name, "use case")
