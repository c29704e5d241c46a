"""The catalogue: a page and a contract for everything that is declared, the same bytes each time, whatever descriptions say."""

from __future__ import annotations

import json
import string
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from hypothesis import HealthCheck, example, given
from hypothesis import settings as how
from hypothesis import strategies as st
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import OpenDataContractStandard

from lakehouse.__main__ import main
from lakehouse.catalog import site
from lakehouse.errors import BadArguments
from lakehouse.lineage import declared
from lakehouse.storage import table_shape
from tests.jobs import appointments
from tests.use_cases import grouped_bakery

BROWSER = Path("/usr/bin/chromium")
HOSTILE = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "{{ 7 * 7 }}", "</title><script>", "'; alert(1); //",
    "]]><svg onload=alert(1)>", "javascript:alert(1)", "&lt;b&gt;", "\u2028</script>",
)  # fmt: skip


class Page(HTMLParser):
    """What a browser would make of a page: its elements, its links, its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.ids |= {str(value) for name, value in attrs if name == "id"}

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def links(self) -> list[str]:
        named = (attributes.get("href") or attributes.get("src") for _, attributes in self.elements)
        return [link for link in named if link]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "catalogue"


@pytest.fixture
def bakery(tmp_path: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> declared.Declarations:
    monkeypatch.setenv("USE_CASE_ROOTS", str(grouped_bakery.declare(tmp_path / "roots", publish={"to": "delta"})))
    return declared.load()


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_everything_has_a_page_and_a_contract_and_a_rerun_writes_nothing(
    bakery: declared.Declarations, folder: Path, lakehouse_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table_shape.create(bakery.tables["ops.deliveries"].table)
    assert main(["catalog", "--to", str(folder)]) == 0
    first = files(folder)
    assert {f"tables/{name}.html" for name in bakery.tables} <= first.keys()
    assert {f"contracts/tables/{name}.yaml" for name in bakery.tables} <= first.keys()
    assert {f"contracts/sources/{source.name}.yaml" for _, source in bakery.sources} <= first.keys()
    written = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    assert main(["catalog", "--to", str(folder)]) == 0
    assert files(folder) == first
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == written
    assert "0 file(s) written" in capsys.readouterr().out
    there = Page(first["tables/ops.deliveries.html"].decode())
    assert "not there yet" not in "".join(there.words)


def test_every_contract_keeps_the_standard(bakery: declared.Declarations, folder: Path, lakehouse_root: Path) -> None:
    site.write(folder, bakery, str(lakehouse_root))
    schema = Draft201909Validator(json.loads(OpenDataContractStandard.json_schema()))
    documents = sorted((folder / "contracts").rglob("*.yaml"))
    assert len(documents) == len(bakery.tables) + len(bakery.sources)
    for file in documents:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert [error.message for error in schema.iter_errors(document)] == [], file
        OpenDataContractStandard.model_validate(document)
    of_table = yaml.safe_load((folder / "contracts/tables/gold.bakery_sales_features.yaml").read_text(encoding="utf-8"))
    columns = {column["name"]: column for column in of_table["schema"][0]["properties"]}
    assert columns["shop"]["transformSourceObjects"] == ["silver.bakery_plan.shop"]
    assert "not declared" in columns["planned"]["transformDescription"]


def test_every_link_leads_somewhere_in_the_folder(
    bakery: declared.Declarations, folder: Path, lakehouse_root: Path
) -> None:
    site.write(folder, bakery, str(lakehouse_root))
    pages = {file: Page(file.read_text(encoding="utf-8")) for file in folder.rglob("*.html")}
    entries = json.loads((folder / "entries.js").read_text().removeprefix("window.CATALOGUE = ").rstrip(";\n"))
    links = [(file, link) for file, page in pages.items() for link in page.links]
    links += [(folder / "index.html", entry["to"]) for entry in entries]
    for file, link in links:
        parts = urlsplit(link)
        assert not parts.scheme and not parts.netloc, link
        target = (file.parent / unquote(parts.path)).resolve()
        assert target.is_relative_to(folder.resolve()) and target.is_file(), (file, link)
        if parts.fragment:
            assert parts.fragment in pages[target].ids


def test_what_is_declared_no_longer_goes_and_what_others_put_there_stays(
    bakery: declared.Declarations, folder: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site.write(folder, bakery, str(lakehouse_root))
    outside = tmp_path / "mine.html"
    for file in (folder / "tables/notes.html", outside):
        file.write_text("mine")
    with (folder / site.MANIFEST).open("a") as manifest:
        manifest.write("../mine.html\n")
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "nothing"))
    site.write(folder, declared.load(), str(lakehouse_root))
    assert not (folder / "tables/gold.bakery_sales_scores.html").exists()
    assert outside.read_text() == (folder / "tables/notes.html").read_text() == "mine"


def test_a_file_in_the_place_of_the_folder_is_named(bakery: declared.Declarations, folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(BadArguments, match=r"--to .*: expected a folder that can be written"):
        site.write(folder, bakery, "")


@how(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@example(" ".join(HOSTILE))
@given(
    st.one_of(
        st.sampled_from(HOSTILE), st.text(string.printable + "äß€\u2028", min_size=1, max_size=40).filter(str.strip)
    )
)
def test_descriptions_are_text_whatever_they_say(tmp_path: Path, lakehouse_root: Path, text: str) -> None:
    use_case = appointments.declaration(title=text, description=text, owner=text)
    use_case["sources"][0] |= {"description": text}
    use_case["sources"][0]["columns"][0] |= {"description": text}
    use_case["features"][0]["description"] = text
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path / "roots/appointments"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "use_case.yaml").write_text(yaml.safe_dump(use_case), encoding="utf-8")
        (folder / "features.py").write_text("def build(days, inputs):\n    raise NotImplementedError\n")
        patch.setenv("USE_CASE_ROOTS", str(tmp_path / "roots"))
        all_declared = declared.load()
        assert len(all_declared.use_cases) == 1
        site.write(tmp_path / "catalogue", all_declared, str(lakehouse_root))
    for file in (tmp_path / "catalogue").rglob("*.html"):
        page = Page(file.read_text(encoding="utf-8"))
        scripts = [attributes for tag, attributes in page.elements if tag == "script"]
        assert [one["src"].rpartition("/")[2] for one in scripts if one["src"]] == ["entries.js", "search.js"]
        assert not {tag for tag, _ in page.elements} & {"img", "iframe", "object", "embed", "form"}
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    shown = "".join(Page((tmp_path / "catalogue/of/use-case-appointments.html").read_text(encoding="utf-8")).words)
    assert text.split()[0] in shown


@pytest.mark.process
@pytest.mark.skipif(not BROWSER.exists(), reason="there is no browser here")
def test_the_search_finds_columns_in_a_browser_and_a_phone_scrolls_no_page_sideways(
    bakery: declared.Declarations, folder: Path, lakehouse_root: Path
) -> None:
    from playwright.sync_api import sync_playwright

    site.write(folder, bakery, str(lakehouse_root))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(BROWSER), args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 375, "height": 700})
            asked: list[str] = []
            wrong: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            for name in ("index.html", "tables/gold.bakery_sales_scores.html", "of/use-case-bakery_sales.html"):
                page.goto((folder / name).as_uri())
                assert page.evaluate("document.documentElement.scrollWidth") <= 375, name
            page.fill("#search", "features planned")
            page.press("#search", "Enter")
            page.wait_for_url("**/tables/gold.bakery_sales_features.html#planned")
            page.fill("#search", "<img src=x onerror=alert(1)>")
            assert page.text_content("#found") == "nothing found"
            assert wrong == [] and all(url.startswith("file:") for url in asked)
        finally:
            browser.close()
