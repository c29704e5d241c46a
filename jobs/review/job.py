"""Review: what a change of declarations would do, against another revision: checked, built, walked through, and said in a comment.

Nothing of the lakehouse changes: both sides are built in a copy of it, which is gone afterwards.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jobs.result import Result
from jobs.review import comment, difference, revisions, scratch, side
from jobs.review.arguments import ReviewArguments
from jobs.review.comment import Reviewed
from jobs.review.difference import Change, Declared
from jobs.review.side import Side
from lakehouse import settings
from lakehouse.declaration import loader
from lakehouse.errors import DeclarationError, TransformBroken

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ReviewResult(Result):
    """What differs: ``status`` is ``changed`` or ``unchanged``; the use cases, and the file of the comment."""

    use_cases: list[str] = field(default_factory=list)
    comment: str = ""


def run(arguments: ReviewArguments) -> ReviewResult:
    """Compare, and write the comment.

    Raises:
        DeclarationError: a declaration is wrong; the comment says so too. TransformBroken: one leaks the future; likewise.
        BadArguments: no such revision, or the lakehouse can't be copied.
    """
    roots = settings.load().use_case_roots
    with tempfile.TemporaryDirectory(prefix="nightjar-review-") as folder:
        place = Path(folder)
        base = revisions.extract(arguments.base, roots, place / "base")
        before, _ = _declared(base, place)
        after, wrong = _declared(roots, place)
        changed = difference.changes(before, after)
        reviewed = [_reviewed(one, {"before": base, "after": roots}, place, arguments) for one in changed]
    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    arguments.to.write_text(comment.text(arguments.base, reviewed, wrong), encoding="utf-8")
    if wrong:
        raise DeclarationError("; ".join(wrong))
    if leaks := [leak for one in reviewed if one.after is not None for leak in one.after.leaks]:
        raise TransformBroken(
            f"{'; '.join(leaks)}: expected a transform that makes a day of what it may read by then; a "
            "window in it reaches into later days"
        )
    names = [one.name for one in changed]
    return ReviewResult(status="changed" if names else "unchanged", use_cases=names, comment=str(arguments.to))


def _declared(roots: Sequence[Path], place: Path) -> tuple[dict[str, Declared], list[str]]:
    with settings.placed(place / "nothing", place / "state", roots):
        return difference.declared()


def _reviewed(change: Change, roots: Mapping[str, Sequence[Path]], place: Path, arguments: ReviewArguments) -> Reviewed:
    sides: dict[str, Side | None] = {"before": None, "after": None}
    for name, found in (("before", change.before), ("after", change.after)):
        # What is gone costs nothing and leaks nothing.
        if found is None or change.after is None:
            continue
        log.info("review: %s, %s the change", change.name, name)
        own = place / name / change.name
        scratch.copy(own / "warehouse")
        with settings.placed(own / "warehouse", own / "state", roots[name]):
            sides[name] = side.look(loader.by_name(change.name), arguments, changed=name == "after")
    return Reviewed(change, sides["before"], sides["after"])
