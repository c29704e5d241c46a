"""The platform's ``retention.yaml``, beside the folders of use cases."""

from __future__ import annotations

from pathlib import Path

from lakehouse import settings
from lakehouse.declaration import declared, yaml_file
from lakehouse.declaration.retention import Retention
from lakehouse.errors import DeclarationError

FILE = "retention.yaml"


def load(roots: tuple[Path, ...] | None = None) -> Retention:
    """What is declared for the whole platform; nothing where there is no file.

    Raises:
        DeclarationError: with the file, the field, and what was expected; also when two folders have one.
    """
    places = settings.load().use_case_roots if roots is None else roots
    files = [root / FILE for root in places if (root / FILE).is_file()]
    if not files:
        return Retention()
    if len(files) > 1:
        raise DeclarationError(
            f"{files[1]}: expected one {FILE} for the whole platform, found another in {files[0].parent}; make one of both"
        )
    return declared.section(Retention, files[0], yaml_file.text(files[0]))
