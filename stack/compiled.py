"""The project's modules, compiled before the services start.

Each of a night's dozen processes would compile them again where Python must not keep what it compiled (``PYTHONDONTWRITEBYTECODE``,
as in many containers): half a second each.
"""

from __future__ import annotations

import compileall

from lakehouse.settings import PROJECT_ROOT

PACKAGES = ("include", "jobs", "lakehouse", "plugins")


def ensure() -> None:
    """Compile what is not compiled yet; where nothing can be written, nothing is."""
    for name in PACKAGES:
        compileall.compile_dir(PROJECT_ROOT / name, quiet=2)
