"""What a delivery is in the landing zone: how its files are called, and the digest by which the ledger knows it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

# How the names of delivered files end.
ENDINGS = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")


def is_data(name: str) -> bool:
    """Whether a file of that name is looked at: hidden ones are being written, an underscore marks notes of programs."""
    return name.endswith(ENDINGS) and not name.startswith((".", "_"))


def checksum_of(digests: Mapping[str, str], folder: bool) -> str:
    """The digest of a delivery: of its file, or, where it is a folder, of the names and digests of all of them.

    Args:
        digests: by the names of its files, in their order, the SHA-256 of each.
        folder: whether it is a folder.
    """
    if not folder:
        return next(iter(digests.values()))
    names = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    return hashlib.sha256(names.encode()).hexdigest()
