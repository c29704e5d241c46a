"""Finding feature groups that are declared."""

from __future__ import annotations

from lakehouse.declaration import FeatureGroup, loader
from lakehouse.declaration.declaration import GROUP_FILE, Declaration
from lakehouse.errors import BadArguments


def declared() -> list[FeatureGroup]:
    """The feature groups whose declarations are right, each version by itself."""
    return among(loader.find())


def among(found: list[Declaration]) -> list[FeatureGroup]:
    """Those among the declarations that are right."""
    return [item.group for item in found if item.group is not None]


def by_name(name: str, version: int) -> FeatureGroup:
    """The version of the group of that name.

    Raises:
        BadArguments: when there is none. DeclarationError: when there is, but its declaration is wrong.
    """
    return by_table_name(f"{name}_v{version}")


def by_table_name(wanted: str) -> FeatureGroup:
    """The same by the name of its table.

    Raises:
        BadArguments: when there is none. DeclarationError: when there is, but its declaration is wrong.
    """
    found = [item for item in loader.find() if item.file.name == GROUP_FILE]
    for item in found:
        if item.name == wanted:
            if item.error is not None:
                raise item.error
            assert item.group is not None
            return item.group
    names = ", ".join(item.name for item in found) or "none"
    raise BadArguments(f"there is no feature group {wanted}; declared are: {names}")
