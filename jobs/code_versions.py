"""The versions of the code that decides the values of the gold tables and of what is delivered, as each stage declares its own."""

from __future__ import annotations

from jobs.check import version as check
from jobs.deliver import version as deliver
from jobs.documents import version as documents
from jobs.features import version as features
from jobs.groups import version as groups
from jobs.labels import version as labels
from jobs.monitor import version as monitor
from jobs.score import version as score
from lakehouse.staleness.code_versions import CodeVersions

CURRENT = CodeVersions(
    features=features.FEATURES,
    groups=groups.GROUPS,
    scores=score.SCORES,
    reasons=score.REASONS,
    outcomes=labels.OUTCOMES,
    performance=monitor.PERFORMANCE,
    deliveries=deliver.DELIVERY,
    estimates=monitor.ESTIMATES,
    documents=documents.DOCUMENTS,
    summaries=check.SUMMARIES,
)
