"""Makes wrong declarations visible in Airflow: this file makes no DAG, and fails when a use case can't be run.

The DAG files leave such a use case out, so that all others stay up. Raising there would drop every DAG of the file;
raised here, the UI shows the file, the field and what was expected as an import error, and nothing else is touched.
"""

from __future__ import annotations

from pathlib import Path

from include.orchestration import apart, made_before
from lakehouse.declaration import loader
from lakehouse.errors import DeclarationError

wrong = [str(item.error) for item in loader.find() if item.error is not None]
folder = Path(__file__).parent
digest = made_before.digest(folder)
if not made_before.noted(digest):
    failed = apart.failures(folder, asking=Path(__file__).name)
    if not failed:
        made_before.note(digest)
    wrong += failed
if wrong:
    raise DeclarationError("\n".join(wrong))
