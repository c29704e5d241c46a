"""What a reply is: an answer, or one of the things that look like one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lakehouse.ops.call import ANSWERED, ECHO, EMPTY, REFUSED, TRUNCATED
from lakehouse.teacher.echo import is_echo
from lakehouse.teacher.reply import Reply

# How services name the end that an answer came to by itself.
ENDED = frozenset({"stop", "eos", "eos_token", "end_turn", "stop_sequence"})
FILTERED = frozenset({"content_filter", "safety", "recitation", "refusal", "prohibited_content", "blocklist", "spii"})

_REFUSAL = re.compile(
    r"""
    (?:i'm|i\ am|we're|we\ are)\ (?:so\ |very\ |really\ |truly\ )?sorry\b
    | sorry\b[,.!:]?\ (?:but\b|i\b|i'm\b|we\b|this\b|that\b|as\b|the\ )
    | (?:my\ |sincere\ )?apologies\b | (?:i|we)\ apologi[sz]e\b
    | (?:unfortunately,?\ |regrettably,?\ )?
      (?:
        as\ an?\ (?:ai|artificial|language|large\ language|virtual|digital)\b
        | (?:i|we)\ (?:really\ |simply\ |just\ )?(?:can't|cannot|can\ not|won't|will\ not|could\ not|couldn't)\b
        | (?:i'm|i\ am|we're|we\ are)\ (?:unable|not\ able|not\ allowed|not\ permitted|not\ comfortable|not\ going\ to|prohibited)\b
        | (?:i|we)\ (?:must\ |have\ to\ |need\ to\ |respectfully\ )?(?:decline|refuse)\b
        | (?:i|we)\ (?:don't|do\ not)\ (?:feel\ comfortable|have\ access|see\ (?:a|any|the)\ (?:document|text))\b
        | (?:this|the|your)\ (?:request|content|document|text|prompt)\ (?:violates|goes\ against|is\ against)\b
      )
    """,
    re.VERBOSE,
)
# A refusal says so in its first words.
_BEGINNING = 200


def outcome(
    reply: Reply, text: str, instruction: str, refusals: Sequence[str] | None = (), is_mark: bool = False
) -> str:
    """The state of a call that brought this reply.

    Args:
        reply: what came.
        text: of the document that was asked about.
        instruction: what the teacher was told besides.
        refusals: further beginnings of answers that refuse; None: of who never does, whose words may all be the document's.
        is_mark: whether a mark is asked for. Its form may be that of the instruction's example, and a number may stand in the
            document: neither is an echo, and what is no mark is told from one when it is read.

    Returns:
        ``refused``: by its field, its reason, or its first words. ``empty``: no text. ``truncated``: it did not end by itself, or
        does not say that it did. ``echo``: it gives back the document or the instruction. Else ``answered``.
    """
    reason = (reply.finish_reason or "").lower()
    if reply.refusal is not None or reason in FILTERED:
        return REFUSED
    if not reply.text.strip():
        return EMPTY
    if reason not in ENDED:
        return TRUNCATED
    if refusals is not None and refuses(reply.text, refusals):
        return REFUSED
    return ECHO if not is_mark and is_echo(reply.text, text, instruction) else ANSWERED


def refuses(answer: str, refusals: Sequence[str] = ()) -> bool:
    """Whether an answer begins as refusals do: the known English ones, and those given."""
    beginning = _plain(answer[: 2 * _BEGINNING])[:_BEGINNING]
    if any(beginning.startswith(_plain(one)) for one in refusals):
        return True
    return _REFUSAL.match(beginning) is not None


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").casefold().split()).lstrip("*_#>\"'“ ")  # noqa: RUF001
