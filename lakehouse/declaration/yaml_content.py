"""What a declaration's file says: YAML, without what YAML lets pass in silence.

YAML 1.1 takes a key that is written twice and keeps the last, reads ``0130`` as 88 and ``1:30`` as 90, and leaves a field that is
written without a value empty. Each is a mistake here, and all of a file are told at once, with their lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lakehouse.declaration import no_secrets
from lakehouse.errors import DeclarationError

_TAG = "tag:yaml.org,2002:"
_MERGE, _STR, _SEQ, _MAP = (f"{_TAG}{kind}" for kind in ("merge", "str", "seq", "map"))
_KNOWN = frozenset(
    f"{_TAG}{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge")
)
# Numbers that YAML 1.1 reads to another base than people do: a leading zero is octal, a colon counts in sixties.
_OCTAL = re.compile(r"[-+]?0[0-9_]+")
# Deeper than any declaration, and less deep than Python's own limit.
_DEEPEST = 100
# More than the declarations of a thousand use cases.
_MOST_VALUES = 1_000_000


def content(file: Path, text: str) -> dict[str, Any]:
    """What a file with this text says.

    Raises:
        DeclarationError: with the file, and every line that is no plain YAML.
    """
    try:
        found = _content(text, file)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise DeclarationError(f"{file}: expected YAML: {_one_line(error)}") from error
    if not isinstance(found, dict):
        kind = "an empty file" if found is None else type(found).__name__
        raise DeclarationError(f"{file}: expected the fields of a declaration, found {kind}")
    return found


def _content(text: str, file: Path) -> Any:
    # The C loader is fifteen times as fast, and every DAG file and every task reads the declarations.
    loader = yaml.CSafeLoader(text)
    try:
        # More than one document is an error of the composer's.
        root = loader.get_single_node()
        if root is None:
            return None
        if "*" in text and _size(root, {}) > _MOST_VALUES:
            raise DeclarationError(
                f"{file}: anchors and aliases make more than {_MOST_VALUES} values; expected them written out"
            )
        # Before all else that is told: no other message may quote one.
        if secrets := list(dict.fromkeys(no_secrets.problems(root, text))):
            raise DeclarationError(f"{file}: {'; '.join(secrets)}")
        if problems := list(dict.fromkeys(_problems(root, loader, ()))):
            raise DeclarationError(f"{file}: {'; '.join(problems)}")
        return _value(root, loader)
    finally:
        loader.dispose()


def _size(node: Node, known: dict[int, int]) -> int:
    """How many values a node stands for, with each alias written out: a few lines of aliases of aliases stand for billions."""
    if id(node) not in known:
        # One that contains itself ends here; it is told elsewhere.
        known[id(node)] = 0
        inner: list[Node] = []
        if isinstance(node, SequenceNode):
            inner = node.value
        elif isinstance(node, MappingNode):
            inner = [part for pair in node.value for part in pair]
        known[id(node)] = 1 + sum(_size(one, known) for one in inner)
    return known[id(node)]


def _value(node: Node, loader: yaml.CSafeLoader) -> Any:
    """What a node without problems says; the loader's own way to lists and mappings takes three times as long."""
    if node.tag == _MAP and isinstance(node, MappingNode):
        if any(key.tag == _MERGE for key, _ in node.value):
            loader.flatten_mapping(node)
        return {key.value: _value(value, loader) for key, value in node.value}
    if node.tag == _SEQ and isinstance(node, SequenceNode):
        return [_value(item, loader) for item in node.value]
    if node.tag == _STR and isinstance(node, ScalarNode):
        return node.value
    return loader.construct_object(node, deep=True)


def _problems(node: Node, loader: yaml.CSafeLoader, above: tuple[Node, ...]) -> Iterator[str]:
    """What is wrong with a node and those in it."""
    if node in above:
        yield f"line {_line(node)}: an anchor that contains itself; expected values without a circle"
        return
    if len(above) > _DEEPEST:
        yield f"line {_line(node)}: nested deeper than {_DEEPEST} levels"
        return
    if node.tag not in _KNOWN:
        yield f"line {_line(node)}: unknown tag {node.tag.replace(_TAG, '!!')}; expected plain values without tags"
    elif isinstance(node, ScalarNode):
        yield from _of_scalar(node, loader)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _problems(item, loader, (*above, node))
    elif isinstance(node, MappingNode):
        yield from _of_keys(node)
        for key, value in node.value:
            if _is_empty(value):
                yield f"line {_line(key)}: {key.value}: found no value; expected one, or leave the field out"
            yield from _problems(value, loader, (*above, node))


def _of_keys(node: MappingNode) -> Iterator[str]:
    first: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            yield f"line {_line(key)}: expected a name before the colon, found {key.id}"
        elif key.tag not in (_STR, _MERGE):
            yield (
                f"line {_line(key)}: {key.value}: expected a name, found what YAML reads as {key.tag.removeprefix(_TAG)}; "
                "quote it if it is meant as text"
            )
        elif key.value in first:
            yield f"line {_line(key)}: {key.value}: written twice, first in line {first[key.value]}; expected once"
        else:
            first[key.value] = _line(key)


def _of_scalar(node: ScalarNode, loader: yaml.CSafeLoader) -> Iterator[str]:
    kind, written = node.tag.removeprefix(_TAG), node.value
    if kind in ("str", "null", "merge"):
        return
    if kind in ("int", "float") and (":" in written or (kind == "int" and _OCTAL.fullmatch(written))):
        base = "sixties" if ":" in written else "octal"
        yield f"line {_line(node)}: {written} is a number in {base} to YAML; quote it, or write it as a decimal number"
        return
    try:
        loader.construct_object(node)
    except (ValueError, OverflowError, KeyError, yaml.YAMLError) as error:
        yield f"line {_line(node)}: {written}: expected a {kind}: {_one_line(error)}"


def _is_empty(node: Node) -> bool:
    """Whether nothing is written: no ``null`` or ``~`` either, which say that nothing is meant."""
    return isinstance(node, ScalarNode) and node.tag == f"{_TAG}null" and node.value == "" and not node.style


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _one_line(error: BaseException) -> str:
    return re.sub(r"\s+", " ", str(error)) or type(error).__name__
