"""What ingest takes for one value of a key has one text, and what it takes for none has none."""

from __future__ import annotations

import datetime as dt
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.erase.subject import PARSED
from jobs.ingest.typed_values import typed
from lakehouse.declaration import ColumnType
from lakehouse.ops import key_text

ZONE = "Europe/Paris"
written = st.one_of(
    st.from_regex(r"[+-]?0{0,3}[0-9]{1,20}", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{0,4}[.,]?[0-9]{0,4}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"(19|20)[0-9]{2}-(0[1-9]|1[0-3])-[0-3][0-9]", fullmatch=True),
    st.from_regex(
        r"20[0-9]{2}-0[1-9]-[0-2][0-9][T ](00|22|23):(00|59)(:[0-5][0-9](\.[0-9]{1,6}0?)?)?(Z|[+-]0[0-2]:?00)?",
        fullmatch=True,
    ),
    st.sampled_from(["true", "FALSE", "True", "nan", "-inf", "", " 7", "7 ", "0", "-0.0", "1e400"]),
    st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=5),
)


@pytest.mark.parametrize("type_", get_args(ColumnType))
def test_a_text_stands_for_the_value_that_ingest_reads(type_: Any) -> None:
    decimal = "," if type_ == "double" else "."

    @settings(max_examples=25)
    @given(st.lists(written, min_size=1, max_size=12))
    def each(texts: list[str]) -> None:
        values = typed(pa.array(texts, pa.string()), type_, ZoneInfo(ZONE), decimal).values.to_pylist()
        for text, value in zip(texts, values, strict=True):
            one = key_text.of(text, type_, ZONE, decimal)
            if value is None:
                # A number beyond the type's bits is read by nobody, and may have a text.
                assert one is None or type_ in ("int", "long")
            else:
                assert one is not None
                assert PARSED[type_](one) == value
                assert key_text.of(one, type_, ZONE) == one

    each()


def test_one_instant_and_one_number_have_one_text_however_they_are_written() -> None:
    instants = ("2024-03-05T01:00:00+01:00", "2024-03-05 00:00Z", "2024-03-05T00:00:00.000")
    assert len({key_text.of(text, "timestamp") for text in instants}) == 1
    assert len({key_text.of(text, "double") for text in ("1e3", "1000", "+1000.0", "1000.")}) == 1
    assert len({key_text.of(text, "double", decimal=",") for text in ("0,5", "5e-1", ",5")}) == 1
    assert key_text.of("2024-03-04T23:00:00Z", "date", ZONE) == key_text.of("2024-03-05", "date", ZONE)
    assert dt.date.fromisoformat(str(key_text.of("2024-03-05", "date"))) == dt.date(2024, 3, 5)
