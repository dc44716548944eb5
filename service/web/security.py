"""Guards. In: the application. Out: CSRF on every form of the console; mail's one-click POSTs name their exemption."""

from __future__ import annotations

from flask import Flask
from flask_wtf.csrf import CSRFProtect

csrf = CSRFProtect()
"""Console forms carry its token. Pages reached by a pass use a nonce tied to their GET instead (service.web.nonces)."""


def install(app: Flask) -> None:
    """Turn CSRF protection on for all POSTs; rooms reached by a pass exempt themselves by name."""
    csrf.init_app(app)
