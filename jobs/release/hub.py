"""A version on the Hub: one commit with all its files, and a tag that is made last."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.release.hub_errors import named
from jobs.release.hub_token import Token
from lakehouse.corpus.publication import DATA, MANIFEST
from lakehouse.declaration.dataset_release import Hub
from lakehouse.errors import HubRefused

if TYPE_CHECKING:
    from huggingface_hub import HfApi

KIND = "dataset"
MAIN = "main"
# In s: how long one answer, or the next piece of one, may take. A commit of many files takes the Hub minutes.
SECONDS = 300.0


@dataclass(frozen=True)
class OnHub:
    """Where a version is: its commit and its tag, and whether this run put it there."""

    commit: str
    tag: str
    new: bool


def publish(
    hub: Hub, token: Token, folder: Path, said: Mapping[str, Any], gone: Mapping[str, Collection[str]]
) -> OnHub:
    """Put a version there, unless it is.

    A run that was killed between the commit and the tag is completed: the head's manifest tells what it has. A tag of content from
    which a document was erased since is removed.

    Args:
        hub: as declared.
        token: that may write to it.
        folder: of the version.
        said: its manifest.
        gone: by tag, the digests of what its version was before documents were erased from it.

    Raises:
        HubUnavailable: it did not answer, or another commit came in between. HubRefused: it refuses, the tag has other content,
            or a later version is there already.
    """
    with named(hub, token):
        api = _api(hub, token)
        api.create_repo(hub.repo, repo_type=KIND, private=hub.private, exist_ok=True)
        tag, digest = f"v{said['version']}", str(said["content_digest"])
        _remove(api, hub, gone)
        if (tagged := _commit_of(api, hub, tag)) is not None:
            return _known(api, hub, tag, tagged, digest)
        head = str(api.repo_info(hub.repo, repo_type=KIND, revision=MAIN).sha)
        before = _manifest_at(api, hub, head)
        if before.get("content_digest") != digest:
            _expect_older(hub, before, said)
            head = _commit(api, hub, head, before, folder, said)
        api.create_tag(
            hub.repo, repo_type=KIND, tag=tag, revision=head, tag_message=f"examples {digest}", exist_ok=True
        )
        # Another publisher may have been first with the tag.
        tagged = _commit_of(api, hub, tag)
        if tagged is not None and tagged != head:
            return _known(api, hub, tag, tagged, digest)
        return OnHub(head, tag, new=True)


def _remove(api: HfApi, hub: Hub, gone: Mapping[str, Collection[str]]) -> None:
    """Remove the tags of content that was erased. The commits stay in the history of the repository."""
    if not gone:
        return
    for one in api.list_repo_refs(hub.repo, repo_type=KIND).tags:
        digests = gone.get(one.name, ())
        if digests and _manifest_at(api, hub, str(one.target_commit)).get("content_digest") in digests:
            api.delete_tag(hub.repo, repo_type=KIND, tag=one.name)


def _expect_older(hub: Hub, before: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    """An earlier version does not take the place of a later one."""
    there = before.get("version")
    if isinstance(there, int) and there > said["version"]:
        raise HubRefused(
            f"Hub {hub.repo}: expected no version later than {said['version']}, found {there}: who loads the newest would get an "
            f"older one; release version {there} or a later one"
        )


def _known(api: HfApi, hub: Hub, tag: str, commit: str, digest: str) -> OnHub:
    if (found := _manifest_at(api, hub, commit).get("content_digest")) != digest:
        raise HubRefused(
            f"Hub {hub.repo}: expected under the tag {tag} the examples with the digest {digest[:12]}, found "
            f"{'no manifest' if found is None else str(found)[:12]}; a tag that was published stays: release the next version, or "
            "delete the tag on the Hub and run the release again"
        )
    return OnHub(commit, tag, new=False)


def _api(hub: Hub, token: Token) -> HfApi:
    from huggingface_hub import HfApi, get_session
    from huggingface_hub.utils.tqdm import disable_progress_bars

    # In a log each of their steps is a line.
    disable_progress_bars()
    # By itself the client waits for ever.
    get_session().timeout = SECONDS
    return HfApi(endpoint=hub.endpoint, token=token.value, library_name="nightjar")


def _commit_of(api: HfApi, hub: Hub, tag: str) -> str | None:
    """The commit of a tag; None: there is no such tag."""
    tags = api.list_repo_refs(hub.repo, repo_type=KIND).tags
    return next((str(one.target_commit) for one in tags if one.name == tag), None)


def _manifest_at(api: HfApi, hub: Hub, revision: str) -> Mapping[str, Any]:
    """The manifest of a revision; empty where it has none of ours."""
    from huggingface_hub.errors import RemoteEntryNotFoundError

    with tempfile.TemporaryDirectory(prefix="nightjar-hub-") as folder:
        try:
            file = api.hf_hub_download(hub.repo, MANIFEST, repo_type=KIND, revision=revision, local_dir=folder)
            found = json.loads(Path(file).read_text(encoding="utf-8"))
        except (RemoteEntryNotFoundError, ValueError):
            return {}
    return found if isinstance(found, dict) else {}


def _commit(api: HfApi, hub: Hub, head: str, before: Mapping[str, Any], folder: Path, said: Mapping[str, Any]) -> str:
    """One commit: the version's files in the place of those of the version before. Files of other people stay."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    names = [*said["files"], MANIFEST]
    present = api.list_repo_files(hub.repo, repo_type=KIND, revision=head)
    own = frozenset(before.get("files", ()))
    gone = [name for name in present if name not in names and (name in own or name.startswith(f"{DATA}/"))]
    with ExitStack() as opened:
        additions = [
            CommitOperationAdd(path_in_repo=name, path_or_fileobj=_content(hub, folder / name, opened))
            for name in names
        ]
        made = api.create_commit(
            hub.repo,
            [*additions, *(CommitOperationDelete(path_in_repo=name) for name in gone)],
            commit_message=f"Version {said['version']}",
            commit_description=f"Digest of the examples: {said['content_digest']}",
            repo_type=KIND,
            revision=MAIN,
            parent_commit=head,
        )
    return str(made.oid)


def _content(hub: Hub, file: Path, opened: ExitStack) -> Any:
    """A file for the client. To a Hub of another address it is sent as one stream: only huggingface.co stores pieces (Xet), and the
    client takes that way for every path of a file, wherever it goes.
    """
    return str(file) if hub.endpoint is None else opened.enter_context(file.open("rb"))
