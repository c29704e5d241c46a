"""Makes wrong declarations visible in Airflow: this file makes no DAG, and fails when a use case can't be run.

The DAG files leave such a use case out, so that all others stay up. Raising there would drop every DAG of the file;
raised here, the UI shows the file, the field and what was expected as an import error, and nothing else is touched.

It lies in a folder of its own because Airflow comes to that last: by then the DAG files have noted what they could make.
"""

from __future__ import annotations

from pathlib import Path

from include.orchestration import apart, made_before
from lakehouse.declaration import loader, rates
from lakehouse.errors import DeclarationError

found = loader.find()
wrong = [str(item.error) for item in found if item.error is not None]
for file in sorted(Path(__file__).parents[1].glob("*.py")):
    if not made_before.noted(file, found):
        wrong += apart.failures(file)
try:
    rates.load()
except DeclarationError as error:
    wrong.append(str(error))
if wrong:
    raise DeclarationError("\n".join(wrong))
