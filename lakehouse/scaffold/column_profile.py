"""What was seen of a column: its types, its range, its frequent values, its form; in bounded memory.

Types are judged by the grammar of `lakehouse.value_text`, as ingestion judges them: what is a number here is one there.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import value_text
from lakehouse.scaffold.value_forms import all_match, all_read, form, instant

# So many different values are counted by name.
MOST_VALUES = 2_000
# So many different values are told from one another, to see whether a column identifies its rows.
MOST_DIFFERENT = 300_000
# Texts by which people mean that there is no value.
NOTHING = frozenset(
    {
        *("NA", "N/A", "n/a", "na", "#N/A", "NaN", "nan", "NAN", "NaT", "NULL", "Null", "null", "None", "none", "nil"),
        *("?", "-", "--", ".", "\\N", "missing", "Missing", "unknown", "inf", "-inf", "Infinity", "-Infinity", "+inf"),
    }
)
COMMA = r"^[+-]?([0-9]+(,[0-9]*)?|,[0-9]+)([eE][+-]?[0-9]{1,5})?$"
LEADING_ZERO = r"^[+-]?0[0-9]"
KINDS = ("boolean", "long", "double", "comma", "date", "timestamp")


@dataclass
class ColumnProfile:
    """What was seen of a column of the sample.

    Attributes:
        name: what the deliveries call it.
        declared: its type where the file says it, as Parquet does.
        rows: how many rows were looked at.
        values: how often each value occurs, as long as there are few.
        many: whether there are more different values than ``values`` has.
        nothing: how often each text of ``NOTHING`` occurs.
        low: the least number.
        high: the greatest number.
        forms: which runs of letters, digits and signs the values are made of; at most three.
        longest: the most characters of a value.
        line_breaks: whether a value has one.
        repeated: whether a value occurs twice, as far as different values are told.
    """

    name: str
    declared: str | None = None
    rows: int = 0
    empty: int = 0
    values: Counter[str] = field(default_factory=Counter)
    many: bool = False
    nothing: Counter[str] = field(default_factory=Counter)
    low: float | None = None
    high: float | None = None
    forms: set[tuple[tuple[str, int], ...]] = field(default_factory=set)
    longest: int = 0
    line_breaks: bool = False
    repeated: bool = False
    _kinds: set[str] = field(default_factory=lambda: set(KINDS))
    _seen: set[int] = field(default_factory=set)

    def add(self, texts: Sequence[str | None]) -> None:
        """Look at more values; None is an empty one."""
        counts = Counter(texts)
        self.rows += len(texts)
        self.empty += counts.pop(None, 0)
        given = {text: number for text, number in counts.items() if text is not None}
        for text in NOTHING.intersection(given):
            self.nothing[text] += given[text]
        for text, number in given.items():
            if text in self.values or len(self.values) < MOST_VALUES:
                self.values[text] += number
            else:
                self.many = True
        self._tell_apart(given)
        different = [text for text in given if text not in NOTHING]
        if not different:
            return
        self.longest = max(self.longest, *map(len, different))
        self.line_breaks = self.line_breaks or any("\n" in text or "\r" in text for text in different)
        if len(self.forms) < 3:
            self.forms.update(form(text) for text in different[: MOST_VALUES // 4])
        self._judge(pa.array(different, pa.string()))

    @property
    def is_empty(self) -> bool:
        """Whether there is no value but texts that mean none."""
        return self.rows == self.empty + self.nothing.total()

    @property
    def identifies(self) -> bool:
        """Whether no two rows have the same value, and none has none."""
        return self.rows > 0 and not self.empty and not self.repeated

    def kind(self, decimal: str) -> str:
        """The widest type of a contract that all values have, those of ``NOTHING`` aside; ``string`` where there is none."""
        if self.is_empty or self.declared == "string":
            return "string"
        if "boolean" in self._kinds:
            found = "boolean"
        elif "long" in self._kinds:
            found = "long"
        elif ("comma" if decimal == "," else "double") in self._kinds:
            found = "double"
        else:
            found = next((kind for kind in ("date", "timestamp") if kind in self._kinds), "string")
        if self.declared in (None, found):
            return found
        return "double" if self.declared == "double" and found == "long" else "string"

    @property
    def decimals(self) -> str | None:
        """The mark in its numbers, ``.`` or ``,``; None where it has no numbers but whole ones, or none."""
        if self.is_empty or "long" in self._kinds or self.declared is not None:
            return None
        return "." if "double" in self._kinds else "," if "comma" in self._kinds else None

    def _tell_apart(self, given: dict[str, int]) -> None:
        if self.repeated:
            return
        before = len(self._seen)
        self._seen.update(map(hash, given))
        self.repeated = (
            len(self._seen) - before < len(given)
            or any(number > 1 for number in given.values())
            or len(self._seen) > MOST_DIFFERENT
        )
        if self.repeated:
            self._seen.clear()

    def _judge(self, texts: pa.Array) -> None:
        """Strike out the kinds that not all of the texts are, and widen the range."""
        tests: dict[str, Callable[[pa.Array], bool]] = {
            "boolean": lambda given: all_match(given, value_text.TRUTH),
            "long": self._long,
            "double": lambda given: all_match(given, value_text.DECIMAL) and self._double(given),
            "comma": lambda given: all_match(given, COMMA) and self._double(pc.replace_substring(given, ",", ".")),
            "date": lambda given: all_match(given, value_text.DAY) and all_read(given, dt.date.fromisoformat),
            "timestamp": lambda given: all_match(given, value_text.INSTANT) and all_read(given, instant),
        }
        for kind in KINDS:
            if kind in self._kinds and not tests[kind](texts):
                self._kinds.discard(kind)

    def _long(self, texts: pa.Array) -> bool:
        if not all_match(texts, value_text.WHOLE) or pc.any(pc.match_substring_regex(texts, LEADING_ZERO)).as_py():
            return False
        try:
            numbers = pc.utf8_ltrim(texts, "+").cast(pa.int64())
        except pa.ArrowInvalid:
            return False
        self._widen(numbers)
        return True

    def _double(self, texts: pa.Array) -> bool:
        # Such as numbers of accounts or articles.
        if all_match(texts, value_text.WHOLE) and pc.any(pc.match_substring_regex(texts, LEADING_ZERO)).as_py():
            return False
        if any(len(text) > 18 for text in texts.to_pylist()) and all_match(texts, value_text.WHOLE):
            return False
        numbers = pa.array([float(text) for text in texts.to_pylist()], pa.float64())
        if not pc.all(pc.is_finite(numbers)).as_py():
            return False
        self._widen(numbers)
        return True

    def _widen(self, numbers: pa.Array) -> None:
        low, high = pc.min(numbers).as_py(), pc.max(numbers).as_py()
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
