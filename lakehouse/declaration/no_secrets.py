"""A declaration holds no secret: it is in git, in Airflow's page and in messages. Where something looks like one, its line is told.

What was written is never in the message. Secrets are in connections: Airflow's, of its secrets backend, or of the environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

# Few declarations have any of it: the others are not looked through.
_HINT = re.compile(
    r"://[^/\s]*@|PRIVATE KEY|passw|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|credential|signature=|"
    r"AKIA|ASIA|gh[opusr]_|github_pat_|glpat-|sk[-_]|hf_|xox|AIza|eyJ|[?&][\w-]*(?:sig|key|auth)=",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"[a-z][\w+.-]*://[^\s/@]*:[^\s/@]+@|[a-z][\w+.-]*://:?[^\s/@:]{16,}@", re.IGNORECASE)
_IN_QUERY = re.compile(
    r"[?&](?:[\w-]*(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|signature|sig|auth))=[^&\s#]", re.I
)
_IN_TEXT = re.compile(r"\b(?:password|passwd|pwd|secret|api[_-]?key)\s*=\s*['\"]?[^\s'\",;)]{4,}", re.IGNORECASE)
_TOKEN = re.compile(
    r"(?<![\w-])(?:A(?:KIA|SIA)[A-Z0-9]{16}|gh[opusr]_\w{30,}|github_pat_\w{22,}|glpat-[\w-]{20,}|sk[-_][\w-]{20,}|hf_\w{30,}|"
    r"xox[abeoprs]-[\w-]{10,}|AIza[\w-]{35}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"
)
_FIELD = re.compile(
    r"(?:.*[_-])?(?:password|passwd|passphrase|pwd|secret|token|(?:api|access|secret|private)[_-]?key|credentials?)",
    re.IGNORECASE,
)
# A column or a feature may be called so. What stands behind it is a type, or the name of another, and no secret.
_WORD = re.compile(r"[a-z][a-z0-9_]{0,30}(?:\([\d, ]*\))?")


def problems(root: Node, text: str) -> Iterator[str]:
    """What looks like a secret in a file with this text, each with its line and what to do."""
    if _HINT.search(text):
        yield from _of(root, set())


def _of(node: Node, seen: set[int]) -> Iterator[str]:
    # By aliases a node may stand in many places, and in itself.
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(value, ScalarNode) and _FIELD.fullmatch(str(key.value)) and _is_secret(value):
                yield _told(key, f"{key.value} has a value")
            else:
                yield from _of(value, seen)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _of(item, seen)
    elif isinstance(node, ScalarNode) and (what := _looks_like(node.value)):
        yield _told(node, what)


def _is_secret(value: ScalarNode) -> bool:
    plain = value.tag.rpartition(":")[2] in ("bool", "null")
    return not plain and bool(value.value.strip()) and not _WORD.fullmatch(value.value)


def _looks_like(value: str) -> str:
    if _IN_ADDRESS.search(value):
        return "an address with a login in it"
    if _IN_QUERY.search(value):
        return "an address with a key behind its question mark"
    if "PRIVATE KEY-----" in value:
        return "a private key"
    if any(any(sign.isdigit() for sign in match[0]) for match in _TOKEN.finditer(value)):
        return "the token of a service"
    return "a text with a password in it" if _IN_TEXT.search(value) else ""


def _told(node: Node, what: str) -> str:
    return (
        f"line {int(node.start_mark.line) + 1}: {what}, which looks like a secret; it is not shown. Expected none: put it into a "
        "connection of Airflow's or the environment, write `connection: <its name>` here, and change it, for this file has had it"
    )
