"""Finding feature groups that are declared."""

from __future__ import annotations

from lakehouse.declaration import FeatureGroup, loader
from lakehouse.declaration.declaration import GROUP_FILE, Declaration


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
    found = loader.named(GROUP_FILE, wanted, wanted).group
    assert found is not None
    return found
