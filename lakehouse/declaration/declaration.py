"""A folder with a declaration, right or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lakehouse.declaration.shared_source import SharedSource
from lakehouse.declaration.use_case import UseCase
from lakehouse.errors import DeclarationError

USE_CASE_FILE, SOURCE_FILE = "use_case.yaml", "source.yaml"


@dataclass(frozen=True)
class Declaration:
    """A folder with a declaration: what it says, and what that declares, or the error that says what is wrong with it.

    Attributes:
        file: the declaration.
        said: the digest of all that decides what it declares.
        use_case: the use case, where it is one and right.
        source: the shared source, where it is one and right.
        error: what is wrong.
    """

    file: Path
    said: bytes = b""
    use_case: UseCase | None = None
    source: SharedSource | None = None
    error: DeclarationError | None = None

    @property
    def folder(self) -> Path:
        """The folder, which has the name of what is declared there."""
        return self.file.parent

    @property
    def kind(self) -> str:
        """What it declares, in words."""
        return "source" if self.file.name == SOURCE_FILE else "use case"
