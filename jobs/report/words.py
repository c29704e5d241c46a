"""Numbers and names of a page, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

# What a statistic is called, and whether it is a share.
STATISTICS: dict[str, tuple[str, bool]] = {
    "psi": ("PSI", False),
    "calibration_gap": ("calibration gap", False),
    "loss_rise": ("rise of the loss", False),
    "missing": ("without a value", True),
    "beyond": ("beyond training's range", True),
    "moved": ("moved, standard deviations of ranks", False),
    "shape": ("shape, chi-square by what is expected", False),
    "volume": ("change of the number of rows", True),
    "duplicates": ("came twice", True),
    "rejected": ("failed the contract", True),
    "rate": ("rate of yes", True),
    "share": ("decided yes", True),
    "confidence": ("change of confidence, the greater of p and 1 - p", False),
    "relation": ("labels beside what the scores say, a standard deviation", False),
    "estimated_rise": ("rise expected before labels", False),
    "estimated_fall": ("fall expected before labels", False),
}
# What stands for a number that is not there.
NONE = "-"
KINDS = {"prediction": "scores", "performance": "matured quality", "data": "data", "label": "labels"}
# Quality before labels, and a statistic of matured quality that names a feature.
ESTIMATE, RELATION = "estimate", "relation"
METRICS = {"roc_auc": "ROC-AUC"}


def statistic(name: str) -> str:
    """What a statistic is called; one that is not known here by its own name."""
    return STATISTICS[name][0] if name in STATISTICS else name.replace("_", " ")


def metric(name: str) -> str:
    """What a metric is called."""
    return METRICS.get(name) or name.replace("_", " ")


def column(kind: str, name: str) -> str:
    """What a row of the drift table is about: a metric where it is an estimate, else what it names."""
    return metric(name) if kind == ESTIMATE else name


def kind(of: str, statistic: str) -> str:
    """What kind of finding a row of the drift table is."""
    if of == ESTIMATE:
        return "quality expected before labels"
    return "relation to the label" if statistic == RELATION else KINDS.get(of, of)


def reason(row: Mapping[str, Any]) -> str:
    """The words of a row of the drift table; of an estimate also by how much it is worse."""
    if row["kind"] != ESTIMATE or row["value"] is None:
        return str(row["reason"])
    said = str(row["reason"]).removeprefix(f"estimated {row['feature']}: ")
    name = metric(row["feature"])
    worse = f"is expected to be worse by {number(row['value'])}, before labels are known"
    return f"{name[0].upper()}{name[1:]} {worse}: {said}"


def value(name: str, found: float | None) -> str:
    """The value of a statistic, a share in percent."""
    return share(found) if name in STATISTICS and STATISTICS[name][1] else number(found)


def number(found: Any) -> str:
    """A number with three significant digits, a count in full; a dash for none."""
    if found is None or (isinstance(found, float) and math.isnan(found)):
        return NONE
    if isinstance(found, int):
        return f"{found:,}"
    return f"{found:.3g}" if abs(found) < 1000 else f"{found:,.0f}"


def share(found: float | None) -> str:
    """A share in percent; what is more than nothing is never shown as nothing."""
    if found is None or math.isnan(found):
        return NONE
    return "< 0.1 %" if 0 < found < 0.0005 else f"{100 * found:.1f} %"


def edge(found: float, digits: int) -> str:
    """The edge of a bin, as a value of the feature, with so many digits; a number of thousands has all before the point."""
    whole = 1000 <= abs(found) < 1e15
    return f"{found:,.{max(digits - len(str(int(abs(found)))), 0)}f}" if whole else f"{found:.{digits}g}"


def times(found: float) -> str:
    """How many times as great: two decimals where it is near to one."""
    return f"{found:.2f}" if found < 1.1 else f"{found:.1f}" if found < 100 else f"{found:,.0f}"
