"""Whether an answer gives back what was sent: the document as a whole, or the instruction."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.teacher.quality.words import runs, words

# Words in a row that no two texts share by chance.
RUN = 6
# Shorter documents may stand in an honest answer.
LEAST_WORDS = 8
# Characters in which most documents have so many words.
BEGINNING = 200
MARKS = ("BEGIN DOCUMENT ", "END DOCUMENT ")


def is_echo(answer: str, text: str, instruction: str) -> bool:
    """Whether ``answer`` has the document from its beginning to its end, is mostly instruction, or has the marks around it."""
    if any(line.startswith(MARKS) for line in answer.splitlines()):
        return True
    said = words(answer)
    if _begins_in(text, said):
        document = words(text)
        if said and said == document:
            return True
        if len(document) >= LEAST_WORDS and _within(document, said):
            return True
    told = words(instruction)
    if len(said) < RUN:
        return len(said) >= 3 and _within(said, told)
    of_instruction = runs(told, RUN)
    own = [said[at : at + RUN] for at in range(len(said) - RUN + 1)]
    # Half of it: a word or two that the service adds changes nothing.
    return 2 * sum(run in of_instruction for run in own) >= len(own)


def _begins_in(text: str, said: Sequence[str]) -> bool:
    """Whether the answer has the first words of the document, or these are few: only then the whole is looked at."""
    first = words(text[:BEGINNING])[:LEAST_WORDS]
    # The last of them may be cut off.
    return len(first) < LEAST_WORDS or _within(first[:-1], said)


def _within(short: Sequence[str], long: Sequence[str]) -> bool:
    return f" {' '.join(short)} " in f" {' '.join(long)} "
