# ruff: noqa: RUF001
"""The words that every longer text of a language has: articles, pronouns, prepositions, the verbs to be and to have."""

from __future__ import annotations

_WORDS = {
    "ar": "في من على إلى أن هذا هذه التي الذي عن مع كان لا ما هو هي كل بعد",
    "cs": "a v se na je že s z do o to jako ale který by pro jsou jeho",
    "da": "og i at det er en til på som de med den for af ikke der var et har",
    "de": "der die und in den von zu das mit sich auf für ist im dem nicht ein eine als auch es an werden aus",
    "el": "και το να του η της με που την από για είναι τα των στο θα δεν",
    "en": "the be to of and that have with a in is for it on as are this by",
    "es": "de la que el en y a los se del las un por con no una su para es",
    "fi": "ja on ei se että oli hän mutta joka ovat kun niin myös tai sen",
    "fr": "de la le et les des en un du une que est pour qui dans par pas sur plus au",
    "hi": "के में की है और से का को पर यह कि हैं ने एक नहीं",
    "it": "di e il la che in un a per è una sono con non del si da le dei",
    "ja": "の に は を た が で て と し れ さ る い も",
    "nl": "de van een het en in is dat op te zijn met voor niet aan er om ook als",
    "no": "og i det er en til på som at med den for av ikke der var et har",
    "pl": "w i na z do się nie że jest to o jak ale po od przez dla za",
    "pt": "de a o que e do da em um para é com não uma os no se na por mais",
    "ru": "и в не на что с он по это как но из у за от к его для",
    "sv": "och i att det som en på är av för med den till inte om ett har de",
    "tr": "ve bir bu da de için ile çok olarak daha gibi olan ne ama kadar",
    "uk": "і в не на що з він це як до та але за від у для його",
    "zh": "的 是 不 在 有 人 了 我 他 这 中 和 一 上 个",
}
COMMON_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
