"""visits"""

from __future__ import annotations

from flask import Blueprint

room = Blueprint("visits", __name__)
