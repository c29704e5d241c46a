"""Values as YAML has them: texts that are read as they are meant, numbers, and fields on one line."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Words that YAML reads as themselves.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*( [A-Za-z0-9_]+)*")
_OTHER_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(value: str) -> str:
    """A text as YAML has it: quoted where it may be read as something else."""
    if _PLAIN.fullmatch(value) and value.lower() not in _OTHER_WORDS:
        return value
    return '"' + "".join(_ESCAPES.get(sign) or _shown(sign) for sign in value) + '"'


def remark(value: str) -> str:
    """A text within a comment: on one line."""
    return "".join(sign if sign.isprintable() else " " for sign in value)[:400]


def _shown(sign: str) -> str:
    if sign.isprintable():
        return sign
    number = ord(sign)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"


def flow(fields: Mapping[str, str | tuple[str, ...]]) -> str:
    """Fields in braces."""
    shown = {
        name: f"[{', '.join(map(_always_quoted, value))}]" if isinstance(value, tuple) else _always_quoted(value)
        for name, value in fields.items()
    }
    return "{" + ", ".join(f"{name}: {value}" for name, value in shown.items()) + "}"


def _always_quoted(value: str) -> str:
    found = quoted(value)
    return found if found.startswith('"') else f'"{found}"'


def number(value: float) -> str:
    """A number as YAML reads it: an exponent needs a point and a sign there."""
    if float(value).is_integer() and abs(value) < 1e16:
        return str(int(value))
    shown = f"{value:.12g}"
    if "e" in shown:
        digits, _, power = shown.partition("e")
        shown = f"{digits if '.' in digits else digits + '.0'}e{'' if power[0] in '+-' else '+'}{power}"
    return shown
