"""The command line of backup and restore: ``python -m lakehouse backup PLACE`` and ``restore PLACE``."""

from __future__ import annotations

import argparse
import datetime as dt
import shlex
from pathlib import Path

from lakehouse.arguments import place, whole_number
from lakehouse.errors import BadArguments


def add_backup(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``backup``."""
    parser.add_argument(
        "place", type=place, help="folder, or address such as s3://bucket/prefix; empty, or with earlier backups"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--verify", action="store_true", help="take none: read every byte of one that is there")
    what.add_argument("--list", action="store_true", help="take none: list those that are there")
    what.add_argument("--keep", type=whole_number(1), metavar="N", help="afterwards remove all but the newest N")
    parser.add_argument("--at", metavar="ID", help="with --verify: which one; the newest when not given")


def add_restore(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``restore``."""
    parser.add_argument("place", type=place, help="folder or address of the backups")
    parser.add_argument(
        "--into",
        type=place,
        metavar="FOLDER",
        help="a folder for all of it; when not given, to where the settings have each part",
    )
    parser.add_argument("--at", metavar="ID", help="which backup; the newest when not given")


def backup(options: argparse.Namespace) -> int:
    """Take a backup, or look at those that are there; returns the exit code."""
    # Imported where they are used: Arrow and delta-rs take time that --help need not wait for.
    from lakehouse.backup import taking, verifying
    from lakehouse.backup.covered import Covered
    from lakehouse.backup.store import Store

    if options.at is not None and not options.verify:
        raise BadArguments("--at: expected with --verify: a backup is of now")
    store, now = Store(options.place), dt.datetime.now(dt.UTC)
    if options.verify:
        manifest = store.manifest(options.at)
        print(
            f"{manifest.id}: {verifying.verify(store, manifest)} files are there as they were taken, {_size(manifest.size)}"
        )
        return 0
    if options.list:
        names = store.ids()
        for name in names:
            manifest = store.manifest(name)
            print(f"{name}: {len(manifest.tables)} tables, {len(manifest.files)} files, {_size(manifest.size)}")
        if not names:
            print(f"{store.place}: no backup")
        return 0
    taken = taking.take(Covered.by_settings(), options.place, now)
    manifest = taken.manifest
    moment = "all of one instant" if manifest.one_instant else "each at a version that names nothing which is not there"
    without = [name for name, kind in manifest.databases.items() if kind == "none"]
    print(
        f"{manifest.id}: {len(manifest.tables)} tables, {moment}; {len(manifest.files)} files, {_size(manifest.size)}, of them new "
        f"{taken.new_files}, {_size(taken.new_bytes)}"
        + (f"; no database of {' and '.join(without)} here" if without else "")
    )
    if options.keep is not None:
        old, removed = store.remove_before(options.keep, now)
        print(f"removed {len(old)} older backup(s) and {removed} file(s) that only they had")
    return 0


def restore(options: argparse.Namespace) -> int:
    """Restore a backup; returns the exit code."""
    from lakehouse.backup import restoring
    from lakehouse.backup.covered import Covered
    from lakehouse.backup.store import Store

    into = None if options.into is None else Path(options.into).absolute()
    to = Covered.by_settings() if into is None else Covered.below(into)
    done = restoring.restore(Store(options.place), to, options.at)
    print(
        f"{done.manifest.id}: restored {len(done.manifest.tables)} tables and {len(done.manifest.files)} files, "
        f"{_size(done.manifest.size)}, to {to.lakehouse}"
    )
    for note in done.notes:
        print(f"note: {note}")
    if into is not None:
        named = (("LAKEHOUSE_ROOT", to.lakehouse), ("LANDING_ROOT", to.landing), ("NIGHTJAR_HOME", str(to.home)))
        print("to use it: export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in named))
    return 0


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
