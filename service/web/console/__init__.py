"""console"""

from __future__ import annotations

from flask import Blueprint

room = Blueprint("console", __name__, url_prefix="/console")
