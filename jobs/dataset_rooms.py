"""The rooms of the stages of datasets, entered: each is imported when its stage runs, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.assemble.arguments import AssembleArguments
    from jobs.check.arguments import CheckArguments
    from jobs.documents.arguments import DocumentsArguments
    from jobs.explore.arguments import ExploreArguments
    from jobs.release.arguments import ReleaseArguments
    from jobs.result import Result
    from jobs.teach.arguments import TeachArguments


def documents(arguments: DocumentsArguments) -> Result:
    from jobs.documents.job import run

    return run(arguments)


def explore(arguments: ExploreArguments) -> Result:
    from jobs.explore.job import run

    return run(arguments)


def grade(arguments: TeachArguments) -> Result:
    from jobs.teach.grade import run

    return run(arguments)


def teach(arguments: TeachArguments) -> Result:
    from jobs.teach.job import run

    return run(arguments)


def check(arguments: CheckArguments) -> Result:
    from jobs.check.job import run

    return run(arguments)


def assemble(arguments: AssembleArguments) -> Result:
    from jobs.assemble.job import run

    return run(arguments)


def release(arguments: ReleaseArguments) -> Result:
    from jobs.release.job import run

    return run(arguments)
