"""Fifty use cases on twenty shared sources, two of them broken: what is wrong is told, and hurts no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.declaration import loader, transform
from lakehouse.errors import DeclarationError
from tests.use_cases import chain_of_bakeries as chain


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    chain.declare(tmp_path / "use_cases", 50, 20)
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "use_cases"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "home"))
    return tmp_path / "use_cases"


def test_they_load_and_each_source_is_there_once_for_all_its_readers(root: Path) -> None:
    use_cases = loader.declared()
    assert [one.name for one in use_cases] == chain.use_case_names(50)
    assert {len(one.reads) for one in use_cases} == {2, 3, 4}
    sources = [source for _, source in loader.sources()]
    assert sorted(source.name for source in sources) == sorted(chain.source_names(20))
    assert sum(len(loader.readers(source)) for source in sources) == sum(len(one.reads) for one in use_cases)


def test_two_that_are_broken_hurt_no_other(root: Path) -> None:
    before = {one.name: transform.code_digest(one) for one in loader.declared()}
    declaration, broken_transform = chain.break_two(root, 50)
    use_cases = {one.name: one for one in loader.declared()}
    assert set(before) - set(use_cases) == {declaration}
    after = {name: transform.code_digest(one) for name, one in use_cases.items()}
    assert {name for name in after if after[name] != before[name]} == {broken_transform}
    with pytest.raises(DeclarationError, match="maturity_dys: is not a field that is known here"):
        loader.by_name(declaration)
    (root / broken_transform / "features.py").write_text("def build(days, inputs:\n")
    with pytest.raises(DeclarationError, match="expected Python"):
        transform.code_digest(loader.by_name(broken_transform))
    assert len(loader.declared()) == 49
