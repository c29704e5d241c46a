"""A source that the use case's own code fetches."""

from __future__ import annotations

from pydantic import Field

from lakehouse.declaration.section import Name, Section


class Fetch(Section):
    """The code that a source is read by, day by day: ``fetch(window, connection)`` of a module in the use case's folder.

    ``connection`` names the connection that the function gets: an Airflow connection, outside Airflow an address in the
    environment. ``file`` is the module, beside the declaration. Several sources may share one; ``window.source`` is the name of
    the one that is asked for.
    """

    connection: Name | None = None
    file: str = Field(default="extract.py", pattern=r"^[A-Za-z_][A-Za-z0-9_]*\.py$", max_length=100)
