"""A table that can't be read, as an error that says so: an analyst's answer is never a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deltalake.exceptions import DeltaError
from pyarrow import ArrowException

from lakehouse.errors import TableUnreadable


@contextmanager
def of(name: str) -> Iterator[None]:
    """In the block tables of the use case ``name`` are read.

    Raises:
        TableUnreadable: when the log or a file of one of them can't be.
    """
    try:
        yield
    except BrokenPipeError:
        # Not a table's: the reader of the output has seen enough.
        raise
    except (DeltaError, OSError, ArrowException) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:300]
        raise TableUnreadable(
            f"tables of {name}: expected logs and files that can be read, found: {said}; python -m lakehouse tables names the "
            "table, docs/on-call.md (TableUnreadable) says what to do"
        ) from error
