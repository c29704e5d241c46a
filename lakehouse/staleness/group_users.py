"""Who needs a version of a feature group: it is built until nobody does."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.declaration import FeatureGroup, UseCase, feature_groups, loader
from lakehouse.models import champion_record, registry, shadow


@dataclass(frozen=True)
class Users:
    """Who needs a version.

    Attributes:
        group: the version.
        names: in words: use cases that take it, model versions that were trained on it, or that it is the newest one.
    """

    group: FeatureGroup
    names: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """Who needs it, or what to do when nobody does."""
        label = f"{self.group.name} v{self.group.version}"
        if self.names:
            return f"{label} is needed by {', '.join(self.names)}"
        return (
            f"{label} is retired: a newer version is declared, and neither a use case nor a champion, challenger or version in "
            "shadow names it; remove its folder, or build it all the same with --force"
        )


def needed_by(group: FeatureGroup) -> Users:
    """Who needs this version. The registry is asked only where no declaration names it."""
    use_cases = loader.declared()
    taking = [use_case for use_case in use_cases if any(taken.group == group for taken in use_case.taken)]
    names = [f"use case {use_case.name}" for use_case in taking]
    newest = max((other.version for other in feature_groups.declared() if other.name == group.name), default=0)
    if group.version >= newest:
        names.append("its being the newest version")
    if not names:
        names = [name for use_case in use_cases for name in trained_on(group, use_case)]
    return Users(group, tuple(names))


def trained_on(group: FeatureGroup, use_case: UseCase) -> list[str]:
    """The versions of the use case's model that score and were trained on features of the group."""
    numbers = {
        "champion": champion_record.number(use_case.name),
        "former champion in shadow": shadow.former(use_case) if shadow.nights_left(use_case) else None,
    }
    challenger = registry.by_alias(use_case.name, registry.CHALLENGER)
    numbers["challenger"] = None if challenger is None else challenger.version
    known = {model.version: model for model in registry.versions(use_case.name)}
    return [
        f"{role} {number} of {use_case.name}"
        for role, number in numbers.items()
        if number in known and any(name.startswith(f"{group.table_name}_") for name in known[number].features)
    ]
