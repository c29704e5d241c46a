"""A version stands for code: a change of what is computed raises it, and nothing that decides a value is left out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from jobs.assemble import version as assemble
from jobs.check import version as check
from jobs.deliver import version as deliver
from jobs.documents import version as documents
from jobs.explore import version as explore
from jobs.features import version as features
from jobs.groups import version as groups
from jobs.labels import version as labels
from jobs.monitor import version as monitor
from jobs.publish import version as publish
from jobs.score import version as score
from jobs.train import version as train
from lakehouse import fingerprints
from lakehouse.settings import PROJECT_ROOT

# The version, its file, the modules that decide the values, and the digest of their code at that version.
VERSIONS = {
    "features": (features.FEATURES, "jobs/features/version.py", features.DECIDED_BY),
    "groups": (groups.GROUPS, "jobs/groups/version.py", groups.DECIDED_BY),
    "publications": (publish.PUBLISHED, "jobs/publish/version.py", publish.DECIDED_BY),
    "scores": (score.SCORES, "jobs/score/version.py", score.SCORES_DECIDED_BY),
    "reasons": (score.REASONS, "jobs/score/version.py", score.REASONS_DECIDED_BY),
    "outcomes": (labels.OUTCOMES, "jobs/labels/version.py", labels.OUTCOMES_DECIDED_BY),
    "performance": (monitor.PERFORMANCE, "jobs/monitor/version.py", monitor.PERFORMANCE_DECIDED_BY),
    "drift counts": (monitor.COUNTS, "jobs/monitor/version.py", monitor.COUNTS_DECIDED_BY),
    "alarm counts": (monitor.ALARM_COUNTS, "jobs/monitor/version.py", monitor.ALARM_COUNTS_DECIDED_BY),
    "estimates": (monitor.ESTIMATES, "jobs/monitor/version.py", monitor.ESTIMATES_DECIDED_BY),
    "residuals": (monitor.RESIDUALS, "jobs/monitor/version.py", monitor.RESIDUALS_DECIDED_BY),
    "deliveries": (deliver.DELIVERY, "jobs/deliver/version.py", deliver.DECIDED_BY),
    "documents": (documents.DOCUMENTS, "jobs/documents/version.py", documents.DECIDED_BY),
    "profile": (explore.PROFILE, "jobs/explore/version.py", explore.DECIDED_BY),
    "summaries": (check.SUMMARIES, "jobs/check/version.py", check.DECIDED_BY),
    "versions of datasets": (assemble.ASSEMBLE, "jobs/assemble/version.py", assemble.DECIDED_BY),
    "training": (train.TRAINING, "jobs/train/version.py", train.DECIDED_BY),
}
HELD = {
    "features": (1, "9733c7bd40bde5b5"),
    "groups": (1, "4bc519004ff2b387"),
    "publications": (1, "14ccf883f368fdeb"),
    "scores": (1, "de6060fc5203d4be"),
    "reasons": (1, "db7136832c193824"),
    "outcomes": (1, "aad0be192e775a25"),
    "performance": (1, "2b880e6bcbed69e0"),
    "drift counts": (1, "b7fa08c2c0e8dcdf"),
    "alarm counts": (1, "1f1d28e23390e406"),
    "estimates": (1, "2a5e4161b1a30261"),
    "residuals": (1, "1e81770cd47955eb"),
    "deliveries": (1, "b07acd399af6a1c5"),
    "documents": (1001, "76f95154719e8192"),
    "profile": (1, "250d5b92f6405b06"),
    "summaries": (1, "57a6c3302f08c224"),
    "versions of datasets": (1, "ececd726d0e0027b"),
    "training": (2, "04c8350c23d2fc2f"),
}

# What the deciding modules import and what decides no value: where things lie, how they are read, written, named and refused.
NEUTRAL = (
    "jobs.arguments",
    "jobs.documents.workers",
    # What it makes has a version of its own, and the fingerprints of it are part of a training's.
    "jobs.labels.outcomes",
    "jobs.options",
    "jobs.result",
    "jobs.score.arguments",
    "jobs.train.arguments",
    "jobs.train.card",
    "jobs.train.plots",
    "jobs.train.reproduction",
    "jobs.train.search.journal",
    "jobs.train.tracking",
    "lakehouse.arrivals",
    "lakehouse.code_version",
    "lakehouse.declaration",
    "lakehouse.errors",
    "lakehouse.fingerprints",
    "lakehouse.models",
    "lakehouse.processes",
    "lakehouse.ops",
    "lakehouse.settings",
    "lakehouse.staleness",
    "lakehouse.storage",
    "lakehouse.tables",
    "lakehouse.teacher.asked",
    "lakehouse.teacher.recorded",
    "lakehouse.teacher.request",
)
VERSION_MODULES = (
    "jobs.assemble.version",
    "jobs.check.version",
    "jobs.documents.version",
    "jobs.explore.version",
    "jobs.deliver.version",
    "jobs.features.version",
    "jobs.groups.version",
    "jobs.labels.version",
    "lakehouse.populations.version",
    "jobs.monitor.version",
    "jobs.publish.version",
    "jobs.score.version",
    "jobs.train.version",
)


def file_of(module: str) -> Path:
    return PROJECT_ROOT / f"{module.replace('.', '/')}.py"


def digest(modules: tuple[str, ...]) -> str:
    return fingerprints.digest(*(fingerprints.syntax_digest(file_of(name).read_text()) for name in sorted(modules)))


def imported(module: str) -> set[str]:
    """The project's modules that the module imports, those for annotations alone left out."""
    names = set[str]()
    tree = ast.parse(file_of(module).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                names.add(full if file_of(full).is_file() or file_of(full).with_suffix("").is_dir() else node.module)
    return {name for name in names if name.split(".")[0] in ("jobs", "lakehouse")}


@pytest.mark.parametrize("name", VERSIONS)
def test_code_does_not_change_without_its_version(name: str) -> None:
    version, file, modules = VERSIONS[name]
    found = digest(modules)
    held_version, held = HELD[name]
    if version == held_version:
        assert found == held, (
            f"the code that decides {name} has changed and its version has not: when its values change, bump the version in "
            f"{file}; else hold the digest {found!r} here; or revert the change"
        )
    assert (version, found) == (held_version, held), f"hold version {version} of {name} here: ({version}, {found!r})"


@pytest.mark.parametrize("name", VERSIONS)
def test_whatever_a_deciding_module_imports_is_versioned_too_or_decides_nothing(name: str) -> None:
    _, _, modules = VERSIONS[name]
    for module in modules:
        for other in imported(module):
            neutral = any(other == known or other.startswith(f"{known}.") for known in (*NEUTRAL, *VERSION_MODULES))
            assert other in modules or neutral, f"{module} imports {other}, which {name} is not versioned by"
