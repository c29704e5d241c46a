"""Declarations that want the same name: the one that was there before keeps it, whatever comes later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lakehouse import settings
from lakehouse.declaration import kept, reserved_names
from lakehouse.declaration.declaration import Declaration
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
    for item in declarations:
        shared = () if item.use_case is None or item.file in taken else item.use_case.shared
        if lost := sorted(source.name for source in shared if source.name in without):
            taken[item.file] = f"sources: the shared source {', '.join(lost)}, which it reads, is refused"
    return [
        replace(item, use_case=None, source=None, error=DeclarationError(f"{item.file}: {taken[item.file]}"))
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
    yield f"{item.kind} {item.folder.name}"


def _field(item: Declaration, name: str) -> str:
    if name == f"{item.kind} {item.folder.name}" or item.source is not None:
        return "name"
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
    shared = item.kind == "source"
    return (root / "silver" / item.folder.name if shared else root / "gold" / f"{item.folder.name}_features").is_dir()
