"""A text from outside in a log is one line, and obeyed by no terminal."""

from hypothesis import given
from hypothesis import strategies as st

from lakehouse import terminal


@given(st.text())
def test_any_text_becomes_one_line_without_controls(text):
    said = terminal.one_line(text)
    assert said.isprintable() and len(f"a{said}b".splitlines()) == 1


@given(st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" ")))
def test_a_text_that_is_one_stays_as_it_is(text):
    assert terminal.one_line(text) == text


def test_a_forged_line_and_colours_are_seen_as_what_they_are():
    assert terminal.one_line("x\nERROR ModelMissing: forged\x1b[2J\x9b\u2028") == (
        r"x\nERROR ModelMissing: forged\x1b[2J\x9b\u2028"
    )
