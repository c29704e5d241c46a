"""The comparison in a sentence: which version is better, by how much, how sure that is, and on what."""

from __future__ import annotations

from lakehouse.analyst.comparison import limits, measured
from lakehouse.analyst.comparison.compared import Comparison
from lakehouse.declaration import metric_names


def sentence(comparison: Comparison) -> str:
    """By the gate's metric on the same rows; else by the last verdict of the gate; else that nothing is comparable."""
    found = comparison.measured
    if found is not None and found.metrics:
        return _of_rows(comparison)
    if comparison.judged:
        last = comparison.judged[-1]
        judged = f"The gate {last.verdict} version {last.challenger} against version {last.champion}"
        return f"{judged}; there are no rows now that both have scored."
    return "Nothing is known on rows that both scored: the numbers below are each version's own, on different days."


def _of_rows(comparison: Comparison) -> str:
    found = comparison.measured
    assert found is not None
    first, second, main = comparison.first.version, comparison.second.version, found.metrics[0]
    name, gap = words(main.metric), main.difference
    where = f"on {found.rows:,} rows of {found.day_count} day{'' if found.day_count == 1 else 's'}"
    if comparison.new_after is not None:
        where += " new to both"
    if gap.value is None:
        return f"{name.capitalize()} is not defined {where}."
    how = f"{abs(gap.value):.4f} {'higher' if gap.value > 0 else 'lower'}" if gap.value else "the same"
    said = f"{where[0].upper()}{where[1:]}, {name} of version {second} is {how}"
    if gap.value:
        said += f" than that of version {first}"
    if gap.low is None or gap.high is None or found.day_count < limits.MIN_DAYS:
        return f"{said}: too few days to tell that from noise (at least {limits.MIN_DAYS} are needed)."
    said += f" (95 % interval of the difference {gap.low:+.4f} to {gap.high:+.4f})"
    if main.better in (measured.FIRST, measured.SECOND):
        number = second if main.better == measured.SECOND else first
        return f"{said}: version {number} is better beyond noise."
    return f"{said}: neither is better beyond noise."


def words(metric: str) -> str:
    """A metric's name for people."""
    return metric.replace("_", " ").replace("roc auc", "ROC AUC")


def direction(metric: str) -> str:
    """Which way is better, in words; empty where neither is."""
    if metric == metric_names.CALIBRATION_GAP or metric in metric_names.RATES:
        return ""
    return "higher is better" if metric_names.greater_is_better(metric) else "lower is better"
