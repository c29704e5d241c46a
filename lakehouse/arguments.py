"""Kinds of values on the command line, each refused with what was expected."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

# As many digits as fit 32 bits, whatever they are.
DIGITS = 9


def place(text: str) -> str:
    """A folder, a file or an address. An empty one is an unset variable of a script, and would be the folder one is in."""
    if not text.strip():
        raise argparse.ArgumentTypeError(
            "expected a folder or an address, found an empty text; . is the folder you are in"
        )
    return text


def whole_number(least: int) -> Callable[[str], int]:
    """A whole number, ``least`` or more."""

    def parse(text: str) -> int:
        if not re.fullmatch(rf"[0-9]{{1,{DIGITS}}}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"expected a whole number of {least} or more, of at most {DIGITS} digits, found {text[:100]!r}"
            )
        return int(text)

    return parse
