"""The READMEs of the installed packages as documents."""

from __future__ import annotations

from email.message import Message

import pytest

from include.package_readmes.demo import readmes
from lakehouse.declaration import datasets, loader


def about(*classifiers: str, **fields: str) -> Message:
    found = Message()
    for name, value in fields.items():
        found[name.replace("_", "-")] = value
    for one in classifiers:
        found["Classifier"] = one
    return found


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        (about(License_Expression="MIT OR Apache-2.0"), "MIT OR Apache-2.0"),
        (about(License="MIT license"), "MIT"),
        (about(License="Apache License, Version 2.0"), "Apache-2.0"),
        (about("License :: OSI Approved :: BSD License", License="Copyright (c) 2008, the authors\nAll rights"), "BSD"),
        (
            about("License :: OSI Approved :: MIT License", "License :: OSI Approved :: Apache Software License"),
            "Apache-2.0 OR MIT",
        ),
        (about("License :: OSI Approved :: ISC License (ISCL)", License="UNKNOWN"), "ISC"),
        (about(License="LicenseRef-Own"), "LicenseRef-Own"),
        (about(), None),
    ],
)
def test_a_licence_is_told_as_spdx_tells_it_where_it_can_be_known(metadata: Message, licence: str | None) -> None:
    assert readmes.licence(metadata) == licence


def test_the_repository_comes_before_the_home_page() -> None:
    metadata = about(Home_page="https://example.org")
    assert readmes.homepage(metadata) == "https://example.org"
    metadata["Project-URL"] = "Documentation, https://example.org/docs"
    metadata["Project-URL"] = "Source Code, https://example.org/code"
    assert readmes.homepage(metadata) == "https://example.org/code"


def test_every_installed_readme_fits_the_contract_and_is_there_once() -> None:
    found = list(readmes.installed())
    names = [one["package"] for one in found]
    assert len(names) == len(set(names)) > 100
    assert {"tabulate", "click"} <= set(names), "those that the demo corrects and erases"
    _, source = loader.by_source("readmes")
    assert set(found[0]) - {"_id"} <= set(source.column_names)
    assert all(one["readme"].strip() and one["release"] for one in found)


def test_the_shipped_dataset_is_declared_right() -> None:
    found = datasets.by_name("package_readmes")
    assert found.documents.source == "readmes" and found.budget is None
