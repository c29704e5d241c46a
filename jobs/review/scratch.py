"""A copy of the lakehouse to build in: logs are copied, and data files, which nobody ever changes, are linked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lakehouse import settings
from lakehouse.errors import BadArguments
from lakehouse.storage import object_store

# What features and labels are made from. No audit log of models: backtests then ask no registry.
_OPS = ("deliveries", "builds", "contracts")


def copy(place: Path) -> None:
    """Copy what features and labels are made from below ``place``.

    Raises:
        BadArguments: the lakehouse lies in an object store, where nothing can be linked.
    """
    root = settings.load().lakehouse_root
    if object_store.is_address(root):
        raise BadArguments(
            f"LAKEHOUSE_ROOT {root}: expected a folder, since features are built in a copy of it: restore a backup into a folder, "
            "and set LAKEHOUSE_ROOT to that"
        )
    for name in ("silver", "gold", *(f"ops/{table}" for table in _OPS)):
        if (Path(root) / name).is_dir():
            shutil.copytree(Path(root) / name, place / name, copy_function=_link)


def _link(source: str, target: str) -> str:
    if source.endswith(".parquet") and "_delta_log" not in Path(source).parts:
        try:
            os.link(source, target)
            return target
        except OSError:
            # Another disk.
            pass
    return str(shutil.copyfile(source, target))
