"""Two versions side by side, as the page shows them: the same object that the command line prints, with its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.status_page import signed_bars
from include.status_page.drawing import Chart, chart
from include.status_page.signed_bars import Span
from lakehouse.analyst.comparison import summary, text_report
from lakehouse.analyst.comparison.compared import Comparison
from lakehouse.analyst.comparison.decisions import Calibration
from lakehouse.analyst.comparison.importance import ComparedFeature
from lakehouse.analyst.comparison.measured import FIRST, NEITHER, SECOND, ComparedMetric, Estimate
from lakehouse.analyst.comparison.version_record import VersionRecord
from lakehouse.declaration import metric_names
from lakehouse.ops import model_events

# Features and slices that the page draws; the command line's JSON has all.
MOST_FEATURES, MOST_SLICES = 20, 20
SIZE, PAD = 220.0, 10.0


@dataclass(frozen=True)
class Line:
    """A metric of all rows or of a slice: both versions and their difference, each with its interval, drawn, and who is better."""

    name: str
    note: str
    first: tuple[str, str]
    second: tuple[str, str]
    difference: tuple[str, str]
    span: Span | None
    verdict: str
    better: str


@dataclass(frozen=True)
class FeatureLine:
    """A feature: its shares as texts and lengths, and how its rank changed."""

    of: ComparedFeature
    first: str
    second: str
    first_length: float
    second_length: float
    moved: str


@dataclass(frozen=True)
class Reliability:
    """Both versions' bins on one picture: paths and places, and the ends of both axes in words."""

    of: str
    first: str
    second: str
    first_points: tuple[tuple[float, float, str], ...]
    second_points: tuple[tuple[float, float, str], ...]
    low: str
    high: str


@dataclass(frozen=True)
class CompareView:
    """What the page shows of a comparison.

    Attributes:
        sentence: which is better, in a sentence.
        sides: the record of each, with its metrics on its own holdout in words and its verdicts.
        metrics: on the same rows; those of single classes apart.
        class_metrics: these.
        slices: the largest first.
        slices_more: how many are not shown.
        reliability: None without labelled rows.
        live: None without days.
        features: None where it is not known.
        differences: what differs, by heading.
    """

    sentence: str
    sides: tuple[tuple[VersionRecord, str, tuple[tuple[str, str, str, str], ...]], ...]
    metrics: tuple[Line, ...]
    class_metrics: tuple[Line, ...]
    slices: tuple[Line, ...]
    slices_more: int
    reliability: Reliability | None
    live: Chart | None
    features: tuple[FeatureLine, ...] | None
    features_more: int


def of(comparison: Comparison) -> CompareView:
    """From the object that the command line prints."""
    found, shown = comparison.measured, comparison.importance
    lines = () if found is None else tuple(line(one) for one in found.metrics)
    names = () if found is None else tuple(metric_names.is_of_a_class(one.metric) for one in found.metrics)
    slices = () if found is None else found.slices
    numbers = comparison.first.version, comparison.second.version
    return CompareView(
        sentence=summary.sentence(comparison),
        sides=tuple((one, text_report.holdout(one), _verdicts(one)) for one in (comparison.first, comparison.second)),
        metrics=tuple(one for one, single in zip(lines, names, strict=True) if not single),
        class_metrics=tuple(one for one, single in zip(lines, names, strict=True) if single),
        slices=tuple(line(one.compared, f"{one.slice} {one.value}", f"{one.rows:,} rows") for one in slices[:MOST_SLICES]),
        slices_more=0 if found is None else max(0, len(slices) - MOST_SLICES) + found.slices_left_out,
        reliability=_reliability(comparison.calibration, numbers),
        live=_live(comparison),
        features=None if shown is None else tuple(_features(shown.features[:MOST_FEATURES])),
        features_more=0 if shown is None else max(0, len(shown.features) - MOST_FEATURES),
    )  # fmt: skip


def line(one: ComparedMetric, name: str = "", note: str = "") -> Line:
    """A metric as a line."""
    gap = one.difference
    span = None
    if gap.value is not None and gap.low is not None and gap.high is not None:
        span = signed_bars.span(gap.low, gap.value, gap.high)
    better = one.better or ""
    return Line(
        name=name or summary.words(one.metric),
        note=note or summary.direction(one.metric),
        first=_number_and_interval(one.first),
        second=_number_and_interval(one.second),
        difference=_number_and_interval(gap, "+"),
        span=span,
        verdict={FIRST: "first is better", SECOND: "second is better", NEITHER: "no clear difference"}.get(better, ""),
        better=better,
    )


def _number_and_interval(one: Estimate, sign: str = "") -> tuple[str, str]:
    number, _, interval = text_report.estimate(one, sign).partition(" (")
    return (number, interval.removesuffix(")")) if one.value is not None else ("not defined", "")


def _verdicts(record: VersionRecord) -> tuple[tuple[str, str, str, str], ...]:
    return tuple(
        (text_report.instant(one.happened_at), one.event, one.actor, one.reason)
        for one in record.events
        if one.event != model_events.REGISTERED
    )[-text_report.MOST_EVENTS :]


def _features(features: Sequence[ComparedFeature]) -> list[FeatureLine]:
    lengths = signed_bars.shares([share for one in features for share in (one.first, one.second)])
    pairs = zip(lengths[::2], lengths[1::2], strict=True)
    return [
        FeatureLine(
            one, text_report.share(one.first), text_report.share(one.second), *first_and_second, text_report.moved(one)
        )
        for one, first_and_second in zip(features, pairs, strict=True)
    ]


def _reliability(
    calibration: tuple[Calibration | None, Calibration | None], numbers: tuple[int, int]
) -> Reliability | None:
    first, second = calibration
    if first is None or second is None:
        return None
    values = [value for one in (first, second) for each in one.bins for value in (each.score, each.label)]
    low, high = min(values), max(values)
    if first.of != "value":
        low, high = 0.0, max(high, 1.0)
    width = (high - low) or 1.0

    def place(value: float) -> float:
        return round(PAD + (value - low) / width * (SIZE - 2 * PAD), 1)

    def points(one: Calibration, number: int) -> tuple[tuple[float, float, str], ...]:
        title = "version {}: mean score {:.3g}, came {:.3g} ({} rows)"
        return tuple(
            (
                place(each.score),
                round(SIZE - place(each.label), 1),
                title.format(number, each.score, each.label, each.rows),
            )
            for each in one.bins
        )

    both = points(first, numbers[0]), points(second, numbers[1])
    paths = ["".join(f"{'L' if at else 'M'}{x:g} {y:g}" for at, (x, y, _) in enumerate(one)) for one in both]
    return Reliability(first.of, paths[0], paths[1], *both, f"{low:.3g}", f"{high:.3g}")


def _live(comparison: Comparison) -> Chart | None:
    days = comparison.live.days
    if not days:
        return None
    firsts, seconds = [one.first for one in days], [one.second for one in days]
    return chart([one.day for one in days], firsts, second=seconds, from_zero=False, width=480, height=140)
