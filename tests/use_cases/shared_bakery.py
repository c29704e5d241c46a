"""The bakery whose sources stand on their own, by default beside a second use case that reads the same: cake_sales."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

import yaml

from tests.use_cases import bakery

BOTH = ("bakery_sales", "cake_sales")


def declare(root: Path, use_cases: Sequence[str] = BOTH, shared: Collection[str] | None = None) -> Path:
    """Write use cases and shared sources into folders of ``root``; returns it.

    Args:
        root: an empty or a new folder.
        use_cases: their names.
        shared: which sources stand on their own, by default all; each use case declares the others itself.
    """
    shipped = Path(bakery.__file__).parent / "bakery_sales"
    content = yaml.safe_load((shipped / "use_case.yaml").read_text(encoding="utf-8"))
    for source in [one for one in content["sources"] if shared is None or one["name"] in shared]:
        content["sources"].remove(source)
        of_its_own = {"title": "Of all bakeries", "owner": "mill", "calendar": content["calendar"]}
        _write(root / "sources" / source["name"] / "source.yaml", source | of_its_own)
    for name in use_cases:
        _write(root / name / "use_case.yaml", content | {"name": name})
        shutil.copy(shipped / "features.py", root / name)
    return root


def _write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
