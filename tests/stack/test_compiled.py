"""Modules are compiled before the services start, also where Python must not keep what it compiles."""

from __future__ import annotations

import os
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from stack import compiled


def test_a_changed_module_is_compiled_and_a_tree_that_cannot_be_written_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    monkeypatch.setattr(compiled, "PROJECT_ROOT", tmp_path)
    module = tmp_path / "jobs" / "score" / "job.py"
    module.parent.mkdir(parents=True)
    module.write_text("NUMBER = 1\n")
    compiled.ensure()
    kept = Path(cache_from_source(str(module)))
    first = kept.read_bytes()
    module.write_text("NUMBER = 22\n")
    os.utime(module, (1_000_000_000, 1_000_000_000))
    compiled.ensure()
    assert kept.read_bytes() != first
    # A folder where the cache should be: nothing can be kept there.
    kept.unlink()
    kept.parent.rmdir()
    kept.parent.write_text("")
    compiled.ensure()
