"""Telephone numbers in a text: those with a country's number, those written as a country writes them, those that are named so."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher, ValidationResult

from lakehouse.corpus.found import Span

# What may stand between two digits: at most two signs, such as a blank and a bracket.
_BETWEEN = "[ \u00a0\u202f./()\u2010-\u2013-]{0,2}"
_ENDS = r"(?![\w]|[.-][0-9])"


def _first(sign: str) -> str:
    """A first sign that nothing stands before that would make it a part of something else. That is asked behind the sign, so that
    the search goes from one such sign to the next, which is five times faster.
    """
    return rf"{sign}(?<![\w+./-]{sign})"


# +49 30 1234567, 0049 30 1234567
_INTERNATIONAL = re.compile(rf"(?:{_first('[+]')}|{_first('00')}){_BETWEEN}[1-9](?:{_BETWEEN}[0-9]){{6,14}}{_ENDS}")
# (415) 555-0132, 415-555-0132, 1-415-555-0132
_AREA = r"[2-9][0-9]{2}"
_BRACKETED = rf"{_AREA}\)[ \u00a0-]?[0-9]{{3}}[ .-]"
_NORTH_AMERICAN = re.compile(
    rf"(?:{_first('[(]')}{_BRACKETED}|{_first('[2-9]')}[0-9]{{2}}(?P<by>[ .-])[0-9]{{3}}(?P=by)|"
    rf"{_first('1')}[ .-](?:\({_BRACKETED}|{_AREA}(?P<after>[ .-])[0-9]{{3}}(?P=after)))[0-9]{{4}}{_ENDS}"
)
# 020 7946 0958, 01 23 45 67 89, 030/1234567, and not a row of numbers
_NATIONAL = re.compile(
    rf"(?:{_first('[(]')}0|{_first('0')}(?<![0-9:] 0)(?<!:0))[0-9]{{1,5}}\)?[ \u00a0/-](?:{_BETWEEN}[0-9]){{5,10}}"
    rf"{_ENDS}(?! ?[0-9])"
)
# Countries whose way of writing a national number is tried, to the group.
_REGIONS = ("GB", "FR", "DE", "IT", "AU", "JP")
# So many numbers of a text are looked up; of more, what has the shape is taken for one.
MOST_LOOKED_UP = 2_000
# Tel.: 555 0132
_AFTER_COLON = re.compile(rf":[ \u00a0]?(?P<number>\(?[0-9](?:{_BETWEEN}[0-9]){{5,14}}){_ENDS}")
_NAME = re.compile(
    r"\b(?:tele(?:ph|f)on[eo]?|t[ée]l[ée]phone|tel|phone|call|fax|mobile|mobil|handy|cell|whatsapp|тел)(?:\s?(?:no|number|nr)\b)?\.?\s?$",
    re.IGNORECASE,
)
_DATE = re.compile(r"[0-9]{4}([./-])[0-9]{2}\1[0-9]{2}\b|[0-9]{2}([./-])[0-9]{2}\2[0-9]{4}\b")
# What is numbered otherwise, and how far before a number that may stand.
_OTHERWISE = re.compile(r"\b(?:ISBN|ISSN|EAN|DOI|ISIN|IMEI|UUID|PMID)\b[^\n]{0,12}$", re.IGNORECASE)
BEFORE = 24


def spans(text: str) -> Iterator[Span]:
    """Where telephone numbers stand.

    One with a country's number has a length that the country has. A national one is written exactly as one of a few countries
    write a number that they have given out, or as North America does; or a word such as ``Tel.:`` stands before it.
    """
    looked_up = 0
    for match in _INTERNATIONAL.finditer(text):
        looked_up += 1
        if not _numbered_otherwise(text, match) and (looked_up > MOST_LOOKED_UP or _is_possible(match[0])):
            yield match.span()
    for match in _NORTH_AMERICAN.finditer(text):
        if not _numbered_otherwise(text, match) and (_is_written_plainly(match) or _is_valid(match[0], "US")):
            yield match.span()
    for match in _NATIONAL.finditer(text):
        looked_up += 1
        if not _numbered_otherwise(text, match):
            yield from _within(match) if looked_up <= MOST_LOOKED_UP else [match.span()]
    for match in _AFTER_COLON.finditer(text):
        named = _NAME.search(text[max(0, match.start() - BEFORE) : match.start()])
        if named is not None and not _DATE.match(match["number"]):
            yield match.span("number")


def _numbered_otherwise(text: str, match: re.Match[str]) -> bool:
    return _OTHERWISE.search(text[max(0, match.start() - BEFORE) : match.start()]) is not None


def _is_written_plainly(match: re.Match[str]) -> bool:
    """With brackets or hyphens; dots and blanks are in many numbers."""
    return (match["by"] or match["after"] or "-") == "-"


def _parsed(number: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None


def _is_possible(number: str) -> bool:
    digits = re.sub(r"[^0-9+]", "", number)
    plus = digits.startswith("+")
    found = _parsed(digits if plus else f"+{digits[2:]}", None)
    if found is None:
        return False
    if not plus:
        return phonenumbers.is_valid_number(found)
    return bool(phonenumbers.is_possible_number_with_reason(found) == ValidationResult.IS_POSSIBLE)


def _is_valid(number: str, region: str) -> bool:
    found = _parsed(number, region)
    return found is not None and phonenumbers.is_valid_number(found)


def _within(match: re.Match[str]) -> Iterator[Span]:
    for region in _REGIONS:
        for found in PhoneNumberMatcher(match[0], region, leniency=Leniency.EXACT_GROUPING, max_tries=8):
            yield match.start() + found.start, match.start() + found.end
            return
