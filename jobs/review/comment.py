"""The comment of a review, in Markdown: what a change of declarations would do."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jobs.review.difference import Change
from jobs.review.side import Side
from lakehouse.declaration import metric_names
from lakehouse.evaluation import day_bootstrap, metrics
from lakehouse.evaluation.day_bootstrap import RESAMPLES

# By it a workflow finds the comment that it wrote before, to replace it.
MARK = "<!-- nightjar review -->"
# So many changed values are listed, and so long a value is shown.
LISTED, LONGEST = 40, 60


@dataclass(frozen=True)
class Reviewed:
    """A changed use case with what both sides gave; None where there is no such side."""

    change: Change
    before: Side | None
    after: Side | None


@dataclass(frozen=True)
class Compared:
    """A metric over the weeks that both sides have: means, and by how much the change is better with its 95 % interval."""

    metric: str
    weeks: int
    before: float
    after: float
    gain: float
    low: float | None
    high: float | None

    @property
    def verdict(self) -> str:
        """In words, whether it is beyond noise."""
        if self.low is None or self.high is None:
            return "too few weeks to tell"
        return "better beyond noise" if self.low > 0 else "worse beyond noise" if self.high < 0 else "within noise"


def text(base: str, reviewed: Sequence[Reviewed], wrong: Sequence[str]) -> str:
    """The comment."""
    return "\n".join([MARK, *_lines(base, reviewed, wrong)]) + "\n"


def compared(before: Side, after: Side, seed: int) -> list[Compared]:
    """Every metric that both have, the gate's first; paired by week, weeks drawn with replacement."""
    weeks = sorted(set(before.weeks) & set(after.weeks))
    names = [name for name in dict.fromkeys(one for week in weeks for one in after.weeks[week]) if _is_whole(name)]
    names.sort(key=lambda name: name != after.metric)
    found = []
    for name in names:
        pairs = [(before.weeks[week].get(name), after.weeks[week].get(name)) for week in weeks]
        known = [(float(one), float(other)) for one, other in pairs if one is not None and other is not None]
        if known:
            found.append(_compared(name, known, seed))
    return found


def _compared(name: str, pairs: Sequence[tuple[float, float]], seed: int) -> Compared:
    gains = np.array([metrics.better_by(name, after, before) for before, after in pairs])
    draws = np.random.default_rng(seed).integers(len(gains), size=(RESAMPLES, len(gains)))
    low, high = day_bootstrap.interval(gains[draws].mean(axis=1), len(gains)) or (None, None)
    before, after = (float(np.mean(values)) for values in zip(*pairs, strict=True))
    return Compared(name, len(pairs), before, after, float(gains.mean()), low, high)


def _is_whole(name: str) -> bool:
    return not metric_names.is_of_a_class(name) and name not in metric_names.CONFUSION


def _lines(base: str, reviewed: Sequence[Reviewed], wrong: Sequence[str]) -> Iterator[str]:
    yield "## What this change would do"
    yield ""
    yield f"Compared with `{_code(base)}`. {len(reviewed)} use case(s) differ."
    yield ""
    if wrong:
        yield "### Wrong declarations"
        yield ""
        yield from (f"- {_plain(one)}" for one in wrong)
        yield ""
    for one in reviewed:
        yield from _of_use_case(one)
    if not reviewed and not wrong:
        yield "No use case would be built, trained or scored otherwise."


def _of_use_case(one: Reviewed) -> Iterator[str]:
    change = one.change
    kind = "new" if change.before is None else "gone" if change.after is None else "changed"
    yield f"### {change.name} ({kind})"
    yield ""
    for what, names in (("added", change.features_added), ("removed", change.features_removed)):
        if names:
            yield f"- features {what}: {', '.join(f'`{name}`' for name in names)}"
    if change.code:
        yield f"- code that does something else: {', '.join(f'`{name}`' for name in change.code)}"
    if one.after is not None:
        side = one.after
        yield (
            f"- leaks: {'; '.join(map(_plain, side.leaks))}"
            if side.leaks
            else "- leaks: none found; days built alone and together with later ones have the same values"
            if side.feature_days
            else "- leaks: not looked for"
        )
        stale_before = 0 if one.before is None else one.before.stale
        more = f", {stale_before} of them also without this change" if stale_before else ""
        yield f"- becomes stale: {side.stale} of {side.built} built day(s) of features{more}; `restate` rebuilds them"
        yield from _cost(one)
        if side.problem:
            yield f"- not measured: {_plain(side.problem)}"
    yield ""
    yield from _metrics(one)
    yield from _values(change)


def _cost(one: Reviewed) -> Iterator[str]:
    after = one.after
    if after is None or not after.feature_days:
        return
    each = _per_day(after)
    was = f" (before: {_per_day(one.before):.2f} s)" if one.before is not None and one.before.feature_days else ""
    yield f"- cost: {each:.2f} s to build a day of features{was}"
    if after.weeks:
        trained = (
            f" (before: {one.before.training_seconds:.1f} s)" if one.before is not None and one.before.weeks else ""
        )
        yield f"- cost: {after.training_seconds:.1f} s to train and judge {len(after.weeks)} week(s){trained}"


def _per_day(side: Side) -> float:
    return side.feature_seconds / side.feature_days


def _metrics(one: Reviewed) -> Iterator[str]:
    if one.after is None or not one.after.weeks:
        return
    days = sorted(one.after.weeks)
    span = f"{len(days)} week(s), {days[0]} to {days[-1] + dt.timedelta(days=6)}, {one.after.rows} labelled rows"
    if one.before is None or not one.before.weeks:
        yield f"Backtest over {span}:"
        yield ""
        yield "| metric | mean of weeks |"
        yield "| --- | ---: |"
        for name, value in _means(one.after.weeks).items():
            yield f"| {name} | {value:.4g} |"
    else:
        assert one.change.after is not None
        yield f"Backtest over {span}; a positive gain is better, with its 95 % interval over weeks:"
        yield ""
        yield "| metric | before | after | gain | 95 % interval | |"
        yield "| --- | ---: | ---: | ---: | --- | --- |"
        for line in compared(one.before, one.after, one.change.after.use_case.model.seed):
            interval = "-" if line.low is None else f"{line.low:+.4g} to {line.high:+.4g}"
            yield f"| {line.metric} | {line.before:.4g} | {line.after:.4g} | {line.gain:+.4g} | {interval} | {line.verdict} |"
    yield ""


def _means(weeks: Mapping[dt.date, Mapping[str, float | None]]) -> dict[str, float]:
    names = dict.fromkeys(name for week in weeks.values() for name in week if _is_whole(name))
    known = {name: [value for week in weeks.values() if (value := week.get(name)) is not None] for name in names}
    return {name: float(np.mean(values)) for name, values in known.items() if values}


def _values(change: Change) -> Iterator[str]:
    values = change.sections
    if change.before is None or change.after is None or not values:
        return
    yield f"<details><summary>{len(values)} declared value(s) differ</summary>"
    yield ""
    yield "| value | before | after |"
    yield "| --- | --- | --- |"
    for path, before, after in values[:LISTED]:
        yield f"| {_cell(path)} | {_cell(before)} | {_cell(after)} |"
    if len(values) > LISTED:
        yield f"| and {len(values) - LISTED} more | | |"
    yield ""
    yield "</details>"
    yield ""


def _cell(value: str) -> str:
    return _plain(value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…")


def _plain(value: str) -> str:
    """A declared text as text: none of it is read as Markdown, HTML, a mention or a link."""
    one_line = " ".join(value.split())
    escaped = one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|~])", r"\\\1", escaped)
    return escaped.replace("@", "&#64;").replace("://", ":&#47;&#47;")


def _code(value: str) -> str:
    return value.replace("`", "'").replace("\n", " ")
