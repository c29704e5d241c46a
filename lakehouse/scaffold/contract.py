"""The contract of a sampled source: rules that every row of the sample keeps, with room for those to come.

A range is widened by half its width on both sides, and stays at 0 where nothing was below. Allowed values are listed where there
are at most ten and each is frequent. A form is a pattern where all values have it with the same lengths. A column may be null
where the sample has an empty value, or fewer than a hundred rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from lakehouse.scaffold import seen_words, written_days
from lakehouse.scaffold.column_profile import ColumnProfile
from lakehouse.scaffold.sample import Sample

FEW_ROWS = 100
# Values that are listed as the allowed ones: so many at most, each at least so often, in so many rows.
MOST_ALLOWED, FREQUENT, FREQUENT_SHARE, ALLOWED_ROWS = 10, 20, 0.01, 200
LONGEST_ALLOWED = 60
_IDS = re.compile(r"(^|_)(id|ids|key|uuid|guid|nr|no|number|code|index|rowid|row|unnamed)($|_)")
_INT, _LONG = 2**31 - 1, 2**63 - 1
# Beyond this a number is no feature, since XGBoost reads 32 bits.
GREATEST = 1e37
_CLASSES = {"A": "[A-Z]", "a": "[a-z]", "0": "[0-9]"}


@dataclass(frozen=True)
class ContractColumn:
    """A column of the contract, and what was seen of it.

    Attributes:
        name: in the contract.
        delivered: in the deliveries.
        type: of the contract's types.
        nullable: whether it may be empty.
        low: the least number allowed.
        high: the greatest.
        allowed: the values allowed.
        pattern: the form of its texts.
        seen: what was seen, in words, for a comment.
        levels: its different values, most frequent first; None where there are too many to be counted.
        is_id: whether it seems to be a number of the row, not a measure.
        is_day: whether its texts are days, in a form that is no date to a contract.
    """

    name: str
    delivered: str
    type: str
    nullable: bool
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] | None = None
    pattern: str | None = None
    seen: str = ""
    levels: tuple[str, ...] | None = None
    is_id: bool = False
    is_day: bool = False

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.type in ("int", "long", "double")

    def required(self) -> ContractColumn:
        """The same column as a part of a key: never null, of any value."""
        kind = "string" if self.type == "double" else self.type
        return replace(self, nullable=False, low=None, high=None, allowed=None, type=kind)


@dataclass(frozen=True)
class Contract:
    """The columns of a source by delivered name, and the texts that mean no value in its files."""

    columns: dict[str, ContractColumn]
    null_values: tuple[str, ...]
    decimal: str


def of(sample: Sample, kept_texts: Collection[str] = (), *, texts_mean_nothing: bool = True) -> Contract:
    """The contract that a sample keeps.

    Args:
        sample: what was seen.
        kept_texts: delivered names of columns whose texts are values even where they often mean none, such as a key's.
        texts_mean_nothing: whether the files' format can say that a text such as NA means no value.
    """
    kept = frozenset(
        text for name in kept_texts if sample.kind(name) == "string" for text in sample.columns[name].nothing
    )
    null_values = sample.null_values(kept) if texts_mean_nothing else ()
    columns = {delivered: _column(sample, profile, null_values) for delivered, profile in sample.columns.items()}
    return Contract(columns, null_values, sample.decimal)


def _column(sample: Sample, profile: ColumnProfile, null_values: tuple[str, ...]) -> ContractColumn:
    kind = profile.kind(sample.decimal)
    if kind != "string" and set(profile.nothing).difference(null_values):
        kind = "string"
    empty = profile.empty + sum(profile.nothing[text] for text in null_values)
    counts = {text: number for text, number in profile.values.items() if text not in null_values}
    levels = None if profile.many else tuple(sorted(counts, key=lambda text: (-counts[text], text)))
    name = sample.names[profile.name]
    column = ContractColumn(
        name=name,
        delivered=profile.name,
        type=kind,
        nullable=bool(empty) or sample.rows < FEW_ROWS or not sample.whole,
        levels=levels,
        is_id=_is_id(name, profile, kind),
        is_day=kind == "string" and bool(written_days.forms_of(profile.values)),
        seen=seen_words.of(profile, kind, levels, empty),
    )
    if kind in ("long", "double"):
        return _with_range(column, profile)
    if kind == "string" and levels:
        return _with_form(column, profile, counts, empty)
    return column


def _with_range(column: ContractColumn, profile: ColumnProfile) -> ContractColumn:
    assert profile.low is not None and profile.high is not None
    width = (profile.high - profile.low) / 2 or abs(profile.high) / 2 or 1
    low, high = profile.low - width, profile.high + width
    if (profile.low, profile.high) == (0, 1) and column.type == "long":
        low, high = 0, 1
    low = max(low, 0) if profile.low >= 0 else low
    high = min(high, 0) if profile.high <= 0 and profile.low < 0 else high
    if column.type == "double":
        ranged = math.isfinite(low) and math.isfinite(high)
        return replace(column, low=_outward(low, -1), high=_outward(high, 1)) if ranged else column
    low, high = math.floor(low), math.ceil(high)
    if column.is_id:
        fits = profile.low >= -_INT // 2 and profile.high <= _INT // 2
        return replace(column, type="int" if fits else "long")
    if low >= -_INT and high <= _INT:
        return replace(column, type="int", low=low, high=high)
    # Beyond 53 bits a float, which a limit is, has not every whole number.
    return replace(column, low=low, high=high) if low >= -(2**53) and high <= 2**53 else column


def _outward(value: float, direction: int) -> float:
    """The value in three digits, no nearer to 0 or to the values than it is."""
    if value == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    rounded = float(f"{(math.floor if direction < 0 else math.ceil)(value / step) * step:.12g}")
    return rounded if (rounded - value) * direction >= 0 and math.isfinite(rounded) else value


def _with_form(column: ContractColumn, profile: ColumnProfile, counts: dict[str, int], empty: int) -> ContractColumn:
    filled = profile.rows - empty
    few = not profile.many and 2 <= len(counts) <= MOST_ALLOWED and filled >= ALLOWED_ROWS
    short = profile.longest <= LONGEST_ALLOWED and not profile.line_breaks
    if few and short and min(counts.values()) >= max(FREQUENT, FREQUENT_SHARE * filled):
        return replace(column, allowed=tuple(sorted(counts)))
    if len(profile.forms) == 1 and len(counts) >= 20 and not profile.nothing:
        (runs,) = profile.forms
        if len(runs) <= 6 and any(kind == "0" for kind, _ in runs) and sum(length for _, length in runs) >= 3:
            pattern = "".join(_CLASSES.get(kind, _literal(kind)) + (f"{{{n}}}" if n > 1 else "") for kind, n in runs)
            # Of values beyond those that are counted by name the form was looked at too, but not of each.
            if all(re.fullmatch(pattern, text) for text in counts) and not profile.many:
                return replace(column, pattern=pattern)
    return column


def _literal(sign: str) -> str:
    return sign if sign in "-_/:, #@" else re.escape(sign)


def _is_id(name: str, profile: ColumnProfile, kind: str) -> bool:
    if kind not in ("long", "string") or not profile.identifies or profile.rows < 50:
        return False
    if kind == "string" or _IDS.search(name):
        return True
    return profile.low is not None and profile.high is not None and profile.high - profile.low + 1 <= 1.2 * profile.rows
