"""The READMEs' own function: what is no text goes, what is text stays."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from include.package_readmes.standardise import standardise

RST = {"markup": "text/x-rst"}
README = """Widgets
=======

.. image:: https://example.org/badge.svg
   :target: https://example.org
.. |docs| image:: https://example.org/docs.svg

https://example.org/widgets

Widgets keeps ``frames`` in order, see :py:class:`Frame <widgets.Frame>` and `the guide <https://example.org/guide>`_.

* one
* two
"""


def test_restructured_text_loses_its_markup_and_keeps_its_words() -> None:
    assert standardise(README, RST) == (
        "Widgets\n\n\n\nWidgets keeps frames in order, see Frame and the guide.\n\n* one\n* two"
    )


def test_other_texts_lose_lines_that_are_addresses_alone() -> None:
    assert standardise("Read this:\nhttps://example.org\nand https://example.org too", {"markup": None}) == (
        "Read this:\nand https://example.org too"
    )


def test_what_has_no_text_is_no_document() -> None:
    assert standardise(" \n\n", {"markup": None}) is None
    assert standardise(".. image:: x\n=====\n", RST) is None


@settings(max_examples=40)
@given(st.text(max_size=300), st.sampled_from(["text/x-rst", "text/markdown", None]))
def test_whatever_the_text_is_nothing_is_made_up(text: str, markup: str | None) -> None:
    found = standardise(text, {"markup": markup}) or ""
    left = iter(text)
    assert all(character in left for character in found if not character.isspace())
