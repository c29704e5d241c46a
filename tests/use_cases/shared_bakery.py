"""The bakery whose sources stand on their own, and a second use case that reads the same: bakery_sales and cake_sales."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from tests.use_cases import bakery

BOTH = ("bakery_sales", "cake_sales")


def declare(root: Path) -> Path:
    """Write both use cases and their sources into folders of ``root``; returns it."""
    shipped = Path(bakery.__file__).parent / "bakery_sales"
    content = yaml.safe_load((shipped / "use_case.yaml").read_text(encoding="utf-8"))
    for source in content.pop("sources"):
        of_its_own = {"title": f"The bakery's {source['name']}", "owner": "mill", "calendar": content["calendar"]}
        _write(root / "sources" / source["name"] / "source.yaml", source | of_its_own)
    for name in BOTH:
        _write(root / name / "use_case.yaml", content | {"name": name})
        shutil.copy(shipped / "features.py", root / name)
    return root


def _write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
