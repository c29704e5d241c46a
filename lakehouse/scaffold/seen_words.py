"""What was seen of a column, in a few words, for the comment behind it."""

from __future__ import annotations

import re

from lakehouse.scaffold import written_days
from lakehouse.scaffold.column_profile import ColumnProfile


def of(profile: ColumnProfile, kind: str, levels: tuple[str, ...] | None, empty: int) -> str:
    """What was seen of a column, in a few words."""
    if profile.rows == empty:
        return "empty in the sample, so its type is not known"
    parts = []
    if kind in ("long", "double"):
        parts.append(
            f"{profile.low:.10g} to {profile.high:.10g}"
            if profile.low != profile.high
            else f"always {profile.low:.10g}"
        )
    elif kind == "string":
        if levels is not None and len(levels) == 1:
            parts.append(f"always {levels[0][:40]}")
        elif levels is not None and len(levels) <= 8:
            parts.append(f"{len(levels)} values: {', '.join(text[:20] for text in levels)}")
        else:
            parts.append(
                f"{len(levels):,} different values" if levels is not None else "more different values than are counted"
            )
        forms = written_days.forms_of(profile.values)
        if forms:
            parts.append(
                f"days written as {' and '.join(forms[:3])}, which is text to a contract: a date is written YYYY-MM-DD"
            )
        elif levels and sum(re.fullmatch(r"0[0-9]+", text) is not None for text in levels) * 20 > len(levels):
            parts.append("numbers with leading zeros, which stay text")
    if empty:
        parts.append(f"{_share(empty, profile.rows)} empty")
    return "; ".join(parts)


def _share(part: int, whole: int) -> str:
    percent = 100 * part / whole
    return f"{percent:.0f} %" if percent >= 1 else "less than 1 %"
