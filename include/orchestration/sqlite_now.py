"""The present to a thousandth of a second, in the questions that SQLite answers.

SQLite's CURRENT_TIMESTAMP has whole seconds. Airflow's scheduler lets a run begin when its time is not after it, and gives a run
that follows from another the time to a millionth: so each run of a night's chain waited for the next whole second.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import now


@compiles(now, "sqlite")
def _now(element: Any, compiler: Any, **options: Any) -> str:
    """The text of an instant as SQLAlchemy writes one for SQLite: six digits after the second."""
    del element, compiler, options
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
