"""What a text says of persons: addresses, numbers and secrets by their shape, found, counted and replaced.

Names and postal addresses have no shape, and are not found. Something is found when it is written in ASCII digits and letters as
such things usually are; what only looks like one (a version, a date, a hash, an ISBN, an address of a private network) is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lakehouse.corpus import bank_numbers, mail_addresses, network_addresses, phones, secret_tokens
from lakehouse.corpus.found import Found

__all__ = ["EMAIL", "KINDS", "Found", "counts", "find", "redact"]

EMAIL, PHONE, IP, IBAN, CARD, SECRET = "email", "phone", "ip", "iban", "card", "secret"
KINDS = (EMAIL, PHONE, IP, IBAN, CARD, SECRET)


def find(text: str) -> list[Found]:
    """What is found, in the order of the text; of two that overlap, the one that begins first, or the longer one."""
    found: list[Found] = []
    end = 0
    for one in sorted(_all(text), key=lambda one: (one.start, -one.end, KINDS.index(one.kind))):
        if one.start >= end:
            found.append(one)
            end = one.end
    return found


def counts(text: str) -> dict[str, int]:
    """How often each kind is found; kinds that are not are left out."""
    return dict(sorted(Counter(one.kind for one in find(text)).items()))


def redact(text: str) -> str:
    """The text with <EMAIL>, <PHONE>, <IP>, <IBAN>, <CARD> or <SECRET> in the place of what is found: nothing is found in it."""
    # What stood beside something that is gone may be found now. Each turn takes away digits or an @, so there is a last one.
    while found := find(text):
        parts, end = [], 0
        for one in found:
            parts += [text[end : one.start], f"<{one.kind.upper()}>"]
            end = one.end
        text = "".join(parts) + text[end:]
    return text


def _all(text: str) -> Iterator[Found]:
    yield from (Found(SECRET, *span) for span in secret_tokens.spans(text))
    yield from (Found(EMAIL, *span) for span in mail_addresses.spans(text))
    yield from (Found(IP, *span) for span in network_addresses.spans(text))
    yield from (Found(IBAN, *span) for span in bank_numbers.ibans(text))
    yield from (Found(CARD, *span) for span in bank_numbers.cards(text))
    yield from (Found(PHONE, *span) for span in phones.spans(text))
