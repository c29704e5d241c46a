"""Writing a version: clusters, splits and examples, and last the line that makes it one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from jobs.assemble import clusters, examples
from jobs.assemble.earlier import Earlier
from jobs.assemble.made import Made
from jobs.assemble.material import Material, fingerprint_lines
from jobs.assemble.version import ASSEMBLE
from lakehouse import tables
from lakehouse.corpus.content_digest import ContentDigest
from lakehouse.declaration import Dataset
from lakehouse.errors import AssembleBusy
from lakehouse.storage import commits, delta_log, file_locks, stored_files, table_shape
from lakehouse.storage.partition_files import TableFiles, WrittenFile


@contextmanager
def alone(dataset: Dataset) -> Iterator[None]:
    """No other process of this machine makes a version of the dataset meanwhile.

    Raises:
        AssembleBusy: when another one does.
    """
    lock = file_locks.hold_if_free(file_locks.file_of(f"assemble.{dataset.name}"))
    if lock is None:
        raise busy(dataset)
    with lock:
        yield


def busy(dataset: Dataset) -> AssembleBusy:
    """The error of the second one."""
    return AssembleBusy(
        f"dataset {dataset.name}: expected no other run that makes a version of it, found one; this one made none: wait until it "
        "has ended, and run again"
    )


def fingerprint(material: Material, declared: str) -> str:
    """The digest of everything that a version is made of, but for the versions before it."""
    whole = hashlib.sha256(f"{ASSEMBLE}\n{declared}\n".encode())
    for line in fingerprint_lines(material):
        whole.update(line.encode() + b"\n")
    return whole.hexdigest()[:32]


def files(made: Made, version: int) -> tuple[str, list[WrittenFile]]:
    """Write the examples beside their table's log: they count when they are committed. Their digest, and the files."""
    table = tables.examples(made.material.dataset)
    table_shape.ensure(table)
    digest, writer, found = ContentDigest(), TableFiles.of(table)(), list[WrittenFile]()
    for rows in examples.batches(made, version):
        digest.add(rows)
        found += writer.write(rows)
    found += writer.close()
    return digest.hexdigest(), found


def remove(dataset: Dataset, written: list[WrittenFile]) -> None:
    """Remove files that are not committed."""
    location = delta_log.location(tables.examples(dataset))
    for file in written:
        stored_files.remove(location, file.path)


def commit(made: Made, before: Earlier, version: int, written: list[WrittenFile]) -> None:
    """Put a version into its tables, in place of what a killed run left of it. It counts when its line is written."""
    dataset = made.material.dataset
    commits.replace_table(clusters.clusters(made, version), tables.clusters(dataset), {"version": [version]})
    commits.replace_rows(
        tables.splits(dataset), clusters.splits(made, before, version), f"first_version >= {version:d}"
    )
    commits.replace_by_files(written, tables.examples(dataset), {"version": [version]})
