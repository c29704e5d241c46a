"""The rows that a model is fitted to, and how much each counts: what ``learn_from`` declares, made of the rows that were drawn.

Weights and draws that differ by class move every fitted probability, and each fit takes that back by its offset: a sample of a
class by a share s moves the odds of that class by s, a weight w by w (King and Zeng, "Logistic regression in rare events data",
2001, section 4.1; Elkan, "The foundations of cost-sensitive learning", 2001, theorem 2). A day of which at most N rows are learned
from is weighed back: its rows stand for those that were left out (Horvitz and Thompson, 1952).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lakehouse.declaration import UseCase, learn_from
from lakehouse.declaration.learn_from import LearnFrom
from lakehouse.errors import TrainingDataMissing
from lakehouse.evaluation.drawn_rows import Floats, Weighting
from lakehouse.evaluation.labelled_rows import TrainingSet

DAY = np.timedelta64(1, "D")


def to_fit(use_case: UseCase, rows: TrainingSet) -> TrainingSet:
    """Those of the rows that a model is fitted to, with their weights; all of them, as they are, where nothing is declared.

    Args:
        use_case: declares it.
        rows: labelled, of whole days.
    """
    learn = use_case.learn_from
    if learn is None:
        return rows
    kept = taken(use_case, rows)
    chosen = rows.where(kept)
    stands = np.ones(len(chosen)) if chosen.drawn is None else chosen.drawn.stands
    names = learn_from.classes(use_case)
    code = chosen.label.astype(np.int64) if names else np.zeros(len(chosen), dtype=np.int64)
    weight, more = _drawn_back(learn, names, code, stands)
    if learn.half_life_days is not None and len(chosen):
        age = (chosen.days.max() - chosen.days) / DAY
        weight = weight * 0.5 ** (age / learn.half_life_days)
    if learn.class_weights is not None:
        by_class = _class_weights(learn.class_weights, names, code, weight)
        weight, more = weight * by_class[code], more * by_class
    weight = weight / weight.mean() if len(weight) else weight
    offset = _offset(use_case, more)
    if not offset and np.all(weight == 1):
        return chosen
    return replace(chosen, weighting=Weighting(weight, offset))


def taken(use_case: UseCase, rows: TrainingSet) -> NDArray[np.bool_]:
    """Which of the rows are learned from."""
    learn = use_case.learn_from
    if learn is None or not learn.of_some_rows:
        return np.ones(len(rows), dtype=bool)
    # Without the draw a condition would silently hold for all.
    assert rows.drawn is not None, "rows of a declared draw are read by lakehouse.evaluation.learnable_rows"
    return np.asarray(rows.drawn.stands > 0, dtype=bool)


def measured(rows: TrainingSet) -> TrainingSet:
    """The rows that stand for all that are scored: each, or in a history of very many rows an even part of them."""
    if rows.drawn is None or rows.drawn.measured_share == 1:
        return rows
    return rows.where(rows.drawn.measured)


def expect(use_case: UseCase, days: object, rows: TrainingSet, least: int) -> None:
    """Refuse rows of the train window of which too few are learned from, or not all classes.

    Raises:
        TrainingDataMissing: with the numbers.
    """
    learn = use_case.learn_from
    if learn is None or not learn.of_some_rows:
        return
    chosen = rows.where(taken(use_case, rows))
    before, selected = counts(use_case, rows)
    how = (
        f"of {sum(before.values()):,} labelled rows learn_from.select keeps {sum(selected.values()):,}, "
        if learn.select
        else ""
    )
    if learn.sample is not None:
        how += f"the sample {len(chosen):,}"
    found = f"{how.removesuffix(', ')}: learn_from leaves {len(chosen):,}"
    help_ = "widen learn_from.select, take a larger sample, or lengthen split.train"
    if len(chosen) < least:
        raise TrainingDataMissing(
            f"{use_case.name}: expected at least {least} rows to learn from in the train window {days}; {found}; {help_}"
        )
    present = np.unique(chosen.label)
    missing = [name for number, name in enumerate(learn_from.classes(use_case)) if number not in present]
    if missing:
        raise TrainingDataMissing(
            f"{use_case.name}: expected rows of every class to learn from in the train window {days}, found none of "
            f"{', '.join(missing)} (it has {', '.join(f'{before[name]:,} {name}' for name in missing)}); {found}; {help_}"
        )


def counts(use_case: UseCase, rows: TrainingSet) -> tuple[dict[str, int], dict[str, int]]:
    """How many labelled rows there are and for how many the condition holds, by class; ``rows`` where there are no classes."""
    names = learn_from.classes(use_case) or ("rows",)
    if rows.drawn is None:
        code = rows.label.astype(np.int64) if len(names) > 1 else np.zeros(len(rows), dtype=np.int64)
        before = selected = np.bincount(code, minlength=len(names))
    else:
        before, selected = rows.drawn.totals(rows.days, len(names))
    return dict(zip(names, before.tolist(), strict=True)), dict(zip(names, selected.tolist(), strict=True))


def number(rows: TrainingSet) -> int:
    """How many rows there are, those that were left where they are among them."""
    return len(rows) if rows.drawn is None or rows.drawn.measured_share == 1 else rows.drawn.rows(rows.days)


def by_day(parts: Iterable[TrainingSet]) -> Mapping[dt.date, int]:
    """How many rows each day has in a history of which a part is read; empty where all rows are read, and can be counted."""
    found = dict[dt.date, int]()
    for part in parts:
        if part.drawn is not None and part.drawn.measured_share < 1:
            days, rows = part.drawn.by_day(part.days)
            for day, count in zip(days.astype("datetime64[D]").astype(object).tolist(), rows.tolist(), strict=True):
                found[day] = found.get(day, 0) + count
    return found


def effective(rows: TrainingSet) -> float:
    """How many rows of equal weight would say as much: (sum of w)^2 / sum of w^2 (Kish, "Survey Sampling", 1965)."""
    if rows.weighting is None:
        return float(len(rows))
    weight = rows.weighting.weight
    return float(weight.sum() ** 2 / (weight**2).sum())


def digest(use_case: UseCase, rows: TrainingSet) -> str:
    """Digest of which rows are learned from, and how much each counts."""
    fitted, content = to_fit(use_case, rows), hashlib.sha256()
    content.update(np.packbits(taken(use_case, rows)).tobytes())
    if fitted.weighting is not None:
        content.update(fitted.weighting.weight.tobytes() + repr(fitted.weighting.offset).encode())
    return content.hexdigest()


def _drawn_back(
    learn: LearnFrom, names: tuple[str, ...], code: NDArray[np.int64], stands: Floats
) -> tuple[Floats, Floats]:
    """Weights of rows that stand for others of their day, and how much more of each class is learned from than there is."""
    more = np.ones(max(1, len(names)))
    by_class = {} if learn.sample is None else learn.sample.by_class
    for number, name in enumerate(names):
        if (part := by_class.get(name)) is None:
            continue
        more[number] *= part.share
        mine = code == number
        if part.rows_a_day is not None and mine.any():
            # Within the class days get their part back; what the class as a whole has lost is in the offset.
            mean = stands[mine].mean()
            stands = np.where(mine, stands / mean, stands)
            more[number] /= mean
    return stands, more


def _class_weights(
    declared: str | Mapping[str, float], names: tuple[str, ...], code: NDArray[np.int64], weight: Floats
) -> Floats:
    if isinstance(declared, Mapping):
        return np.array([declared.get(name, 1.0) for name in names])
    total = np.bincount(code, weights=weight, minlength=len(names))
    # A class without rows keeps its weight: there is nothing to weigh.
    return np.where(total > 0, total.sum() / (len(names) * np.where(total > 0, total, 1.0)), 1.0)


def _offset(use_case: UseCase, more: Floats) -> tuple[float, ...]:
    if len(more) < 2 or np.all(more == more[0]):
        return ()
    logs = np.log(more)
    return (float(logs[1] - logs[0]),) if use_case.binary else tuple((logs - logs.mean()).tolist())
