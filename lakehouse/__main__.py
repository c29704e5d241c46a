"""The analysts' command line: ``python -m lakehouse tables``, ``sql "select ..."``, ``explain``, ``compare``, ``sources``,
``contract``.

For those on call ``alerts``, for those who pay ``costs``. And ``catalog`` and ``new``, which write folders; and ``migrate`` and
``upgrade``, which are jobs and alone change tables. For the platform ``retention``, ``backup`` and ``restore``.

Exit codes: 0 done, 2 bad arguments or a query that cannot be answered, 32 a table that cannot be read.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from lakehouse import code_version, masking, settings, terminal
from lakehouse.commands import changes, models, operations, tables
from lakehouse.errors import NightjarError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    options = _parser().parse_args(arguments)
    where = settings.load()
    # MLflow's progress bars are no part of an answer.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    try:
        if where.in_object_store:
            from lakehouse.storage import object_store

            object_store.expect_answer(where.lakehouse_root)
        return int(options.run(where.lakehouse_root, options))
    except NightjarError as error:
        print(f"error: {terminal.one_line(masking.mask(str(error)))}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        from lakehouse.storage import store_errors

        if not where.in_object_store or (named := store_errors.named(error)) is None:
            raise
        print(f"error: {terminal.one_line(masking.mask(str(named)))}", file=sys.stderr)
        return named.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lakehouse",
        description="Look at the lakehouse's tables; migrate and upgrade alone change them. No Spark, no JVM.",
    )
    parser.add_argument("--version", action="version", version=f"nightjar {code_version.RELEASE}")
    commands = parser.add_subparsers(required=True)
    for adding in (tables, models, operations, changes):
        adding.add(commands)
    return parser


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Python would complain while it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        code = 130
    raise SystemExit(code)
