"""Static files. In: our own style and htmx from its wheel. Out: addresses with a content hash, cached for a year."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from flask import Flask, Response, abort, send_from_directory, url_for

_OURS = Path(__file__).resolve().parent.parent / "static"


@cache
def _folder(name: str) -> Path | None:
    if name == "htmx.min.js":
        spec = find_spec("js_lib_htmx")
        return Path(spec.origin).parent / "static" / "htmx" if spec and spec.origin else None
    return _OURS


@cache
def _digest(name: str) -> str:
    folder = _folder(name)
    return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12] if folder else ""


def asset(name: str) -> str:
    """Return the path of a static file, its content's hash inside."""
    return url_for("asset", digest=_digest(name), name=name)


def _serve(digest: str, name: str) -> Response:
    folder = _folder(name)
    if folder is None or not (folder / name).is_file():
        abort(404)
    response = send_from_directory(folder, name)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def install(app: Flask) -> None:
    """Serve /static/<hash>/<name> and give templates asset()."""
    app.add_url_rule("/static/<digest>/<path:name>", "asset", _serve)
    app.jinja_env.globals.update(asset=asset)
