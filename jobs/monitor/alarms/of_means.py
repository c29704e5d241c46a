"""The tests of what has moved: features, also in slices; scores and decisions; labels."""

from __future__ import annotations

import numpy as np

from jobs.monitor.alarms import material, spells
from jobs.monitor.alarms.best import Best
from jobs.monitor.alarms.budget import Tally
from jobs.monitor.alarms.column import Column
from jobs.monitor.alarms.finding import where
from jobs.monitor.alarms.means import LESS_SURE, Means
from jobs.monitor.alarms.memory import TINY, Floats
from jobs.monitor.alarms.of_data import Windows
from jobs.monitor.alarms.of_shapes import shape
from jobs.monitor.alarms.reference import Reference
from jobs.monitor.alarms.shares import Shares
from jobs.monitor.alarms.tested import WHOLE, Bound, Tested, no_bound, of_best
from jobs.monitor.alarms.windows import Recent
from jobs.monitor.verdict import Kind
from lakehouse.evaluation.drift_profile import SCORE
from lakehouse.evaluation.packed_numbers import Whole
from lakehouse.evaluation.training_days import ALL

FEATURE: Kind = "feature"
PREDICTION: Kind = "prediction"
LABEL: Kind = "label"

REAL = "look at its source first; when the change is real, train again on days that have it"
CAUSE = "look at what has moved among the features; without a cause there, at the source of the rows that are scored"
WORLD = "the world has changed, or what is recorded of it: look at the label's source; train again when it is real"


def features(reference: Reference, recent: Recent, windows: Windows, tally: Tally) -> None:
    """Numbers by their ranks, all columns by their shape; in slices numbers by their ranks, categories by their shape."""
    lengths, slices = recent.lengths(), reference.slices
    numbers = [reference.features[name] for name in reference.numbers if name in windows]
    if numbers:
        ordinary = reference.moved.only(np.repeat(reference.numbers_among(windows), len(slices)))
        named = [(column, of) for column in numbers for of in slices]
        found = _ranks(FEATURE, named, ordinary, recent, [windows[column.name] for column in numbers], REAL, lengths)
        tally.add("features", len(numbers) * len(lengths), (one for one in found if one.slice == ALL))
        tally.add("slices", (len(named) - len(numbers)) * len(lengths), (one for one in found if one.slice != ALL))
    for name, counts in windows.items():
        column = reference.features[name]
        for series in range(1 if column.ordered else len(slices)):
            found = shape(FEATURE, reference, column, series, counts[series], recent, REAL)
            tally.add("slices" if series else "features", len(lengths), found)


def scores(reference: Reference, recent: Recent, counts: Whole, tally: Tally) -> None:
    """The distribution of the scores, how sure they are, and the share that is decided yes; ``counts`` of shape (days, bins)."""
    lengths, column, of_scores = recent.lengths(), reference.scores, reference.of_scores
    if column.ordered:
        found = _ranks(PREDICTION, [(column, WHOLE)], of_scores.means, recent, [counts[None]], CAUSE, lengths)
        tally.add("scores", len(lengths), found)
    if of_scores.confidence is not None:
        tally.add("scores", len(lengths), _confidence(of_scores.confidence, recent, counts, of_scores.sureness))
    if of_scores.decided is not None and (place := of_scores.yes) is not None:
        yes = counts[:, place:-1].sum(axis=-1)
        words = ("decision", "share", "decided yes")
        tally.add(
            "scores", len(lengths), _rate(PREDICTION, words, of_scores.decided, recent, yes, counts, CAUSE, lengths)
        )
    found = shape(PREDICTION, reference, column, 0, counts, recent, CAUSE)
    tally.add("scores", len(lengths), found)


def _confidence(ordinary: Means, recent: Recent, counts: Whole, sureness: Floats) -> list[Tested]:
    rows = counts[None, :, :-1].sum(axis=-1).astype(np.float64)
    mean = (counts[None] @ sureness) / np.maximum(rows, 1)
    best = Best.of(recent.lengths(), lambda n: ordinary.moved(rows[:, -n:], mean[:, -n:], recent.weekday[-n:]))
    if best is None:
        return []
    shift = float(best.shift[0])
    words = f"score: {abs(shift):.3f} {'surer' if shift > 0 else 'less sure'} on average, by the greater of p and 1 - p"

    def newest() -> Floats:
        return ordinary.newest(rows, mean, recent.weekday)

    matters, tested = abs(shift) >= material.GAP, (PREDICTION, SCORE, "confidence", WHOLE)
    return [of_best(*tested, abs(shift), matters, words, CAUSE, best, 0, recent, newest)]


def labels(reference: Reference, recent: Recent, counts: Whole, tally: Tally) -> None:
    """The rate of yes among matured labels, or their distribution; ``counts`` of shape (days, bins)."""
    column, lengths = reference.labels, recent.lengths(patient=True)
    if reference.label_shares is not None:
        words = ("label", "rate", "yes")
        found = _rate(LABEL, words, reference.label_shares, recent, counts[:, 1], counts, WORLD, lengths)
    elif column.ordered:
        found = _ranks(LABEL, [(column, WHOLE)], reference.label_means, recent, [counts[None]], WORLD, lengths)
    else:
        lengths = recent.lengths()
        found = shape(LABEL, reference, column, 0, counts, recent, WORLD)
    tally.add("labels", len(lengths), found)


def _ranks(
    kind: Kind,
    named: list[tuple[Column, tuple[str, str]]],
    ordinary: Means,
    recent: Recent,
    counts: list[Whole],
    advice: str,
    lengths: list[int],
) -> list[Tested]:
    """Each named series: those of a column follow one another in the first axis of its counts."""
    columns = list(dict.fromkeys(column.name for column, _ in named))
    by_name = dict((column.name, column) for column, _ in named)
    pairs = [by_name[name].mean_ranks(one) for name, one in zip(columns, counts, strict=True)]
    rows, mean = (np.concatenate(part) for part in zip(*pairs, strict=True))
    best = Best.of(lengths, lambda n: ordinary.moved(rows[:, -n:], mean[:, -n:], recent.weekday[-n:]))
    if best is None:
        return []

    def newest() -> Floats:
        return ordinary.newest(rows, mean, recent.weekday)

    found = []
    for place, (column, of) in enumerate(named):
        size = abs(float(best.shift[place])) / max(column.deviation, 1e-9)
        way = "higher" if best.shift[place] > 0 else "lower"
        words = f"{column.name}{where(*of)}: {size:.2f} standard deviations {way}, in ranks"
        bound = _rank_bound(ordinary, best, place, size) if of == WHOLE else no_bound
        matters = size >= material.MOVED
        found.append(
            of_best(kind, column.name, "moved", of, size, matters, words, advice, best, place, recent, newest, bound)
        )
    return found


def _rank_bound(ordinary: Means, best: Best, place: int, size: float) -> Bound:
    whole, kept, length = abs(float(best.z[place])), abs(float(best.kept[place])), int(best.length[place])

    def bound(chance: float) -> float | None:
        if not kept:
            return None
        times = ordinary.tails.bound(chance, length)[place] / whole
        rest = ordinary.tails.bound(min(chance * LESS_SURE, 1.0), length - 1)[place] / kept
        far = spells.bound(chance, ordinary.unlike, ordinary.inflation(length), length)[place]
        spell = far / max(abs(float(best.shift[place])), TINY)
        return max(material.MOVED, size * float(max(times, rest, spell)))

    return bound


def _rate(
    kind: Kind,
    words: tuple[str, str, str],
    ordinary: Shares,
    recent: Recent,
    hits: Whole,
    counts: Whole,
    advice: str,
    lengths: list[int],
) -> list[Tested]:
    """A share of the rows with a value; ``words``: its name, its statistic, and what the rows are."""
    events, rows = hits[None].astype(np.float64), counts[None, :, :-1].sum(axis=-1).astype(np.float64)
    best = Best.of(
        lengths, lambda n: ordinary.moved(events[:, -n:], rows[:, -n:], recent.weekday[-n:], True, ways="both")
    )
    if best is None:
        return []
    length, (name, statistic, what) = int(best.length[0]), words
    share = float(events[0, -length:].sum() / max(rows[0, -length:].sum(), 1.0))
    expected = share - float(best.shift[0])
    matters = abs(share - expected) >= max(material.RATE * expected, material.SHARE)
    said = f"{name}: {share:.1%} {what}, {expected:.1%} are expected"

    def newest() -> Floats:
        return ordinary.newest(events, rows, recent.weekday, "both")

    return [of_best(kind, name, statistic, WHOLE, share, matters, said, advice, best, 0, recent, newest)]
