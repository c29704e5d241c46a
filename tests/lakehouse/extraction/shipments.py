"""A use case whose source its own code fetches: declared in a folder of the test's."""

from __future__ import annotations

from pathlib import Path

import yaml

from lakehouse.declaration import Source, UseCase, loader
from lakehouse.settings import PROJECT_ROOT

BAKERY = PROJECT_ROOT / "tests" / "use_cases" / "bakery_sales"
COLUMNS = [
    {"name": "order_id", "type": "string", "field": "id"},
    {"name": "pieces", "type": "int", "nullable": True},
    {"name": "changed", "type": "timestamp", "field": "changedAt", "nullable": True},
]


def declare(root: Path, code: str, file: str = "extract.py", **source: object) -> tuple[UseCase, Source]:
    """A use case ``shipments`` under ``root``, with the bakery's plan and a source ``orders`` that ``code`` fetches."""
    folder = root / "shipments"
    folder.mkdir(parents=True, exist_ok=True)
    content = yaml.safe_load((BAKERY / "use_case.yaml").read_text(encoding="utf-8"))
    content["name"] = "shipments"
    content["sources"] = [one for one in content["sources"] if "mongo" not in one]
    orders = {"name": "orders", "cadence": "occasional", "key": ["order_id"], "columns": COLUMNS, "fetch": {}} | source
    content["sources"].append(orders)
    (folder / "use_case.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    (folder / "features.py").write_text("def build(days, inputs):\n    return inputs\n", encoding="utf-8")
    if code:
        (folder / file).write_text(code, encoding="utf-8")
    use_case = loader.load(folder / "use_case.yaml")
    return use_case, use_case.source("orders")
