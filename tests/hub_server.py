"""A Hub on loopback: datasets' repositories with commits and tags, as far as huggingface_hub asks for them."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_abcdefghijklmnopqrstuvwxyz0123"
REPO = r"(?P<repo>[^/]+/[^/]+)"

# Sees method and path of each request before it is answered; a status answers it so, 0 breaks the connection off.
Fault = Callable[[str, str], int | None]
Files = dict[str, bytes]


@dataclass
class Repository:
    """Its commits in order, each with all its files; ``lfs`` are the names of those that went that way."""

    private: bool
    commits: list[tuple[str, str, Files]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    lfs: set[str] = field(default_factory=set)

    def add(self, summary: str, files: Files) -> str:
        """Commit all the files of the repository."""
        content = f"{len(self.commits)}{summary}{sorted((name, hashlib.sha1(text).hexdigest()) for name, text in files.items())}"
        oid = hashlib.sha1(content.encode()).hexdigest()
        self.commits.append((oid, summary, files))
        return oid

    @property
    def head(self) -> str:
        """The newest commit."""
        return self.commits[-1][0]

    def files(self, revision: str) -> Files | None:
        """The files at a commit, a tag or main; None: there is no such revision."""
        oid = self.head if revision == "main" else self.tags.get(revision, revision)
        return next((files for one, _, files in self.commits if one == oid), None)

    def oid(self, revision: str) -> str:
        """The commit of a revision."""
        return self.head if revision == "main" else self.tags.get(revision, revision)


class Request(http.server.BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    # Else each answer waits 40 ms for the client to confirm its head.
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer, unless the fault has."""
        self.server.hub.answer(self)

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET

    def body(self) -> bytes:
        """What came with it."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send(self, content: Any, status: int = 200, **headers: str) -> None:
        """Answer with JSON, or with bytes as they are."""
        lost = self.server.hub.lost
        if lost is not None and lost in self.path:
            self.close_connection = True
            self.connection.close()
            return
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    hub: Hub


class Hub:
    """The service: ``repositories`` by their names, ``asked`` has method and path of each request."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.fault: Fault | None = None
        # Requests with this in their path are done, and the answer is lost.
        self.lost: str | None = None
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Request)
        self._server.hub = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def clear(self) -> None:
        """Forget everything."""
        self.repositories, self.objects, self.asked, self.fault, self.lost = {}, {}, [], None, None

    def close(self) -> None:
        """End the service."""
        self._server.shutdown()
        self._server.server_close()

    def count(self, part: str) -> int:
        """How many requests had this in their path."""
        return sum(part in path for _, path in self.asked)

    def answer(self, request: Request) -> None:
        """Answer a request; one at a time, as a repository takes commits."""
        path, body = unquote(urlsplit(request.path).path), request.body()
        with self._lock:
            self.asked.append((request.command, path))
            status = None if self.fault is None else self.fault(request.command, path)
            if status == 0:
                request.close_connection = True
                request.connection.close()
            elif status is not None:
                request.send({"error": f"as the test asks for, {request.headers.get('Authorization')}"}, status)
            elif request.headers.get("Authorization") != f"Bearer {TOKEN}" and not path.startswith("/lfs/"):
                request.send({"error": "Invalid credentials"}, 401)
            else:
                self._route(request, request.command, path, body)

    def _route(self, request: Request, method: str, path: str, body: bytes) -> None:
        routes: list[tuple[str, str, Callable[..., None]]] = [
            ("POST", r"/api/repos/create", self._create),
            ("POST", r"/api/validate-yaml", lambda request, body: request.send({"errors": [], "warnings": []})),
            ("GET", rf"/api/datasets/{REPO}/refs", self._refs),
            ("GET", rf"/api/datasets/{REPO}/revision/(?P<revision>.+)", self._revision),
            ("GET", rf"/api/datasets/{REPO}/tree/(?P<revision>[^/]+)", self._tree),
            ("POST", rf"/api/datasets/{REPO}/preupload/(?P<revision>.+)", self._preupload),
            ("POST", rf"/api/datasets/{REPO}/commit/main", self._commit),
            ("POST", rf"/api/datasets/{REPO}/tag/(?P<revision>.+)", self._tag),
            ("DELETE", rf"/api/datasets/{REPO}/tag/(?P<tag>.+)", self._untag),
            ("POST", rf"/datasets/{REPO}\.git/info/lfs/objects/batch", self._batch),
            ("PUT", r"/lfs/(?P<oid>[0-9a-f]+)", self._upload),
            ("GET|HEAD", rf"/datasets/{REPO}/resolve/(?P<revision>[^/]+)/(?P<name>.+)", self._resolve),
        ]
        for methods, pattern, handle in routes:
            if method in methods.split("|") and (found := re.fullmatch(pattern, path)):
                repo = found.groupdict().get("repo")
                if repo is not None and repo not in self.repositories:
                    request.send({"error": "Repository not found"}, 404, X_Error_Code="RepoNotFound")
                else:
                    handle(request, body, **found.groupdict())
                return
        request.send({"error": f"no route for {method} {path}"}, 404)

    def _create(self, request: Request, body: bytes) -> None:
        said = json.loads(body)
        name = f"{said['organization']}/{said['name']}"
        if name in self.repositories:
            request.send(
                {"error": "You already created this dataset repo", "url": f"{self.address}/datasets/{name}"}, 409
            )
            return
        made = self.repositories[name] = Repository(said.get("visibility") == "private")
        made.add("initial commit", {".gitattributes": b"*.parquet filter=lfs\n"})
        request.send({"url": f"{self.address}/datasets/{name}"})

    def _refs(self, request: Request, body: bytes, repo: str) -> None:
        def ref(kind: str, name: str, oid: str) -> dict[str, str]:
            return {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": oid}

        found = self.repositories[repo]
        tags = [ref("tags", name, oid) for name, oid in found.tags.items()]
        request.send({"branches": [ref("heads", "main", found.head)], "converts": [], "tags": tags})

    def _revision(self, request: Request, body: bytes, repo: str, revision: str) -> None:
        found = self.repositories[repo]
        request.send(
            {"_id": "1", "id": repo, "sha": found.oid(revision), "private": found.private, "tags": [], "siblings": []}
        )

    def _tree(self, request: Request, body: bytes, repo: str, revision: str) -> None:
        files = self.repositories[repo].files(revision) or {}
        request.send(
            [
                {"type": "file", "path": name, "size": len(text), "oid": hashlib.sha1(text).hexdigest()}
                for name, text in sorted(files.items())
            ]
        )

    def _preupload(self, request: Request, body: bytes, repo: str, revision: str) -> None:
        files = [
            {
                "path": one["path"],
                "uploadMode": "lfs" if one["path"].endswith(".parquet") else "regular",
                "shouldIgnore": False,
                "oid": None,
            }
            for one in json.loads(body)["files"]
        ]
        request.send({"files": files})

    def _batch(self, request: Request, body: bytes, repo: str) -> None:
        objects = [
            {**one, "actions": {"upload": {"href": f"{self.address}/lfs/{one['oid']}"}}}
            for one in json.loads(body)["objects"]
        ]
        request.send({"transfer": "basic", "objects": objects})

    def _upload(self, request: Request, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            request.send({"error": "other content than was announced"}, 400)
            return
        self.objects[oid] = body
        request.send({})

    def _commit(self, request: Request, body: bytes, repo: str) -> None:
        found = self.repositories[repo]
        lines = [json.loads(line) for line in body.splitlines() if line]
        header = next(one["value"] for one in lines if one["key"] == "header")
        if header.get("parentCommit") not in (None, found.head):
            request.send({"error": "The branch has moved since"}, 412)
            return
        files = dict(found.files("main") or {})
        for one in lines:
            value = one["value"]
            if one["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif one["key"] == "lfsFile":
                files[value["path"]] = self.objects[value["oid"]]
                found.lfs.add(value["path"])
            elif one["key"] == "deletedFile":
                del files[value["path"]]
        oid = found.add(header["summary"], files)
        request.send({"commitUrl": f"{self.address}/datasets/{repo}/commit/{oid}", "commitOid": oid, "success": True})

    def _tag(self, request: Request, body: bytes, repo: str, revision: str) -> None:
        found, tag = self.repositories[repo], json.loads(body)["tag"]
        if tag in found.tags:
            request.send({"error": "Tag reference exists already"}, 409)
            return
        found.tags[tag] = found.oid(revision)
        request.send({})

    def _untag(self, request: Request, body: bytes, repo: str, tag: str) -> None:
        del self.repositories[repo].tags[tag]
        request.send({})

    def _resolve(self, request: Request, body: bytes, repo: str, revision: str, name: str) -> None:
        found = self.repositories[repo]
        files = found.files(revision)
        if files is None or name not in files:
            request.send(
                {"error": "Entry not found"}, 404, X_Error_Code="EntryNotFound", X_Repo_Commit=found.oid(revision)
            )
            return
        text = files[name]
        request.send(text, ETag=f'"{hashlib.sha1(text).hexdigest()}"', X_Repo_Commit=found.oid(revision))
