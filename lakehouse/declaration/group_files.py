"""The feature groups under the roots: ``features/<group>/v<version>/group.yaml``.

A version has a folder of its own, so that several live side by side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lakehouse.declaration import yaml_file
from lakehouse.declaration.declaration import GROUP_FILE, Declaration
from lakehouse.declaration.declared import Shared, feature_group
from lakehouse.declaration.feature_group import FeatureGroup
from lakehouse.errors import DeclarationError

# The folder of a root in which feature groups stand.
GROUPS = "features"


def files(roots: Iterable[Path]) -> list[Path]:
    """The declarations, in order, also those that lie where a version's folder should be."""
    places = (f"{GROUPS}/*/*/{GROUP_FILE}", f"{GROUPS}/*/{GROUP_FILE}")
    return [file for root in roots for place in places for file in sorted(root.glob(place))]


def declaration(file: Path, shared: Shared) -> Declaration:
    """What a file declares, beside these shared sources."""
    said = b""
    try:
        text = yaml_file.text(file)
        said = shared.digest_with(text)
        group = feature_group(file, text, shared)
        _stands_in_its_folder(file, group)
        return Declaration(file, said, group=group)
    except DeclarationError as error:
        return Declaration(file, said, error=error)


def shared(alone: Shared, found: list[Declaration]) -> Shared:
    """The shared sources together with the groups that were found."""
    if not found:
        return alone
    digest = hashlib.sha256(alone.digest)
    for item in found:
        digest.update(f"{item.file}\n{item.error or ''}\n".encode() + item.said)
    known: dict[tuple[str, int], FeatureGroup | None] = {}
    for item in found:
        if item.group is not None:
            known[item.group.name, item.group.version] = item.group
        elif (named := _named(item.file)) is not None:
            known.setdefault(named)
    return replace(alone, digest=digest.digest(), groups=known)


def folder(roots: Iterable[Path], group: FeatureGroup) -> Path:
    """The folder that declares a version of a group.

    Raises:
        DeclarationError: when there is no such folder.
    """
    below = Path(GROUPS) / group.name / f"v{group.version}"
    for root in roots:
        if (root / below / GROUP_FILE).is_file():
            return root / below
    raise DeclarationError(
        f"feature group {group.name}: expected {below / GROUP_FILE} under one of the roots, found none"
    )


def _named(file: Path) -> tuple[str, int] | None:
    """The name and version that a folder says."""
    version = file.parent.name.removeprefix("v")
    return (file.parent.parent.name, int(version)) if version.isascii() and version.isdigit() else None


def _stands_in_its_folder(file: Path, group: FeatureGroup) -> None:
    expected = f"{group.name}/v{group.version}"
    found = f"{file.parent.parent.name}/{file.parent.name}"
    if file.parent.parent.name == GROUPS:
        raise DeclarationError(f"{file}: expected it in a folder of its version, {GROUPS}/{expected}/{GROUP_FILE}")
    if found != expected:
        raise DeclarationError(f"{file}: name and version: expected them like its folder {found}, found {expected}")
    if not (file.parent / "features.py").is_file():
        raise DeclarationError(
            f"{file}: features: expected the transform in features.py of the same folder, found none"
        )
