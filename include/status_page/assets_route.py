"""The page's own files: a style sheet, a script and icons."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from include.status_page import access
from include.status_page.rendering import HEADERS, HERE

router = APIRouter()

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
# Read once: a name that is asked for is looked up here, and never among files.
FILES = {
    file.name: (file.read_bytes(), TYPES[file.suffix]) for file in (HERE / "assets").iterdir() if file.suffix in TYPES
}


@router.get("/assets/{name}")
def asset(name: str) -> Response:
    """One of the files."""
    if name not in FILES:
        raise access.not_found("file")
    content, kind = FILES[name]
    return Response(content, media_type=kind, headers=HEADERS | {"Cache-Control": "private, max-age=300"})
