"""Static files. In: our own style and htmx from its wheel. Out: addresses with a content hash, cached for a year."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from mimetypes import guess_type
from pathlib import Path

from flask import Flask, Response, abort, url_for
from werkzeug.security import safe_join

_OURS = Path(__file__).resolve().parent.parent / "static"


@cache
def _htmx() -> Path | None:
    spec = find_spec("js_lib_htmx")
    return Path(spec.origin).parent / "static" / "htmx" if spec and spec.origin else None


def _path(name: str) -> str | None:
    """Return where a file lies; None where there is none of this name."""
    folder = _htmx() if name == "htmx.min.js" else _OURS
    path = safe_join(str(folder), name) if folder else None
    return path if path and Path(path).is_file() else None


@cache
def _body(path: str) -> bytes:
    """Return a file's bytes, kept: they are few, small and the same until the next start."""
    return Path(path).read_bytes()


@cache
def _digest(path: str) -> str:
    return hashlib.sha256(_body(path)).hexdigest()[:12]


def asset(name: str) -> str:
    """Return the path of a static file, its content's hash inside."""
    path = _path(name)
    return url_for("asset", digest=_digest(path) if path else "", name=name)


def text(name: str) -> str:
    """Return one of our own static files as text. Raises FileNotFoundError."""
    return (_OURS / name).read_text(encoding="utf-8")


def _serve(digest: str, name: str) -> Response:
    path = _path(name)
    if path is None:
        abort(404)
    kind = guess_type(name)[0] or "application/octet-stream"
    response = Response(_body(path), content_type=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def install(app: Flask) -> None:
    """Serve /static/<hash>/<name> and give templates asset()."""
    app.add_url_rule("/static/<digest>/<path:name>", "asset", _serve)
    app.jinja_env.globals.update(asset=asset)
