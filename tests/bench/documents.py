"""How long the documents of many rows take: python -m tests.bench.documents [ROWS [here]], in a lakehouse of its own.

``here``: in one process, which tells what a document takes of a core, however busy the machine is.

A third each is Markdown, HTML (pages with a menu and a footer) and plain text, of about 4 kB, with an address or number in some.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from jobs.documents import workers
from jobs.documents.arguments import DocumentsArguments
from jobs.documents.job import run
from tests.jobs import notes

CHARACTERS = 4_000


def _sentences(dice: random.Random, characters: int) -> list[str]:
    found: list[str] = []
    while sum(map(len, found)) < characters:
        found.append(notes.text(dice.randrange(1 << 30), 4))
        if dice.random() < 0.05:
            found.append(
                f"Write to {dice.choice(notes.NOUNS)}@example.org or call +49 30 {dice.randrange(10**6, 10**7)}."
            )
    return found


def markdown(dice: random.Random) -> str:
    """A page as projects have it."""
    parts = [f"# The {dice.choice(notes.NOUNS)}", "[![Build](https://img.shields.io/a.svg)](https://ci.example.org)"]
    for at, text in enumerate(_sentences(dice, CHARACTERS - 600)):
        parts.append(f"## Part {at}\n\n{text}" if at % 4 == 0 else f"{text} See [more](https://example.org/{at}).")
        if at % 3 == 0:
            parts.append(
                "\n".join(f"- the **{dice.choice(notes.KINDS)}** {dice.choice(notes.NOUNS)}" for _ in range(4))
            )
    parts.append("```python\nfor one in found:\n    print(one)\n```")
    return "\n\n".join(parts)


def page(dice: random.Random) -> str:
    """A page of a site."""
    body = "".join(f"<p>{text} <a href='/x'>More</a> of <b>it</b>.</p>" for text in _sentences(dice, CHARACTERS - 900))
    menu = "".join(f"<li><a href='/{name}'>{name}</a></li>" for name in notes.NOUNS)
    items = "".join(f"<li>the {kind} {dice.choice(notes.NOUNS)}</li>" for kind in notes.KINDS[:6])
    return (
        f"<!doctype html><html><head><title>T</title></head><body><nav><ul>{menu}</ul></nav><main><h1>The "
        f"{dice.choice(notes.NOUNS)}</h1>{body}<ul>{items}</ul></main><footer>All rights</footer></body></html>"
    )


def plain(dice: random.Random) -> str:
    """A text of some paragraphs."""
    return "\n\n".join(_sentences(dice, CHARACTERS))


def main() -> None:
    """Make them, again with another filter, and again with nothing to do."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    if sys.argv[2:] == ["here"]:
        workers.FEW_ROWS = rows
    dice = random.Random(1)
    kinds = {"markdown": markdown, "html": page, "plain": plain}
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"LAKEHOUSE_ROOT": f"{folder}/lakehouse", "USE_CASE_ROOTS": f"{folder}/declared"}
        said = notes.declaration()["documents"] | {
            "format": {"column": "kind", "values": {name: name for name in kinds}}
        }
        notes.declare(Path(folder) / "declared", documents=said)
        # As many different ones as memory takes; each row is a document of its own all the same.
        texts = [(name, make(dice)) for _ in range(min(rows, 6_000) // 3) for name, make in kinds.items()]
        notes.deliver(
            *(notes.note(f"{at:07}", texts[at % len(texts)][1], kind=texts[at % len(texts)][0]) for at in range(rows))
        )
        mean = sum(len(text) for _, text in texts) / len(texts)
        del texts
        arguments = DocumentsArguments(dataset=notes.NAME, partition=notes.DAY)
        for what in ("made", "filtered again", "nothing to do"):
            if what == "filtered again":
                notes.declare(Path(folder) / "declared", documents=said, filter={"words": {"least": 100}})
            begun, before = time.perf_counter(), time.process_time()
            result = run(arguments)
            seconds = time.perf_counter() - begun
            cpu = time.process_time()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{what}: {rows} of {mean:.0f} characters in {seconds:.1f} s, {rows / seconds:.0f} a second; {result.status}, made "
                f"{result.made}, kept {result.kept}; this process: {cpu - before:.1f} s of a processor, at most {peak:.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
