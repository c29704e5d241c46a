"""A source that stands on its own is read by any number of use cases, and nothing that comes later takes away what was there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.declaration import UseCase, declared, loader
from lakehouse.errors import BadArguments, DeclarationError
from tests.lakehouse.declaration.test_kept import forget
from tests.use_cases import shared_bakery

BAKERY = Path(__file__).parents[2] / "use_cases" / "bakery_sales"
SHARED = ("bakery_plan", "bakery_shops")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with the bakery, of whose sources two stand on their own, and an empty lakehouse."""
    root = shared_bakery.declare(tmp_path / "roots", ["bakery_sales"], SHARED)
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "warehouse"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "home"))
    forget()
    return root


def read(folder: Path) -> Any:
    return yaml.safe_load((folder / "use_case.yaml").read_text())


def write(folder: Path, content: Any) -> None:
    (folder / "use_case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def write_source(root: Path, content: Any) -> Path:
    folder = root / "sources" / content["name"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return folder / "source.yaml"


def another(root: Path, name: str, **changes: Any) -> Path:
    """Another use case that reads the same shared sources; what the bakery declares itself it declares under names of its own."""
    folder = Path(shutil.copytree(root / "bakery_sales", root / name))
    own = [source["name"] for source in read(folder)["sources"]]
    text = (folder / "use_case.yaml").read_text()
    for source in own:
        text = text.replace(source, f"{name}_{source}")
    (folder / "use_case.yaml").write_text(text)
    write(folder, {**read(folder), "name": name, **changes})
    return folder


def errors() -> dict[str, str]:
    return {item.folder.name: str(item.error) for item in loader.find() if item.error is not None}


def whole() -> UseCase:
    """The bakery that declares all its sources itself."""
    return loader.load(BAKERY / loader.FILE)


def test_a_source_means_the_same_within_a_use_case_and_on_its_own(root: Path) -> None:
    use_case = loader.by_name("bakery_sales")
    assert use_case.source("bakery_plan") == whole().source("bakery_plan")
    for declared_within in (source for source in whole().sources if source.name in SHARED):
        owner, source = loader.by_source(declared_within.name)
        assert source == declared_within and source.model_dump_json() == declared_within.model_dump_json()
        assert (owner.name, owner.title, owner.owner) == (source.name, "Of all bakeries", "mill")
        assert loader.folder(owner) == root / "sources" / source.name


def test_any_number_of_use_cases_read_it_and_it_is_there_once(root: Path) -> None:
    another(root, "cake_sales")
    assert errors() == {}
    names = [source.name for _, source in loader.sources()]
    assert len(names) == len(set(names)) and set(SHARED) <= set(names)
    plan = loader.by_source("bakery_plan")[1]
    assert [use_case.name for use_case in loader.readers(plan)] == ["bakery_sales", "cake_sales"]


def test_another_process_knows_them_without_checking(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = loader.find()
    forget()
    monkeypatch.setattr(declared, "_checked", lambda *arguments: pytest.fail(f"{arguments[1]} is checked again"))
    again = loader.find()
    assert again == before
    assert loader.by_name("bakery_sales").shared == before[-1].use_case.shared  # type: ignore[union-attr]


def test_a_changed_source_is_changed_for_those_who_read_it(root: Path) -> None:
    loader.find()
    file = root / "sources" / "bakery_plan" / "source.yaml"
    content = yaml.safe_load(file.read_text())
    write_source(root, {**content, "max_reject_share": 0.25})
    forget()
    assert loader.by_name("bakery_sales").source("bakery_plan").max_reject_share == 0.25
    write_source(root, {**content, "columns": content["columns"][:1], "key": [content["columns"][0]["name"]]})
    assert "the columns of bakery_plan" in errors()["bakery_sales"]


def test_a_source_whose_declaration_is_wrong_is_named_by_those_who_read_it(root: Path) -> None:
    another(root, "cake_sales", sources=whole().model_dump(mode="json", exclude_defaults=True)["sources"])
    file = root / "sources" / "bakery_plan" / "source.yaml"
    file.write_text(file.read_text().replace("owner: mill\n", ""))
    found = errors()
    assert found["bakery_plan"] == f"{file}: owner: is missing, and is required"
    assert "the declaration of the shared source bakery_plan, which it reads, is wrong itself" in found["bakery_sales"]
    with pytest.raises(DeclarationError, match="owner: is missing"):
        loader.by_source("bakery_plan")


def test_a_source_that_nobody_declares_is_told_with_all_that_can_be_read(root: Path) -> None:
    shutil.rmtree(root / "sources" / "bakery_plan")
    with pytest.raises(
        DeclarationError, match=r"unknown bakery_plan; expected one of .* shared sources: .*bakery_shops"
    ):
        loader.by_name("bakery_sales")
    with pytest.raises(BadArguments, match=r"there is no source 'bakery_plan'; declared are: bakery_shops"):
        loader.by_source("bakery_plan")


def test_a_folder_of_another_name_is_told(root: Path) -> None:
    (root / "sources" / "bakery_plan").rename(root / "sources" / "plan")
    assert "name: expected 'plan' like its folder, found 'bakery_plan'" in errors()["plan"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"timezone": "Asia/Tokyo"}, "calendar.timezone: expected Asia/Tokyo as in the calendar of the shared source bakery_plan"),
        ({"start": "2024-03-02"}, "calendar.start: expected 2024-03-02 at the earliest, where the calendar of the shared source"),
        ({"end": "2024-05-30"}, "calendar.end: expected 2024-05-30 at the latest, where the calendar of the shared source"),
    ],
)  # fmt: skip
def test_days_that_do_not_fit_are_told(root: Path, changes: dict[str, str], expected: str) -> None:
    content = yaml.safe_load((root / "sources" / "bakery_plan" / "source.yaml").read_text())
    write_source(root, {**content, "calendar": {**content["calendar"], **changes}})
    assert list(errors()) == ["bakery_sales"] and expected in errors()["bakery_sales"]


def newcomer(root: Path, kind: str) -> str:
    """A folder that comes first in the alphabet and takes what the bakery, or a shared source, has; returns its name."""
    if kind == "a use case with a use case's source":
        write(
            Path(shutil.copytree(root / "bakery_sales", root / "aaa")), {**read(root / "bakery_sales"), "name": "aaa"}
        )
        return "aaa"
    if kind == "a use case with a shared source":
        another(root, "aaa", sources=whole().model_dump(mode="json", exclude_defaults=True)["sources"])
        content = read(root / "aaa")
        content["sources"] = [source for source in content["sources"] if source["name"] in SHARED]
        content["inputs"] = [item for item in content["inputs"] if item["source"] in SHARED]
        content["label"] = {"source": "bakery_plan", "column": "planned", "maturity_days": 7}
        write(root / "aaa", content)
        return "aaa"
    source = next(source for source in read(root / "bakery_sales")["sources"])
    write_source(root, {**source, "title": "Mine", "owner": "me", "calendar": read(root / "bakery_sales")["calendar"]})
    return str(source["name"])


KINDS = ("a use case with a use case's source", "a use case with a shared source", "a shared source with a use case's")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("known_by", ["was right before", "has tables", "is older"])
def test_a_new_folder_takes_nothing_from_what_was_there(root: Path, tmp_path: Path, kind: str, known_by: str) -> None:
    if known_by == "was right before":
        loader.find()
    if known_by == "has tables":
        for table in ("gold/bakery_sales_features", *(f"silver/{name}" for name in SHARED)):
            (tmp_path / "warehouse" / table).mkdir(parents=True)
    new = newcomer(root, kind)
    # What is known otherwise has been edited since: then it is the newest.
    before, now = (2, 1) if known_by != "is older" else (1, 2)
    for item in loader.find():
        hours = now if item.folder.name == new else before
        os.utime(item.file, (hours * 3600,) * 2)
    forget()
    if known_by != "was right before":
        shutil.rmtree(tmp_path / "home")
    found = errors()
    assert list(found) == [new]
    assert "is already declared in" in found[new]
    # What a task asks, for whom the newcomer must be as if it were not there.
    taken = read(root / "bakery_sales")["sources"] + [{"name": name} for name in SHARED]
    for source in taken:
        owner, declared_one = loader.by_source(source["name"])
        assert declared_one.name == source["name"] and owner.title != "Mine" and owner.name != "aaa"


def test_a_mistake_that_is_corrected_costs_nobody_a_name(root: Path, tmp_path: Path) -> None:
    """While a use case is mistyped, one that takes what it has is right; then it is refused as before."""
    (tmp_path / "warehouse" / "gold" / "bakery_sales_features").mkdir(parents=True)
    loader.find()
    new, file = newcomer(root, "a use case with a use case's source"), root / "bakery_sales" / loader.FILE
    text = file.read_text()
    for said, wrong in ((text, new), (f"nonsense: 1\n{text}", "bakery_sales"), (text, new)):
        file.write_text(said)
        forget()
        assert list(errors()) == [wrong]


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_a_shared_source_of_another_root_takes_nothing_from_those_who_read_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    loader.find()
    other = tmp_path / "other"
    content = yaml.safe_load((root / "sources" / "bakery_plan" / "source.yaml").read_text())
    write_source(other, {**content, "max_reject_share": 0.9})
    monkeypatch.setenv("USE_CASE_ROOTS", os.pathsep.join(map(str, (other, root) if first else (root, other))))
    forget()
    assert list(errors()) == ["bakery_plan"] and str(other) in errors()["bakery_plan"]
    assert loader.by_name("bakery_sales").source("bakery_plan").max_reject_share == content.get(
        "max_reject_share", 0.05
    )
    assert loader.in_folder("bakery_sales") == loader.by_name("bakery_sales")


def test_a_use_case_that_reads_a_refused_source_is_told(root: Path) -> None:
    loader.find()
    name = newcomer(root, "a shared source with a use case's")
    folder, bakery = another(root, "cake_sales"), read(root / "bakery_sales")
    write(folder, {**read(folder), "sources": [], "label": bakery["label"], "inputs": bakery["inputs"]})
    found = errors()
    assert set(found) == {name, "cake_sales"}
    assert f"the shared source {name}, which it reads, is refused" in found["cake_sales"]
