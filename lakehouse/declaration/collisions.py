"""Declarations that want the same name: the one that was there before keeps it, whatever comes later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lakehouse import settings
from lakehouse.declaration import kept, reserved_names
from lakehouse.declaration.declaration import Declaration
from lakehouse.declaration.deliver import MongoTarget, SqlTarget
from lakehouse.errors import DeclarationError


def refused(declarations: list[Declaration]) -> list[Declaration]:
    """The same declarations in the same order, with an error in those that take what another one has, or read what is refused."""
    wanted = [name for item in declarations for name in _names(item)]
    if len(set(wanted)) == len(wanted):
        return declarations
    owner: dict[str, Declaration] = {}
    taken: dict[Path, str] = {}
    for item in sorted(declarations, key=_standing):
        names = list(_names(item))
        name = next((name for name in names if name in owner), None)
        if name is None or item.error is not None:
            owner.update({one: item for one in names if one not in owner})
        else:
            taken[item.file] = f"{_field(item, name)}: {name} is already declared in {owner[name].file}"
    without = {item.source.name for item in declarations if item.source is not None and item.file in taken}
    # In the order in which they are found: groups, then the use cases that take them.
    no_groups: set[str] = set()
    for item in declarations:
        reader = None if item.file in taken else item.use_case or item.group or item.dataset
        if reader is not None and (lost := sorted(one.name for one in reader.shared if one.name in without)):
            taken[item.file] = f"sources: the shared source {', '.join(lost)}, which it reads, is refused"
        uses = () if item.use_case is None or item.file in taken else item.use_case.groups
        if lost := sorted(use.label for use in uses if use.label in no_groups):
            taken[item.file] = f"groups: the feature group {', '.join(lost)}, which it takes, is refused"
        if item.group is not None and item.file in taken:
            no_groups.add(f"{item.group.name} v{item.group.version}")
    return [
        replace(
            item,
            use_case=None,
            source=None,
            group=None,
            dataset=None,
            error=DeclarationError(f"{item.file}: {taken[item.file]}"),
        )
        if item.file in taken
        else item
        for item in declarations
    ]


def _names(item: Declaration) -> Iterator[str]:
    """What a declaration takes for itself alone."""
    if item.source is not None:
        yield from reserved_names.of_silver(item.source.name)
    if item.use_case is not None:
        for source in item.use_case.sources:
            yield from reserved_names.of_silver(source.name)
        # Two use cases that write the same place would delete one another's rows.
        yield from (target.address.lower() for target in item.use_case.deliver)
    if item.group is not None and isinstance(item.group.publish, SqlTarget | MongoTarget):
        yield item.group.publish.address.lower()
    if item.kind == "dataset":
        # Their tables, runs and pages are named alike.
        yield f"use case {item.name}"
    yield f"{item.kind} {item.name}"


def _field(item: Declaration, name: str) -> str:
    if name in (f"{item.kind} {item.name}", f"use case {item.name}") or item.source is not None:
        return "name"
    if item.group is not None:
        return "publish"
    return "deliver" if " " in name else "sources"


def _standing(item: Declaration) -> tuple[bool, bool, int, str]:
    """Whether it has no tables, was not right the last time, when it was written, and where: what was there before comes first.

    Tables first: a declaration that is mistyped for a while was not right the last time, and somebody else's may have been.
    """
    try:
        written = item.file.stat().st_mtime_ns
    except OSError:
        written = 0
    return not _has_tables(item), not kept.was_right(item.file), written, str(item.file)


def _has_tables(item: Declaration) -> bool:
    """Whether this lakehouse has rows of it; of one that is no folder nobody is asked."""
    root = Path(settings.load().lakehouse_root)
    places = {
        "source": f"silver/{item.name}",
        "feature group": f"gold/{item.name}",
        "dataset": f"gold/{item.name}_documents",
    }
    return (root / places.get(item.kind, f"gold/{item.name}_features")).is_dir()
