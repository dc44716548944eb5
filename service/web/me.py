"""me"""

from __future__ import annotations

from flask import Blueprint

room = Blueprint("me", __name__)
