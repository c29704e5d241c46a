"""The root of tables, deliveries or models: a folder, or an address such as ``s3://bucket/prefix``."""

from __future__ import annotations

from pathlib import Path


def any_address(*places: str) -> bool:
    """Whether one of these is an address such as ``s3://bucket/prefix``, and no folder."""
    return any("://" in place for place in places)


def absolute(path: str) -> str:
    """A folder as an absolute path: the Spark server runs elsewhere. An address such as s3://bucket/x stays as it is."""
    return path.rstrip("/") if "://" in path else str(Path(path).absolute())
