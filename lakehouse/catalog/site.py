"""The catalogue as files of a folder: pages that need no server, and a contract for each source and table.

The same declarations and the same lakehouse make the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import jinja2

from lakehouse import code_version, fingerprints
from lakehouse.analyst import odcs
from lakehouse.catalog import content, picture, table_contract
from lakehouse.catalog.content import OwnerPage, TablePage
from lakehouse.errors import BadArguments
from lakehouse.lineage.declared import Declarations

TEMPLATES = Path(__file__).parent / "templates"
# The names of the files that were written, so that the next run takes away what is declared no longer, and nothing else.
MANIFEST = "catalogue-files.txt"


def write(folder: Path, declarations: Declarations, root: str) -> list[str]:
    """Write the catalogue; the names of the files that have changed.

    Args:
        folder: made when missing. Files of others in it stay.
        declarations: what is declared.
        root: of the lakehouse, which need not be there.

    Raises:
        BadArguments: ``folder`` is a file, or can't be written.
    """
    files = dict(_files(declarations, root))
    files[MANIFEST] = "".join(f"{name}\n" for name in sorted(files))
    try:
        before = _manifest(folder)
        changed = [name for name, text in files.items() if _put(folder / name, text)]
        for name in before - files.keys():
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise BadArguments(
            f"--to {folder}: expected a folder that can be written, found {error.strerror or error}; name another"
        ) from error
    return sorted(changed)


def _files(declarations: Declarations, root: str) -> Iterator[tuple[str, str]]:
    pages = content.tables(declarations, content.states(root))
    owners = content.owners(declarations)
    by_owner = {(owner.kind, owner.name): owner for owner in owners}
    templates = _environment(declarations)
    index = {"pages": pages, "owners": owners, "kinds": content.KINDS}
    yield "index.html", templates.get_template("index.html.jinja").render(base="", **index)
    for owner in owners:
        own = [page for page in pages if page.declared.table.full_name in owner.tables]
        yield (
            f"of/{owner_file(owner)}",
            templates.get_template("owner.html.jinja").render(base="../", owner=owner, own=own),
        )
    for page in pages:
        name, owner = page.declared.table.full_name, by_owner[page.declared.kind, page.declared.of]
        yield (
            f"tables/{name}.html",
            templates.get_template("table.html.jinja").render(base="../", page=page, owner=owner),
        )
        yield f"contracts/tables/{name}.yaml", table_contract.contract(page.declared).to_yaml()
    for of, source in declarations.sources:
        version = f"{code_version.RELEASE}+{fingerprints.digest(source.model_dump_json())[:12]}"
        yield f"contracts/sources/{source.name}.yaml", odcs.contract(of, source, version).to_yaml()
    yield "entries.js", f"window.CATALOGUE = {json.dumps(_entries(pages, owners), indent=0)};\n"
    for name in ("style.css", "search.js"):
        yield name, (TEMPLATES / name).read_text(encoding="utf-8")


def owner_file(owner: OwnerPage) -> str:
    """The file of an owner's page; a source and a use case may have one name."""
    return f"{owner.kind.replace(' ', '-')}-{owner.name}.html"


def _environment(declarations: Declarations) -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    made.globals |= {
        "known": frozenset(declarations.tables),
        "owner_file": owner_file,
        "release": code_version.RELEASE,
        "width": picture.WIDTH,
        "height": picture.HEIGHT,
    }
    return made


def _entries(pages: Sequence[TablePage], owners: Sequence[OwnerPage]) -> list[dict[str, str]]:
    """What the search looks through: its ``text`` in lower case, and what is ``shown`` of it."""
    found = [
        {
            "name": owner.name,
            "to": f"of/{owner_file(owner)}",
            "shown": f"{owner.kind}: {owner.title}",
            "text": f"{owner.kind} {owner.title} {owner.description} {owner.owner}".lower(),
        }
        for owner in owners
    ]
    for page in pages:
        table = page.declared.table
        found.append(
            {
                "name": table.full_name,
                "to": f"tables/{table.full_name}.html",
                "shown": table.description,
                "text": f"{table.description} {page.declared.owner} {page.declared.of}".lower(),
            }
        )
        found += [
            {
                "name": column.name,
                "to": f"tables/{table.full_name}.html#{column.name}",
                "shown": f"{table.full_name}: {column.description}",
                "text": f"{table.full_name} {column.description}".lower(),
            }
            for column in table.columns
        ]
    return found


def _manifest(folder: Path) -> set[str]:
    file = folder / MANIFEST
    names = file.read_text(encoding="utf-8").split("\n") if file.is_file() else []
    # Whatever somebody has written into it: nothing outside the folder is taken away.
    return {name for name in names if name and (folder / name).resolve().is_relative_to(folder.resolve())}


def _put(file: Path, text: str) -> bool:
    """Write the file whole or not at all; whether it had another content."""
    content = text.encode()
    if file.is_file() and file.read_bytes() == content:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.part")
    draft.write_bytes(content)
    draft.replace(file)
    return True
