"""Parity: a sample of keys of a serving table, compared with gold to the last digit."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field

from jobs.publish import server, version
from jobs.publish.arguments import ParityArguments
from jobs.publish.serving_rows import ServingRows
from jobs.result import Result
from lakehouse.declaration import feature_groups
from lakehouse.errors import ParityBroken
from lakehouse.storage import commits, sql_quoting
from lakehouse.tables import PARITY

EXAMPLES = 5


@dataclass(frozen=True, kw_only=True)
class ParityResult(Result):
    """How many keys gold serves, how many the table has, how many were compared, and how many of these differ."""

    keys: int = 0
    served_keys: int = 0
    compared: int = 0
    differing: int = 0
    examples: list[str] = field(default_factory=list)


def run(arguments: ParityArguments) -> ParityResult:
    """Compare, and record the outcome in ``ops.parity``.

    Raises:
        ParityBroken: when a key differs, is missing, or is served and should not be; naming keys. FeaturesMissing: when none of the
            group's days is built. TargetUnavailable, TargetRefused, ConnectionWrong: when the table can't be read.
    """
    group = feature_groups.by_name(arguments.group, arguments.version)
    label = f"{group.name} v{group.version}"
    if group.publish is None:
        return ParityResult(status="none", message=f"{label} declares no publish")
    place = server.of(group)
    rows = ServingRows.now(group, version.PUBLISHED)
    expected = {
        tuple(row[name] for name in group.key_names): tuple(map(place.stored, row.values()))
        for row in rows.sample(arguments.keys).to_pylist()
    }
    found, served = place.rows(list(expected)), place.count()
    differing = [key for key, values in expected.items() if found.get(key) != values]
    examples = [
        f"{', '.join(map(str, key))}: {'not there' if key not in found else 'other values'}"
        for key in differing[:EXAMPLES]
    ]
    line = {
        "feature_group": group.name,
        "version": group.version,
        "partition": rows.day,
        "address": place.address,
        "keys": rows.count,
        "served_keys": served,
        "compared": len(expected),
        "differing": len(differing),
        "examples": json.dumps(examples),
        "fingerprint": rows.fingerprint,
        "checked_at": dt.datetime.now(dt.UTC),
        "actor": arguments.actor,
    }
    same = " AND ".join(
        (
            f"feature_group = {sql_quoting.literal(group.name)}",
            f"version = {group.version}",
            sql_quoting.days_condition([rows.day]),
            f"fingerprint = {sql_quoting.literal(rows.fingerprint)}",
        )
    )
    commits.replace_rows(PARITY, [line], same)
    if differing or served != rows.count:
        told = f"; such as {'; '.join(examples)}" if examples else ""
        raise ParityBroken(
            f"{label}, {place.address}: expected what gold has of {rows.day}, found {len(differing)} of {len(expected)} compared "
            f"keys to differ{told}; gold has {rows.count} key(s), {served} are served: publish again (python -m jobs publish "
            f"--group {group.name} --version {group.version} --force), and look who else writes there"
        )
    return ParityResult(
        status="equal", keys=rows.count, served_keys=served, compared=len(expected), differing=0, examples=[]
    )
