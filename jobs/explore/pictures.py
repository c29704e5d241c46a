"""The pictures of a profile, drawn from its rows: histograms with declared limits, values, and what each limit would keep."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from jobs.explore.distributions import LOGARITHMIC, SHARES, Row
from jobs.explore.limits import LEAST, MOST, declared
from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_documents import MEASURES

ALL, KEPT, LIMIT, OTHER_WAY = "#b8c4d0", "#1f6fb2", "#c0392b", "#b07d00"
COUNTS = frozenset({"common_words", "pii"})
COLUMNS = 3
# In inches.
WIDTH, INCHES_A_LINE, TOP, BOTTOM = 11.0, 2.1, 0.7, 0.35
WORDS = {
    "characters": "characters",
    "words": "words",
    "language_share": "how sure the language is",
    "quality": "heuristics kept (share)",
    "mean_word_length": "characters of a word, mean",
    "alphabetic_words": "words with a letter (share)",
    "symbols_per_word": "# and ellipses, by words",
    "bullet_lines": "lines with a bullet (share)",
    "ellipsis_lines": "lines that end with … (share)",
    "repeated_lines": "repeated lines (share)",
    "repeated_ngrams": "repeated runs of words (share)",
    "common_words": "common words of the language",
    "pii": "addresses and numbers of persons",
    "grade": "the teacher's mark",
}


def histograms(dataset: Dataset, rows: Sequence[Row]) -> Figure:
    """The distribution of each measure: all documents, those that are kept, and the declared limits."""
    drawn = [name for name in MEASURES if any(row["measure"] == name for row in rows)]
    figure, places = _grid(len(drawn), f"{dataset.title}: what is measured on the documents")
    for axes, name in zip(places, drawn, strict=False):
        bins = [row for row in rows if row["measure"] == name]
        lows, widths = [row["low"] for row in bins], [row["high"] - row["low"] for row in bins]
        # A bar of one whole number stands at it.
        align: Literal["center", "edge"] = "center" if set(widths) == {1} else "edge"
        axes.bar(lows, [row["documents"] for row in bins], widths, align=align, color=ALL, label="all")
        axes.bar(lows, [row["kept"] for row in bins], widths, align=align, color=KEPT, label="kept")
        _draw_limits(axes, dataset, name)
        _describe(axes, name, "documents")
    _legend(figure, places)
    return figure


def values(dataset: Dataset, rows: Sequence[Row]) -> Figure:
    """How many documents each language, licence, reason and kind of duplicate has."""
    titles = {"language": "languages", "licence": "licences", "reason": "rejected by", "duplicates": "duplicates"}
    figure = Figure(figsize=(11, 7))
    figure.subplots_adjust(left=0.16, right=0.98, top=0.9, bottom=0.08, wspace=0.45, hspace=0.35)
    figure.suptitle(f"{dataset.title}: values and reasons", x=0.01, ha="left", fontsize=11)
    for axes, (measure, title) in zip(figure.subplots(2, 2).flat, titles.items(), strict=True):
        bars = [row for row in rows if row["measure"] == measure][:12][::-1]
        names = [_short(row["value"]) for row in bars]
        axes.barh(names, [row["documents"] for row in bars], color=ALL, label="all")
        axes.barh(names, [row["kept"] for row in bars], color=KEPT, label="kept")
        if measure == "reason":
            alone = {row["value"]: row["documents"] for row in rows if row["measure"] == "reason alone"}
            axes.barh(names, [alone[row["value"]] for row in bars], color=LIMIT, label="by it alone")
            axes.legend(handles=axes.containers[::2], loc="lower right", fontsize=8)
        elif measure == "language":
            axes.legend(loc="lower right", fontsize=8)
        axes.set(title=title, xlabel="documents")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(_thousands))
        if not bars:
            axes.text(0.5, 0.5, "none", ha="center", va="center", transform=axes.transAxes)
            axes.set(xticks=[], yticks=[])
    return figure


def kept_by_limits(dataset: Dataset, rows: Sequence[Row]) -> Figure:
    """Of each measure how many documents would be kept with other limits in the place of the declared one, all else as it is."""
    drawn = [name for name in MEASURES if _curve(rows, name, LEAST) or _curve(rows, name, MOST)]
    figure, places = _grid(len(drawn), f"{dataset.title}: what a limit would keep, all others as declared")
    for axes, name in zip(places, drawn, strict=False):
        most = 1.0
        for way, side, color in ((LEAST, "low", KEPT), (MOST, "high", OTHER_WAY)):
            if points := _curve(rows, name, way):
                limits = [row[side] for row in points]
                kept = [row["kept"] for row in points]
                axes.plot(limits, kept, marker="o", markersize=3, color=color, label=f"{way} so much")
                most = max(most, *kept)
        _draw_limits(axes, dataset, name)
        _describe(axes, name, "kept")
        axes.set_ylim(0, 1.08 * most)
    _legend(figure, places)
    return figure


def png(figure: Figure) -> bytes:
    """The picture as a file: equal bytes for equal figures."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90, metadata={"Software": None})
    return buffer.getvalue()


def _grid(count: int, title: str) -> tuple[Figure, list[Axes]]:
    lines = max(1, -(-count // COLUMNS))
    # Room is given by inches: finding it means drawing twice.
    height = INCHES_A_LINE * lines + TOP + BOTTOM
    figure = Figure(figsize=(WIDTH, height))
    figure.subplots_adjust(
        left=0.07, right=0.985, top=1 - TOP / height, bottom=BOTTOM / height, wspace=0.28, hspace=0.55
    )
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    places = list(figure.subplots(lines, COLUMNS, squeeze=False).flat)
    for axes in places[count:]:
        axes.set_visible(False)
    return figure, places[:count]


def _draw_limits(axes: Axes, dataset: Dataset, name: str) -> None:
    limits = declared(dataset, name)
    for limit in () if limits is None else (limits.least, limits.most):
        if limit is not None:
            axes.axvline(limit, color=LIMIT, linewidth=1.2, label="limit of the filter")


def _describe(axes: Axes, name: str, what: str) -> None:
    axes.set_title(WORDS[name], fontsize=9)
    axes.set_ylabel(what, fontsize=8)
    axes.tick_params(labelsize=7)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(_thousands))
    if name in LOGARITHMIC:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    elif name in SHARES:
        axes.set_xlim(-0.02, 1.02)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=name in COUNTS))


def _legend(figure: Figure, places: Sequence[Axes]) -> None:
    found = {label: handle for axes in places for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    if found:
        figure.legend(found.values(), found.keys(), loc="upper right", ncols=len(found), fontsize=8)


def _curve(rows: Sequence[Row], name: str, way: str) -> list[Row]:
    return [row for row in rows if row["measure"] == f"limit: {name} {way}"]


def _short(value: str) -> str:
    return value if len(value) <= 28 else f"{value[:27]}…"


def _thousands(value: float, _: int) -> str:
    return f"{value:,.0f}"
