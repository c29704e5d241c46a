"""Numbers of accounts and payment cards, known by their lengths and check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakehouse.corpus.found import Span

# How long an IBAN of each country is (the registry of ISO 13616).
_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 "
    "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 "
    "LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 "
    "SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
IBAN_LENGTHS = {one[:2]: int(one[2:]) for one in _LENGTHS.split()}
_BETWEEN = "[ \u00a0\u202f-]?"
# Two letters and two digits, with nothing before. That is asked behind the digits: so the search goes from digit to digit.
_IBAN_BEGINS = re.compile(r"[0-9]{2}(?<=[A-Za-z]{2}[0-9]{2})(?<![A-Za-z0-9][A-Za-z]{2}[0-9]{2})")
# What follows the country and the check digits.
_IBAN_RESTS = {
    length: re.compile(rf"(?:{_BETWEEN}[A-Za-z0-9]){{{length - 4}}}(?![A-Za-z0-9])") for length in IBAN_LENGTHS.values()
}

# In one run, or in the groups that stand on a card, by the same sign.
_CARD = re.compile(
    r"[0-9]{4}(?<![\w.-][0-9]{4})(?:[0-9]{8,15}|([ \u00a0-])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?|"
    r"([ \u00a0-])[0-9]{6}\2[0-9]{4,5})(?![\w-]|\.[0-9])"
)
# The beginning of a number and how long it may be, by issuer.
_ISSUERS = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|"
    r"(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}|"
    r"3[47][0-9]{13}|"
    r"3(?:0[0-5]|[689][0-9])[0-9]{11}|"
    r"(?:6011|64[4-9][0-9]|65[0-9]{2}|62[0-9]{2}|35(?:2[89]|[3-8][0-9]))[0-9]{12,15}|"
    r"(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{8,15}"
)


def ibans(text: str) -> Iterator[Span]:
    """Where international bank account numbers stand whose length and check digits are right."""
    for match in _IBAN_BEGINS.finditer(text):
        start = match.start() - 2
        length = IBAN_LENGTHS.get(text[start : match.start()].upper())
        rest = None if length is None else _IBAN_RESTS[length].match(text, match.end())
        if rest is not None and _iban_holds(_signs(text[start : rest.end()])):
            yield start, rest.end()


def cards(text: str) -> Iterator[Span]:
    """Where numbers of payment cards stand: an issuer's beginning and length, and the check digit of Luhn."""
    for match in _CARD.finditer(text):
        digits = _signs(match[0])
        if _ISSUERS.fullmatch(digits) and len(set(digits)) > 1 and _luhn_holds(digits):
            yield match.span()


def _signs(number: str) -> str:
    return "".join(filter(str.isalnum, number))


def _iban_holds(number: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


def _luhn_holds(digits: str) -> bool:
    total = 0
    for place, sign in enumerate(reversed(digits)):
        digit = int(sign) * (1 + place % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0
