"""inbox"""

from __future__ import annotations

from flask import Blueprint

room = Blueprint("inbox", __name__)
