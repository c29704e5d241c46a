"""Versions on the Hub: a real client against a Hub on loopback."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jobs.release.arguments import ReleaseArguments
from jobs.release.hub import publish
from jobs.release.hub_token import Token
from jobs.release.job import run
from jobs.release.release_result import ReleaseResult
from lakehouse.corpus import publication
from lakehouse.declaration.dataset_release import Hub as Declared
from lakehouse.errors import ConnectionWrong, HubRefused, HubUnavailable
from lakehouse.ops import dataset_versions
from tests.hub_server import TOKEN, Hub
from tests.jobs import notes
from tests.jobs.release import versions
from tests.jobs.release.conftest import Declare

REPO = "desk/notes_set"
Made = Callable[..., tuple[Path, dict[str, Any]]]


def files_of(place: Path) -> dict[str, bytes]:
    return {str(one.relative_to(place)): one.read_bytes() for one in place.rglob("*") if one.is_file()}


@pytest.fixture
def declared(hub: Hub) -> Declared:
    """The repository."""
    return Declared(repo=REPO, endpoint=hub.address, token_variable="THE_TOKEN")


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., tuple[Path, dict[str, Any]]]:
    """Makes the folder of a version, and gives its manifest."""

    def folder(version: int = 1, splits: tuple[str, ...] = ("train", "test")) -> tuple[Path, dict[str, Any]]:
        place = tmp_path / f"v{version}"
        texts = {f"data/{split}-00000-of-00001.parquet": f"{split} {version}" for split in splits}
        texts |= {"README.md": f"---\nlicense: other\n---\n# Version {version}\n"}
        said = {"version": version, "content_digest": f"digest-{version}", "files": {name: {} for name in texts}}
        for name, text in {**texts, "manifest.json": json.dumps(said)}.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text, encoding="utf-8")
        return place, said

    return folder


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client does not wait between its own tries."""
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)


def test_a_version_is_one_commit_and_a_tag(hub: Hub, declared: Declared, made: Made) -> None:
    place, said = made()
    result = publish(declared, Token(TOKEN), place, said, {})
    found = hub.repositories[REPO]
    assert found.private and len(found.commits) == 2
    assert (result.commit, result.tag, result.new) == (found.head, "v1", True)
    assert found.tags == {"v1": found.head}
    assert found.files("v1") == {".gitattributes": b"*.parquet filter=lfs\n", **files_of(place)}
    assert found.lfs == {name for name in said["files"] if name.endswith(".parquet")}


def test_a_version_that_is_there_is_not_sent_again(hub: Hub, declared: Declared, made: Made) -> None:
    place, said = made()
    once = publish(declared, Token(TOKEN), place, said, {})
    sent = hub.count("/commit/"), hub.count("/tag/"), hub.count("/lfs/")
    again = publish(declared, Token(TOKEN), place, said, {})
    assert (again.commit, again.new) == (once.commit, False)
    assert (hub.count("/commit/"), hub.count("/tag/"), hub.count("/lfs/")) == sent


def test_the_next_version_takes_the_place_of_the_files_of_the_former_and_of_no_others(
    hub: Hub, declared: Declared, made: Made
) -> None:
    publish(declared, Token(TOKEN), *made(), {})
    found = hub.repositories[REPO]
    found.add("by hand", {**(found.files("main") or {}), "notes/by_hand.txt": b"mine", "data/stray.parquet": b"x"})
    place, said = made(2, splits=("train",))
    publish(declared, Token(TOKEN), place, said, {})
    files = found.files("main") or {}
    assert files.keys() == {"notes/by_hand.txt", ".gitattributes"} | files_of(place).keys()
    assert found.tags["v2"] == found.head
    assert "data/test-00000-of-00001.parquet" in (found.files("v1") or {})


def test_a_commit_that_a_killed_run_left_without_a_tag_is_tagged(hub: Hub, declared: Declared, made: Made) -> None:
    hub.fault = lambda method, path: 500 if "/tag/" in path else None
    with pytest.raises(HubUnavailable, match="500"):
        publish(declared, Token(TOKEN), *made(), {})
    assert len(hub.repositories[REPO].commits) == 2 and not hub.repositories[REPO].tags
    hub.fault = None
    result = publish(declared, Token(TOKEN), *made(), {})
    assert len(hub.repositories[REPO].commits) == 2
    assert hub.repositories[REPO].tags == {"v1": result.commit}


@pytest.mark.parametrize(
    ("part", "status"),
    [("/create", 503), ("/refs", 502), ("/preupload/", 429), ("/commit/", 0), ("/resolve/", 0), ("/lfs/", 0)],
)
def test_a_hub_that_fails_is_tried_again_and_ends_the_same(
    hub: Hub, declared: Declared, made: Made, part: str, status: int
) -> None:
    hub.fault = lambda method, path: status if part in path else None
    with pytest.raises(HubUnavailable) as raised:
        publish(declared, Token(TOKEN), *made(), {})
    assert TOKEN not in str(raised.value)
    hub.fault = None
    result = publish(declared, Token(TOKEN), *made(), {})
    assert hub.repositories[REPO].tags == {"v1": result.commit}
    assert len(hub.repositories[REPO].commits) == 2


def test_an_answer_to_a_commit_that_is_lost_makes_no_second_commit(hub: Hub, declared: Declared, made: Made) -> None:
    hub.lost = "/commit/"
    with pytest.raises(HubUnavailable):
        publish(declared, Token(TOKEN), *made(), {})
    assert len(hub.repositories[REPO].commits) == 2 and not hub.repositories[REPO].tags
    hub.lost = None
    result = publish(declared, Token(TOKEN), *made(), {})
    assert len(hub.repositories[REPO].commits) == 2
    assert hub.repositories[REPO].tags == {"v1": result.commit}


def test_a_commit_of_another_in_between_is_not_overwritten(hub: Hub, declared: Declared, made: Made) -> None:
    def between(method: str, path: str) -> None:
        if "/preupload/" in path:
            found = hub.repositories[REPO]
            found.add("by hand", {**(found.files("main") or {}), "by_hand.txt": b"mine"})
            hub.fault = None

    hub.fault = between
    with pytest.raises(HubUnavailable, match="412"):
        publish(declared, Token(TOKEN), *made(), {})
    result = publish(declared, Token(TOKEN), *made(), {})
    assert (hub.repositories[REPO].files("v1") or {})["by_hand.txt"] == b"mine"
    assert hub.repositories[REPO].tags == {"v1": result.commit}


def test_two_publishers_of_one_version_end_with_one_tag(hub: Hub, declared: Declared, made: Made) -> None:
    place, said = made()
    with ThreadPoolExecutor(2) as pool:
        started = [pool.submit(publish, declared, Token(TOKEN), place, said, {}) for _ in range(2)]
        ended = [one.exception() for one in started]
    assert all(one is None or isinstance(one, HubUnavailable) for one in ended), ended
    result = publish(declared, Token(TOKEN), place, said, {})
    found = hub.repositories[REPO]
    assert found.tags == {"v1": result.commit}
    assert len(found.commits) == 2


def test_a_tag_with_other_content_is_refused(hub: Hub, declared: Declared, made: Made) -> None:
    publish(declared, Token(TOKEN), *made(), {})
    found = hub.repositories[REPO]
    found.tags["v1"] = found.add("by hand", {"manifest.json": b'{"content_digest": "other"}'})
    with pytest.raises(HubRefused, match="tag v1"):
        publish(declared, Token(TOKEN), *made(), {})


def test_tags_of_what_was_erased_are_removed_and_the_version_gets_its_tag_again(
    hub: Hub, declared: Declared, made: Made
) -> None:
    publish(declared, Token(TOKEN), *made(1), {})
    publish(declared, Token(TOKEN), *made(2), {})
    place, said = made(2)
    said["content_digest"] = "digest-2-without"
    (place / "manifest.json").write_text(json.dumps(said))
    gone = {"v1": {"digest-1"}, "v2": {"digest-2"}}
    result = publish(declared, Token(TOKEN), place, said, gone)
    found = hub.repositories[REPO]
    assert found.tags == {"v2": result.commit} and found.head == result.commit
    assert publish(declared, Token(TOKEN), place, said, gone).new is False


def test_an_earlier_version_does_not_take_the_place_of_a_later_one(hub: Hub, declared: Declared, made: Made) -> None:
    publish(declared, Token(TOKEN), *made(2), {})
    head = hub.repositories[REPO].head
    with pytest.raises(HubRefused, match="no version later than 1"):
        publish(declared, Token(TOKEN), *made(1), {})
    assert hub.repositories[REPO].head == head


@pytest.mark.parametrize("token", ["hf_wrong_wrong_wrong_wrong", "short"])
def test_a_wrong_token_is_refused_and_shown_nowhere(
    hub: Hub, declared: Declared, made: Made, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(HubRefused, match="401") as raised:
        publish(declared, Token(token), *made(), {})
    assert token not in str(raised.value) and token not in caplog.text


def test_what_a_hub_quotes_of_the_token_is_not_shown(
    hub: Hub, declared: Declared, made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    hub.fault = lambda method, path: 403 if "/commit/" in path else None
    caplog.set_level(logging.DEBUG)
    with pytest.raises(HubRefused) as raised:
        publish(declared, Token(TOKEN), *made(), {})
    assert "***" in str(raised.value) and TOKEN not in str(raised.value) and TOKEN not in caplog.text


@pytest.mark.parametrize("value", ["", "two words", "\u00fcnicode"])
def test_what_is_no_token_is_refused_before_anything_is_asked(
    declared: Declared, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("THE_TOKEN", value)
    with pytest.raises(ConnectionWrong, match="THE_TOKEN") as raised:
        Token.of(declared)
    assert not value or value not in str(raised.value)


def test_a_token_is_not_in_its_repr() -> None:
    assert TOKEN not in repr(Token(TOKEN)) and TOKEN not in f"{Token(TOKEN)}"


def release() -> ReleaseResult:
    return run(ReleaseArguments(dataset=notes.NAME))


def test_a_release_goes_on_where_a_hub_that_failed_stopped_it(
    declare: Declare, hub: Hub, declared: Declared, logged: list[tuple[int, str]]
) -> None:
    dataset = declare(publish={"hub": declared.model_dump()})
    versions.assemble(dataset, versions.several())
    hub.fault = lambda method, path: 500 if "/tag/" in path else None
    with pytest.raises(HubUnavailable):
        release()
    assert versions.states(dataset) == ["assembled"] and not logged
    hub.fault = None
    result = release()
    found = hub.repositories[REPO]
    assert (result.status, result.hub_commit, result.tag) == ("published", found.head, "v1")
    assert found.files("v1") == {".gitattributes": b"*.parquet filter=lfs\n", **files_of(publication.place(dataset, 1))}
    line = list(dataset_versions.published(dataset.name))[-1]
    assert (line.hub_commit, line.tag) == (found.head, "v1")
    assert release().status == "unchanged"
    assert versions.states(dataset) == ["assembled", "published"]


def test_a_hub_that_is_declared_later_gets_what_is_published(
    declare: Declare, hub: Hub, declared: Declared, logged: list[tuple[int, str]]
) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())
    release()
    before = files_of(publication.place(dataset, 1))
    dataset = declare(publish={"hub": {**declared.model_dump(), "private": False}})
    assert release().status == "published"
    assert not hub.repositories[REPO].private
    assert (hub.repositories[REPO].files("v1") or {}).keys() >= before.keys()
    assert files_of(publication.place(dataset, 1)) == before
    assert versions.states(dataset) == ["assembled", "published", "published"]


def test_without_a_token_nothing_is_published(
    declare: Declare, hub: Hub, declared: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = declare(publish={"hub": declared.model_dump()})
    versions.assemble(dataset, versions.several())
    monkeypatch.delenv("THE_TOKEN")
    with pytest.raises(ConnectionWrong, match="THE_TOKEN"):
        release()
    assert not publication.place(dataset, 1).exists() and hub.asked == []
