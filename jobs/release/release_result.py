"""The result of a release."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jobs.result import Result


@dataclass(frozen=True, kw_only=True)
class ReleaseResult(Result):
    """What became of a version.

    Attributes:
        dataset: whose.
        version: its number; 0 where there is none.
        verdict: published, held or waiting: what was decided, or would be.
        reasons: why.
        findings: what each rule of the gate found; empty where the version had passed before.
        rows: examples by split.
        folder: where it is, or would be.
        files: its files, or those that it would have.
        hub_commit: its commit on the Hub; None where it is not there.
        tag: its tag there.
        run_url: its run in MLflow; empty where there is none.
    """

    dataset: str
    version: int = 0
    verdict: str = ""
    reasons: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    folder: str = ""
    files: list[str] = field(default_factory=list)
    hub_commit: str | None = None
    tag: str | None = None
    run_url: str = ""
