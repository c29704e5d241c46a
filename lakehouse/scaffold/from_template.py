"""`python -m lakehouse new NAME --template KIND`: a commented folder that loads as it is, for its owner to change."""

from __future__ import annotations

from pathlib import Path
from string import Template

from lakehouse.scaffold import new_folder
from lakehouse.scaffold.request import check_name

# Template files lie beside this module; their ending keeps tools from taking them for code that runs.
_FOLDER = Path(__file__).parent / "templates"
_ENDING = ".template"


def make(name: str, template: str, into: Path) -> str:
    """Write the folder; returns what to tell.

    Raises:
        BadArguments: when the name is wrong or in use. DeclarationError: when the template does not load here.
    """
    check_name(name, into)
    files = {
        file.name.removesuffix(_ENDING): Template(file.read_text(encoding="utf-8")).substitute(name=name)
        for file in sorted((_FOLDER / template).glob(f"*{_ENDING}"))
    }
    with new_folder.workplace(into) as workshop:
        new_folder.write(name, files, into, workshop, None, into)
    listed = " and ".join(files)
    return (
        f"Written\n  {into / name}: {listed}\n\nNext\n  Change what is marked by CHANGE, then land a file a day and source, and "
        "follow docs/your-own-use-case.md from step 2."
    )
