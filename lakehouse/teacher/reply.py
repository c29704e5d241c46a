"""What a service answers, read from its JSON, whatever that has in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SURROGATES = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class Usage:
    """How many tokens were sent and came back, as the service counts them."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Reply:
    """An answer.

    Attributes:
        text: what came back; empty where nothing did.
        refusal: what the service says in place of an answer; None where it answered.
        finish_reason: why the answer ends, in the service's word; None where it does not say.
        model: that answered; None where it does not say.
        usage: None where it does not say, or says what can't be.
    """

    text: str
    refusal: str | None = None
    finish_reason: str | None = None
    model: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True)
class Complaint:
    """An error that a service tells with status 200, as some do that stand before others; ``status`` is the error's own."""

    status: int | None
    text: str


def read(content: bytes) -> Reply | Complaint:
    """What the body of an answer says.

    Raises:
        ValueError: when it is no answer of a chat completion; without the body.
    """
    try:
        found = json.loads(content)
    except RecursionError:
        raise ValueError("JSON that is nested too deep") from None
    except ValueError:
        raise ValueError(f"{len(content)} bytes that are no JSON") from None
    if not isinstance(found, dict):
        raise ValueError(f"a JSON {type(found).__name__}, and no object")
    choices = found.get("choices")
    if not choices and isinstance(found.get("error"), dict | str):
        return _complaint(found["error"])
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise ValueError("a JSON object without choices")
    choice = choices[0]
    message = choice.get("message")
    if not isinstance(message, dict):
        raise ValueError("a choice without a message")
    if isinstance(choice.get("error"), dict | str):
        return _complaint(choice["error"])
    refusal = message.get("refusal")
    return Reply(
        text=_text(message.get("content")),
        refusal=_clean(refusal) if isinstance(refusal, str) and refusal.strip() else None,
        finish_reason=_word(choice.get("finish_reason")),
        model=_word(found.get("model")),
        usage=_usage(found.get("usage")),
    )


def _complaint(error: Mapping[str, Any] | str) -> Complaint:
    if isinstance(error, str):
        return Complaint(None, error[:200])
    code = error.get("code")
    status = int(code) if isinstance(code, int | str) and str(code).isdecimal() and len(str(code)) == 3 else None
    return Complaint(status, str(error.get("message") or error)[:200])


def _text(content: Any) -> str:
    """The text of a content: one, or parts of which some are texts.

    Raises:
        ValueError: when it is something else.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return _clean(content)
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return _clean("".join(part for part in parts if isinstance(part, str)))
    raise ValueError(f"a content that is no text, but a {type(content).__name__}")


def _word(value: Any) -> str | None:
    return _clean(value)[:200] if isinstance(value, str) and value else None


def _clean(text: str) -> str:
    """The text without surrogates that have no partner: JSON may have them, and no file can."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def _usage(found: Any) -> Usage | None:
    if not isinstance(found, dict):
        return None
    sent, back = found.get("prompt_tokens"), found.get("completion_tokens")
    whole = all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 2**40 for one in (sent, back))
    # No request is without tokens: a service that counts none does not count.
    return Usage(sent, back) if whole and sent else None  # type: ignore[arg-type]
