"""The language of a text: right for what people write, and an answer for whatever there is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse import language

SENTENCES = {
    "en": "The committee decided that the bridge would be closed for repairs until the end of the month.",
    "de": "Der Ausschuss beschloss, dass die Brücke bis zum Ende des Monats wegen Reparaturen gesperrt wird.",
    "fr": "Le comité a décidé que le pont serait fermé pour des travaux jusqu'à la fin du mois.",
    "es": "El comité decidió que el puente estaría cerrado por obras hasta el final del mes.",
    "ru": "Комитет решил, что мост будет закрыт на ремонт до конца месяца.",
    "ar": "قررت اللجنة إغلاق الجسر للإصلاح حتى نهاية الشهر.",
    "zh": "委员会决定关闭这座桥进行维修,直到本月底。",
    "ja": "委員会は月末まで橋を修理のために閉鎖することを決めました。",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_has_its_language(code: str) -> None:
    found, share = language.detect(SENTENCES[code])
    assert found == code
    assert share > 0.5


@pytest.mark.parametrize("text", ["", " \n\t", "1234 5678", "+++ --- ***", "\x00\x01"])
def test_a_text_without_letters_has_none(text: str) -> None:
    assert language.detect(text) == ("", 0.0)


@given(st.text(st.characters(), max_size=60))
@settings(max_examples=50, deadline=None)
def test_any_text_has_one_answer_with_a_share(text: str) -> None:
    code, share = language.detect(text)
    assert (code, share) == language.detect(text)
    assert 0 <= share <= 1
    assert bool(code) == any(character.isalpha() for character in text)


def test_a_lone_surrogate_is_no_failure() -> None:
    assert language.detect("The end of \ud800 the month was near and nobody was there.")[0] == "en"


def test_a_long_text_is_known_by_its_beginning() -> None:
    beginning = (SENTENCES["en"] + " ") * (language.CHARACTERS // len(SENTENCES["en"]) + 1)
    assert language.detect(beginning + SENTENCES["ru"] * 1_000) == language.detect(beginning)
